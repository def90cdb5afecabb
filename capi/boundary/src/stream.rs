//! Streams: items that the caller asks for, so that a slow caller slows the
//! producer.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::handles::Resource;

/// One item of a stream.
pub struct Item {
    /// What the item is, as JSON. Empty means that there is nothing to say.
    pub json: Vec<u8>,
    /// The item's raw bytes.
    pub bytes: Bytes,
}

/// Where a stream's items come from.
pub trait Source: Send {
    /// Waits for the next item. `None` is the end, and stays the end.
    ///
    /// Dropping the future before it is ready must not lose an item.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>>;
}

/// A source behind a handle. One request at a time reads it; others queue.
pub struct Stream {
    source: Mutex<Box<dyn Source>>,
}

impl Resource for Stream {
    const KIND: &'static str = "stream";
}

impl Stream {
    /// A stream of the items of `source`.
    pub fn new(source: impl Source + 'static) -> Self {
        Self { source: Mutex::new(Box::new(source)) }
    }

    /// Passes at most `credit` items to `emit`.
    ///
    /// Returns whether the stream has ended.
    pub async fn read(&self, credit: u32, mut emit: impl FnMut(Item)) -> Result<bool, Error> {
        let mut source = self.source.lock().await;
        for _ in 0..credit {
            match source.next().await? {
                Some(item) => emit(item),
                None => return Ok(true),
            }
        }
        Ok(false)
    }
}

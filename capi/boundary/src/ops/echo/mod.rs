//! Operations without a sandbox, for testing everything above this crate:
//! queue, frames, cancellation, backpressure and errors. They are part of the
//! shipped library, so that what is tested is what is used.

pub mod process;

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Error, ErrorCode};
use crate::json::NoOptions;
use crate::outcome::Outcome;
use crate::request::Request;
use crate::stream::{Item, Source, Stream};

/// How long to wait before completing.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DelayOptions {
    /// Milliseconds to wait.
    pub milliseconds: u32,
}

/// How to fail.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailOptions {
    /// The error's message.
    pub message: String,
}

/// What the stream produces.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamOptions {
    /// How many items.
    pub items: u32,
    /// How many bytes each item has.
    pub item_length: u32,
}

/// What a client holds.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// Handles that were not given back.
    pub handles: usize,
    /// Requests that have not completed, apart from the one that asks.
    pub requests: usize,
    /// Frames that were not received.
    pub frames: usize,
}

/// `echo.call`: completes with the options and bytes that it was given.
pub async fn call<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let value: Value = request.options()?;
    Ok(Outcome { bytes: request.bytes, ..Outcome::json(&value)? })
}

/// `echo.delay`: completes after a while, with the bytes that it was given.
pub async fn delay<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let options: DelayOptions = request.options()?;
    tokio::time::sleep(Duration::from_millis(options.milliseconds.into())).await;
    Ok(Outcome { bytes: request.bytes, ..Outcome::default() })
}

/// `echo.fail`: fails, with the bytes that it was given as what came before.
pub async fn fail<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let options: FailOptions = request.options()?;
    Err(Error::new(ErrorCode::MicrosandboxError, options.message)
        .with_details(json!({ "echo": true }))
        .with_bytes(request.bytes))
}

/// `echo.panic`: panics.
pub async fn panic<Context>(_: Request<Context>) -> Result<Outcome, Error> {
    panic!("echo.panic was called")
}

/// `echo.stream`: makes a stream of numbered items.
pub async fn stream<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let StreamOptions { items, item_length } = request.options()?;
    let source = Counter { next: 0, items, item_length };
    Ok(Outcome::resource(Stream::new(source)))
}

/// `echo.statistics`: tells what the client holds.
pub async fn statistics<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    Outcome::json(&Statistics {
        handles: request.client.handles.len(),
        requests: request.client.requests_in_flight() - 1,
        frames: request.client.queue.len(),
    })
}

/// Items that carry their number and that many bytes of its last digits.
struct Counter {
    next: u32,
    items: u32,
    item_length: u32,
}

impl Source for Counter {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            if self.next == self.items {
                return Ok(None);
            }
            let number = self.next;
            self.next += 1;
            Ok(Some(Item {
                json: crate::json::encode(&number)?,
                bytes: Bytes::from(vec![number as u8; self.item_length as usize]),
            }))
        }
        .boxed()
    }
}

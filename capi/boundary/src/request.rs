//! One submitted operation.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::check::refusal;
use crate::client::Client;
use crate::error::Error;
use crate::json::invalid_option;
use crate::stream::Item;

/// One submitted operation, with everything that it may use.
pub struct Request<Context = ()> {
    /// Whose request it is.
    pub client: Arc<Client<Context>>,
    /// The number that the caller gave it.
    pub id: u32,
    /// The handle that the operation works on, or 0.
    pub handle: u32,
    /// The options as JSON. Empty stands for `{}`.
    pub options: Vec<u8>,
    /// The raw input.
    pub bytes: Bytes,
    /// Fires when the caller cancels the request or closes the client.
    pub cancel: CancellationToken,
}

impl<Context> Request<Context> {
    /// The options as the type that the operation takes.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let json: &[u8] = if self.options.is_empty() { b"{}" } else { &self.options };
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(invalid_option)?;
        deserializer
            .end()
            .map_err(|error| refusal(".", format!("Cannot read the options: {error}")))?;
        Ok(value)
    }

    /// Sends an item to the caller before the request completes.
    pub fn emit(&self, item: Item) {
        self.client.emit(self.id, item.json, item.bytes);
    }
}

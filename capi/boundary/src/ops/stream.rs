//! Reading from a stream.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::outcome::Outcome;
use crate::request::Request;
use crate::stream::Stream;

/// How much of a stream to produce.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadOptions {
    /// How many items the caller has room for. Each arrives as an event of
    /// the request.
    pub credit: u32,
}

/// What became of the stream.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ReadResult {
    /// Whether there are no more items.
    pub done: bool,
}

/// `stream.read`
pub async fn read<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let options: ReadOptions = request.options()?;
    let stream = request.client.handles.get::<Stream>(request.handle)?;
    let done = stream.read(options.credit, |item| request.emit(item)).await?;
    Outcome::json(&ReadResult { done })
}

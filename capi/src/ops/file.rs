//! Open files.

use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use serde::{Deserialize, Serialize};

use super::fs::FileAttributesRequest;
use crate::client::Request;
use crate::files::OpenFile;

/// What to read of an open file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadFileOptions {
    /// Where to begin.
    pub offset: u64,
    /// How many bytes at most. Fewer come when the file ends, or when it is
    /// more than the library reads at once.
    pub length: u32,
}

/// Where to write in an open file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteFileOptions {
    /// Where to begin. A file that was opened to append does not care.
    pub offset: u64,
}

/// What a write has come to.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct WriteFileResult {
    /// Where the next write would begin.
    pub offset: u64,
}

/// `file.read`
pub async fn read(request: Request) -> Result<Outcome, Error> {
    let ReadFileOptions { offset, length } = request.options()?;
    let file = request.client.handles.get::<OpenFile>(request.handle)?;
    let read = file.read_at(offset, length as usize).await;
    let bytes = read.map_err(|it| it.at("read", file.path()))?;
    Ok(Outcome { bytes, ..Outcome::default() })
}

/// `file.write`: writes the frame's bytes.
pub async fn write(request: Request) -> Result<Outcome, Error> {
    let WriteFileOptions { offset } = request.options()?;
    let file = request.client.handles.get::<OpenFile>(request.handle)?;
    let length = request.bytes.len() as u64;
    let written = async {
        file.write_at(offset, request.bytes).await?;
        // What was appended ends where the file does, wherever that was.
        match file.appends_and_reads() {
            true => file.stat().await.map(|stat| stat.size),
            false => Ok(offset + length),
        }
    };
    let offset = written.await.map_err(|it| it.at("write", file.path()))?;
    Outcome::json(&WriteFileResult { offset })
}

/// `file.stat`
pub async fn stat(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let file = request.client.handles.get::<OpenFile>(request.handle)?;
    Outcome::json(&file.stat().await.map_err(|it| it.at("stat", file.path()))?)
}

/// `file.setAttributes`
pub async fn set_attributes(request: Request) -> Result<Outcome, Error> {
    let options: FileAttributesRequest = request.options()?;
    let file = request.client.handles.get::<OpenFile>(request.handle)?;
    let changed = file.set_attributes(options.into()).await;
    changed.map_err(|it| it.at("change the attributes of", file.path()))?;
    Ok(Outcome::default())
}

/// `file.close`: gives the handle back, after what was written is known to be
/// there.
pub async fn close(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let file = request.client.handles.get::<OpenFile>(request.handle)?;
    request.client.handles.remove(request.handle);
    file.close().await.map_err(|it| it.at("close", file.path()))?;
    Ok(Outcome::default())
}

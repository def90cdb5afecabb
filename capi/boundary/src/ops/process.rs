//! Reading and acting on a process that runs.

use std::sync::Arc;

use serde::Serialize;

use super::stream::{ReadOptions, ReadResult};
use crate::error::Error;
use crate::json::NoOptions;
use crate::outcome::Outcome;
use crate::process::signal::SignalOptions;
use crate::process::{Process, TerminalSize};
use crate::request::Request;

/// A command that has started. Its handle is in the frame.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SpawnedProcess {
    /// Its process id in the guest.
    pub pid: u32,
}

/// `process.read`: passes on what the process produced, as `stream.read` does.
pub async fn read<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let options: ReadOptions = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    let done = process.events.read(options.credit, |item| request.emit(item)).await?;
    Outcome::json(&ReadResult { done })
}

/// `process.write`: writes the request's bytes to the standard input, and
/// completes when the guest has room for the next ones.
pub async fn write<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.write(request.bytes).await?;
    Ok(Outcome::default())
}

/// `process.closeInput`: ends the standard input.
pub async fn close_input<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.close_input().await?;
    Ok(Outcome::default())
}

/// `process.signal`: sends a signal.
pub async fn signal<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let SignalOptions { signal } = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.signal(signal.number()).await?;
    Ok(Outcome::default())
}

/// `process.resize`: gives the terminal another size.
pub async fn resize<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let size: TerminalSize = request.options()?;
    let (rows, columns) = size.rows_and_columns()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.resize(rows, columns).await?;
    Ok(Outcome::default())
}

/// `process.abandon`: gives the handle back without killing the process. What
/// it prints from now on is read and dropped, so that it can go on.
pub async fn abandon<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let process: Arc<Process> = request.client.handles.get(request.handle)?;
    request.client.handles.remove(request.handle);
    tokio::spawn(async move { while let Ok(false) = process.events.read(1, drop).await {} });
    Ok(Outcome::default())
}

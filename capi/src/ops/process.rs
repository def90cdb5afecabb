//! Commands whose input and output are streamed.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use microsandbox::sandbox::exec::ExecSink;
use microsandbox::{ExecControl, ExecEvent, ExecHandle};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::command::{Command, not_started};
use super::stream::{ReadOptions, ReadResult};
use crate::client::outcome::Outcome;
use crate::error::Error;
use crate::json::NoOptions;
use crate::options::command::TerminalSize;
use crate::process::signal::SignalOptions;
use crate::process::{Control, InputState, Output, Process, interrupted, timed_out};
use crate::request::Request;

/// A command that has started. Its handle is in the frame.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SpawnedProcess {
    /// Its process id in the guest.
    pub pid: u32,
}

/// `process.spawn`: starts a command, and completes when it has started.
pub async fn spawn(request: Request) -> Result<Outcome, Error> {
    let Command { mut handle, deadline, limit, terminal, feeding } = Command::start(&request).await?;
    let pid = started(&request, &mut handle).await?;
    if let Some((rows, columns)) = terminal {
        handle.resize(rows, columns).await?;
    }
    let control = GuestControl { control: handle.control(), stdin: handle.take_stdin() };
    let process = Process::new(control, |outputs, input| async move {
        let _feeding = feeding;
        match pump(&mut handle, deadline, &outputs, &input).await {
            End::Exited(code) => Output::Exited(code),
            End::TimedOut => Output::Failed(timed_out(limit)),
            End::Lost => Output::Failed(interrupted()),
        }
    });
    Outcome::resource(process).with_json(&SpawnedProcess { pid })
}

/// `process.read`: passes on what the process produced, as `stream.read` does.
pub async fn read(request: Request) -> Result<Outcome, Error> {
    let options: ReadOptions = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    let done = process.events.read(options.credit, |item| request.emit(item)).await?;
    Outcome::json(&ReadResult { done })
}

/// `process.write`: writes the request's bytes to the standard input, and
/// completes when the guest has room for the next ones.
pub async fn write(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.write(request.bytes).await?;
    Ok(Outcome::default())
}

/// `process.closeInput`: ends the standard input.
pub async fn close_input(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.close_input().await?;
    Ok(Outcome::default())
}

/// `process.signal`: sends a signal.
pub async fn signal(request: Request) -> Result<Outcome, Error> {
    let SignalOptions { signal } = request.options()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.signal(signal.number()).await?;
    Ok(Outcome::default())
}

/// `process.resize`: gives the terminal another size.
pub async fn resize(request: Request) -> Result<Outcome, Error> {
    let size: TerminalSize = request.options()?;
    let (rows, columns) = size.rows_and_columns()?;
    let process = request.client.handles.get::<Process>(request.handle)?;
    process.resize(rows, columns).await?;
    Ok(Outcome::default())
}

/// `process.abandon`: gives the handle back without killing the process. What
/// it prints from now on is read and dropped, so that it can go on.
pub async fn abandon(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let process: Arc<Process> = request.client.handles.get(request.handle)?;
    request.client.handles.remove(request.handle);
    tokio::spawn(async move { while let Ok(false) = process.events.read(1, drop).await {} });
    Ok(Outcome::default())
}

/// Waits until the command has started.
async fn started(request: &Request, handle: &mut ExecHandle) -> Result<u32, Error> {
    loop {
        match handle.recv().await {
            Some(ExecEvent::Started { pid }) => return Ok(pid),
            Some(ExecEvent::Failed(failed)) => return Err(not_started(request, &failed).await),
            None => return Err(interrupted()),
            // Nothing else comes before the start.
            Some(_) => {}
        }
    }
}

enum End {
    Exited(i32),
    TimedOut,
    Lost,
}

/// Passes on what the command produces, as far as there is room for it, and
/// kills the command when its time is over.
async fn pump(
    handle: &mut ExecHandle,
    deadline: Option<Instant>,
    outputs: &mpsc::Sender<Output>,
    input: &watch::Sender<InputState>,
) -> End {
    let mut is_overdue = false;
    loop {
        // The deadline counts whether or not anybody reads the output.
        let step = async {
            let Ok(room) = outputs.reserve().await else { return None };
            Some((room, handle.recv().await))
        };
        let step = tokio::select! {
            step = step => step,
            () = until(deadline), if !is_overdue => {
                is_overdue = true;
                let _ = handle.kill().await;
                continue;
            }
        };
        let Some((room, event)) = step else { return End::Lost };
        match event {
            Some(ExecEvent::Stdout(bytes)) => room.send(Output::Stdout(bytes)),
            Some(ExecEvent::Stderr(bytes)) => room.send(Output::Stderr(bytes)),
            Some(ExecEvent::StdinError(error)) => {
                input.send_replace(InputState::Failed(error.errno_name.unwrap_or(error.message)));
            }
            Some(ExecEvent::Exited { .. }) if is_overdue => return End::TimedOut,
            Some(ExecEvent::Exited { code }) => return End::Exited(code),
            Some(ExecEvent::Failed(_)) | None => return End::Lost,
            Some(ExecEvent::Started { .. }) => {}
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A command in a sandbox.
struct GuestControl {
    control: ExecControl,
    /// Only when the input is piped.
    stdin: Option<ExecSink>,
}

impl Control for GuestControl {
    fn write(&self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            match &self.stdin {
                Some(stdin) => Ok(stdin.write(bytes).await?),
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn close_input(&self) -> BoxFuture<'_, Result<(), Error>> {
        async {
            match &self.stdin {
                Some(stdin) => Ok(stdin.close().await?),
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn signal(&self, number: i32) -> BoxFuture<'_, Result<(), Error>> {
        async move { Ok(self.control.signal(number).await?) }.boxed()
    }

    fn resize(&self, rows: u16, columns: u16) -> BoxFuture<'_, Result<(), Error>> {
        async move { Ok(self.control.resize(rows, columns).await?) }.boxed()
    }
}

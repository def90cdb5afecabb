//! Commands whose input and output are streamed.

use boundary::error::Error;
use boundary::ops::process::SpawnedProcess;
use boundary::outcome::Outcome;
use boundary::process::{Control, InputState, Output, Process, interrupted, timed_out};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use microsandbox::sandbox::exec::ExecSink;
use microsandbox::{ExecControl, ExecEvent, ExecHandle};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::command::{Command, not_started};
use crate::client::Request;

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

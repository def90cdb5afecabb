//! Commands of SSH clients in this process.

use boundary::check::refusal;
use boundary::error::Error;
use boundary::process::signal::Signal;
use boundary::process::{Control, Output, Process, interrupted};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::sync::mpsc;

use super::connection::{Connection, granted};
use super::signal::of_ssh;
use super::ssh_error;

/// A terminal for a command.
pub struct Terminal<'a> {
    /// What programs are told that it is, such as `xterm`.
    pub term: &'a str,
    pub rows: u16,
    pub columns: u16,
}

/// Starts a command, or the user's shell, and returns when the server has
/// agreed to.
pub async fn spawn(
    connection: Connection,
    command: Option<String>,
    terminal: Option<Terminal<'_>>,
) -> Result<Process, Error> {
    let mut channel = connection.open_session().await?;
    if let Some(Terminal { term, rows, columns }) = terminal {
        let (rows, columns) = (rows.into(), columns.into());
        let requested = channel.request_pty(true, term, columns, rows, 0, 0, &[]).await;
        requested.map_err(|error| ssh_error("get a terminal", error))?;
        granted(&mut channel, "get a terminal").await?;
    }
    let requested = match command {
        Some(command) => channel.exec(true, command).await,
        None => channel.request_shell(true).await,
    };
    requested.map_err(|error| ssh_error("start the command", error))?;
    granted(&mut channel, "start the command").await?;

    let (mut reader, writer) = channel.split();
    let control = ChannelControl { writer, _connection: connection };
    Ok(Process::new(control, |outputs, _| async move {
        let end = pump(&mut reader, &outputs).await;
        end.map_or_else(|| Output::Failed(interrupted()), Output::Exited)
    }))
}

/// Passes on what the command prints, as far as there is room for it. Returns
/// its code as the guest reports it, unless its end is not known.
async fn pump(reader: &mut ChannelReadHalf, outputs: &mpsc::Sender<Output>) -> Option<i32> {
    let mut code = None;
    loop {
        let room = outputs.reserve().await.ok()?;
        match reader.wait().await {
            Some(ChannelMsg::Data { data }) => room.send(Output::Stdout(data)),
            Some(ChannelMsg::ExtendedData { data, .. }) => room.send(Output::Stderr(data)),
            Some(ChannelMsg::ExitStatus { exit_status }) => code = i32::try_from(exit_status).ok(),
            Some(ChannelMsg::ExitSignal { .. }) => code = Some(-1),
            Some(ChannelMsg::Close) | None => return code,
            Some(_) => {}
        }
    }
}

struct ChannelControl {
    writer: ChannelWriteHalf<Msg>,
    /// Ends with the command.
    _connection: Connection,
}

impl Control for ChannelControl {
    fn write(&self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        async move { self.writer.data_bytes(bytes).await.map_err(lost) }.boxed()
    }

    fn close_input(&self) -> BoxFuture<'_, Result<(), Error>> {
        async { self.writer.eof().await.map_err(lost) }.boxed()
    }

    fn signal(&self, number: i32) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let Some(signal) = Signal::numbered(number) else {
                return Err(refusal(
                    "signal",
                    format!("Cannot send signal {number}: SSH has names for signals only up to 31"),
                ));
            };
            self.writer.signal(of_ssh(signal)).await.map_err(lost)
        }
        .boxed()
    }

    fn resize(&self, rows: u16, columns: u16) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.writer.window_change(columns.into(), rows.into(), 0, 0).await.map_err(lost)
        }
        .boxed()
    }
}

fn lost(_: russh::Error) -> Error {
    interrupted()
}

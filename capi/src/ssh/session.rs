//! What a client does in one channel: a command with its terminal, or SFTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use boundary::error::Error;
use bytes::Bytes;
use microsandbox::protocol::exec::ExecFailed;
use microsandbox::sandbox::exec::ExecSink;
use microsandbox::{ExecControl, ExecEvent, ExecHandle, MicrosandboxError as CoreError};
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::io::copy_bidirectional;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::connection::Connection;
use super::signal::{fatal, number_of};

/// How many messages with input wait for a command that does not read it. They
/// have at most 32 KiB. What comes behind holds up the client's connection.
const WAITING_INPUT: usize = 1024;

/// The code that shells give a command that could not be started.
const NOT_STARTED: u32 = 127;

/// The number in which SSH counts standard error.
const STDERR: u32 = 1;

/// A client that has logged in.
pub struct Visit {
    pub settings: Arc<Settings>,
    /// The guest user that it is.
    pub user: String,
    /// To send what channels cannot send by themselves.
    pub handle: Handle,
}

/// What a client asked for before it started something.
#[derive(Default)]
struct Setup {
    terminal: Option<Terminal>,
    variables: Vec<(String, String)>,
}

#[derive(Clone, Copy)]
struct Terminal {
    rows: u16,
    columns: u16,
}

/// How a command ended.
enum End {
    Exited(u32),
    Signalled(Sig),
    /// Nobody knows, or nobody wants to know.
    Lost,
}

/// What the guest says about a command.
enum Started {
    Running(ExecHandle),
    Refused(ExecFailed),
}

/// Serves one channel to its end.
pub async fn serve(mut channel: Channel<Msg>, visit: Visit) {
    let mut setup = Setup::default();
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::RequestPty { term, col_width, row_height, .. } => {
                setup.variables.push(("TERM".to_owned(), term));
                setup.terminal = Some(Terminal::new(row_height, col_width));
            }
            ChannelMsg::SetEnv { variable_name, variable_value, .. } => {
                setup.variables.push((variable_name, variable_value));
            }
            ChannelMsg::Exec { command, .. } => {
                let script = String::from_utf8_lossy(&command).into_owned();
                return run(channel, &visit, setup, Some(script)).await;
            }
            ChannelMsg::RequestShell { .. } => return run(channel, &visit, setup, None).await,
            ChannelMsg::RequestSubsystem { name, .. } if offers(&visit.settings, &name) => {
                return pass_on_sftp(channel, &visit).await;
            }
            ChannelMsg::Close => return,
            _ => {}
        }
    }
}

/// Whether there is a subsystem of this name.
pub fn offers(settings: &Settings, subsystem: &str) -> bool {
    subsystem == "sftp" && settings.sftp
}

impl Visit {
    /// Starts the sandbox's shell: with `-c` if there is a script.
    async fn start(&self, setup: Setup, script: Option<String>) -> Result<Started, Error> {
        let sandbox = &self.settings.sandbox;
        let shell = sandbox.config().spec.runtime.shell.as_deref().unwrap_or("/bin/sh");
        let arguments = script.map(|script| vec!["-c".to_owned(), script]).unwrap_or_default();
        let handle = sandbox.exec_stream_with(shell, |command| {
            command
                .args(arguments)
                .envs(setup.variables)
                .user(self.user.as_str())
                .tty(setup.terminal.is_some())
                .stdin_pipe()
        });
        match handle.await {
            Ok(handle) => Ok(Started::Running(handle)),
            Err(CoreError::ExecFailed(failed)) => Ok(Started::Refused(failed)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Terminal {
    fn new(rows: u32, columns: u32) -> Self {
        let limited = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
        Self { rows: limited(rows), columns: limited(columns) }
    }
}

/// Runs a command, and tells the client how it ended.
async fn run(channel: Channel<Msg>, visit: &Visit, setup: Setup, script: Option<String>) {
    let id = channel.id();
    let terminal = setup.terminal;
    let (reader, writer) = channel.split();
    let end = match visit.start(setup, script).await {
        Ok(Started::Running(handle)) => converse(handle, reader, &writer, terminal).await,
        Ok(Started::Refused(failed)) => refuse(&writer, terminal, &failed).await,
        Err(error) => {
            report(&writer, terminal, &error.message).await;
            End::Lost
        }
    };
    // Whether the client is still there to hear it does not matter any more.
    match end {
        End::Exited(code) => drop(writer.exit_status(code).await),
        End::Signalled(signal) => {
            let (message, language) = (String::new(), String::new());
            let _ = visit.handle.exit_signal_request(id, signal, false, message, language).await;
        }
        End::Lost => {}
    }
    let _ = writer.eof().await;
    let _ = writer.close().await;
}

/// Connects a command with the client, until it ends or the client closes the
/// channel, which kills it.
async fn converse(
    mut handle: ExecHandle,
    reader: ChannelReadHalf,
    writer: &ChannelWriteHalf<Msg>,
    terminal: Option<Terminal>,
) -> End {
    let sent_signal = AtomicI32::new(0);
    let control = handle.control();
    let stdin = handle.take_stdin();
    let end = tokio::select! {
        end = pass_on_output(&mut handle, writer, terminal, &sent_signal) => end,
        () = pass_on_input(reader, stdin, &control, &sent_signal) => End::Lost,
    };
    if matches!(end, End::Lost) {
        let _ = control.kill().await;
    }
    end
}

/// Passes on what the client sends, until it closes the channel.
async fn pass_on_input(
    mut reader: ChannelReadHalf,
    stdin: Option<ExecSink>,
    control: &ExecControl,
    sent_signal: &AtomicI32,
) {
    let (sender, receiver) = mpsc::channel(WAITING_INPUT);
    let mut sender = Some(sender);
    let requests = async {
        while let Some(message) = reader.wait().await {
            match message {
                ChannelMsg::Data { data } => {
                    if let Some(sender) = &sender {
                        // The receiver waits for the end of all input.
                        let _ = sender.send(data).await;
                    }
                }
                ChannelMsg::Eof => sender = None,
                ChannelMsg::Signal { signal } => {
                    if let Some(number) = number_of(&signal) {
                        sent_signal.store(number, Ordering::Relaxed);
                        let _ = control.signal(number).await;
                    }
                }
                ChannelMsg::WindowChange { col_width, row_height, .. } => {
                    let Terminal { rows, columns } = Terminal::new(row_height, col_width);
                    let _ = control.resize(rows, columns).await;
                }
                ChannelMsg::Close => return,
                _ => {}
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = write(stdin, receiver) => {}
    }
}

/// Writes input as the command takes it. What a command that has closed its
/// input does not want is dropped, as with a pipe that nobody reads.
async fn write(stdin: Option<ExecSink>, mut input: mpsc::Receiver<Bytes>) {
    let mut stdin = stdin;
    while let Some(bytes) = input.recv().await {
        if let Some(sink) = &stdin
            && sink.write(bytes).await.is_err()
        {
            stdin = None;
        }
    }
    if let Some(sink) = stdin {
        let _ = sink.close().await;
    }
    // The client may still have something to say.
    std::future::pending::<()>().await;
}

/// Passes on what the command prints, as fast as the client takes it.
async fn pass_on_output(
    handle: &mut ExecHandle,
    writer: &ChannelWriteHalf<Msg>,
    terminal: Option<Terminal>,
    sent_signal: &AtomicI32,
) -> End {
    while let Some(event) = handle.recv().await {
        let sent = match event {
            ExecEvent::Started { .. } => {
                if let Some(Terminal { rows, columns }) = terminal {
                    let _ = handle.resize(rows, columns).await;
                }
                Ok(())
            }
            ExecEvent::Stdout(bytes) => writer.data_bytes(bytes).await,
            ExecEvent::Stderr(bytes) if terminal.is_some() => writer.data_bytes(bytes).await,
            ExecEvent::Stderr(bytes) => writer.extended_data_bytes(STDERR, bytes).await,
            ExecEvent::Failed(failed) => return refuse(writer, terminal, &failed).await,
            ExecEvent::Exited { code } => {
                return match u32::try_from(code) {
                    Ok(code) => End::Exited(code),
                    Err(_) => End::Signalled(fatal(sent_signal.load(Ordering::Relaxed))),
                };
            }
            ExecEvent::StdinError(_) => Ok(()),
        };
        if sent.is_err() {
            return End::Lost;
        }
    }
    report(writer, terminal, "The connection to the sandbox was lost").await;
    End::Lost
}

async fn refuse(writer: &ChannelWriteHalf<Msg>, terminal: Option<Terminal>, failed: &ExecFailed) -> End {
    report(writer, terminal, &Error::exec_failed(failed).message).await;
    End::Exited(NOT_STARTED)
}

/// Says why there is no command.
async fn report(writer: &ChannelWriteHalf<Msg>, terminal: Option<Terminal>, message: &str) {
    let line = format!("{message}\r\n");
    let _ = match terminal {
        Some(_) => writer.data_bytes(line).await,
        None => writer.extended_data_bytes(STDERR, line).await,
    };
}

/// Connects the client with the core's SFTP server.
async fn pass_on_sftp(channel: Channel<Msg>, visit: &Visit) {
    let Settings { sandbox, .. } = &*visit.settings;
    // It ends with this channel, and this channel with the client.
    let unending = CancellationToken::new();
    let connected = async {
        let connection = Connection::to_core(sandbox, &visit.user, &unending).await?;
        let served = connection.open_subsystem("sftp").await?;
        Ok::<_, Error>((connection, served))
    };
    match connected.await {
        Ok((_connection, served)) => {
            let id = channel.id();
            let (mut client, mut server) = (channel.into_stream(), served.into_stream());
            let copied = copy_bidirectional(&mut client, &mut server).await;
            // Without a code `scp` takes everything for failed. The channel is
            // closed behind it, when the stream is dropped.
            let _ = visit.handle.exit_status_request(id, copied.is_err().into()).await;
        }
        Err(error) => {
            let _ = channel.extended_data_bytes(STDERR, format!("{}\r\n", error.message)).await;
            let _ = channel.close().await;
        }
    }
}

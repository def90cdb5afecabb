//! Running commands, with their output collected or streamed.

use std::time::Duration;

use boundary::error::{Error, ErrorCode};
use boundary::outcome::{MAXIMUM_PAYLOAD, Outcome};
use boundary::process::signal::FatalSignal;
use boundary::process::{TerminalSize, interrupted, timed_out};
use boundary::task::until_cancelled;
use bytes::Bytes;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::protocol::exec::ExecFailed;
use microsandbox::sandbox::ExecOptionsBuilder;
use microsandbox::sandbox::exec::ExecSink;
use microsandbox::{ExecEvent, ExecHandle, Sandbox};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::client::Request;
use crate::client::spare_connection::with_spare;
use crate::files::entry::{FileKind, FileStat};
use crate::files::guest::Guest;
use crate::options::command::{CommandRequest, Program, Stdin};
use crate::sandboxes::connection::{Connecting, is_broken};

/// How a command ended. The frame's bytes are its standard output followed by
/// its standard error.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct CommandResult {
    /// The exit code. -1 after a signal.
    pub code: i32,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<FatalSignal>,
    /// How many of the bytes are standard output.
    pub stdout_length: usize,
}

/// `command.run`: runs a command to its end and collects what it prints.
pub async fn run(request: Request) -> Result<Outcome, Error> {
    let Command { mut handle, deadline, limit, terminal, feeding: _feeding } =
        until_cancelled(&request.cancel, Command::start(&request)).await??;
    let mut output = Collected { terminal, ..Collected::default() };
    let end = until_cancelled(&request.cancel, output.collect_until(&mut handle, deadline));
    // Dropping the handle on the way out kills the command, which is what a
    // caller who gave up wants.
    match end.await? {
        Some(End::Exited { code }) => output.into_outcome(code),
        Some(End::Failed(failed)) => Err(not_started(&request, &failed).await),
        Some(End::Lost) => Err(output.attach_to(interrupted())),
        Some(End::TooLarge) => Err(Error::too_large(output.length())),
        None => {
            output.collect_after_kill(&mut handle).await;
            Err(output.attach_to(timed_out(limit)))
        }
    }
}

/// A command that the guest was asked to start.
pub struct Command {
    pub handle: ExecHandle,
    /// When it is to be killed.
    pub deadline: Option<Instant>,
    /// How long it may run.
    pub limit: Duration,
    /// The rows and columns of its terminal, which it is to be given once it
    /// has started: the core starts every terminal with 24 and 80.
    pub terminal: Option<(u16, u16)>,
    /// Writes its input, if that is given. The core's own way to do so goes on
    /// when the handle is dropped, and the command then lives on with it.
    pub feeding: Option<AbortOnDropHandle<()>>,
}

impl Command {
    /// Asks the guest to start the command of a request. Waits for others to end
    /// while there are as many as there can be.
    pub async fn start(request: &Request) -> Result<Self, Error> {
        let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
        let connecting = Connecting::to(sandbox.name());
        loop {
            let (asked, was_spare) = with_spare(Self::ask(request, &sandbox)).await;
            match asked? {
                Ok(command) => return Ok(command),
                // The machine that the spare led to has ended since.
                Err(error) if was_spare && is_broken(&error) => {}
                Err(error) => connecting.after(error).await?,
            }
        }
    }

    async fn ask(request: &Request, sandbox: &Sandbox) -> Result<Result<Self, CoreError>, Error> {
        let CommandRequest { program, stdin, options } = request.options()?;
        // In a terminal a command would silently run somewhere else.
        if options.tty.is_some()
            && options.cwd.is_some()
            && let Some(error) = missing_directory(request, options.cwd.as_deref()).await
        {
            return Err(error);
        }
        let limit = options.limit()?;
        let terminal = options.tty.map(TerminalSize::rows_and_columns).transpose()?;
        let deadline = limit.map(|limit| Instant::now() + limit);
        let apply = options.configuration()?;
        let configure = |builder: ExecOptionsBuilder| {
            let builder = apply(builder);
            match stdin {
                Stdin::Null => builder.stdin_null(),
                Stdin::Bytes | Stdin::Piped => builder.stdin_pipe(),
            }
        };
        let handle = match program {
            Program::Exec(program) => sandbox.exec_stream_with(program, configure).await,
            Program::Shell(script) => {
                let shell = sandbox.config().spec.runtime.shell.as_deref().unwrap_or("/bin/sh");
                // The argument behind the script is `$0`, which shells print in
                // front of their error messages.
                let args = ["-c".to_owned(), script, shell.to_owned()];
                sandbox.exec_stream_with(shell, |builder| configure(builder.args(args))).await
            }
            Program::Default => sandbox.exec_default_stream_with(configure).await,
        };
        let limit = limit.unwrap_or_default();
        Ok(handle.map(|mut handle| {
            let sink = if stdin == Stdin::Bytes { handle.take_stdin() } else { None };
            let bytes = request.bytes.clone();
            let feeding = sink.map(|sink| AbortOnDropHandle::new(tokio::spawn(feed(sink, bytes))));
            Self { handle, deadline, limit, terminal, feeding }
        }))
    }
}

/// The error for a command that the guest did not start. The guest blames the
/// program when the working directory is what is missing.
pub async fn not_started(request: &Request, failed: &ExecFailed) -> Error {
    let cwd = request.options().ok().and_then(|it: CommandRequest| it.options.cwd);
    match missing_directory(request, cwd.as_deref()).await {
        Some(error) => error,
        None => Error::exec_failed(failed),
    }
}

/// The error for a working directory in which no command can run, if `cwd`, or
/// else the sandbox's own, is one.
async fn missing_directory(request: &Request, cwd: Option<&str>) -> Option<Error> {
    let sandbox = request.client.handles.get::<Sandbox>(request.handle).ok()?;
    let directory = cwd.or(sandbox.config().spec.runtime.workdir.as_deref())?;
    let guest = Guest::connect(request).await.ok()?;
    let reason = match guest.stat(directory, true).await {
        Ok(FileStat { kind: FileKind::Directory, .. }) => return None,
        Ok(_) => "is not a directory",
        Err(failure) if failure.is(ErrorCode::NotFound) => "does not exist",
        Err(_) => return None,
    };
    Some(
        Error::new(
            ErrorCode::ExecFailed,
            format!(
                "Cannot start the command, its working directory {directory} {reason}: make it in \
                 the guest first, or give another one as cwd"
            ),
        )
        .with_details(json!({ "kind": "bad-cwd", "cwd": directory })),
    )
}

/// Writes all of the input and ends it. A command may end before it has read it.
async fn feed(stdin: ExecSink, bytes: Bytes) {
    if bytes.is_empty() || stdin.write(bytes).await.is_ok() {
        let _ = stdin.close().await;
    }
}

/// What a command has printed so far.
#[derive(Default)]
struct Collected {
    terminal: Option<(u16, u16)>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// How the events of a command ended.
enum End {
    Exited { code: i32 },
    Failed(microsandbox::protocol::exec::ExecFailed),
    /// They broke off.
    Lost,
    /// No result can hold what came.
    TooLarge,
}

impl Collected {
    /// Collects until the command ends. `None` means that the deadline came
    /// first.
    async fn collect_until(
        &mut self,
        handle: &mut ExecHandle,
        deadline: Option<Instant>,
    ) -> Option<End> {
        match deadline {
            None => Some(self.collect(handle).await),
            Some(deadline) => timeout_at(deadline, self.collect(handle)).await.ok(),
        }
    }

    /// Kills the command and takes what it had printed until then.
    async fn collect_after_kill(&mut self, handle: &mut ExecHandle) {
        /// What the core allows for the same.
        const PATIENCE: Duration = Duration::from_secs(5);
        let _ = timeout(PATIENCE, async {
            if handle.kill().await.is_ok() {
                self.collect(handle).await;
            }
        })
        .await;
    }

    async fn collect(&mut self, handle: &mut ExecHandle) -> End {
        while let Some(event) = handle.recv().await {
            match event {
                ExecEvent::Stdout(chunk) => self.stdout.extend_from_slice(&chunk),
                ExecEvent::Stderr(chunk) => self.stderr.extend_from_slice(&chunk),
                ExecEvent::Exited { code } => return End::Exited { code },
                ExecEvent::Failed(failed) => return End::Failed(failed),
                ExecEvent::Started { .. } => {
                    if let Some((rows, columns)) = self.terminal {
                        // A connection that is lost is told by the events.
                        let _ = handle.resize(rows, columns).await;
                    }
                }
                // A command may end before it has read all of its input.
                ExecEvent::StdinError(_) => {}
            }
            if self.length() > MAXIMUM_PAYLOAD {
                return End::TooLarge;
            }
        }
        End::Lost
    }

    fn length(&self) -> usize {
        self.stdout.len() + self.stderr.len()
    }

    fn into_outcome(self, code: i32) -> Result<Outcome, Error> {
        let result = CommandResult {
            code,
            signal: FatalSignal::of_code(code, None),
            stdout_length: self.stdout.len(),
        };
        Outcome { bytes: self.into_bytes(), ..Outcome::default() }.with_json(&result)
    }

    fn attach_to(self, mut error: Error) -> Error {
        if !error.details.is_object() {
            error.details = json!({});
        }
        error.details["stdoutLength"] = self.stdout.len().into();
        error.with_bytes(self.into_bytes())
    }

    fn into_bytes(self) -> Bytes {
        let mut bytes = self.stdout;
        bytes.extend_from_slice(&self.stderr);
        Bytes::from(bytes)
    }
}

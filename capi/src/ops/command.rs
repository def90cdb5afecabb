//! Running commands and collecting what they print.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use microsandbox::{ExecEvent, ExecHandle, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Request, out_of_range, until_cancelled};
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};

/// How to run a command.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandOptions {
    /// The command's arguments. A shell script sees them as `$1`, `$2` and so
    /// on. Default: none.
    pub args: Option<Vec<String>>,
    /// Working directory in the guest. Default: the sandbox's.
    pub cwd: Option<String>,
    /// Environment variables, added to the sandbox's.
    pub env: Option<BTreeMap<String, String>>,
    /// The guest user to run as. Default: the sandbox's.
    pub user: Option<String>,
    /// After how many milliseconds the command is killed and the call fails
    /// with `exec-timeout`. Default: never.
    pub timeout_ms: Option<i64>,
}

/// A program to run in the sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecRequest {
    /// A path in the guest, or a name that is looked up in its `PATH`.
    pub command: String,
    /// How to run it.
    pub options: CommandOptions,
}

/// A script to run in the sandbox's shell.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShellRequest {
    /// The script, which the shell gets with `-c`.
    pub script: String,
    /// How to run it.
    pub options: CommandOptions,
}

/// How a command ended. The frame's bytes are its standard output followed by
/// its standard error.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExecResult {
    /// The exit code.
    pub code: i32,
    /// How many of the bytes are standard output.
    pub stdout_length: usize,
}

/// `command.exec`
pub async fn exec(request: Request) -> Result<Outcome, Error> {
    let ExecRequest { command, options } = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    run(&request, &sandbox, command, options).await
}

/// `command.shell`
pub async fn shell(request: Request) -> Result<Outcome, Error> {
    let ShellRequest { script, mut options } = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    let shell = sandbox.config().spec.runtime.shell.as_deref().unwrap_or("/bin/sh").to_owned();
    // The argument behind the script is `$0`, which shells print in front of
    // their error messages.
    let mut args = vec!["-c".to_owned(), script, shell.clone()];
    args.extend(options.args.unwrap_or_default());
    options.args = Some(args);
    run(&request, &sandbox, shell, options).await
}

async fn run(
    request: &Request,
    sandbox: &Sandbox,
    command: String,
    options: CommandOptions,
) -> Result<Outcome, Error> {
    let limit = options.limit()?;
    let deadline = limit.map(|limit| Instant::now() + limit);
    let start = sandbox.exec_stream_with(command, |mut builder| {
        builder = builder
            .args(options.args.unwrap_or_default())
            .envs(options.env.unwrap_or_default());
        if let Some(cwd) = options.cwd {
            builder = builder.cwd(cwd);
        }
        if let Some(user) = options.user {
            builder = builder.user(user);
        }
        builder
    });
    let mut process = until_cancelled(&request.cancel, start).await??;
    let mut output = Output::default();
    let end = until_cancelled(&request.cancel, output.collect_until(&mut process, deadline));
    // Dropping the process on the way out kills it, which is what a caller
    // who gave up wants.
    match end.await? {
        Some(End::Exited { code }) => output.into_outcome(code),
        Some(End::Failed(failed)) => Err(Error::exec_failed(&failed)),
        Some(End::Lost) => Err(output.attach_to(Error::new(
            ErrorCode::CommandInterrupted,
            "The command did not end: the sandbox stopped, or the connection to it was lost, \
             so how far the command came is not known",
        ))),
        None => {
            let limit = limit.unwrap_or_default();
            output.collect_after_kill(&mut process).await;
            Err(output.attach_to(Error::new(
                ErrorCode::ExecTimeout,
                format!("The command was killed after {} ms", limit.as_millis()),
            )))
        }
    }
}

impl CommandOptions {
    fn limit(&self) -> Result<Option<Duration>, Error> {
        /// A year. More would overflow the clock, and means no limit anyway.
        const MAXIMUM: i64 = 365 * 24 * 60 * 60 * 1000;
        match self.timeout_ms {
            None => Ok(None),
            Some(limit @ 1..=MAXIMUM) => Ok(Some(Duration::from_millis(limit as u64))),
            Some(limit) => {
                Err(out_of_range("timeoutMs", limit, &format!("from 1 to {MAXIMUM}")))
            }
        }
    }
}

/// What a command has printed so far.
#[derive(Default)]
struct Output {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// How the events of a command ended.
enum End {
    Exited { code: i32 },
    Failed(microsandbox::protocol::exec::ExecFailed),
    /// They broke off.
    Lost,
}

impl Output {
    /// Collects until the command ends. `None` means that the deadline came
    /// first.
    async fn collect_until(
        &mut self,
        process: &mut ExecHandle,
        deadline: Option<Instant>,
    ) -> Option<End> {
        match deadline {
            None => Some(self.collect(process).await),
            Some(deadline) => timeout_at(deadline, self.collect(process)).await.ok(),
        }
    }

    /// Kills the command and takes what it had printed until then.
    async fn collect_after_kill(&mut self, process: &mut ExecHandle) {
        /// What the core allows for the same.
        const PATIENCE: Duration = Duration::from_secs(5);
        let _ = timeout(PATIENCE, async {
            if process.kill().await.is_ok() {
                self.collect(process).await;
            }
        })
        .await;
    }

    async fn collect(&mut self, process: &mut ExecHandle) -> End {
        while let Some(event) = process.recv().await {
            match event {
                ExecEvent::Stdout(chunk) => self.stdout.extend_from_slice(&chunk),
                ExecEvent::Stderr(chunk) => self.stderr.extend_from_slice(&chunk),
                ExecEvent::Exited { code } => return End::Exited { code },
                ExecEvent::Failed(failed) => return End::Failed(failed),
                ExecEvent::Started { .. } | ExecEvent::StdinError(_) => {}
            }
        }
        End::Lost
    }

    fn into_outcome(self, code: i32) -> Result<Outcome, Error> {
        let json = super::encode(&ExecResult { code, stdout_length: self.stdout.len() })?;
        Ok(Outcome { json, bytes: self.into_bytes(), ..Outcome::default() })
    }

    fn attach_to(self, error: Error) -> Error {
        error.with_details(json!({ "stdoutLength": self.stdout.len() })).with_bytes(self.into_bytes())
    }

    fn into_bytes(self) -> Bytes {
        let mut bytes = self.stdout;
        bytes.extend_from_slice(&self.stderr);
        Bytes::from(bytes)
    }
}

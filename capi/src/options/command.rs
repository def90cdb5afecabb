//! How to run a command.

use std::collections::BTreeMap;
use std::time::Duration;

use boundary::check::out_of_range;
use boundary::error::Error;
use boundary::process::TerminalSize;
use microsandbox::sandbox::ExecOptionsBuilder;
use serde::Deserialize;

use super::rlimit::Rlimits;

/// How to run a command.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandOptions {
    /// The command's arguments. A shell script sees them as `$1`, `$2` and so
    /// on; the image's own command gets them behind its own. Default: none.
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
    /// Runs the command in a terminal of its own, of this size: standard
    /// output and standard error are one then. Default: no terminal.
    pub tty: Option<TerminalSize>,
    /// Resource limits of the command. Default: the sandbox's.
    pub rlimits: Option<Rlimits>,
}

/// What to run.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Program {
    /// A path in the guest, or a name that is looked up in its `PATH`.
    Exec(String),
    /// A script, which the sandbox's shell gets with `-c`.
    Shell(String),
    /// The entrypoint and command of the image.
    Default,
}

/// Where a command's standard input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Stdin {
    /// There is none: it is at its end from the start.
    Null,
    /// The request's bytes.
    Bytes,
    /// `process.write`.
    Piped,
}

/// A command to run.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandRequest {
    /// What to run.
    pub program: Program,
    /// Where its standard input comes from.
    pub stdin: Stdin,
    /// How to run it.
    pub options: CommandOptions,
}

impl CommandOptions {
    /// Checks the options, and returns what hands all but the deadline to the
    /// core.
    pub fn configuration(
        self,
    ) -> Result<impl FnOnce(ExecOptionsBuilder) -> ExecOptionsBuilder, Error> {
        let rlimits = self.rlimits.as_ref().map(Rlimits::checked).transpose()?.unwrap_or_default();
        Ok(move |builder: ExecOptionsBuilder| {
            let mut builder = builder
                .args(self.args.unwrap_or_default())
                .envs(self.env.unwrap_or_default())
                .tty(self.tty.is_some());
            if let Some(cwd) = self.cwd {
                builder = builder.cwd(cwd);
            }
            if let Some(user) = self.user {
                builder = builder.user(user);
            }
            rlimits.into_iter().fold(builder, |builder, (resource, soft, hard)| {
                builder.rlimit_range(resource, soft, hard)
            })
        })
    }

    /// How long the command may run.
    pub fn limit(&self) -> Result<Option<Duration>, Error> {
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

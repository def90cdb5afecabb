//! SSH clients of a sandbox, in this process.

use boundary::check::invalid;
use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use boundary::process::TerminalSize;
use microsandbox::Sandbox;
use serde::Deserialize;

use crate::client::Request;
use crate::files::sftp::Sftp;
use crate::ssh::client::Client;
use crate::ssh::process::{self, Terminal};

/// As whom to log in.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshRequest {
    /// The guest user to log in as. Default: `root`.
    pub user: Option<String>,
    /// What programs with a terminal are told that it is. Default: the
    /// variable `TERM` of this program, or `xterm`.
    pub term: Option<String>,
}

/// What to run over SSH.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshCommandRequest {
    /// A script, which the sandbox's shell gets with `-c`. Default: the shell
    /// reads its input.
    pub command: Option<String>,
    /// Runs it in a terminal of this size. Default: no terminal.
    pub tty: Option<TerminalSize>,
}

/// `ssh.connect`: gives a handle for a client.
pub async fn connect(request: Request) -> Result<Outcome, Error> {
    let SshRequest { user, term } = request.options()?;
    let user = user.unwrap_or_else(|| "root".to_owned());
    if user.is_empty() {
        return Err(invalid("user", "give the name of a user of the guest"));
    }
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    let client = Client::new(sandbox, user, term.unwrap_or_else(term_of_this_program))?;
    Ok(Outcome::resource(client))
}

/// `ssh.spawn`: starts a command or a shell, and gives a handle for a process.
pub async fn spawn(request: Request) -> Result<Outcome, Error> {
    let SshCommandRequest { command, tty } = request.options()?;
    let size = tty.map(TerminalSize::rows_and_columns).transpose()?;
    let client = request.client.handles.get::<Client>(request.handle)?;
    let terminal = size.map(|(rows, columns)| Terminal { term: &client.term, rows, columns });
    let connection = client.connect().await?;
    Ok(Outcome::resource(process::spawn(connection, command, terminal).await?))
}

/// `ssh.openSftp`: gives a handle for an SFTP session.
pub async fn open_sftp(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let client = request.client.handles.get::<Client>(request.handle)?;
    Ok(Outcome::resource(Sftp::start(client.connect_for_sftp().await?).await?))
}

/// `ssh.close`: gives the handle back and ends all connections of the client.
pub async fn close(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let client = request.client.handles.get::<Client>(request.handle)?;
    request.client.handles.remove(request.handle);
    client.close();
    Ok(Outcome::default())
}

fn term_of_this_program() -> String {
    let term = std::env::var("TERM").ok();
    term.filter(|term| !term.is_empty() && term != "dumb").unwrap_or_else(|| "xterm".to_owned())
}

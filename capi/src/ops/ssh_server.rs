//! SSH servers of this machine that lead into a sandbox.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use boundary::check::in_range;
use boundary::error::{Error, ErrorCode};
use boundary::handles::Resource;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use boundary::stream::Stream;
use microsandbox::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::client::Request;
use crate::ssh::log::{Events, Log};
use crate::ssh::{Settings, keys, server, ssh_error};

/// How long a connection may be quiet unless somebody says otherwise. It is
/// what the core has.
const INACTIVITY_TIMEOUT_MS: i64 = 600_000;

/// Where to listen, and who may log in.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshServerRequest {
    /// The port of this machine, from 0 to 65535; 0 is any free one. Default:
    /// 0.
    pub port: Option<i64>,
    /// The address of this machine to listen on; `0.0.0.0` is all, which lets
    /// other machines in. Default: `127.0.0.1`.
    pub hostname: Option<String>,
    /// The public keys of those who may log in, each as a line of an
    /// `authorized_keys` file. Options in front of a key are refused. Default:
    /// those of `authorizedKeysFile`.
    pub authorized_keys: Option<Vec<String>>,
    /// A file of this machine with more of them. It is read once, at the
    /// start. Default: none.
    pub authorized_keys_file: Option<String>,
    /// The guest user that everybody becomes. Default: the one that a client
    /// logs in as.
    pub user: Option<String>,
    /// Whether clients may use SFTP, and with it `scp`. Default: `true`.
    pub sftp: Option<bool>,
    /// The private key that shows clients whom they talk to, as the text of a
    /// file in OpenSSH's or PEM format without a passphrase. Default: a key that
    /// is made once for the sandbox and kept with it.
    pub host_key: Option<String>,
    /// After how many quiet milliseconds a connection is closed, with the
    /// commands in it; 0 is never. Default: 600000.
    pub inactivity_timeout_ms: Option<i64>,
}

/// A server that listens. Its handle is in the frame.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SshServerInfo {
    /// The port that it listens on.
    pub port: u16,
    /// Its public key, as in `known_hosts`.
    pub host_key: String,
}

/// A server. Dropping it closes it.
struct SshServer {
    closing: CancellationToken,
    accepting: Mutex<Option<AbortOnDropHandle<()>>>,
    events: Events,
}

impl Resource for SshServer {
    const KIND: &'static str = "SSH server";
}

/// `sshServer.listen`: gives a handle for the server.
pub async fn listen(request: Request) -> Result<Outcome, Error> {
    let options: SshServerRequest = request.options()?;
    let port = in_range("port", options.port.unwrap_or(0), 0..=u16::MAX.into())?;
    let hostname = options.hostname.as_deref().unwrap_or("127.0.0.1");
    let inactivity_timeout = inactivity_timeout(options.inactivity_timeout_ms)?;
    let given = options.authorized_keys.as_deref().unwrap_or_default();
    let authorized_keys = keys::authorized(given, options.authorized_keys_file.as_deref())?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    let host_key = keys::host_key(options.host_key.as_deref(), &sandbox).await?;
    let public_key = host_key.public_key().to_openssh();
    let public_key = public_key.map_err(|error| ssh_error("show the host key", error))?;
    let listener = TcpListener::bind((hostname, port)).await;
    let listener = listener.map_err(|error| unavailable(hostname, port, &error))?;
    let address = listener.local_addr().map_err(|error| unavailable(hostname, port, &error))?;

    let (log, events) = Log::new();
    let (user, sftp) = (options.user, options.sftp.unwrap_or(true));
    let settings = Arc::new(Settings { sandbox, authorized_keys, user, sftp, log });
    let config = server::config(host_key, inactivity_timeout);
    let closing = CancellationToken::new();
    let accepting = tokio::spawn(server::accept(listener, config, settings, closing.clone()));
    let accepting = Mutex::new(Some(AbortOnDropHandle::new(accepting)));
    Outcome::resource(SshServer { closing, accepting, events })
        .with_json(&SshServerInfo { port: address.port(), host_key: public_key })
}

/// `sshServer.events`: gives a stream of the events that nobody has taken yet.
pub async fn events(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let server = request.client.handles.get::<SshServer>(request.handle)?;
    Ok(Outcome::resource(Stream::new(server.events.clone())))
}

/// `sshServer.close`: gives the handle back, and completes when the port is free
/// and all connections are closed.
pub async fn close(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let server = request.client.handles.get::<SshServer>(request.handle)?;
    request.client.handles.remove(request.handle);
    server.closing.cancel();
    let accepting = server.accepting.lock().unwrap_or_else(|it| it.into_inner()).take();
    if let Some(accepting) = accepting {
        let _ = accepting.await;
    }
    Ok(Outcome::default())
}

fn inactivity_timeout(milliseconds: Option<i64>) -> Result<Option<Duration>, Error> {
    /// A year. More would overflow the clock, and means no limit anyway.
    const MAXIMUM: i64 = 365 * 24 * 60 * 60 * 1000;
    let milliseconds = milliseconds.unwrap_or(INACTIVITY_TIMEOUT_MS);
    let milliseconds: u64 = in_range("inactivityTimeoutMs", milliseconds, 0..=MAXIMUM)?;
    Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
}

fn unavailable(hostname: &str, port: u16, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "take a port of at least 1024, or run as an administrator",
        io::ErrorKind::AddrInUse => "take another one, or 0 for any free one",
        _ => "take an address that this machine has",
    };
    Error::new(
        ErrorCode::PortUnavailable,
        format!("Cannot listen for SSH on port {port} of {hostname} ({error}): {remedy}"),
    )
    .with_details(json!({ "hostAddress": hostname, "hostPort": port, "protocol": "tcp" }))
}

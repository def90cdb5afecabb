//! SSH connections within this process.

use std::sync::Arc;

use boundary::error::Error;
use microsandbox::Sandbox;
use russh::client::{self, Msg};
use russh::keys::{Algorithm, PrivateKey, PrivateKeyWithHashAlg, PublicKeyBase64, PublicKeyOrCertificate};
use russh::{Channel, ChannelMsg};
use tokio::io::{DuplexStream, copy_bidirectional, duplex};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::ssh_error;

/// How much may be under way in each direction. It is more than the window of
/// the one channel that a connection has here, so that neither side ever waits
/// for the other one to read.
const CAPACITY: usize = 4 * 1024 * 1024;

/// The client's side of a connection. Dropping it ends both sides.
pub struct Connection {
    handle: client::Handle<AnyHostKey>,
    closed: CancellationToken,
    _wire: AbortOnDropHandle<()>,
}

/// Takes the server for the right one: both are in this process.
struct AnyHostKey;

impl client::Handler for AnyHostKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

impl Connection {
    /// Connects to what `serve` makes of the other end, until `closing` fires,
    /// and logs in.
    pub async fn open<Served>(
        user: &str,
        key: PrivateKey,
        closing: &CancellationToken,
        serve: impl FnOnce(DuplexStream) -> Served,
    ) -> Result<Self, Error>
    where
        Served: Future<Output = ()> + Send + 'static,
    {
        let (near, mut near_end) = duplex(CAPACITY);
        let (far, mut far_end) = duplex(CAPACITY);
        let closed = closing.child_token();
        let wire = tokio::spawn({
            let closed = closed.clone();
            async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut near_end, &mut far_end) => closed.cancel(),
                    () = closed.cancelled() => {}
                }
            }
        });
        // It ends with its end of the wire.
        tokio::spawn(serve(far));
        let wire = AbortOnDropHandle::new(wire);
        let handle = client::connect_stream(Arc::default(), near, AnyHostKey).await;
        let mut handle = handle.map_err(|error| ssh_error("connect", error))?;
        let login = handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(Arc::new(key), None));
        match login.await {
            Ok(result) if result.success() => Ok(Self { handle, closed, _wire: wire }),
            Ok(_) => Err(ssh_error("log in", "the key was refused")),
            Err(error) => Err(ssh_error("log in", error)),
        }
    }

    /// Connects to the core's own server of a sandbox.
    pub async fn to_core(
        sandbox: &Sandbox,
        user: &str,
        closing: &CancellationToken,
    ) -> Result<Self, Error> {
        let (key, host_key) = (new_key()?, new_key()?);
        let authorized = key.public_key().public_key_base64();
        let ssh = sandbox.ssh();
        let server = ssh.server_with(|options| {
            options.host_key(host_key).authorized_key(authorized).disable_inactivity_timeout()
        });
        let server = server.await?;
        Self::open(user, key, closing, move |stream| async move {
            // How it ends is seen at the other end.
            let _ = server.serve_connection(stream).await;
        })
        .await
    }

    /// Opens a channel for a command or a subsystem.
    pub async fn open_session(&self) -> Result<Channel<Msg>, Error> {
        let channel = self.handle.channel_open_session().await;
        channel.map_err(|error| ssh_error("open a channel", error))
    }

    /// Opens a channel to a subsystem.
    pub async fn open_subsystem(&self, name: &str) -> Result<Channel<Msg>, Error> {
        let mut channel = self.open_session().await?;
        let action = format!("start {name}");
        let requested = channel.request_subsystem(true, name).await;
        requested.map_err(|error| ssh_error(&action, error))?;
        granted(&mut channel, &action).await?;
        Ok(channel)
    }

    /// Opens a channel to a port that the guest can reach.
    pub async fn open_forwarded(
        &self,
        (host, port): (&str, u32),
        (origin, origin_port): (&str, u32),
    ) -> Result<Channel<Msg>, russh::Error> {
        self.handle.channel_open_direct_tcpip(host, port, origin, origin_port).await
    }

    /// Waits until the connection has ended.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

/// Waits for the answer to a request on a channel.
pub async fn granted(channel: &mut Channel<Msg>, action: &str) -> Result<(), Error> {
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return Ok(()),
            Some(ChannelMsg::Failure) => {
                return Err(ssh_error(action, "the server does not allow it"));
            }
            None | Some(ChannelMsg::Close) => {
                return Err(ssh_error(action, "the connection was lost"));
            }
            Some(_) => {}
        }
    }
}

/// A new key.
pub fn new_key() -> Result<PrivateKey, Error> {
    let mut random = russh::keys::key::safe_rng();
    let key = PrivateKey::random(&mut random, Algorithm::Ed25519);
    key.map_err(|error| ssh_error("make a key", error))
}

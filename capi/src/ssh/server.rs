//! The server's side of SSH connections.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{PrivateKey, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
    run_stream,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::connection::Connection;
use super::keys::fingerprint;
use super::log::SshServerEvent;
use super::session::{self, Visit};

/// How long every refusal takes, whatever its reason.
const REJECTION_TIME: Duration = Duration::from_secs(1);

/// How long the last bytes of a connection may take to reach the client.
const LINGER: Duration = Duration::from_secs(5);

/// How long to wait when this process cannot accept a connection, because it
/// has too many open files, say.
const PAUSE: Duration = Duration::from_millis(100);

/// How much a connection over TCP may be ahead of its session.
const CAPACITY: usize = 256 * 1024;

/// A server that shows `host_key` and drops connections that are quiet for so
/// long.
pub fn config(host_key: PrivateKey, inactivity_timeout: Option<Duration>) -> Arc<Config> {
    Arc::new(Config {
        keys: vec![host_key],
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        auth_rejection_time: REJECTION_TIME,
        // It is how clients ask which methods there are.
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout,
        ..Config::default()
    })
}

/// Serves one connection to its end.
pub async fn serve<Stream>(
    config: Arc<Config>,
    stream: Stream,
    settings: Arc<Settings>,
    remote_address: Option<SocketAddr>,
) where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let door = Door { settings, remote_address, user: None, busy: HashSet::new() };
    // What is wrong with a connection is the client's business.
    if let Ok(running) = run_stream(config, stream, door).await {
        let _ = running.await;
    }
}

/// Serves everybody who connects, until `closing` fires.
pub async fn accept(
    listener: TcpListener,
    config: Arc<Config>,
    settings: Arc<Settings>,
    closing: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = closing.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let (config, settings) = (Arc::clone(&config), Arc::clone(&settings));
                    connections.spawn(serve_tcp(config, stream, settings, address));
                }
                Err(_) => sleep(PAUSE).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Serves a connection over TCP. It is passed on through this task, because the
/// session is a task that only ends when its stream does.
async fn serve_tcp(
    config: Arc<Config>,
    mut stream: TcpStream,
    settings: Arc<Settings>,
    address: SocketAddr,
) {
    // Keys that are typed are not to wait for others.
    let _ = stream.set_nodelay(true);
    let (mut near, far) = duplex(CAPACITY);
    let copy = copy_bidirectional(&mut stream, &mut near);
    tokio::pin!(copy);
    tokio::select! {
        _ = &mut copy => {}
        () = serve(config, far, settings, Some(address)) => {
            let _ = timeout(LINGER, copy).await;
        }
    }
}

/// Lets clients in, and starts what they want to do.
struct Door {
    settings: Arc<Settings>,
    /// Where the client is. Without one it is in this process.
    remote_address: Option<SocketAddr>,
    /// The guest user that the client is, once it has logged in.
    user: Option<String>,
    /// The channels in which something was started. There is one thing for
    /// each.
    busy: HashSet<ChannelId>,
}

impl Door {
    fn is_authorized(&self, key: &PublicKey) -> bool {
        self.settings.authorized_keys.iter().any(|it| it.key_data() == key.key_data())
    }

    fn visit(&self, session: &Session) -> Visit {
        Visit {
            settings: Arc::clone(&self.settings),
            user: self.user.clone().unwrap_or_default(),
            handle: session.handle(),
        }
    }

    /// Answers the request to start something, which the channel's task does.
    fn start(&mut self, channel: ChannelId, session: &mut Session, exists: bool) -> Result<(), russh::Error> {
        match exists && self.busy.insert(channel) {
            true => session.channel_success(channel),
            false => session.channel_failure(channel),
        }
    }
}

// The answers are given here and not by the channels' tasks: clients send
// several requests at once, and take the answers in the order of the requests.
impl Handler for Door {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        let key = offer.public_key;
        if self.is_authorized(key) {
            return Ok(Auth::Accept);
        }
        if let Some(address) = self.remote_address {
            self.settings.log.add(SshServerEvent::Refused {
                user: user.to_owned(),
                fingerprint: fingerprint(key),
                remote_address: address.to_string(),
            });
        }
        Ok(Auth::reject())
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        verified: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let key = verified.public_key;
        if !self.is_authorized(key) {
            return Ok(Auth::reject());
        }
        self.user = Some(self.settings.user.clone().unwrap_or_else(|| user.to_owned()));
        if let Some(address) = self.remote_address {
            self.settings.log.add(SshServerEvent::LoggedIn {
                user: user.to_owned(),
                fingerprint: fingerprint(key),
                remote_address: address.to_string(),
            });
        }
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        tokio::spawn(session::serve(channel, self.visit(session)));
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        origin: &str,
        origin_port: u32,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let visit = self.visit(session);
        let (host, origin) = (host.to_owned(), origin.to_owned());
        tokio::spawn(async move {
            forward(channel, visit, (&host, port), (&origin, origin_port), reply).await;
        });
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.busy.remove(&channel);
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(russh::Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.start(channel, session, true)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.start(channel, session, true)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let exists = session::offers(&self.settings, name);
        self.start(channel, session, exists)
    }
}

/// Connects a client with a port that the guest can reach.
async fn forward(
    channel: Channel<Msg>,
    visit: Visit,
    target: (&str, u32),
    origin: (&str, u32),
    reply: ChannelOpenHandle,
) {
    // It ends with this channel, and this channel with the client.
    let unending = CancellationToken::new();
    let connected = Connection::to_core(&visit.settings.sandbox, &visit.user, &unending).await;
    let Ok(connection) = connected else {
        return reply.reject(ChannelOpenFailure::ConnectFailed).await;
    };
    match connection.open_forwarded(target, origin).await {
        Ok(served) => {
            reply.accept().await;
            let (mut client, mut server) = (channel.into_stream(), served.into_stream());
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
        Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
    }
}

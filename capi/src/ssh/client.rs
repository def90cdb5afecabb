//! Clients in this process: each command and each SFTP session has a connection
//! of its own, so that one that nobody reads holds up no other one.

use std::sync::Arc;

use boundary::error::Error;
use boundary::handles::Resource;
use microsandbox::Sandbox;
use russh::keys::PrivateKey;
use russh::server::Config;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::connection::{Connection, new_key};
use super::log::Log;
use super::server;

/// A client of one sandbox. Dropping it ends its connections.
pub struct Client {
    settings: Arc<Settings>,
    config: Arc<Config>,
    key: PrivateKey,
    user: String,
    /// What programs with a terminal are told that it is.
    pub term: String,
    closing: CancellationToken,
}

impl Resource for Client {
    const KIND: &'static str = "SSH client";
}

impl Client {
    /// A client that logs in as this user.
    pub fn new(sandbox: Arc<Sandbox>, user: String, term: String) -> Result<Self, Error> {
        let key = new_key()?;
        let (log, _) = Log::new();
        let settings = Settings {
            sandbox,
            authorized_keys: vec![key.public_key().clone()],
            user: None,
            sftp: false,
            log,
        };
        // Nobody forgets a connection in this process, so none times out.
        let config = server::config(new_key()?, None);
        let closing = CancellationToken::new();
        Ok(Self { settings: Arc::new(settings), config, key, user, term, closing })
    }

    /// Logs in for commands.
    pub async fn connect(&self) -> Result<Connection, Error> {
        let (config, settings) = (Arc::clone(&self.config), Arc::clone(&self.settings));
        Connection::open(&self.user, self.key.clone(), &self.closing, move |stream| {
            server::serve(config, stream, settings, None)
        })
        .await
    }

    /// Logs in for SFTP.
    pub async fn connect_for_sftp(&self) -> Result<Connection, Error> {
        Connection::to_core(&self.settings.sandbox, &self.user, &self.closing).await
    }

    /// Ends all connections.
    pub fn close(&self) {
        self.closing.cancel();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

//! Who came to an SSH server, and who was refused.

use std::sync::Arc;

use boundary::error::Error;
use boundary::stream::{Item, Source};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, broadcast};

/// How many events wait for whoever reads them.
const CAPACITY: usize = 1024;

/// Something that happened at an SSH server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SshServerEvent {
    /// A client has logged in.
    LoggedIn {
        /// The user that it asked for.
        user: String,
        /// The SHA-256 fingerprint of its key, as `ssh-keygen -l` shows it.
        fingerprint: String,
        /// Its address and port.
        remote_address: String,
    },
    /// A client has offered a key that is not authorized. It may offer others.
    Refused {
        /// The user that it asked for.
        user: String,
        /// The SHA-256 fingerprint of the key, as `ssh-keygen -l` shows it.
        fingerprint: String,
        /// Its address and port.
        remote_address: String,
    },
    /// Events were dropped, because more than 1024 waited.
    Missed {
        /// How many.
        count: u64,
    },
}

/// Where events go. When all of them are gone, the events end.
#[derive(Clone)]
pub struct Log(broadcast::Sender<SshServerEvent>);

/// The events that nobody has taken yet.
#[derive(Clone)]
pub struct Events(Arc<Mutex<broadcast::Receiver<SshServerEvent>>>);

impl Log {
    /// A log, and what is in it.
    pub fn new() -> (Self, Events) {
        let (sender, receiver) = broadcast::channel(CAPACITY);
        (Self(sender), Events(Arc::new(Mutex::new(receiver))))
    }

    /// Adds an event, in place of the oldest one when there is no room.
    pub fn add(&self, event: SshServerEvent) {
        // It fails when nobody will ever read it.
        let _ = self.0.send(event);
    }
}

impl Source for Events {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            let event = match self.0.lock().await.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(count)) => SshServerEvent::Missed { count },
                Err(RecvError::Closed) => return Ok(None),
            };
            Ok(Some(Item { json: boundary::json::encode(&event)?, bytes: Bytes::new() }))
        }
        .boxed()
    }
}

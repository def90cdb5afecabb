//! A connection to a sandbox's agent that is there before a command needs it.
//! Each command has one of its own, so that ending the connection ends the
//! command, and making one takes as long as a short command itself.

use std::cell::Cell;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use boundary::sync::lock;
use futures_util::future::BoxFuture;
use microsandbox::agent::AgentClient;
use microsandbox::backend::{SandboxBackend, SnapshotBackend, VolumeBackend};
use microsandbox::{
    Backend, BackendInfo, BackendKind, CloudBackend, LocalBackend, MicrosandboxResult,
};

tokio::task_local! {
    /// Set while a command is started, and whether it was given a spare: only a
    /// command knows what to do with one whose other end is gone.
    static GIVEN: Cell<bool>;
}

/// Starts a command with a spare connection, if there is one, and returns
/// whether it was one. A connection that broke unnoticed fails with the first
/// thing that is asked over it.
pub async fn with_spare<T>(start: impl Future<Output = T>) -> (T, bool) {
    let start = async {
        let started = start.await;
        (started, GIVEN.with(Cell::get))
    };
    GIVEN.scope(Cell::new(false), start).await
}

/// A backend of this machine that keeps one connection ahead. Each object of a
/// sandbox has a backend of its own and with it a spare of its own, which goes
/// with the object. What the spare leads to is the machine that it was made to:
/// it ends with that machine, so none leads from one run to the next.
pub struct OneAhead {
    inner: Arc<dyn Backend>,
    spare: Arc<Mutex<Spare>>,
}

#[derive(Default)]
enum Spare {
    /// No command has run yet.
    #[default]
    None,
    /// One is being made.
    Coming,
    /// One is there, to the sandbox of this name.
    There { name: String, connection: AgentClient },
}

impl OneAhead {
    pub fn over(inner: Arc<dyn Backend>) -> Self {
        Self { inner, spare: Arc::default() }
    }

    fn take(&self, wanted: &str) -> Option<AgentClient> {
        let mut spare = lock(&self.spare);
        match std::mem::take(&mut *spare) {
            Spare::There { name, connection } if name == wanted => Some(connection),
            // A backend that is used for another sandbox too has no use for it.
            Spare::There { .. } | Spare::None => None,
            Spare::Coming => {
                *spare = Spare::Coming;
                None
            }
        }
    }

    /// Makes the next one in the background, unless that is under way.
    fn replace(&self, name: &str, timeout: Duration) {
        let mut spare = lock(&self.spare);
        if !matches!(*spare, Spare::None) {
            return;
        }
        *spare = Spare::Coming;
        let (inner, place) = (Arc::clone(&self.inner), Arc::downgrade(&self.spare));
        let name = name.to_owned();
        tokio::spawn(async move {
            // One that cannot be made is not missed: the next command asks itself.
            let made = inner.dial_agent(&name, timeout).await.ok();
            put(&place, made.map(|connection| Spare::There { name, connection }));
        });
    }
}

/// Puts a connection where it is waited for, if it still is.
fn put(place: &Weak<Mutex<Spare>>, made: Option<Spare>) {
    if let Some(place) = place.upgrade() {
        *lock(&place) = made.unwrap_or_default();
    }
}

impl Backend for OneAhead {
    fn kind(&self) -> BackendKind {
        self.inner.kind()
    }

    fn info(&self) -> MicrosandboxResult<BackendInfo> {
        self.inner.info()
    }

    fn sandboxes(&self) -> &dyn SandboxBackend {
        self.inner.sandboxes()
    }

    fn volumes(&self) -> &dyn VolumeBackend {
        self.inner.volumes()
    }

    fn snapshots(&self) -> &dyn SnapshotBackend {
        self.inner.snapshots()
    }

    fn as_local(&self) -> Option<&LocalBackend> {
        self.inner.as_local()
    }

    fn as_cloud(&self) -> Option<&CloudBackend> {
        self.inner.as_cloud()
    }

    fn with_agent_identity(&self, name: &str, id: &str) -> Option<Arc<dyn Backend>> {
        self.inner.with_agent_identity(name, id)
    }

    fn dial_agent<'a>(
        &'a self,
        name: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, MicrosandboxResult<AgentClient>> {
        if GIVEN.try_with(|_| ()).is_err() {
            return self.inner.dial_agent(name, timeout);
        }
        Box::pin(async move {
            let spare = self.take(name);
            GIVEN.with(|given| given.set(spare.is_some()));
            let connection = match spare {
                Some(connection) => connection,
                None => self.inner.dial_agent(name, timeout).await?,
            };
            self.replace(name, timeout);
            Ok(connection)
        })
    }
}

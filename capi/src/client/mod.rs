//! Clients: what one caller has in flight, what it owns, and what it has not
//! received yet.

pub mod backend;
pub mod handles;
pub mod outcome;
pub mod spare_connection;
pub mod volume_directories;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, RwLock};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::backend::BackendSource;
#[cfg(test)]
use self::backend::CloudOptions;
use self::handles::{AnyResource, Handles};
use self::outcome::Outcome;
use self::volume_directories::VolumeDirectories;
use crate::boundary::frame::{Frame, MsbFrameKind};
use crate::boundary::queue::Queue;
use crate::boundary::status::MsbStatus;
use crate::error::Error;
use crate::task::runtime;

/// The clients that are open in this process, by number.
static CLIENTS: LazyLock<RwLock<HashMap<u32, Arc<Client>>>> = LazyLock::new(Default::default);

/// The number that the next client gets. Numbers are not used twice, so that a
/// call with the number of a closed client cannot reach another one.
static NEXT_CLIENT: AtomicU32 = AtomicU32::new(1);

/// What `msb_client_open` takes.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The directory that holds sandboxes, images, volumes and the runtime.
    /// Default: `MSB_HOME`, or `.microsandbox` in the user's home directory.
    pub home: Option<String>,
    /// The cloud to use instead of this machine; it cannot be given with `home`.
    /// Default: what the environment and the configuration of microsandbox say,
    /// which is this machine unless they name a cloud.
    #[cfg_attr(test, ts(as = "Option<CloudOptions>", optional))]
    pub cloud: Option<Value>,
}

/// One caller's requests, handles and frames.
pub struct Client {
    /// How to cancel each request in flight. Taking a request out of this map
    /// is what gives the right to complete it, so it is completed once.
    requests: Mutex<Requests>,
    /// What the caller owns.
    pub handles: Handles,
    /// What the caller has not received yet.
    pub queue: Queue,
    /// Where sandboxes live.
    pub backend: BackendSource,
    /// Where that backend's volumes were found.
    pub volume_directories: VolumeDirectories,
}

#[derive(Default)]
struct Requests {
    in_flight: HashMap<u32, CancellationToken>,
    closed: bool,
}

/// Opens a client and returns its number.
pub fn open(config: &[u8]) -> Result<u32, MsbStatus> {
    let config: ClientConfig = match config {
        [] => ClientConfig::default(),
        json => serde_json::from_slice(json).map_err(|_| MsbStatus::InvalidConfig)?,
    };
    let backend = match config {
        ClientConfig { home: None, cloud: None } => BackendSource::Default,
        ClientConfig { home: Some(home), cloud: None } => BackendSource::Home(home),
        ClientConfig { home: None, cloud: Some(options) } => {
            BackendSource::Cloud { options, built: OnceLock::new() }
        }
        ClientConfig { home: Some(_), cloud: Some(_) } => return Err(MsbStatus::InvalidConfig),
    };
    runtime()?;
    let client = Arc::new(Client {
        requests: Mutex::default(),
        handles: Handles::default(),
        queue: Queue::default(),
        backend,
        volume_directories: VolumeDirectories::default(),
    });
    let number = NEXT_CLIENT.fetch_add(1, Ordering::Relaxed);
    clients_mut().insert(number, client);
    Ok(number)
}

/// The open client with this number.
pub fn find(number: u32) -> Result<Arc<Client>, MsbStatus> {
    let clients = CLIENTS.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    clients.get(&number).cloned().ok_or(MsbStatus::InvalidClient)
}

/// Closes the client: cancels what is in flight and releases what it owns.
pub fn close(number: u32) -> Result<(), MsbStatus> {
    let client = clients_mut().remove(&number).ok_or(MsbStatus::InvalidClient)?;
    client.queue.close();
    for cancel in client.lock_requests().close() {
        cancel.cancel();
    }
    for resource in client.handles.close() {
        drop_on_runtime(resource)?;
    }
    Ok(())
}

fn clients_mut() -> std::sync::RwLockWriteGuard<'static, HashMap<u32, Arc<Client>>> {
    CLIENTS.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Drops a resource on the runtime. The core cleans up in the background when
/// some of its values are dropped, which it skips outside of a runtime.
fn drop_on_runtime(resource: AnyResource) -> Result<(), MsbStatus> {
    runtime()?.spawn(async move { drop(resource) });
    Ok(())
}

impl Requests {
    fn close(&mut self) -> Vec<CancellationToken> {
        self.closed = true;
        self.in_flight.drain().map(|(_, cancel)| cancel).collect()
    }
}

impl Client {
    /// Asks a request in flight to end. It still completes, as cancelled or
    /// with the result that came first.
    pub fn cancel(&self, id: u32) -> MsbStatus {
        match self.lock_requests().in_flight.get(&id) {
            Some(cancel) => {
                cancel.cancel();
                MsbStatus::Ok
            }
            None => MsbStatus::UnknownRequest,
        }
    }

    /// Takes a handle back.
    pub fn release(&self, handle: u32) -> MsbStatus {
        match self.handles.remove(handle) {
            Some(resource) => drop_on_runtime(resource).err().unwrap_or(MsbStatus::Ok),
            None => MsbStatus::InvalidHandle,
        }
    }

    /// Sends something that a request produced before it completes.
    pub fn emit(&self, request: u32, json: Vec<u8>, bytes: Bytes) {
        self.queue.push(Frame { request, kind: MsbFrameKind::Event, handle: 0, json, bytes });
    }

    /// How many requests have not completed.
    pub fn requests_in_flight(&self) -> usize {
        self.lock_requests().in_flight.len()
    }

    /// Takes a request in, and returns what fires when it is to end.
    ///
    /// # Errors
    ///
    /// A status when the client is closed, or has a request of that number.
    pub fn register(&self, id: u32) -> Result<CancellationToken, MsbStatus> {
        let mut requests = self.lock_requests();
        if requests.closed {
            return Err(MsbStatus::InvalidClient);
        }
        if requests.in_flight.contains_key(&id) {
            return Err(MsbStatus::DuplicateRequest);
        }
        let cancel = CancellationToken::new();
        requests.in_flight.insert(id, cancel.clone());
        Ok(cancel)
    }

    /// Completes a request, unless it is completed already or the client is
    /// closed.
    pub fn complete(&self, id: u32, result: Result<Outcome, Error>) {
        // Frame and handle are made before the request is taken out, so that
        // whoever sees no request in flight also sees what it left.
        let frame = self.completion(id, result);
        let mut requests = self.lock_requests();
        if requests.in_flight.remove(&id).is_some() {
            drop(requests);
            self.queue.push(frame);
        }
    }

    fn completion(&self, request: u32, result: Result<Outcome, Error>) -> Frame {
        let frame = match result {
            Ok(outcome) => Frame {
                request,
                kind: MsbFrameKind::Result,
                handle: outcome.resource.map_or(0, |resource| self.handles.insert(resource)),
                json: outcome.json,
                bytes: outcome.bytes,
            },
            Err(error) => error.into_frame(request),
        };
        if frame.is_encodable() {
            return frame;
        }
        if frame.handle != 0 {
            self.handles.remove(frame.handle);
        }
        Error::too_large(frame.encoded_length()).into_frame(request)
    }

    fn lock_requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

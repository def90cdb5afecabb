//! Clients: what one caller has in flight, what it owns, and what it has not
//! received yet.

pub mod backend;
pub mod handles;
pub mod volume_directories;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, RwLock};

use bytes::Bytes;
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

#[cfg(test)]
use self::backend::CloudOptions;
use self::backend::BackendSource;
use self::handles::{AnyResource, Handles};
use self::volume_directories::VolumeDirectories;
use crate::boundary::frame::{Frame, MsbFrameKind};
use crate::boundary::queue::Queue;
use crate::boundary::status::MsbStatus;
use crate::error::Error;
use crate::ops::{self, Request};

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

/// What an operation leaves when it succeeds.
#[derive(Default)]
pub struct Outcome {
    /// Something that the caller owns from now on.
    pub resource: Option<AnyResource>,
    /// The result as JSON. Empty means that there is none.
    pub json: Vec<u8>,
    /// The result's raw bytes.
    pub bytes: Bytes,
}

/// How much stack a thread of the runtime has. The core's futures are large:
/// creating a sandbox takes more than the 2 MiB that threads have otherwise when
/// it is not optimized. Memory is taken only as far as it is used.
pub const STACK_SIZE: usize = 16 * 1024 * 1024;

/// The runtime that all operations of the process run on.
///
/// It is never shut down: cleaning up after a cancelled operation and dropping
/// a sandbox both need it, also after the last client is closed.
pub fn runtime() -> Result<&'static Runtime, MsbStatus> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("microsandbox")
        .thread_stack_size(STACK_SIZE)
        .build()
        .map_err(|_| MsbStatus::Internal)?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// Awaits something of the core that blocks the thread that it runs on: there are
/// only few that everything else runs on, and they could not even be told that
/// the request was cancelled.
pub async fn on_blocking_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Handle::current();
    joined(tokio::task::spawn_blocking(move || runtime.block_on(work)).await)
}

/// The value of a task that nobody aborts. The runtime is never shut down, so
/// nothing but a panic ends one early, and that goes on here.
pub fn joined<T>(ended: Result<T, JoinError>) -> T {
    ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
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

/// The operation's result, or the error that stands for its panic.
async fn guarded(
    operation: u32,
    work: impl Future<Output = Result<Outcome, Error>>,
) -> Result<Outcome, Error> {
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    ended
        .unwrap_or_else(|panic| Err(Error::panicked(operation, panic.as_ref())))
        .map_err(|error| error.of_operation(ops::name(operation)))
}

impl Requests {
    fn close(&mut self) -> Vec<CancellationToken> {
        self.closed = true;
        self.in_flight.drain().map(|(_, cancel)| cancel).collect()
    }
}

impl Client {
    /// Starts an operation. Its completion arrives in the queue.
    pub fn submit(
        self: &Arc<Self>,
        id: u32,
        operation: u32,
        handle: u32,
        options: &[u8],
        bytes: &[u8],
    ) -> MsbStatus {
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(status) => return status,
        };
        let cancel = match self.register(id) {
            Ok(cancel) => cancel,
            Err(status) => return status,
        };
        let request = Request {
            client: Arc::clone(self),
            id,
            handle,
            options: options.to_vec(),
            bytes: Bytes::copy_from_slice(bytes),
            cancel,
        };
        let client = Arc::clone(self);
        match ops::dispatch_memory(operation, request) {
            Ok(work) => {
                let mut work = guarded(operation, work).boxed();
                // What is there already needs no other thread, and the two
                // switches are most of what a short call costs.
                let _entered = runtime.enter();
                match (&mut work).now_or_never() {
                    Some(result) => self.complete(id, result),
                    // The task asks once more, and is the one to be woken.
                    None => drop(runtime.spawn(async move { client.complete(id, work.await) })),
                }
            }
            Err(request) => drop(runtime.spawn(async move {
                let work = ops::dispatch(operation, request);
                client.complete(id, guarded(operation, work).await);
            })),
        }
        MsbStatus::Ok
    }

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

    fn register(&self, id: u32) -> Result<CancellationToken, MsbStatus> {
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

    fn complete(&self, id: u32, result: Result<Outcome, Error>) {
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

//! Clients: what one caller has in flight, what it owns, and what it has not
//! received yet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::frame::{Frame, MsbFrameKind};
use crate::handles::{AnyResource, Handles};
use crate::outcome::Outcome;
use crate::queue::Queue;
use crate::status::MsbStatus;
use crate::sync::{Mutex, MutexGuard, lock};
use crate::task::runtime;

/// The clients that are open, by number.
pub struct Clients<Context> {
    open: LazyLock<RwLock<HashMap<u32, Arc<Client<Context>>>>>,
    /// The number that the next client gets. Numbers are not used twice, so that
    /// a call with the number of a closed client cannot reach another one.
    next: AtomicU32,
}

/// One caller's requests, handles and frames.
pub struct Client<Context = ()> {
    /// How to cancel each request in flight. Taking a request out of this map
    /// is what gives the right to complete it, so it is completed once.
    requests: Mutex<Requests>,
    /// What the caller owns.
    pub handles: Handles,
    /// What the caller has not received yet.
    pub queue: Queue,
    /// What the operations know about the caller.
    pub context: Context,
}

#[derive(Default)]
struct Requests {
    in_flight: HashMap<u32, CancellationToken>,
    closed: bool,
}

impl<Context> Clients<Context> {
    /// None are open.
    pub const fn new() -> Self {
        Self { open: LazyLock::new(Default::default), next: AtomicU32::new(1) }
    }

    /// Opens a client and returns its number.
    ///
    /// # Errors
    ///
    /// `internal` when no threads can be started.
    pub fn open(&self, context: Context) -> Result<u32, MsbStatus> {
        runtime()?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let client = Arc::new(Client::new(context));
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(number, client);
        Ok(number)
    }

    /// The open client with this number.
    pub fn find(&self, number: u32) -> Result<Arc<Client<Context>>, MsbStatus> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&number).cloned().ok_or(MsbStatus::InvalidClient)
    }

    /// Closes the client: cancels what is in flight and releases what it owns.
    pub fn close(&self, number: u32) -> Result<(), MsbStatus> {
        let closed = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&number);
        for resource in closed.ok_or(MsbStatus::InvalidClient)?.close() {
            drop_on_runtime(resource)?;
        }
        Ok(())
    }
}

impl<Context> Default for Clients<Context> {
    fn default() -> Self {
        Self::new()
    }
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

impl<Context> Client<Context> {
    /// A client that has nothing yet.
    pub fn new(context: Context) -> Self {
        Self {
            requests: Mutex::default(),
            handles: Handles::default(),
            queue: Queue::default(),
            context,
        }
    }

    /// Cancels what is in flight and takes back all handles. Nothing completes
    /// any more. Returns what the handles stood for.
    pub fn close(&self) -> Vec<AnyResource> {
        self.queue.close();
        for cancel in self.lock_requests().close() {
            cancel.cancel();
        }
        self.handles.close()
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
    pub fn complete(&self, id: u32, mut result: Result<Outcome, Error>) {
        let undo = result.as_mut().ok().and_then(|outcome| outcome.undo.take());
        // Frame and handle are made before the request is taken out, so that
        // whoever sees no request in flight also sees what it left.
        let frame = self.completion(id, result);
        let is_open = self.lock_requests().in_flight.remove(&id).is_some();
        if is_open {
            self.queue.push(frame);
        } else if let (Some(undo), Ok(runtime)) = (undo, runtime()) {
            runtime.spawn(undo);
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
        lock(&self.requests)
    }
}

#[cfg(all(test, not(microsandbox_loom)))]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Whether an outcome is undone when the client is closed before, or after,
    /// its request completes.
    fn is_undone(closes_before: bool) -> bool {
        let (sender, receiver) = mpsc::channel();
        let client = Client::new(());
        client.register(1).unwrap();
        let outcome = Outcome::default().or_undo(async move { sender.send(()).unwrap() });
        if closes_before {
            client.close();
        }
        client.complete(1, Ok(outcome));
        client.close();
        // An undo that does not run is dropped, and its sender with it.
        receiver.recv_timeout(Duration::from_secs(60)).is_ok()
    }

    #[test]
    fn what_nobody_learns_of_is_undone() {
        assert!(is_undone(true));
        assert!(!is_undone(false));
    }
}

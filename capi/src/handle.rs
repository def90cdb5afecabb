//! Handles: numbers for things that live in the library and belong to the
//! caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use microsandbox::Sandbox;

use crate::error::{Error, ErrorCode};
use crate::stream::Stream;

/// Something that a handle stands for. Values are shared, so that releasing a
/// handle never takes a value away from an operation that is using it.
#[derive(Clone)]
pub enum Resource {
    /// A sandbox that this process is connected to.
    Sandbox(Arc<Sandbox>),
    /// Items that are produced as the caller asks for them.
    Stream(Arc<Stream>),
}

/// The handles of one client.
#[derive(Default)]
pub struct Handles {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    resources: HashMap<u32, Resource>,
    /// The last number given out. Numbers count up and are not used twice:
    /// a stale handle is an error instead of somebody else's value.
    last: u32,
    closed: bool,
}

impl Resource {
    fn kind(&self) -> &'static str {
        match self {
            Self::Sandbox(_) => "sandbox",
            Self::Stream(_) => "stream",
        }
    }
}

impl Handles {
    /// Gives out a number for `resource`, or 0 when the client is closed and
    /// nobody could give it back.
    pub fn insert(&self, resource: Resource) -> u32 {
        let mut table = self.lock();
        if table.closed {
            return 0;
        }
        table.last += 1;
        let handle = table.last;
        table.resources.insert(handle, resource);
        handle
    }

    /// Takes the handle back.
    pub fn remove(&self, handle: u32) -> Option<Resource> {
        self.lock().resources.remove(&handle)
    }

    /// The sandbox behind a handle.
    pub fn sandbox(&self, handle: u32) -> Result<Arc<Sandbox>, Error> {
        match self.get(handle)? {
            Resource::Sandbox(sandbox) => Ok(sandbox),
            other => Err(wrong_kind(handle, "sandbox", &other)),
        }
    }

    /// The stream behind a handle.
    pub fn stream(&self, handle: u32) -> Result<Arc<Stream>, Error> {
        match self.get(handle)? {
            Resource::Stream(stream) => Ok(stream),
            other => Err(wrong_kind(handle, "stream", &other)),
        }
    }

    /// How many handles the caller has not given back.
    pub fn len(&self) -> usize {
        self.lock().resources.len()
    }

    /// Takes all handles back and gives out no more.
    pub fn close(&self) -> Vec<Resource> {
        let mut table = self.lock();
        table.closed = true;
        table.resources.drain().map(|(_, resource)| resource).collect()
    }

    fn get(&self, handle: u32) -> Result<Resource, Error> {
        self.lock().resources.get(&handle).cloned().ok_or_else(|| {
            Error::new(
                ErrorCode::InvalidHandle,
                format!("Cannot use handle {handle}: it was never given out, or it was released"),
            )
        })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn wrong_kind(handle: u32, wanted: &str, found: &Resource) -> Error {
    Error::new(
        ErrorCode::InvalidHandle,
        format!("Cannot use handle {handle} as a {wanted}: it is a {}", found.kind()),
    )
}

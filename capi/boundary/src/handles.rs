//! Handles: numbers for things that live in the library and belong to the
//! caller.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, ErrorCode};
use crate::sync::{Mutex, MutexGuard, lock};

/// A type that handles can stand for.
pub trait Resource: Any + Send + Sync {
    /// What callers know it as, for the error about a handle of another kind.
    const KIND: &'static str;
}

#[cfg(feature = "core")]
impl Resource for microsandbox::Sandbox {
    const KIND: &'static str = "sandbox";
}

/// A resource of any type. The value is shared, so that releasing a handle
/// never takes a value away from an operation that is using it.
#[derive(Clone)]
pub struct AnyResource {
    kind: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

/// The handles of one client.
#[derive(Default)]
pub struct Handles {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    resources: HashMap<u32, AnyResource>,
    /// The last number given out. Numbers count up and are not used twice:
    /// a stale handle is an error instead of somebody else's value.
    last: u32,
    closed: bool,
}

impl AnyResource {
    /// Wraps a resource for [`Handles::insert`].
    pub fn new<T: Resource>(value: T) -> Self {
        Self { kind: T::KIND, value: Arc::new(value) }
    }
}

impl Handles {
    /// Gives out a number for `resource`, or 0 when the client is closed and
    /// nobody could give it back.
    pub fn insert(&self, resource: AnyResource) -> u32 {
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
    pub fn remove(&self, handle: u32) -> Option<AnyResource> {
        self.lock().resources.remove(&handle)
    }

    /// The resource of type `T` behind a handle.
    ///
    /// # Errors
    ///
    /// `invalid-handle` when there is no such handle, or it stands for
    /// something else.
    pub fn get<T: Resource>(&self, handle: u32) -> Result<Arc<T>, Error> {
        let resource = self.lock().resources.get(&handle).cloned();
        let found = match resource {
            None => "it was never given out, or it was released".to_owned(),
            Some(AnyResource { kind, value }) => match value.downcast() {
                Ok(value) => return Ok(value),
                Err(_) => format!("it is a {kind}"),
            },
        };
        Err(Error::new(
            ErrorCode::InvalidHandle,
            format!("Cannot use handle {handle} as a {}: {found}", T::KIND),
        ))
    }

    /// How many handles the caller has not given back.
    pub fn len(&self) -> usize {
        self.lock().resources.len()
    }

    /// Takes all handles back and gives out no more.
    pub fn close(&self) -> Vec<AnyResource> {
        let mut table = self.lock();
        table.closed = true;
        table.resources.drain().map(|(_, resource)| resource).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }
}

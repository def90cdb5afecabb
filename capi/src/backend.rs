//! Where a client's sandboxes live.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use microsandbox::{Backend, LocalBackend};

use crate::error::Error;

/// Which backend a client uses. It is built when it is first needed, so that a
/// client can be opened and tested without touching the file system.
pub struct BackendSource {
    home: Option<String>,
}

/// The backends of this process by home directory. Clients of one home share
/// one backend: it holds that home's database connections.
static BACKENDS: LazyLock<Mutex<HashMap<Option<String>, Arc<dyn Backend>>>> =
    LazyLock::new(Default::default);

impl BackendSource {
    /// The backend for `home`; without one, what the environment and the
    /// user's configuration say.
    pub fn new(home: Option<String>) -> Self {
        Self { home }
    }

    /// Builds or finds the backend. A failure is not remembered: the next call
    /// tries again.
    pub fn get(&self) -> Result<Arc<dyn Backend>, Error> {
        let mut backends = BACKENDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(backend) = backends.get(&self.home) {
            return Ok(Arc::clone(backend));
        }
        let backend: Arc<dyn Backend> = match &self.home {
            Some(home) => Arc::new(LocalBackend::builder().home(home).build_lazy()?),
            None => microsandbox::resolve_default_backend()?,
        };
        backends.insert(self.home.clone(), Arc::clone(&backend));
        Ok(backend)
    }
}

/// Whether a backend was built: from then on the core does not ask any more
/// where its runtime is.
pub fn is_in_use() -> bool {
    !BACKENDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).is_empty()
}

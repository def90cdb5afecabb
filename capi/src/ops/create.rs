//! Creating sandboxes, and leaving nothing behind when that fails.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use microsandbox::MicrosandboxError as CoreError;
use microsandbox::sandbox::{SandboxBuilder, SandboxStatus};
use microsandbox::{Backend, Sandbox, with_backend};

use super::sandbox::live;
use super::create_options::CreateOptions;
use super::{Request, host, until_cancelled};
use crate::client::Outcome;
use crate::error::Error;

/// `sandbox.create`
pub async fn create(request: Request) -> Result<Outcome, Error> {
    let attempt = Attempt::prepare(&request).await?;
    if !attempt.options.replace.unwrap_or(false) && attempt.is_taken(&request).await? {
        return Err(CoreError::SandboxAlreadyExists(attempt.name).into());
    }
    attempt.run(&request, true, SandboxBuilder::create).await
}

/// `sandbox.getOrCreate`
pub async fn get_or_create(request: Request) -> Result<Outcome, Error> {
    let attempt = Attempt::prepare(&request).await?;
    let is_new = !attempt.is_taken(&request).await?;
    attempt.run(&request, is_new, SandboxBuilder::connect_or_create).await
}

/// A create that has passed every check that needs no virtual machine.
struct Attempt {
    backend: Arc<dyn Backend>,
    options: CreateOptions,
    name: String,
    started: SystemTime,
}

impl Attempt {
    async fn prepare(request: &Request) -> Result<Self, Error> {
        let mut options: CreateOptions = request.options()?;
        options.ephemeral.get_or_insert(options.name.is_none());
        let name = options.name.get_or_insert_with(random_name).clone();
        options.builder(&name)?;
        let backend = request.client.backend.get()?;
        until_cancelled(&request.cancel, host::prepare(&backend)).await??;
        Ok(Self { backend, options, name, started: SystemTime::now() })
    }

    /// Whether a sandbox has the name already.
    async fn is_taken(&self, request: &Request) -> Result<bool, Error> {
        let get = with_backend(self.backend.clone(), Sandbox::get(&self.name));
        match until_cancelled(&request.cancel, get).await? {
            Ok(_) => Ok(true),
            Err(CoreError::SandboxNotFound(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Boots the sandbox. When that fails and `is_new` says that the name was
    /// free before, nothing is left behind.
    async fn run<Boot: Future<Output = Result<Sandbox, CoreError>>>(
        self,
        request: &Request,
        is_new: bool,
        boot: impl Fn(SandboxBuilder) -> Boot,
    ) -> Result<Outcome, Error> {
        let mut retries = host::PROBE_RETRIES;
        loop {
            let builder = self.options.builder(&self.name)?;
            let booting = with_backend(self.backend.clone(), boot(builder));
            let failure = match until_cancelled(&request.cancel, booting).await {
                Ok(Ok(sandbox)) => return live(sandbox),
                Ok(Err(error)) => Some(error),
                Err(_) => None,
            };
            // Nothing of ours exists when somebody else had the name.
            if is_new && !matches!(failure, Some(CoreError::SandboxAlreadyExists(_))) {
                with_backend(self.backend.clone(), discard(&self.name, self.started)).await;
            }
            match failure {
                None => return Err(Error::cancelled()),
                Some(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
                Some(error) => return Err(host::explain(error).await),
            }
        }
    }
}

pub fn random_name() -> String {
    // The standard library seeds each hasher from the system's random numbers;
    // a name needs no better ones.
    let random = RandomState::new().build_hasher().finish();
    format!("sandbox-{random:016x}")
}

/// Removes what a failed or cancelled create left under `name`.
///
/// The core ends the virtual machine and marks the entry as stopped, in the
/// background when the create was cancelled; the entry itself it keeps. Only
/// an entry made since `started` is removed: it can only be the one that this
/// create made, unless another process made and stopped one in that time.
pub async fn discard(name: &str, started: SystemTime) {
    /// The core gives its own clean-up ten seconds.
    const PATIENCE: Duration = Duration::from_secs(15);
    /// The core polls at this pace too; it has no event for the end.
    const PACE: Duration = Duration::from_millis(100);

    let _ = tokio::time::timeout(PATIENCE, async {
        loop {
            let Ok(handle) = Sandbox::get(name).await else { return };
            if handle.created_at().is_none_or(|created| SystemTime::from(created) < started) {
                return;
            }
            let ended = matches!(
                handle.status_snapshot(),
                SandboxStatus::Created | SandboxStatus::Stopped | SandboxStatus::Crashed
            );
            if ended && handle.remove().await.is_ok() {
                return;
            }
            tokio::time::sleep(PACE).await;
        }
    })
    .await;
}

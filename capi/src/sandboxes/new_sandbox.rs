//! Sandboxes that are made: nothing of one is left behind when it does not come
//! up.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use boundary::error::Error;
use boundary::outcome::Outcome;
use boundary::task::until_cancelled;
use microsandbox::sandbox::SandboxStatus;
use microsandbox::{Backend, MicrosandboxError as CoreError, Sandbox, with_backend};
use microsandbox_runtime::ipc;

use super::progress::{self, Boot, StartupProgress};
use super::target::live;
use super::{host, ports};
use crate::client::Request;

/// A sandbox that does not exist yet.
pub struct Newcomer<'a> {
    request: &'a Request,
    backend: Arc<dyn Backend>,
    name: &'a str,
    /// Since when an entry of this name may be its own.
    started: SystemTime,
    /// Whether the caller sees what the boot tells of the image.
    reports_pull: bool,
}

impl<'a> Newcomer<'a> {
    /// Makes sure that this machine can boot it and that its name is free.
    pub async fn prepare(request: &'a Request, name: &'a str) -> Result<Self, Error> {
        let backend = request.client.context.backend.get()?;
        let free = async {
            host::prepare(&backend).await?;
            match with_backend(backend.clone(), Sandbox::get(name)).await {
                Ok(_) => Err(CoreError::SandboxAlreadyExists(name.to_owned()).into()),
                Err(CoreError::SandboxNotFound(_)) => Ok(()),
                Err(error) => Err(Error::from(error)),
            }
        };
        until_cancelled(&request.cancel, free).await??;
        Ok(Self { request, backend, name, started: SystemTime::now(), reports_pull: true })
    }

    /// The same for several.
    pub async fn prepare_all(request: &'a Request, names: &'a [String]) -> Result<Vec<Self>, Error> {
        let mut newcomers = Vec::with_capacity(names.len());
        for name in names {
            newcomers.push(Self::prepare(request, name).await?);
        }
        Ok(newcomers)
    }

    /// One for which the caller has prepared everything since `started`, and
    /// has told of its image.
    pub fn pulled(
        request: &'a Request,
        backend: &Arc<dyn Backend>,
        name: &'a str,
        started: SystemTime,
    ) -> Self {
        Self { request, backend: Arc::clone(backend), name, started, reports_pull: false }
    }

    /// Boots it, and removes it when that fails or is cancelled. A boot that
    /// `msb` was too slow for is begun again, knowing whether there was an entry
    /// of the one before.
    pub async fn boot(
        self,
        mut begin: impl FnMut(bool) -> Result<Result<Boot, CoreError>, Error>,
    ) -> Result<Outcome, Error> {
        progress::report(self.request, &StartupProgress::booting())?;
        let mut had_entry = false;
        let mut retries = host::PROBE_RETRIES;
        loop {
            let begun = with_backend(self.backend.clone(), async { begin(had_entry) }).await?;
            let booted = match begun {
                Ok(boot) => progress::follow(self.request, boot, self.reports_pull).await?,
                Err(error) => Some(Err(error)),
            };
            let failure = match booted {
                Some(Ok(sandbox)) => return self.verify(sandbox).await,
                Some(Err(error)) => Some(error),
                None => None,
            };
            // Nothing of ours exists when somebody else had the name.
            if !matches!(failure, Some(CoreError::SandboxAlreadyExists(_))) {
                had_entry = self.discard().await;
            }
            match failure {
                None => return Err(Error::cancelled()),
                Some(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
                Some(error) => return Err(host::explain(&self.backend, error).await),
            }
        }
    }

    /// Hands out the sandbox when it has the ports that it was to have.
    async fn verify(&self, sandbox: Sandbox) -> Result<Outcome, Error> {
        match ports::verify(&sandbox).await {
            Ok(()) => live(sandbox),
            Err(error) => {
                // It is discarded in any case, and the ports are what went wrong.
                let _ = sandbox.kill().await;
                self.discard().await;
                Err(error)
            }
        }
    }

    /// Removes what a failed one of several left.
    pub async fn discard_failed(newcomers: &[Self], name: &str, failure: &CoreError) {
        // Nothing of ours exists when somebody else had the name.
        if matches!(failure, CoreError::SandboxAlreadyExists(_)) {
            return;
        }
        if let Some(newcomer) = newcomers.iter().find(|it| it.name == name) {
            newcomer.discard().await;
        }
    }

    /// Removes what is left of several, also of those that run.
    pub async fn discard_all(newcomers: Vec<Self>) {
        for newcomer in newcomers {
            let get = with_backend(newcomer.backend.clone(), Sandbox::get(newcomer.name));
            if let Ok(handle) = get.await
                && handle.created_at().is_some_and(|it| SystemTime::from(it) >= newcomer.started)
            {
                let _ = handle.kill().await;
            }
            newcomer.discard().await;
        }
    }

    /// Removes what a failed or cancelled boot left, and says whether there was
    /// an entry of it.
    ///
    /// The core ends the virtual machine and marks the entry as stopped, in the
    /// background when the boot was cancelled; the entry itself it keeps. Only
    /// an entry made since `started` is removed: it can only be the one that
    /// this boot made, unless another process made and stopped one in that time.
    async fn discard(&self) -> bool {
        /// The core gives its own clean-up ten seconds.
        const PATIENCE: Duration = Duration::from_secs(15);

        let mut had_entry = false;
        let discard = with_backend(self.backend.clone(), self.discard_entry(&mut had_entry));
        let _ = tokio::time::timeout(PATIENCE, discard).await;
        had_entry
    }

    async fn discard_entry(&self, had_entry: &mut bool) {
        /// The core polls at this pace too; it has no event for the end.
        const PACE: Duration = Duration::from_millis(100);
        /// The cloud limits how often it is asked.
        const CLOUD_PACE: Duration = Duration::from_secs(1);

        let is_cloud = self.backend.as_local().is_none();
        loop {
            let handle = match Sandbox::get(self.name).await {
                Ok(handle) => handle,
                Err(CoreError::SandboxNotFound(_)) => return self.discard_folder().await,
                Err(_) => return,
            };
            if handle.created_at().is_none_or(|it| SystemTime::from(it) < self.started) {
                return;
            }
            *had_entry = true;
            // The cloud may still be at it, and does not end it because nobody waits.
            if is_cloud {
                match handle.remove().await {
                    Ok(()) => return,
                    Err(_) => drop(handle.request_stop().await),
                }
            }
            let ended = !is_cloud
                && matches!(
                    handle.status_snapshot(),
                    SandboxStatus::Created | SandboxStatus::Stopped | SandboxStatus::Crashed
                );
            if ended && handle.remove().await.is_ok() {
                return;
            }
            tokio::time::sleep(if is_cloud { CLOUD_PACE } else { PACE }).await;
        }
    }

    /// Removes the folder that the core leaves when a create fails before the
    /// sandbox has an entry. Nobody could use the name again.
    async fn discard_folder(&self) {
        let Some(local) = self.backend.as_local() else { return };
        // Whoever creates a sandbox of this name meanwhile holds this.
        let guard = ipc::try_acquire_transition_guard(&local.config().run_dir(), self.name);
        if let (Ok(Some(_guard)), Err(CoreError::SandboxNotFound(_))) =
            (guard, Sandbox::get(self.name).await)
        {
            let _ = tokio::fs::remove_dir_all(local.sandboxes_dir().join(self.name)).await;
        }
    }
}

/// A name that nothing has yet.
pub fn random_name(prefix: &str) -> String {
    // The standard library seeds each hasher from the system's random numbers;
    // a name needs no better ones.
    let random = RandomState::new().build_hasher().finish();
    format!("{prefix}-{random:016x}")
}

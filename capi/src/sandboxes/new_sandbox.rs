//! Sandboxes that are made: nothing of one is left behind when it does not come
//! up.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use boundary::error::Error;
use boundary::outcome::Outcome;
use boundary::task::until_cancelled;
use microsandbox::sandbox::{ForkOutcome, SandboxStatus};
use microsandbox::{Backend, MicrosandboxError as CoreError, Sandbox, with_backend};
use microsandbox_runtime::ipc;

use super::progress::{self, Boot, StartupProgress};
use super::target::live;
use super::{host, ports};
use crate::client::Request;

/// A sandbox that does not exist yet.
pub struct NewSandbox<'a> {
    request: &'a Request,
    backend: Arc<dyn Backend>,
    name: &'a str,
    /// Since when an entry of this name may be its own.
    started: SystemTime,
    /// Whether the caller sees what the boot tells of the image.
    reports_pull: bool,
}

impl<'a> NewSandbox<'a> {
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
        let mut new_sandboxes = Vec::with_capacity(names.len());
        for name in names {
            new_sandboxes.push(Self::prepare(request, name).await?);
        }
        Ok(new_sandboxes)
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
            if !failure.as_ref().is_some_and(is_of_another) {
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
        if let Err(error) = ports::verify(&sandbox).await {
            // It is discarded in any case, and the ports are what went wrong.
            let _ = sandbox.kill().await;
            self.discard().await;
            return Err(error);
        }
        let undo = undoing(&sandbox);
        Ok(live(sandbox)?.or_undo(undo))
    }

    /// Boots several at once, and removes what those leave that do not come up;
    /// when none does or the request is cancelled, that is all of them.
    pub async fn boot_many(
        request: &Request,
        new_sandboxes: Vec<Self>,
        boot: impl Future<Output = Result<Vec<ForkOutcome>, CoreError>>,
    ) -> Result<Vec<ForkOutcome>, Error> {
        let error = match until_cancelled(&request.cancel, boot).await {
            Ok(Ok(booted)) => {
                for ForkOutcome { name, result } in &booted {
                    let new_sandbox = new_sandboxes.iter().find(|it| it.name == name);
                    if let (Some(new_sandbox), Err(failure)) = (new_sandbox, result)
                        && !is_of_another(failure)
                    {
                        new_sandbox.discard().await;
                    }
                }
                return Ok(booted);
            }
            // The names are looked at before anything is made.
            Ok(Err(error)) if is_of_another(&error) => return Err(error.into()),
            Ok(Err(error)) => error.into(),
            Err(cancelled) => cancelled,
        };
        for new_sandbox in new_sandboxes {
            let get = with_backend(new_sandbox.backend.clone(), Sandbox::get(new_sandbox.name));
            if let Ok(handle) = get.await
                && handle.created_at().is_some_and(|it| SystemTime::from(it) >= new_sandbox.started)
            {
                let _ = handle.kill().await;
            }
            new_sandbox.discard().await;
        }
        Err(error)
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

/// Whether a boot failed because another sandbox has the name: nothing of ours
/// exists then.
fn is_of_another(failure: &CoreError) -> bool {
    matches!(failure, CoreError::SandboxAlreadyExists(_))
}

/// Ends and removes a sandbox that nobody learned of. Dropping one that does not
/// belong to its connection would leave it running.
pub fn undoing(sandbox: &Sandbox) -> impl Future<Output = ()> + Send + 'static {
    let is_left = !sandbox.owns_lifecycle();
    let (backend, name) = (Arc::clone(sandbox.backend()), sandbox.name().to_owned());
    let id = sandbox.id().to_string();
    async move {
        if !is_left {
            return;
        }
        if let Ok(handle) = with_backend(backend, Sandbox::get(&name)).await
            && handle.id().as_str() == id
        {
            let _ = handle.kill().await;
            let _ = handle.remove().await;
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

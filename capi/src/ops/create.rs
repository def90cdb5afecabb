//! Creating sandboxes, and leaving nothing behind when that fails.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use microsandbox::MicrosandboxError as CoreError;
use microsandbox::sandbox::{PullPolicy, RootDisk, RootfsSource, SandboxBuilder, SandboxStatus};
use microsandbox::{Backend, Sandbox, SandboxConfig, with_backend};
use microsandbox_image::{GlobalCache, RootfsMaterialization};
use microsandbox_runtime::ipc;
use serde_json::json;

use super::create_options::CreateOptions;
use super::progress::{self, StartupProgress};
use super::pull::Pull;
use super::sandbox::live;
use super::{Request, host, mounts, port, until_cancelled};
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};

/// `sandbox.create`
pub async fn create(request: Request) -> Result<Outcome, Error> {
    let mut attempt = Attempt::prepare(&request).await?;
    let is_taken = attempt.is_taken(&request).await?;
    if is_taken && !attempt.options.replaces() {
        return Err(CoreError::SandboxAlreadyExists(attempt.name).into());
    }
    // The sandbox that makes way may well have the same ports.
    let _leases = attempt.lease_ports(is_taken)?;
    attempt.create(&request).await
}

/// `sandbox.getOrCreate`
pub async fn get_or_create(request: Request) -> Result<Outcome, Error> {
    let mut attempt = Attempt::prepare(&request).await?;
    if attempt.options.replaces() {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            "Cannot get a sandbox and replace it: leave replace out, or use create",
        )
        .with_details(json!({ "path": "replace" })));
    }
    if !attempt.is_taken(&request).await? {
        let _leases = attempt.lease_ports(false)?;
        match attempt.create(&request).await {
            // Somebody else was faster.
            Err(error) if error.code == ErrorCode::SandboxAlreadyExists => {}
            result => return result,
        }
    }
    attempt.connect(&request).await
}

/// A create that has passed every check that needs no virtual machine.
struct Attempt {
    backend: Arc<dyn Backend>,
    options: CreateOptions,
    /// What the core makes of the options and the user's configuration.
    config: SandboxConfig,
    name: String,
    started: SystemTime,
}

impl Attempt {
    async fn prepare(request: &Request) -> Result<Self, Error> {
        let mut options: CreateOptions = request.options()?;
        options.patch_content = request.bytes.clone();
        options.ephemeral.get_or_insert(options.name.is_none());
        let name = options.name.get_or_insert_with(|| random_name("sandbox")).clone();
        let builder = options.builder(&name)?;
        let backend = request.client.backend.get()?;
        let config = with_backend(backend.clone(), builder.build());
        let config = until_cancelled(&request.cancel, config).await??;
        until_cancelled(&request.cancel, host::prepare(&backend)).await??;
        Ok(Self { backend, options, config, name, started: SystemTime::now() })
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

    /// Settles which ports of this machine the sandbox gets.
    fn lease_ports(&mut self, may_be_taken: bool) -> Result<port::Leases, Error> {
        port::lease(self.options.ports.as_deref_mut().unwrap_or_default(), "ports", may_be_taken)
    }

    /// Boots a new sandbox. When that fails, nothing of it is left behind.
    async fn create(&mut self, request: &Request) -> Result<Outcome, Error> {
        if let Some(mounts) = &self.options.mounts {
            until_cancelled(&request.cancel, mounts::check_volumes(&self.backend, mounts))
                .await??;
        }
        // Nobody prunes the image before the sandbox is known to use it.
        let image = self.pull(request).await?;
        progress::report(request, &StartupProgress::booting())?;
        let mut retries = host::PROBE_RETRIES;
        loop {
            let mut builder = self.options.builder(&self.name)?;
            // The registry has been asked. Whether it may be at all stays as it is.
            if image.is_some() && self.config.spec.pull_policy == PullPolicy::Always {
                builder = builder.pull_policy(PullPolicy::IfMissing);
            }
            let failure = match self.boot(request, builder).await? {
                Some(Ok(sandbox)) => match port::verify(&sandbox).await {
                    Ok(()) => return live(sandbox),
                    Err(error) => {
                        sandbox.kill().await?;
                        let discard = discard(&self.backend, &self.name, self.started);
                        with_backend(self.backend.clone(), discard).await;
                        return Err(error);
                    }
                },
                Some(Err(error)) => Some(error),
                None => None,
            };
            // Nothing of ours exists when somebody else had the name.
            if !matches!(failure, Some(CoreError::SandboxAlreadyExists(_))) {
                let discard = discard(&self.backend, &self.name, self.started);
                let had_entry = with_backend(self.backend.clone(), discard).await;
                // A directory is patched right before its sandbox gets an entry, and stays
                // patched: to do it again would fail, or append twice.
                if had_entry && matches!(self.config.spec.image, RootfsSource::Bind { .. }) {
                    self.options.patches = None;
                }
            }
            match failure {
                None => return Err(Error::cancelled()),
                Some(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
                Some(error) => return Err(host::explain(&self.backend, error).await),
            }
        }
    }

    /// Connects to the sandbox that has the name, or starts it.
    async fn connect(&self, request: &Request) -> Result<Outcome, Error> {
        let mut retries = host::PROBE_RETRIES;
        loop {
            let builder = self.options.builder(&self.name)?;
            let connecting = with_backend(self.backend.clone(), builder.connect_or_create());
            match until_cancelled(&request.cancel, connecting).await? {
                Ok(sandbox) => return live(sandbox),
                Err(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
                Err(error) => return Err(host::explain(&self.backend, error).await),
            }
        }
    }

    /// Pulls the image, where there is one to pull. The core's create would do
    /// it too, but could not be stopped at it.
    async fn pull(&self, request: &Request) -> Result<Option<GlobalCache>, Error> {
        let (Some(local), RootfsSource::Oci(image)) =
            (self.backend.as_local(), &self.config.spec.image)
        else {
            return Ok(None);
        };
        let pull = Pull {
            reference: &image.reference,
            policy: self.config.spec.pull_policy,
            registry: self.options.access().options()?,
            materialization: match image.root_disk {
                Some(RootDisk::Flat { .. }) => RootfsMaterialization::Flat,
                _ => RootfsMaterialization::Layered,
            },
        };
        pull.run(request, local).await.map(Some)
    }

    /// Boots the sandbox and reports how far it is. `None` stands for a
    /// cancelled boot.
    async fn boot(
        &self,
        request: &Request,
        builder: SandboxBuilder,
    ) -> Result<Option<Result<Sandbox, CoreError>>, Error> {
        let start = async { builder.create_with_progress() };
        match with_backend(self.backend.clone(), start).await {
            // What it reports about the image has been reported.
            Ok(boot) => progress::follow(request, boot, false).await,
            Err(error) => Ok(Some(Err(error))),
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

/// Removes what a failed or cancelled create left under `name`, and says
/// whether there was an entry of it.
///
/// The core ends the virtual machine and marks the entry as stopped, in the
/// background when the create was cancelled; the entry itself it keeps. Only
/// an entry made since `started` is removed: it can only be the one that this
/// create made, unless another process made and stopped one in that time.
pub async fn discard(backend: &Arc<dyn Backend>, name: &str, started: SystemTime) -> bool {
    /// The core gives its own clean-up ten seconds.
    const PATIENCE: Duration = Duration::from_secs(15);
    /// The core polls at this pace too; it has no event for the end.
    const PACE: Duration = Duration::from_millis(100);
    /// The cloud limits how often it is asked.
    const CLOUD_PACE: Duration = Duration::from_secs(1);

    let is_cloud = backend.as_local().is_none();
    let mut had_entry = false;
    let _ = tokio::time::timeout(PATIENCE, async {
        loop {
            let handle = match Sandbox::get(name).await {
                Ok(handle) => handle,
                Err(CoreError::SandboxNotFound(_)) => return discard_folder(backend, name).await,
                Err(_) => return,
            };
            if handle.created_at().is_none_or(|created| SystemTime::from(created) < started) {
                return;
            }
            had_entry = true;
            // The cloud may still be at it, and does not end it because nobody waits.
            if is_cloud {
                match handle.remove().await {
                    Ok(()) => return,
                    Err(_) => drop(handle.request_stop().await),
                }
            }
            let ended = !is_cloud && matches!(
                handle.status_snapshot(),
                SandboxStatus::Created | SandboxStatus::Stopped | SandboxStatus::Crashed
            );
            if ended && handle.remove().await.is_ok() {
                return;
            }
            tokio::time::sleep(if is_cloud { CLOUD_PACE } else { PACE }).await;
        }
    })
    .await;
    had_entry
}

/// Removes the folder that the core leaves when a create fails before the
/// sandbox has an entry. Nobody could use the name again.
async fn discard_folder(backend: &Arc<dyn Backend>, name: &str) {
    let Some(local) = backend.as_local() else { return };
    // Whoever creates a sandbox of this name meanwhile holds this.
    let guard = ipc::try_acquire_transition_guard(&local.config().run_dir(), name);
    if let (Ok(Some(_guard)), Err(CoreError::SandboxNotFound(_))) =
        (guard, Sandbox::get(name).await)
    {
        let _ = tokio::fs::remove_dir_all(local.sandboxes_dir().join(name)).await;
    }
}

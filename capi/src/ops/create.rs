//! Creating sandboxes, and leaving nothing behind when that fails.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use microsandbox::MicrosandboxError as CoreError;
use microsandbox::sandbox::{SandboxBuilder, SandboxStatus};
use microsandbox::{Backend, Sandbox, with_backend};
use serde::Deserialize;
use serde_json::json;

use super::sandbox::live;
use super::{Request, host, out_of_range, until_cancelled};
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};

/// What a new sandbox is made from.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateOptions {
    /// The name that the sandbox is known by: 1 to 128 letters, digits, dots,
    /// hyphens and underscores, the first one a letter or digit. Default: a
    /// random one.
    pub name: Option<String>,
    /// The root file system: an OCI image reference such as `alpine:3.22`, or
    /// a path that starts with `/`, `./` or `../` and names a directory or a
    /// disk image (`.qcow2`, `.raw`, `.vmdk`).
    pub image: String,
    /// Virtual CPUs, from 1 to 255. Default: 1.
    pub cpus: Option<i64>,
    /// Memory in MiB. Default: 512.
    #[cfg_attr(test, ts(rename = "memoryMiB"))]
    #[serde(rename = "memoryMiB")]
    pub memory_mib: Option<i64>,
    /// Environment variables of every command. Names that start with `MSB_`
    /// are reserved.
    pub env: Option<BTreeMap<String, String>>,
    /// Working directory of commands. Default: the image's, else `/`.
    pub workdir: Option<String>,
    /// The shell that runs `shell` scripts. Default: `/bin/sh`.
    pub shell: Option<String>,
    /// The guest user that commands run as: a name or an id, with a group
    /// after a colon if needed. Default: the image's, else `root`.
    pub user: Option<String>,
    /// The guest's host name, at most 64 bytes. Default: made from the name.
    pub hostname: Option<String>,
    /// Labels to find the sandbox by. Names that start with `sandbox.`,
    /// `microsandbox.` or `service.` are reserved.
    pub labels: Option<BTreeMap<String, String>>,
    /// Replaces the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Whether the sandbox outlives this program. Default: `false`.
    pub detached: Option<bool>,
    /// Whether a sandbox of this name is stopped and replaced. Default:
    /// `false`, which makes it an error.
    pub replace: Option<bool>,
    /// Whether the sandbox is removed when it stops. Default: `true` without
    /// a `name`, else `false`.
    pub ephemeral: Option<bool>,
    /// How long the sandbox may live, in milliseconds, rounded up to whole
    /// seconds. Default: without limit.
    pub max_duration_ms: Option<i64>,
    /// After how long without activity the sandbox stops, in milliseconds,
    /// rounded up to whole seconds. Default: never.
    pub idle_timeout_ms: Option<i64>,
}

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

impl CreateOptions {
    fn builder(&self, name: &str) -> Result<SandboxBuilder, Error> {
        validate_name(name)?;
        validate_image(&self.image)?;
        let mut builder = SandboxBuilder::new(name).image(self.image.as_str());
        if let Some(cpus) = self.cpus {
            builder = builder.cpus(ranged("cpus", cpus, u8::MAX)?);
        }
        if let Some(memory_mib) = self.memory_mib {
            builder = builder.memory(ranged("memoryMiB", memory_mib, u32::MAX)?);
        }
        if let Some(milliseconds) = self.max_duration_ms {
            builder = builder.max_duration(seconds("maxDurationMs", milliseconds)?);
        }
        if let Some(milliseconds) = self.idle_timeout_ms {
            builder = builder.idle_timeout(seconds("idleTimeoutMs", milliseconds)?);
        }
        if let Some(workdir) = &self.workdir {
            builder = builder.workdir(workdir);
        }
        if let Some(shell) = &self.shell {
            builder = builder.shell(shell);
        }
        if let Some(user) = &self.user {
            builder = builder.user(user);
        }
        if let Some(hostname) = &self.hostname {
            builder = builder.hostname(hostname);
        }
        if let Some(entrypoint) = &self.entrypoint {
            builder = builder.entrypoint(entrypoint);
        }
        if self.replace.unwrap_or(false) {
            builder = builder.replace();
        }
        Ok(builder
            .envs(self.env.clone().unwrap_or_default())
            .labels(self.labels.clone().unwrap_or_default())
            .ephemeral(self.ephemeral.unwrap_or(false))
            .detached(self.detached.unwrap_or(false)))
    }
}

/// Refuses names that the core would refuse, with a code of their own.
pub fn validate_name(name: &str) -> Result<(), Error> {
    microsandbox::validate_sandbox_name(name).map_err(|_| {
        Error::new(
            ErrorCode::InvalidSandboxName,
            format!(
                "Cannot use {name:?} as a sandbox name: take 1 to 128 letters, digits, dots, \
                 hyphens and underscores, the first one a letter or digit"
            ),
        )
            .with_details(json!({ "path": "name" }))
    })
}

/// Refuses images that cannot be, before a registry is asked for them.
fn validate_image(image: &str) -> Result<(), Error> {
    let is_path = ["/", "./", "../"].iter().any(|start| image.starts_with(start));
    if is_path {
        return match std::fs::metadata(image) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::new(
                ErrorCode::ImageNotFound,
                format!("Cannot use {image} as an image ({error}): check the path"),
            )
            .with_details(json!({ "path": "image", "image": image }))),
        };
    }
    match oci_client::Reference::from_str(image) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(
            ErrorCode::InvalidOption,
            format!(
                "Cannot use {image:?} as an image ({error}): name an OCI image such as \
                 alpine:3.22, or a path that starts with / or ./"
            ),
        )
        .with_details(json!({ "path": "image" }))),
    }
}

fn random_name() -> String {
    // The standard library seeds each hasher from the system's random numbers;
    // a name needs no better ones.
    let random = RandomState::new().build_hasher().finish();
    format!("sandbox-{random:016x}")
}

fn ranged<T: TryFrom<i64> + Into<u32>>(path: &str, value: i64, maximum: T) -> Result<T, Error> {
    let range = format!("from 1 to {}", maximum.into());
    match T::try_from(value) {
        Ok(number) if value > 0 => Ok(number),
        _ => Err(out_of_range(path, value, &range)),
    }
}

/// The core counts lifetimes in whole seconds.
fn seconds(path: &str, milliseconds: i64) -> Result<u64, Error> {
    match u64::try_from(milliseconds) {
        Ok(milliseconds) if milliseconds > 0 => Ok(milliseconds.div_ceil(1000)),
        _ => Err(out_of_range(path, milliseconds, "more than 0")),
    }
}

/// Removes what a failed or cancelled create left under `name`.
///
/// The core ends the virtual machine and marks the entry as stopped, in the
/// background when the create was cancelled; the entry itself it keeps. Only
/// an entry made since `started` is removed: it can only be the one that this
/// create made, unless another process made and stopped one in that time.
async fn discard(name: &str, started: SystemTime) {
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

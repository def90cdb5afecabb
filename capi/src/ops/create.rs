//! Creating sandboxes, and leaving nothing behind when that fails.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
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
    if !attempt.replace
        && let Some(existing) = attempt.existing(&request).await?
    {
        return Err(CoreError::SandboxAlreadyExists(existing).into());
    }
    let builder = attempt.builder;
    let created = until_cancelled(&request.cancel, with_backend(attempt.backend.clone(), builder.create()));
    match created.await {
        Ok(Ok(sandbox)) => live(sandbox),
        failed => {
            let error = match failed {
                Ok(Err(error)) => host::explain(error).await,
                _ => Error::cancelled(),
            };
            // Nothing of ours exists when somebody else had the name.
            if error.code != ErrorCode::SandboxAlreadyExists {
                with_backend(attempt.backend, discard(&attempt.name, attempt.started)).await;
            }
            Err(error)
        }
    }
}

/// `sandbox.getOrCreate`
pub async fn get_or_create(request: Request) -> Result<Outcome, Error> {
    let attempt = Attempt::prepare(&request).await?;
    let existed = attempt.existing(&request).await?.is_some();
    let builder = attempt.builder;
    let found = until_cancelled(
        &request.cancel,
        with_backend(attempt.backend.clone(), builder.connect_or_create()),
    );
    match found.await {
        Ok(Ok(sandbox)) => live(sandbox),
        failed => {
            let error = match failed {
                Ok(Err(error)) => host::explain(error).await,
                _ => Error::cancelled(),
            };
            if !existed {
                with_backend(attempt.backend, discard(&attempt.name, attempt.started)).await;
            }
            Err(error)
        }
    }
}

/// A create that has passed every check that needs no virtual machine.
struct Attempt {
    backend: Arc<dyn Backend>,
    builder: SandboxBuilder,
    name: String,
    replace: bool,
    started: SystemTime,
}

impl Attempt {
    async fn prepare(request: &Request) -> Result<Self, Error> {
        let mut options: CreateOptions = request.options()?;
        options.ephemeral.get_or_insert(options.name.is_none());
        let name = options.name.get_or_insert_with(random_name).clone();
        let replace = options.replace.unwrap_or(false);
        let builder = options.into_builder(&name)?;
        let backend = request.client.backend.get()?;
        until_cancelled(&request.cancel, host::prepare(&backend)).await??;
        Ok(Self { backend, builder, name, replace, started: SystemTime::now() })
    }

    /// The name, when a sandbox has it already.
    async fn existing(&self, request: &Request) -> Result<Option<String>, Error> {
        let get = with_backend(self.backend.clone(), Sandbox::get(&self.name));
        match until_cancelled(&request.cancel, get).await? {
            Ok(_) => Ok(Some(self.name.clone())),
            Err(CoreError::SandboxNotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl CreateOptions {
    fn into_builder(self, name: &str) -> Result<SandboxBuilder, Error> {
        validate_name(name)?;
        if self.image.is_empty() {
            return Err(Error::new(
                ErrorCode::InvalidOption,
                "Cannot use an empty image: name an OCI image such as alpine:3.22, or a path",
            )
            .with_details(json!({ "path": "image" })));
        }
        let mut builder = SandboxBuilder::new(name).image(self.image);
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
        if let Some(workdir) = self.workdir {
            builder = builder.workdir(workdir);
        }
        if let Some(shell) = self.shell {
            builder = builder.shell(shell);
        }
        if let Some(user) = self.user {
            builder = builder.user(user);
        }
        if let Some(hostname) = self.hostname {
            builder = builder.hostname(hostname);
        }
        if let Some(entrypoint) = self.entrypoint {
            builder = builder.entrypoint(entrypoint);
        }
        if self.replace.unwrap_or(false) {
            builder = builder.replace();
        }
        Ok(builder
            .envs(self.env.unwrap_or_default())
            .labels(self.labels.unwrap_or_default())
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

//! Making sandboxes from snapshots.

use boundary::check::ranged;
use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use boundary::task::until_cancelled;
use microsandbox::sandbox::{GuestClockPolicy, RestoreBuilder};
use microsandbox::{Sandbox, SnapshotReference, with_backend};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::ops::snapshot::{SnapshotTarget, selector};
use crate::options::bindings::{Bindings, bind};
use crate::options::create::{seconds, validate_name};
use crate::options::machine::SecurityProfile;
use crate::sandboxes::new_sandbox::{NewSandbox, random_name};

/// What to make a sandbox from.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreRequest {
    /// The snapshot, or an archive of one.
    pub snapshot: SnapshotTarget,
    /// How to make it.
    pub options: RestoreOptions,
}

/// How to make a sandbox from a snapshot.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreOptions {
    /// The sandbox's name. Default: a random one.
    pub name: Option<String>,
    /// Virtual CPUs, from 1 to 255. Default: as captured. A resumed sandbox
    /// cannot have others.
    pub cpus: Option<i64>,
    /// Memory in MiB. Default: as captured. A resumed sandbox cannot have
    /// more or less.
    #[cfg_attr(test, ts(rename = "memoryMiB"))]
    #[serde(rename = "memoryMiB")]
    pub memory_mib: Option<i64>,
    /// The guest user that commands run as. Default: as captured.
    pub user: Option<String>,
    /// How much commands may do. Default: as captured. A resumed sandbox
    /// cannot have another.
    pub security: Option<SecurityProfile>,
    /// How long the sandbox may live, in milliseconds, rounded up to whole
    /// seconds. Default: without limit.
    pub max_duration_ms: Option<i64>,
    /// After how long without activity the sandbox stops, in milliseconds,
    /// rounded up to whole seconds. Default: never.
    pub idle_timeout_ms: Option<i64>,
    /// Whether the guest's clock is set to this machine's. Default: as
    /// captured.
    pub sync_clock: Option<bool>,
    /// Whether a resumable snapshot is booted from its disk instead of resumed.
    /// Default: `false`.
    pub disk_only: Option<bool>,
    /// Whether a resumed sandbox shares the captured memory with others until
    /// it writes to it. Default: `false`.
    pub share_memory: Option<bool>,
    /// The snapshot or archive that an archive leaves out data of. Default:
    /// the archive is complete.
    pub base: Option<String>,
    /// Whether the sandbox runs without the mounts that it had and that
    /// `bindings` does not name. Default: `false`.
    pub allow_missing: Option<bool>,
    /// What the sandbox uses of this machine. Default: nothing.
    pub bindings: Option<Bindings>,
}

/// A mount that a restored sandbox does without.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RestoreWarning {
    /// Where the guest has it.
    pub guest_path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// `sandbox.restore`
pub async fn restore(request: Request) -> Result<Outcome, Error> {
    let RestoreRequest { snapshot, mut options } = request.options()?;
    let name = options.name.take().unwrap_or_else(|| random_name("sandbox"));
    validate_name(&name)?;
    options.builder(SnapshotReference::auto(""), &name)?;
    let _leases = options.bindings.as_mut().map(|it| it.lease_ports("bindings")).transpose()?;
    let reference = until_cancelled(&request.cancel, snapshot.resolved(&request)).await??;
    let new_sandbox = NewSandbox::prepare(&request, &name).await?;
    new_sandbox.boot(|_| Ok(options.builder(reference.clone(), &name)?.restore_with_progress())).await
}

/// `sandbox.restoreWarnings`
pub async fn restore_warnings(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    let backend = request.client.context.backend.get()?;
    let warnings = with_backend(backend, Sandbox::restore_warnings(&sandbox)).await?;
    let warnings: Vec<RestoreWarning> = warnings
        .into_iter()
        .map(|warning| RestoreWarning { guest_path: warning.guest_path, reason: warning.reason })
        .collect();
    Outcome::json(&warnings)
}

impl RestoreOptions {
    /// Checks every option and hands it to the core. Nothing is started.
    fn builder(&self, snapshot: SnapshotReference, name: &str) -> Result<RestoreBuilder, Error> {
        let mut builder = Sandbox::restore_ref(snapshot).name(name);
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
        if let Some(user) = &self.user {
            builder = builder.user(user);
        }
        if let Some(security) = self.security {
            builder = builder.security(security.into());
        }
        if let Some(sync) = self.sync_clock {
            let policy = if sync { GuestClockPolicy::Sync } else { GuestClockPolicy::Off };
            builder = builder.guest_clock(policy);
        }
        if self.disk_only.unwrap_or(false) {
            builder = builder.disk_only();
        }
        if self.share_memory.unwrap_or(false) {
            builder = builder.cow_memory();
        }
        if let Some(base) = &self.base {
            builder = builder.snapshot_base(selector("base", base)?);
        }
        if self.allow_missing.unwrap_or(false) {
            builder = builder.allow_missing_resources();
        }
        bind!(builder, &self.bindings, "bindings");
        Ok(builder)
    }
}

//! Pausing sandboxes, and making more of one that runs.

use boundary::check::refusal;
use boundary::error::{Error, Failure};
use boundary::handles::AnyResource;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use boundary::task::{finish, until_cancelled};
use futures_util::FutureExt;
use futures_util::future::join_all;
use microsandbox::Sandbox;
use microsandbox::sandbox::{ForkBuilder, ForkManyBuilder, SandboxPauseState};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::client::backend::require_local;
use crate::options::bindings::{Bindings, bind};
use crate::options::create::validate_name;
use crate::options::guest_flush::GuestFlush;
use crate::sandboxes::new_sandbox::{NewSandbox, random_name, undoing};
use crate::sandboxes::target::{LiveSandbox, OnSandbox, current, on_target, target};

/// How to pause a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PauseOptions {
    /// Whether the guest writes its disks back first. Default: `"auto"`.
    pub guest_flush: Option<GuestFlush>,
}

/// Whether a sandbox is paused.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct PauseState {
    /// Whether it is paused.
    pub paused: bool,
    /// Whether a pause or capture failed in a way that only a stop and start
    /// gets it out of.
    pub recovery_required: bool,
    /// Why a resumable snapshot cannot be made of it now, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_unavailable: Option<String>,
}

/// How to fork a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForkOptions {
    /// The fork's name. Default: a random one.
    pub name: Option<String>,
    /// Whether the guest writes its disks back first. Default: `"auto"`, which
    /// does not: the fork has the memory too.
    pub guest_flush: Option<GuestFlush>,
    /// Whether the captured disks get checksums. Default: `false`.
    pub record_integrity: Option<bool>,
    /// The guest user of the fork's commands. Default: the original's.
    pub user: Option<String>,
    /// What the fork uses of this machine. Default: nothing.
    pub bindings: Option<Bindings>,
}

/// How to fork a sandbox several times.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForkManyOptions {
    /// Whether the guest writes its disks back first. Default: `"auto"`, which
    /// does not: the forks have the memory too.
    pub guest_flush: Option<GuestFlush>,
    /// Whether the captured disks get checksums. Default: `false`.
    pub record_integrity: Option<bool>,
    /// The guest user of the forks' commands. Default: the original's.
    pub user: Option<String>,
}

/// Which forks to make.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForkManyRequest {
    /// The forks' names.
    pub names: Vec<String>,
    /// How to fork.
    pub options: ForkManyOptions,
}

/// What became of one of several forks.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ForkOutcome {
    /// Its name.
    pub name: String,
    /// The fork, unless it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<LiveSandbox>,
    /// The fork's handle, unless it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<u32>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Which disk layers to merge.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompactOptions {
    /// How many of the oldest layers of each disk to merge, at least 2.
    /// Default: all that are finished.
    pub layers: Option<i64>,
    /// The guest path of the only disk to compact; `/` is the root disk.
    /// Default: the root disk and every disk of the sandbox's own.
    pub disk: Option<String>,
    /// Whether to plan and change nothing. Default: `false`.
    pub dry_run: Option<bool>,
}

/// What a compaction does, or would do.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CompactResult {
    /// The bytes that were written anew.
    pub materialized_bytes: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// How long the sandbox stood still for it, in milliseconds.
    pub pause_ms: f64,
    /// Each disk.
    pub disks: Vec<CompactedDisk>,
}

/// What a compaction does, or would do, to a disk.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CompactedDisk {
    /// Where the guest has it; `/` is the root disk.
    pub guest_path: String,
    /// How many layers it had, the one that is written to included.
    pub layers_before: usize,
    /// How many layers it has, the one that is written to included.
    pub layers_after: usize,
    /// The bytes that were written anew.
    pub materialized_bytes: u64,
}

/// What to do where there are no forks.
const FORK_REMEDY: &str = "make a snapshot and restore it, or use a local backend";

/// `sandbox.pause`
pub async fn pause(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<PauseOptions> = request.options()?;
    let target = target(&request, sandbox).await?;
    match options.guest_flush {
        None => on_target!(target, sandbox => sandbox.pause().await)?,
        Some(flush) => on_target!(target, sandbox => {
            sandbox.pause_with_guest_flush(flush.into()).await
        })?,
    }
    Ok(Outcome::default())
}

/// `sandbox.resume`
pub async fn resume(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    let target = target(&request, sandbox).await?;
    on_target!(target, sandbox => sandbox.resume().await)?;
    Ok(Outcome::default())
}

/// `sandbox.pauseState`
pub async fn pause_state(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    let target = target(&request, sandbox).await?;
    let SandboxPauseState { paused, recovery_required, capture_unavailable } =
        on_target!(target, sandbox => sandbox.pause_state().await)?;
    Outcome::json(&PauseState { paused, recovery_required, capture_unavailable })
}

/// `sandbox.fork`
pub async fn fork(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, mut options }: OnSandbox<ForkOptions> = request.options()?;
    let name = options.name.take().unwrap_or_else(|| random_name("sandbox"));
    validate_name(&name)?;
    require_local(&request.client.context.backend.get()?, FORK_REMEDY)?;
    let source = until_cancelled(&request.cancel, target(&request, sandbox)).await??;
    let _leases = options.bindings.as_mut().map(|it| it.lease_ports("bindings")).transpose()?;
    let builder = || -> Result<ForkBuilder, Error> {
        let mut builder = on_target!(source, sandbox => sandbox.fork(name.as_str()))
            .guest_flush(options.guest_flush.unwrap_or_default().into());
        if options.record_integrity.unwrap_or(false) {
            builder = builder.record_integrity();
        }
        if let Some(user) = &options.user {
            builder = builder.user(user);
        }
        bind!(builder, &options.bindings, "bindings");
        Ok(builder)
    };
    builder()?;
    let new_sandbox = NewSandbox::prepare(&request, name.as_str()).await?;
    new_sandbox.boot(|_| Ok(builder()?.fork_with_progress())).await
}

/// `sandbox.forkMany`
///
/// Forks that run already when the request is cancelled are removed again, as is
/// what a fork that failed has left.
pub async fn fork_many(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: ForkManyRequest { names, options } } = request.options()?;
    for name in &names {
        validate_name(name)?;
    }
    require_local(&request.client.context.backend.get()?, FORK_REMEDY)?;
    if names.is_empty() {
        return Err(refusal("names", "Cannot fork without names: give one or more"));
    }
    let source = until_cancelled(&request.cancel, target(&request, sandbox)).await??;
    let new_sandboxes = NewSandbox::prepare_all(&request, &names).await?;
    let mut builder: ForkManyBuilder =
        on_target!(source, sandbox => sandbox.fork_many(names.clone()))
            .guest_flush(options.guest_flush.unwrap_or_default().into());
    if options.record_integrity.unwrap_or(false) {
        builder = builder.record_integrity();
    }
    if let Some(user) = options.user {
        builder = builder.user(user);
    }
    let forked = NewSandbox::boot_many(&request, new_sandboxes, builder.fork()).await?;
    let live = forked.iter().filter_map(|fork| fork.result.as_ref().ok());
    let undos: Vec<_> = live.map(|sandbox| undoing(sandbox).boxed()).collect();
    let outcomes: Vec<ForkOutcome> =
        forked.into_iter().map(|fork| outcome(&request, fork)).collect();
    Ok(Outcome::json(&outcomes)?.or_undo(join_all(undos).map(drop)))
}

/// `sandbox.compact`
///
/// Once it has begun it is finished even when the request is cancelled: the
/// core goes on with it in any case.
pub async fn compact(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<CompactOptions> = request.options()?;
    let layers = match options.layers {
        None => None,
        Some(layers @ 2..) => usize::try_from(layers).ok(),
        Some(layers) => return Err(boundary::check::out_of_range("layers", layers, "2 or more")),
    };
    require_local(&request.client.context.backend.get()?, "use a local backend")?;
    let handle = until_cancelled(&request.cancel, current(&request, sandbox)).await??;
    let mut builder = handle.compact();
    if let Some(layers) = layers {
        builder = builder.layers(layers);
    }
    if let Some(disk) = options.disk {
        builder = builder.disk(disk);
    }
    let result = match options.dry_run.unwrap_or(false) {
        true => finish(&request.cancel, builder.dry_run()).await?,
        false => finish(&request.cancel, builder.apply()).await?,
    };
    Outcome::json(&CompactResult {
        materialized_bytes: result.materialized_bytes,
        duration_ms: result.total_us as f64 / 1000.0,
        pause_ms: result.pause_us as f64 / 1000.0,
        disks: result
            .disks
            .into_iter()
            .map(|disk| CompactedDisk {
                guest_path: disk.guest_path,
                layers_before: disk.input_layers,
                layers_after: disk.output_layers,
                materialized_bytes: disk.materialized_bytes,
            })
            .collect(),
    })
}

/// Hands one of several forks to the caller. A completion has room for one
/// handle only, so these are given out here.
fn outcome(request: &Request, fork: microsandbox::sandbox::ForkOutcome) -> ForkOutcome {
    let name = fork.name;
    match fork.result {
        Ok(sandbox) => {
            let described = LiveSandbox::from(&sandbox);
            let handle = request.client.handles.insert(AnyResource::new::<Sandbox>(sandbox));
            ForkOutcome { name, sandbox: Some(described), handle: Some(handle), error: None }
        }
        Err(error) => {
            let error = Some(Error::from(error).failure());
            ForkOutcome { name, sandbox: None, handle: None, error }
        }
    }
}

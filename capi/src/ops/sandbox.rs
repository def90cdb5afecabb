//! Finding, starting, stopping and removing sandboxes.

use std::collections::BTreeMap;
use std::time::Duration;

use microsandbox::sandbox::{SandboxHandle, SandboxStatus, SandboxStopResult};
use microsandbox::{BackendKind, MicrosandboxError as CoreError, Sandbox, with_backend};
use serde::{Deserialize, Serialize};

use super::{NoOptions, Request, host, out_of_range};
use crate::client::Outcome;
use crate::error::Error;
use crate::handle::Resource;

/// Names a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedSandbox {
    /// The sandbox's name.
    pub name: String,
    /// The identity that the sandbox has to have. Default: any.
    pub id: Option<String>,
}

/// Which sandbox to start, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartOptions {
    /// The sandbox's name.
    pub name: String,
    /// The identity that the sandbox has to have. Default: any.
    pub id: Option<String>,
    /// Whether the sandbox outlives this program. Default: `false`.
    pub detached: Option<bool>,
}

/// Which sandboxes to list.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListOptions {
    /// How many to return at most, from 1 to 100. Default: 20.
    pub limit: Option<i64>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
    /// Labels that a sandbox has to have. Default: none.
    pub labels: Option<BTreeMap<String, String>>,
}

/// How long to wait for a sandbox to stop.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopOptions {
    /// Milliseconds to wait. Default: without limit for a stop, 5000 for a
    /// kill.
    pub timeout_ms: Option<i64>,
}

/// Which sandbox to stop, and how long to wait for it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopNamedOptions {
    /// The sandbox's name.
    pub name: String,
    /// The identity that the sandbox has to have. Default: any.
    pub id: Option<String>,
    /// Milliseconds to wait. Default: without limit for a stop, 5000 for a
    /// kill.
    pub timeout_ms: Option<i64>,
}

/// A sandbox that this program is connected to. Its handle is in the frame.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LiveSandbox {
    /// The sandbox's name.
    pub name: String,
    /// The sandbox's identity, which a later sandbox of the same name does
    /// not share.
    pub id: String,
    /// Where it runs.
    pub backend: Backend,
    /// Whether the sandbox ends with this connection.
    pub owns_lifecycle: bool,
}

/// Where a sandbox runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Backend {
    /// On this machine.
    Local,
    /// In the cloud.
    Cloud,
}

/// What a sandbox is doing.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It was never started.
    Created,
    /// It is booting.
    Starting,
    /// It runs.
    Running,
    /// It finishes its work before it stops.
    Draining,
    /// It stands still, with its memory kept.
    Paused,
    /// It was stopped.
    Stopped,
    /// It ended by itself, with a failure.
    Crashed,
}

/// What is known about a sandbox.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SandboxInfo {
    /// The sandbox's name.
    pub name: String,
    /// The sandbox's identity, which a later sandbox of the same name does
    /// not share.
    pub id: String,
    /// Where it runs.
    pub backend: Backend,
    /// What it was doing when it was asked.
    pub status: Status,
    /// When it was created, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When its entry last changed, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// Some sandboxes, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SandboxPage {
    /// The sandboxes.
    pub sandboxes: Vec<SandboxInfo>,
    /// Where the next page starts. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How a sandbox ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct StopResult {
    /// What it is now.
    pub status: Status,
    /// The exit code of its process, when this program started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended its process, when this program
    /// started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

impl Resource for Sandbox {
    const KIND: &'static str = "sandbox";
}

/// `sandbox.start`
pub async fn start(request: Request) -> Result<Outcome, Error> {
    let options: StartOptions = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    host::prepare(&request.client.backend.get()?).await?;
    let mut retries = host::PROBE_RETRIES;
    loop {
        let started = if options.detached.unwrap_or(false) {
            handle.start_detached().await
        } else {
            handle.start().await
        };
        match started {
            Ok(sandbox) => return live(sandbox),
            Err(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
            Err(error) => return Err(host::explain(error).await),
        }
    }
}

/// `sandbox.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let options: NamedSandbox = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    Outcome::json(&info(&handle))
}

/// `sandbox.connect`
pub async fn connect(request: Request) -> Result<Outcome, Error> {
    let options: NamedSandbox = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    live(handle.connect().await?)
}

/// `sandbox.list`
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let options: ListOptions = request.options()?;
    let limit = match options.limit {
        None => None,
        Some(limit @ 1..=100) => Some(limit as u32),
        Some(limit) => return Err(out_of_range("limit", limit, "from 1 to 100")),
    };
    let list = Sandbox::list_with(|mut list| {
        if let Some(limit) = limit {
            list = list.limit(limit);
        }
        if let Some(cursor) = options.cursor {
            list = list.cursor(cursor);
        }
        list.labels(options.labels.unwrap_or_default())
    });
    let page = with_backend(request.client.backend.get()?, list).await?;
    Outcome::json(&SandboxPage {
        sandboxes: page.sandboxes.iter().map(info).collect(),
        next_cursor: page.next_cursor,
    })
}

/// `sandbox.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let options: NamedSandbox = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    handle.remove().await?;
    Ok(Outcome::default())
}

/// `sandbox.stop`
pub async fn stop(request: Request) -> Result<Outcome, Error> {
    let options: StopOptions = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    match timeout(options.timeout_ms)? {
        Some(timeout) => sandbox.stop_with_timeout(timeout).await?,
        None => sandbox.stop().await?,
    }
    Ok(Outcome::default())
}

/// `sandbox.kill`
pub async fn kill(request: Request) -> Result<Outcome, Error> {
    let options: StopOptions = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    match timeout(options.timeout_ms)? {
        Some(timeout) => sandbox.kill_with_timeout(timeout).await?,
        None => sandbox.kill().await?,
    }
    Ok(Outcome::default())
}

/// `sandbox.stopNamed`
pub async fn stop_named(request: Request) -> Result<Outcome, Error> {
    let options: StopNamedOptions = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    match timeout(options.timeout_ms)? {
        Some(timeout) => handle.stop_with_timeout(timeout).await?,
        None => handle.stop().await?,
    }
    Ok(Outcome::default())
}

/// `sandbox.killNamed`
pub async fn kill_named(request: Request) -> Result<Outcome, Error> {
    let options: StopNamedOptions = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    match timeout(options.timeout_ms)? {
        Some(timeout) => handle.kill_with_timeout(timeout).await?,
        None => handle.kill().await?,
    }
    Ok(Outcome::default())
}

/// `sandbox.waitUntilStopped`
pub async fn wait_until_stopped(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    let SandboxStopResult { status, exit_code, signal, .. } = sandbox.wait_until_stopped().await?;
    Outcome::json(&StopResult { status: status.into(), exit_code, signal })
}

/// `sandbox.detach`: gives the handle back and leaves the sandbox running.
pub async fn detach(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    Sandbox::clone(&sandbox).detach().await;
    request.client.handles.remove(request.handle);
    Ok(Outcome::default())
}

/// The completion that hands a connected sandbox to the caller.
pub fn live(sandbox: Sandbox) -> Result<Outcome, Error> {
    let live = LiveSandbox {
        name: sandbox.name().to_owned(),
        id: sandbox.id().to_string(),
        backend: sandbox.backend_kind().into(),
        owns_lifecycle: sandbox.owns_lifecycle(),
    };
    Outcome::resource(sandbox).with_json(&live)
}

/// Looks a sandbox up, and makes sure that it is the one of the identity `id`.
pub async fn find(request: &Request, name: &str, id: Option<&str>) -> Result<SandboxHandle, Error> {
    super::create_options::validate_name(name)?;
    let handle = with_backend(request.client.backend.get()?, Sandbox::get(name)).await?;
    match id {
        Some(expected) if expected != handle.id().as_str() => {
            Err(CoreError::SandboxReplaced {
                name: name.to_owned(),
                expected: expected.to_owned(),
                actual: handle.id().to_string(),
            }
            .into())
        }
        _ => Ok(handle),
    }
}

fn info(handle: &SandboxHandle) -> SandboxInfo {
    SandboxInfo {
        name: handle.name().to_owned(),
        id: handle.id().to_string(),
        backend: handle.backend_kind().into(),
        status: handle.status_snapshot().into(),
        created_at: handle.created_at().map(|time| time.to_rfc3339()),
        updated_at: handle.updated_at().map(|time| time.to_rfc3339()),
    }
}

fn timeout(milliseconds: Option<i64>) -> Result<Option<Duration>, Error> {
    let Some(milliseconds) = milliseconds else { return Ok(None) };
    match u64::try_from(milliseconds) {
        Ok(milliseconds) if milliseconds > 0 => Ok(Some(Duration::from_millis(milliseconds))),
        _ => Err(out_of_range("timeoutMs", milliseconds, "more than 0")),
    }
}

impl From<BackendKind> for Backend {
    fn from(kind: BackendKind) -> Self {
        match kind {
            BackendKind::Local => Self::Local,
            BackendKind::Cloud => Self::Cloud,
        }
    }
}

impl From<SandboxStatus> for Status {
    fn from(status: SandboxStatus) -> Self {
        match status {
            SandboxStatus::Created => Self::Created,
            SandboxStatus::Starting => Self::Starting,
            SandboxStatus::Running => Self::Running,
            SandboxStatus::Draining => Self::Draining,
            SandboxStatus::Paused => Self::Paused,
            SandboxStatus::Stopped => Self::Stopped,
            SandboxStatus::Crashed => Self::Crashed,
        }
    }
}

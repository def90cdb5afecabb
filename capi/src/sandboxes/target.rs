//! The sandbox that an operation works on, and what is known about it.

use std::sync::Arc;

use boundary::error::Error;
use boundary::outcome::Outcome;
use microsandbox::sandbox::{SandboxHandle, SandboxStatus};
use microsandbox::{Backend, MicrosandboxError as CoreError, Sandbox, with_backend};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::options::port::{PublishedPort, published};

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

/// An operation on a sandbox, with options of its own.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnSandbox<Options> {
    /// The sandbox. Default: the one behind the handle.
    #[cfg_attr(test, ts(optional))]
    pub sandbox: Option<NamedSandbox>,
    /// What to do with it.
    pub options: Options,
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
    pub backend: BackendKind,
    /// Whether the sandbox ends with this connection.
    pub owns_lifecycle: bool,
    /// The ports of this machine that lead into it.
    pub ports: Vec<PublishedPort>,
}

/// Where a sandbox runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum BackendKind {
    /// On this machine.
    Local,
    /// In the cloud.
    Cloud,
}

/// What a sandbox is doing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
    pub backend: BackendKind,
    /// What it was doing when it was asked.
    pub status: Status,
    /// When it was created, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When its entry last changed, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// The completion that hands a connected sandbox to the caller.
pub fn live(sandbox: Sandbox) -> Result<Outcome, Error> {
    let live = LiveSandbox::from(&sandbox);
    Outcome::resource(sandbox).with_json(&live)
}

impl From<&Sandbox> for LiveSandbox {
    fn from(sandbox: &Sandbox) -> Self {
        Self {
            name: sandbox.name().to_owned(),
            id: sandbox.id().to_string(),
            backend: sandbox.backend_kind().into(),
            owns_lifecycle: sandbox.owns_lifecycle(),
            ports: published(&sandbox.config().spec.network.ports),
        }
    }
}

/// The sandbox that an operation works on.
pub enum Target {
    /// One that the caller is connected to: the request's handle.
    Live(Arc<Sandbox>),
    /// One that the caller named, as it is now.
    Named(SandboxHandle),
}

/// Calls a method that [`Sandbox`] and [`SandboxHandle`] both have.
macro_rules! on_target {
    ($target:expr, $sandbox:ident => $call:expr) => {
        match &$target {
            $crate::sandboxes::target::Target::Live($sandbox) => $call,
            $crate::sandboxes::target::Target::Named($sandbox) => $call,
        }
    };
}

pub(crate) use on_target;

/// The sandbox that the options name, or else the one behind the handle.
pub async fn target(request: &Request, named: Option<NamedSandbox>) -> Result<Target, Error> {
    match named {
        Some(named) => Ok(Target::Named(find(request, &named.name, named.id.as_deref()).await?)),
        None => Ok(Target::Live(request.client.handles.get::<Sandbox>(request.handle)?)),
    }
}

/// The same sandbox, as it is now. Core functions that know it by its name
/// only need this, or they would take another one of that name for it.
pub async fn current(
    request: &Request,
    named: Option<NamedSandbox>,
) -> Result<SandboxHandle, Error> {
    match target(request, named).await? {
        Target::Named(handle) => Ok(handle),
        Target::Live(sandbox) => {
            let backend = Arc::clone(sandbox.backend());
            identified(backend, sandbox.name(), Some(sandbox.id().as_str())).await
        }
    }
}

/// The sandbox of this name, if it has the identity that is asked for.
pub async fn find(request: &Request, name: &str, id: Option<&str>) -> Result<SandboxHandle, Error> {
    crate::options::create::validate_name(name)?;
    identified(request.client.context.backend.get()?, name, id).await
}

async fn identified(
    backend: Arc<dyn Backend>,
    name: &str,
    id: Option<&str>,
) -> Result<SandboxHandle, Error> {
    let handle = with_backend(backend, Sandbox::get(name))
        .await
        .map_err(|error| Error::from(error).about_sandbox(name))?;
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

/// What is known about a sandbox that was looked up.
pub fn info(handle: &SandboxHandle) -> SandboxInfo {
    SandboxInfo {
        name: handle.name().to_owned(),
        id: handle.id().to_string(),
        backend: handle.backend_kind().into(),
        status: handle.status_snapshot().into(),
        created_at: handle.created_at().map(|time| time.to_rfc3339()),
        updated_at: handle.updated_at().map(|time| time.to_rfc3339()),
    }
}

impl From<microsandbox::BackendKind> for BackendKind {
    fn from(kind: microsandbox::BackendKind) -> Self {
        match kind {
            microsandbox::BackendKind::Local => Self::Local,
            microsandbox::BackendKind::Cloud => Self::Cloud,
        }
    }
}

impl From<Status> for SandboxStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Created => Self::Created,
            Status::Starting => Self::Starting,
            Status::Running => Self::Running,
            Status::Draining => Self::Draining,
            Status::Paused => Self::Paused,
            Status::Stopped => Self::Stopped,
            Status::Crashed => Self::Crashed,
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

//! Installing, finding and choosing the runtime, and what this machine lacks.

use std::path::PathBuf;

use boundary::check::refusal;
use boundary::error::{Error, ErrorCode};
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::config::set_sdk_msb_path;
use microsandbox::setup::{self, InstallOptions, ResolvedRuntime};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use crate::client::Request;
use crate::client::backend;
use crate::sandboxes::host::examine;
use crate::sandboxes::runtime::{UNPACKING, ensure_in, local_config, unpack};

/// How to install the runtime.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct InstallRuntimeOptions {
    /// Whether to replace a runtime that is installed already. Default: false.
    pub force: Option<bool>,
}

/// The runtime that sandboxes on this machine use.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct RuntimeInfo {
    /// The absolute path of the program that runs a microVM.
    pub msb_path: String,
    /// The absolute path of the firmware that boots it.
    pub libkrunfw_path: String,
    /// What decided on these files.
    pub origin: RuntimeOrigin,
    /// The version of `msb`, if the file says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What decided on the files of the runtime.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeOrigin {
    /// `MSB_PATH`, `setRuntimePath()` or the configuration of microsandbox.
    Configuration,
    /// They were installed in `MSB_HOME`.
    Home,
}

/// The runtime, if there is one.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
pub struct FoundRuntime {
    /// Not there when the runtime is not installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeInfo>,
}

/// Which runtime to use.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SetRuntimePath {
    /// The absolute path of `msb`. Its `libkrunfw` is beside it or in `../lib`.
    pub path: String,
}

/// The versions of what this library is made of.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LibraryVersions {
    /// The library's own version.
    pub library: String,
    /// The version of the microsandbox core, and of the runtime that the
    /// library carries.
    pub core: String,
}

/// Installs the runtime that this library carries.
pub async fn install(request: Request) -> Result<Outcome, Error> {
    let options: InstallRuntimeOptions = request.options()?;
    let backend = request.client.context.backend.get()?;
    let config = local_config(&backend)?;
    let _unpacking = UNPACKING.lock().await;
    let force = options.force.unwrap_or(false);
    let runtime = match setup::resolve_runtime(config) {
        Ok(runtime) if !force => runtime,
        Ok(_) | Err(CoreError::RuntimeNotInstalled(_)) => unpack(config, force).await?,
        Err(error) => return Err(error.into()),
    };
    Outcome::json(&RuntimeInfo::from(runtime))
}

/// Makes sure that there is a runtime, as creating a sandbox does.
pub async fn ensure(request: Request) -> Result<Outcome, Error> {
    request.options::<NoOptions>()?;
    let runtime = ensure_in(&request.client.context.backend.get()?).await?;
    Outcome::json(&RuntimeInfo::from(runtime))
}

/// Finds the runtime, without changing anything.
pub async fn find(request: Request) -> Result<Outcome, Error> {
    request.options::<NoOptions>()?;
    let backend = request.client.context.backend.get()?;
    let runtime = match setup::resolve_runtime(local_config(&backend)?) {
        Ok(runtime) => Some(runtime.into()),
        Err(CoreError::RuntimeNotInstalled(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Outcome::json(&FoundRuntime { runtime })
}

/// Chooses the runtime that this process uses.
pub async fn set_path(request: Request) -> Result<Outcome, Error> {
    /// The core takes one path, once, and says nothing when it gets another.
    static CHOSEN: Mutex<Option<PathBuf>> = Mutex::const_new(None);

    let options: SetRuntimePath = request.options()?;
    let path = PathBuf::from(options.path);
    if !path.is_absolute() {
        let path = path.display();
        return Err(refusal(
            "path",
            format!("Cannot use {path} as the runtime: give an absolute path"),
        ));
    }
    let mut chosen = CHOSEN.lock().await;
    if chosen.as_ref() == Some(&path) {
        return Ok(Outcome::default());
    }
    if chosen.is_some() || backend::is_in_use() {
        return Err(Error::new(
            ErrorCode::RuntimeInUse,
            format!(
                "Cannot use {} as the runtime: set it once, before anything else of this module is \
                 used",
                path.display()
            ),
        )
        .with_details(json!({ "path": "path" })));
    }
    set_sdk_msb_path(&path);
    *chosen = Some(path);
    Ok(Outcome::default())
}

/// The versions of this library's parts.
pub async fn versions(request: Request) -> Result<Outcome, Error> {
    request.options::<NoOptions>()?;
    Outcome::json(&LibraryVersions {
        library: env!("CARGO_PKG_VERSION").into(),
        core: InstallOptions::default().version,
    })
}

impl From<ResolvedRuntime> for RuntimeInfo {
    fn from(runtime: ResolvedRuntime) -> Self {
        let version = setup::resolve_runtime_version(&runtime.msb_path).ok().flatten();
        Self {
            msb_path: runtime.msb_path.display().to_string(),
            libkrunfw_path: runtime.libkrunfw_path.display().to_string(),
            origin: match runtime.origin {
                setup::RuntimeOrigin::Home | setup::RuntimeOrigin::Installed => RuntimeOrigin::Home,
                _ => RuntimeOrigin::Configuration,
            },
            version: version.map(|version| version.to_string()),
        }
    }
}

/// What is found out about this machine, without changing anything on it.
pub async fn diagnose(request: Request) -> Result<Outcome, Error> {
    request.options::<NoOptions>()?;
    match examine(request.client.context.backend.get().ok()).await {
        Some(diagnosis) => Outcome::json(&diagnosis),
        None => Err(Error::new(
            ErrorCode::Internal,
            "Cannot look at this machine: the examination broke off: please report it",
        )),
    }
}

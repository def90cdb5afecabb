//! The two programs that run a sandbox on this machine: `msb` and `libkrunfw`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use microsandbox::Backend;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::config::{GlobalConfig, set_sdk_msb_path};
use microsandbox::setup::{self, InstallOptions, InstallSource, ResolvedRuntime};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::{NoOptions, Request};
use crate::client::backend;
use crate::client::{Outcome, on_blocking_thread};
use crate::error::{Error, ErrorCode};

/// Both, packed by tools/setup.sh. The core can embed them too, but in a
/// format that takes a third more, and as a constant, of which the compiler
/// makes several copies.
static ARCHIVE: &[u8] = include_bytes!(env!(
    "MICROSANDBOX_RUNTIME_ARCHIVE",
    "tools/build.sh sets this to the archive that tools/setup.sh makes"
));

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
    let backend = request.client.backend.get()?;
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
    let runtime = ensure_in(&request.client.backend.get()?).await?;
    Outcome::json(&RuntimeInfo::from(runtime))
}

/// Finds the runtime, without changing anything.
pub async fn find(request: Request) -> Result<Outcome, Error> {
    request.options::<NoOptions>()?;
    let backend = request.client.backend.get()?;
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
        return Err(refused(&path, ErrorCode::InvalidOption, "give an absolute path"));
    }
    let mut chosen = CHOSEN.lock().await;
    if chosen.as_ref() == Some(&path) {
        return Ok(Outcome::default());
    }
    if chosen.is_some() || backend::is_in_use() {
        return Err(refused(
            &path,
            ErrorCode::RuntimeInUse,
            "set it once, before anything else of this module is used",
        ));
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

/// Held while unpacking, so that parallel creates of one process do it once.
/// Other processes are kept out by the core's lock file.
static UNPACKING: Mutex<()> = Mutex::const_new(());

/// Unpacks the runtime that this library carries, unless one is installed.
pub async fn ensure_in(backend: &Arc<dyn Backend>) -> Result<ResolvedRuntime, Error> {
    let config = local_config(backend)?;
    let _unpacking = UNPACKING.lock().await;
    match setup::resolve_runtime(config) {
        Err(CoreError::RuntimeNotInstalled(_)) if auto_install_is_off() => Err(Error::new(
            ErrorCode::RuntimeNotInstalled,
            format!(
                "Cannot find the runtime in {}, and MICROSANDBOX_NO_AUTO_INSTALL forbids \
                 unpacking it there: unset that variable, call install(), or set MSB_PATH to an \
                 installed msb",
                config.home().display()
            ),
        )),
        Err(CoreError::RuntimeNotInstalled(_)) => unpack(config, false).await,
        Err(error) => Err(error.into()),
        Ok(runtime) => Ok(runtime),
    }
}

/// Whether the runtime is not there and will be unpacked without being asked
/// for.
pub fn is_yet_to_unpack(backend: &Arc<dyn Backend>) -> bool {
    !auto_install_is_off()
        && backend.as_local().is_some_and(|local| {
            matches!(
                setup::resolve_runtime(local.config()),
                Err(CoreError::RuntimeNotInstalled(_))
            )
        })
}

/// Unpacks the archive into a directory that goes away again, and has the core
/// install what is in it.
async fn unpack(config: &GlobalConfig, force: bool) -> Result<ResolvedRuntime, Error> {
    let home = config.home();
    let directory = tokio::task::spawn_blocking(move || unpacked_in(&home))
        .await
        .map_err(|error| Error::new(ErrorCode::Internal, format!("Unpacking broke off: {error}")))?
        .map_err(CoreError::from)?;
    let source = InstallSource::Directory(directory.path().to_owned());
    let options = InstallOptions { source, force, ..Default::default() };
    // It waits for other processes that install it.
    let config = config.clone();
    Ok(on_blocking_thread(async move { setup::install_runtime(&config, options).await }).await?)
}

fn unpacked_in(home: &Path) -> std::io::Result<TempDir> {
    std::fs::create_dir_all(home)?;
    let directory = tempfile::Builder::new().prefix(".runtime-unpack-").tempdir_in(home)?;
    tar::Archive::new(zstd::Decoder::new(ARCHIVE)?).unpack(directory.path())?;
    Ok(directory)
}

fn auto_install_is_off() -> bool {
    std::env::var("MICROSANDBOX_NO_AUTO_INSTALL")
        .is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "no"))
}

fn local_config(backend: &Arc<dyn Backend>) -> Result<&GlobalConfig, Error> {
    match backend.as_local() {
        Some(local) => Ok(local.config()),
        None => Err(Error::new(
            ErrorCode::Unsupported,
            "Cannot look for a runtime: sandboxes of a cloud backend need none on this machine",
        )),
    }
}

fn refused(path: &Path, code: ErrorCode, remedy: &str) -> Error {
    Error::new(code, format!("Cannot use {} as the runtime: {remedy}", path.display()))
        .with_details(json!({ "path": "path" }))
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

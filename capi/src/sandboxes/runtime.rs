//! The two programs that run a sandbox on this machine: `msb` and `libkrunfw`.

use std::path::Path;
use std::sync::Arc;

use boundary::error::{Error, ErrorCode};
use boundary::task::on_blocking_thread;
use microsandbox::config::GlobalConfig;
use microsandbox::setup::{self, InstallOptions, InstallSource, ResolvedRuntime};
use microsandbox::{Backend, MicrosandboxError as CoreError};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Both, packed by tools/build.sh. The core can embed them too, but in a
/// format that takes a third more, and as a constant, of which the compiler
/// makes several copies.
static ARCHIVE: &[u8] = include_bytes!(env!(
    "MICROSANDBOX_RUNTIME_ARCHIVE",
    "tools/build.sh sets this to the archive that tools/setup.sh makes"
));

/// Held while unpacking, so that parallel creates of one process do it once.
/// Other processes are kept out by the core's lock file.
pub static UNPACKING: Mutex<()> = Mutex::const_new(());

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
pub async fn unpack(config: &GlobalConfig, force: bool) -> Result<ResolvedRuntime, Error> {
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

/// The configuration of this machine, which a cloud has none of.
pub fn local_config(backend: &Arc<dyn Backend>) -> Result<&GlobalConfig, Error> {
    match backend.as_local() {
        Some(local) => Ok(local.config()),
        None => Err(Error::new(
            ErrorCode::Unsupported,
            "Cannot look for a runtime: sandboxes of a cloud backend need none on this machine",
        )),
    }
}

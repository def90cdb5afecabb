//! What a sandbox needs from this machine before it can boot.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use microsandbox::Backend;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::{Operation, UnsupportedReason};
use microsandbox::setup::{self, CheckState, InstallOptions, InstallSource};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

use crate::error::{Error, ErrorCode};

/// `msb` and `libkrunfw`, packed by tools/setup.sh. The core can embed them
/// too, but as a constant, of which the compiler makes several copies of 30 MB.
static RUNTIME: &[u8] = include_bytes!(env!(
    "MICROSANDBOX_RUNTIME_ARCHIVE",
    "tools/build.sh sets this to the archive that tools/setup.sh makes"
));

/// Makes sure that a local sandbox can boot as far as that can be seen before
/// it is tried: the runtime is there and the hypervisor can be opened. The
/// cloud needs neither.
pub async fn prepare(backend: &Arc<dyn Backend>) -> Result<(), Error> {
    if backend.as_local().is_none() {
        return Ok(());
    }
    if let Some(reason) = missing_virtualization() {
        return Err(Error::new(ErrorCode::VirtualizationUnavailable, reason)
            .with_details(json!({ "diagnosis": diagnosis().await })));
    }
    unpack_runtime(backend).await
}

/// How often a boot is tried again after [`is_slow_probe`].
pub(super) const PROBE_RETRIES: u32 = 3;

/// Whether a boot failed only because `msb` was slow to say what it can do.
/// The core gives it two seconds, which a busy machine may need, and then says
/// that it is too old. The one that this library carries never is.
pub fn is_slow_probe(error: &CoreError) -> bool {
    matches!(
        error,
        CoreError::Unsupported {
            op: Operation::SandboxStart,
            reason: UnsupportedReason::NotAvailable(_)
        }
    )
}

/// Adds the core's diagnosis of the host to an error that a boot may have
/// failed with because of it.
pub async fn explain(error: CoreError) -> Error {
    let guest_came_up = match &error {
        CoreError::BootStart { err, .. } => err.reason.is_some(),
        CoreError::Runtime(_) => false,
        _ => return error.into(),
    };
    let diagnosis = diagnosis().await;
    let problems: Vec<&str> = diagnosis["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|problem| problem["headline"].as_str())
        .collect();
    let mut error = Error::from(error);
    // Whatever the core called it, the sandbox did not come up. When the
    // machine has a problem and the guest showed no sign of life, that is why.
    error.code = ErrorCode::BootFailed;
    if !problems.is_empty() {
        error.message = format!("{}: {}", error.message, problems.join("; "));
        if !guest_came_up {
            error.code = ErrorCode::VirtualizationUnavailable;
        }
    }
    match &mut error.details {
        Value::Object(details) => {
            details.insert("diagnosis".into(), diagnosis);
        }
        other => *other = json!({ "diagnosis": diagnosis }),
    }
    error
}

/// Why this machine cannot run a microVM at all, with what to do about it.
#[cfg(target_os = "linux")]
fn missing_virtualization() -> Option<String> {
    const DEVICE: &str = "/dev/kvm";
    let error = std::fs::File::options().read(true).write(true).open(DEVICE).err()?;
    let remedy = match error.kind() {
        std::io::ErrorKind::NotFound => {
            "load the kvm module and enable virtualization in the machine's firmware; in a \
             virtual machine enable nested virtualization on its host, and in a container pass \
             the device in"
        }
        std::io::ErrorKind::PermissionDenied => {
            "add your user to the group that owns the device, usually kvm, and log in again"
        }
        _ => "check that the device is the kernel's own and that no policy forbids its use",
    };
    Some(format!("Cannot run a microVM on this machine, opening {DEVICE} failed ({error}): {remedy}"))
}

/// Only Linux has a device whose absence is certain to mean that no microVM
/// can run. Elsewhere booting tells.
#[cfg(not(target_os = "linux"))]
fn missing_virtualization() -> Option<String> {
    None
}

/// Unpacks the runtime that this library carries, unless one is installed.
async fn unpack_runtime(backend: &Arc<dyn Backend>) -> Result<(), Error> {
    /// Held while unpacking, so that parallel creates of one process do it
    /// once. Other processes are kept out by the core's lock file.
    static UNPACKING: Mutex<()> = Mutex::const_new(());

    let Some(local) = backend.as_local() else { return Ok(()) };
    let config = local.config();
    let _unpacking = UNPACKING.lock().await;
    match setup::resolve_runtime(config) {
        Ok(_) => Ok(()),
        Err(CoreError::RuntimeNotInstalled(_)) if auto_install_is_off() => Err(Error::new(
            ErrorCode::RuntimeNotInstalled,
            format!(
                "Cannot find the runtime in {}, and MICROSANDBOX_NO_AUTO_INSTALL forbids \
                 unpacking it there: unset that variable, or set MSB_PATH to an installed msb",
                config.home().display()
            ),
        )),
        Err(CoreError::RuntimeNotInstalled(_)) => {
            // The core installs from a file. The file goes away with its name,
            // also when installing fails.
            let archive = written_to(&config.home(), RUNTIME).map_err(CoreError::from)?;
            let source = InstallSource::Archive(archive.path().to_owned());
            let options = InstallOptions { source, ..Default::default() };
            setup::install_runtime(config, options).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn written_to(directory: &Path, content: &[u8]) -> std::io::Result<NamedTempFile> {
    std::fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".runtime-archive-").tempfile_in(directory)?;
    file.write_all(content)?;
    Ok(file)
}

fn auto_install_is_off() -> bool {
    std::env::var("MICROSANDBOX_NO_AUTO_INSTALL")
        .is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "no"))
}

/// The core's diagnosis of this machine, as JSON.
async fn diagnosis() -> Value {
    // It reads files and runs probes, which would hold up a runtime thread.
    match tokio::task::spawn_blocking(setup::diagnose).await {
        Ok(diagnosis) => encode(&diagnosis),
        Err(_) => Value::Null,
    }
}

fn encode(diagnosis: &setup::Diagnosis) -> Value {
    let checks = diagnosis.sections.iter().flat_map(|section| {
        section.checks.iter().map(|check| {
            json!({
                "section": section.title,
                "label": check.label,
                "state": match check.state {
                    CheckState::Pass => "pass",
                    CheckState::Fail => "fail",
                    CheckState::Warn => "warn",
                    CheckState::Info => "info",
                },
                "value": check.value,
            })
        })
    });
    let problems = diagnosis.problems.iter().map(|problem| {
        json!({
            "headline": problem.headline,
            "hints": problem.hints,
            "fix": problem.fix.as_ref().map(|fix| json!({
                "description": fix.description,
                "commands": fix.commands.iter().map(|command| command.display()).collect::<Vec<_>>(),
                "requiresRelogin": fix.requires_relogin,
            })),
        })
    });
    json!({ "checks": checks.collect::<Vec<_>>(), "problems": problems.collect::<Vec<_>>() })
}

//! What a sandbox needs from this machine before it can boot.

#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;

use boundary::error::{Error, ErrorCode};
use microsandbox::Backend;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::config::GlobalConfig;
use microsandbox::setup::{self, CheckState};
use microsandbox::{Operation, UnsupportedReason};
#[cfg(unix)]
use microsandbox_runtime::ipc;
use serde::Serialize;
use serde_json::{Value, json};

use super::runtime;

/// What the core found out about this machine.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HostDiagnosis {
    /// What was looked at.
    pub checks: Vec<HostCheck>,
    /// What is wrong, most important first. Empty when nothing was found.
    pub problems: Vec<HostProblem>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HostCheck {
    /// `Runtime` or `Host`.
    pub section: String,
    /// What was looked at.
    pub label: String,
    /// What came of it.
    pub state: HostCheckState,
    /// What was seen.
    pub value: String,
}

/// What came of a check.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum HostCheckState {
    /// It is as it should be.
    Pass,
    /// No microVM can run because of it.
    Fail,
    /// It may become a problem.
    Warn,
    /// It is neither good nor bad.
    Info,
}

/// Something that keeps microVMs from running.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HostProblem {
    /// What is wrong, in a line.
    pub headline: String,
    /// Why that may be.
    pub hints: Vec<String>,
    /// Commands that mend it, where there are safe ones.
    pub fix: Option<HostFix>,
}

/// How to mend a problem.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HostFix {
    /// What the commands do.
    pub description: String,
    /// Each command, ready to paste.
    pub commands: Vec<String>,
    /// Whether the user has to log in again afterwards.
    pub requires_relogin: bool,
}

/// Makes sure that a local sandbox can boot as far as that can be seen before
/// it is tried: its sockets have room for their paths, the runtime is there and
/// the hypervisor can be opened. The cloud needs none of these.
pub async fn prepare(backend: &Arc<dyn Backend>) -> Result<(), Error> {
    let Some(local) = backend.as_local() else { return Ok(()) };
    check_length(local.config())?;
    if let Some(reason) = missing_virtualization() {
        return Err(Error::new(ErrorCode::VirtualizationUnavailable, reason)
            .with_details(json!({ "diagnosis": examine(Some(Arc::clone(backend))).await })));
    }
    runtime::ensure_in(backend).await?;
    Ok(())
}

/// Refuses a home directory in which the sockets of a sandbox have longer paths
/// than the system lets a program connect to. The core says so too, but only
/// once the image is there.
#[cfg(unix)]
fn check_length(config: &GlobalConfig) -> Result<(), Error> {
    let (home, run) = (config.home(), config.run_dir());
    // Names are hashed, so the sockets of each sandbox have paths of this length.
    let fits = |run: &Path| {
        ipc::validate_socket_pair(&ipc::canonical_agent_endpoint(run, "any")).is_ok()
    };
    if fits(&run) {
        return Ok(());
    }
    let length = home.as_os_str().len();
    let below = run.as_os_str().len() - length;
    let limit = (0..length).rev().find(|limit| fits(Path::new(&"x".repeat(limit + below))));
    Err(Error::new(
        ErrorCode::InvalidConfig,
        format!(
            "Cannot use the home directory {}: its path has {length} bytes and may have {}, because \
             sockets are made in it: name a shorter one with MSB_HOME or the option home",
            home.display(),
            limit.unwrap_or_default(),
        ),
    )
    .with_details(json!({ "home": home.display().to_string(), "limit": limit })))
}

/// Elsewhere sandboxes are not reached over paths.
#[cfg(not(unix))]
fn check_length(_: &GlobalConfig) -> Result<(), Error> {
    Ok(())
}

/// How often a boot is tried again after [`is_slow_probe`].
pub const PROBE_RETRIES: u32 = 3;

/// Whether a boot failed only because `msb` was slow to say what it can do.
/// The core gives it two seconds, which a busy machine may need, and then says
/// that it is too old. The one that this library carries never is.
pub fn is_slow_probe(error: &CoreError) -> bool {
    match error {
        CoreError::Unsupported {
            op: Operation::SandboxStart,
            reason: UnsupportedReason::NotAvailable(_),
        } => true,
        // The one question whose failure has no variant of its own.
        CoreError::Runtime(text) => text.contains("Probe failed"),
        _ => false,
    }
}

/// Adds the core's diagnosis of the host to an error that a boot may have
/// failed with because of it.
pub async fn explain(backend: &Arc<dyn Backend>, error: CoreError) -> Error {
    if backend.as_local().is_none() {
        let mut error = Error::from(error);
        if error.code == ErrorCode::RuntimeError {
            error.code = ErrorCode::BootFailed;
        }
        return error;
    }
    let guest_came_up = match &error {
        CoreError::BootStart { err, .. } => err.reason.is_some(),
        CoreError::Runtime(_) => false,
        _ => return error.into(),
    };
    let mut error = Error::from(error);
    // What another version has made is refused, whatever this machine is like.
    if !matches!(error.code, ErrorCode::BootFailed | ErrorCode::RuntimeError) {
        return error;
    }
    // The runtime is there by now.
    let diagnosis = json!(examine(None).await);
    let problems: Vec<&str> = diagnosis["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|problem| problem["headline"].as_str())
        .collect();
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

/// Looks at this machine. With a backend that has yet to unpack its runtime,
/// that this is not there is no problem.
pub async fn examine(backend: Option<Arc<dyn Backend>>) -> Option<HostDiagnosis> {
    // It reads files and runs probes, which would hold up a runtime thread.
    let work = move || {
        let diagnosis = HostDiagnosis::from(setup::diagnose());
        match backend {
            Some(backend) if runtime::is_yet_to_unpack(&backend) => diagnosis.without_runtime(),
            _ => diagnosis,
        }
    };
    tokio::task::spawn_blocking(work).await.ok()
}

/// How the core calls it when `msb` or `libkrunfw` is not there.
const NO_RUNTIME: &str = "microsandbox runtime could not be resolved";

impl HostDiagnosis {
    /// The diagnosis of a machine on which the runtime will be unpacked when
    /// it is first needed: that it is not there yet is no problem.
    fn without_runtime(mut self) -> Self {
        self.problems.retain(|problem| problem.headline != NO_RUNTIME);
        for check in &mut self.checks {
            if matches!(check.label.as_str(), "msb" | "libkrunfw") {
                check.state = HostCheckState::Info;
                check.value = "will be unpacked when it is first needed".into();
            }
        }
        self
    }
}

impl From<setup::Diagnosis> for HostDiagnosis {
    fn from(diagnosis: setup::Diagnosis) -> Self {
        let checks = diagnosis.sections.into_iter().flat_map(|section| {
            let title = section.title;
            section.checks.into_iter().map(move |check| HostCheck {
                section: title.clone(),
                label: check.label,
                state: match check.state {
                    CheckState::Pass => HostCheckState::Pass,
                    CheckState::Fail => HostCheckState::Fail,
                    CheckState::Warn => HostCheckState::Warn,
                    CheckState::Info => HostCheckState::Info,
                },
                value: check.value,
            })
        });
        let problems = diagnosis.problems.into_iter().map(|problem| HostProblem {
            headline: problem.headline,
            hints: problem.hints,
            fix: problem.fix.map(|fix| HostFix {
                description: fix.description,
                commands: fix.commands.iter().map(|command| command.display()).collect(),
                requires_relogin: fix.requires_relogin,
            }),
        });
        Self { checks: checks.collect(), problems: problems.collect() }
    }
}

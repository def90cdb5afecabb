//! What a new sandbox is made from, and how the core is told.

use std::collections::BTreeMap;
use std::time::Duration;

use boundary::check::{MAX_SAFE_INTEGER, in_range, invalid, out_of_range};
use boundary::error::{Error, ErrorCode};
use bytes::Bytes;
use microsandbox::sandbox::SandboxBuilder;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::init::InitOption;
use super::machine::{
    CpuPlacement, DeploymentProfile, GuestClock, LogLevel, SecurityProfile, TransparentHugePages,
};
use super::mounts;
use super::network::NetworkOption;
use super::patch::{self, PatchSpec};
use super::port::{self, PortOption};
use super::registry::{Access, CaCertificates, PullPolicy, RegistryAuth};
use super::rlimit::Rlimits;
use super::rootfs::{ImageSource, RootDisk};
use super::secret::{self, SecretOptions, SecretViolationAction};
use super::vsock::{self, VsockRoute};

/// What a new sandbox is made from.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateOptions {
    /// The name that the sandbox is known by: 1 to 128 letters, digits, dots,
    /// hyphens and underscores, the first one a letter or digit. Default: a
    /// random one.
    pub name: Option<String>,
    /// The root file system: a reference of an OCI image such as
    /// `alpine:3.22`, a path that starts with `/`, `./` or `../` and names a
    /// directory or a disk image (`.qcow2`, `.raw`, `.vmdk`), or an object
    /// that says which it is.
    pub image: ImageSource,
    /// Where the changes to an OCI image's files go. Default: onto a managed
    /// disk of 4096 MiB.
    pub root_disk: Option<RootDisk>,
    /// Changes to the root file system before the first boot, in this order.
    /// They need an OCI image with a managed or flat root disk, or a
    /// directory, which they change for good. Default: none.
    pub patches: Option<Vec<PatchSpec>>,
    /// What patches of the kind `write` write, one after another.
    #[serde(skip)]
    pub patch_content: Bytes,
    /// When the image's registry is asked. Default: `if-missing`.
    pub pull_policy: Option<PullPolicy>,
    /// Credentials for the image's registry. Default: those that the system's
    /// keyring, the user's configuration or Docker's configuration file have
    /// for it, else none.
    #[serde(skip_serializing)]
    pub registry_auth: Option<RegistryAuth>,
    /// Whether the registry is spoken to in plain HTTP. Default: `false`,
    /// unless the user's configuration says so for this registry.
    pub registry_insecure: Option<bool>,
    /// Certificates of authorities to trust besides the system's, in PEM form.
    /// Default: those that the user's configuration names.
    #[serde(skip_serializing)]
    pub registry_ca_certs: Option<CaCertificates>,
    /// Virtual CPUs, from 1 to 255. Default: 1.
    pub cpus: Option<i64>,
    /// Virtual CPUs that a change of the running sandbox can give it, from
    /// `cpus` to 255. Default: `cpus`.
    pub max_cpus: Option<i64>,
    /// How virtual CPUs are placed on this machine's processors. Default:
    /// `inherit`.
    pub cpu_placement: Option<CpuPlacement>,
    /// A placement profile of this machine's configuration, by its name.
    /// Default: none.
    pub placement_profile: Option<String>,
    /// Memory in MiB. Default: 512.
    #[cfg_attr(test, ts(rename = "memoryMiB"))]
    #[serde(rename = "memoryMiB")]
    pub memory_mib: Option<i64>,
    /// Memory in MiB that a change of the running sandbox can give it, at
    /// least `memoryMiB`. Default: `memoryMiB`.
    #[cfg_attr(test, ts(rename = "maxMemoryMiB"))]
    #[serde(rename = "maxMemoryMiB")]
    pub max_memory_mib: Option<i64>,
    /// When the guest's kernel uses huge pages. Default: `madvise`.
    pub transparent_huge_pages: Option<TransparentHugePages>,
    /// Whether this machine sets the guest's clock. Default: `sync`.
    pub guest_clock: Option<GuestClock>,
    /// Whether programs in the guest can run virtual machines of their own:
    /// the guest's processor then has the virtualization of this machine's,
    /// which is more for a guest to attack. Needs an x64 Linux machine that
    /// nests. A snapshot keeps it as it was taken. Default: `false`.
    pub nested_virtualization: Option<bool>,
    /// Whether the guest's kernel ends RCU grace periods at once, for which it
    /// interrupts each virtual CPU. A command that comes after a pause
    /// otherwise starts 10 to 20 ms later, because the kernel waits for such a
    /// period when it moves the command to its cgroup. Without effect with
    /// `init`. With `false` commands see `MICROSANDBOX_RCU_EXPEDITED=0`.
    /// Default: `true`.
    pub rcu_expedited: Option<bool>,
    /// Environment variables of every command. Names that start with `MSB_`
    /// are reserved. Default: the image's.
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
    /// `microsandbox.` or `service.` are reserved. Default: the image's.
    pub labels: Option<BTreeMap<String, String>>,
    /// Replaces the image's entrypoint. Default: the image's.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's command; an empty list removes it. Default: the
    /// image's.
    pub cmd: Option<Vec<String>>,
    /// Hands the guest's first process over to a program of the image, such as
    /// systemd. Default: the runtime's own.
    pub init: Option<InitOption>,
    /// Scripts by their names, which commands can run by name. Default: none.
    pub scripts: Option<BTreeMap<String, String>>,
    /// Resource limits of every program. Default: the guest kernel's.
    pub rlimits: Option<Rlimits>,
    /// What commands may do to the sandbox. Default: `default`.
    pub security: Option<SecurityProfile>,
    /// Whose sandboxes run on this machine. Default: what its configuration
    /// says, else `single-tenant`.
    pub deployment_profile: Option<DeploymentProfile>,
    /// How far the sandbox reaches. Default: `public-only`.
    pub network: Option<NetworkOption>,
    /// Ports of this machine that lead into the sandbox: a port of the guest
    /// for any free one, or in full. Default: none.
    pub ports: Option<Vec<PortOption>>,
    /// Sockets of this machine that programs in the sandbox can connect to.
    /// Default: none.
    pub vsock: Option<Vec<VsockRoute>>,
    /// Values that the sandbox can use and never sees, by the names of their
    /// environment variables. Default: none.
    pub secrets: Option<BTreeMap<String, SecretOptions>>,
    /// What happens to a request that takes a secret's placeholder where it
    /// may not go. Default: `block-and-log`.
    pub secret_violation_action: Option<SecretViolationAction>,
    /// How much the sandbox's runtime logs. Default: what this machine's
    /// configuration says, else nothing.
    pub log_level: Option<LogLevel>,
    /// Whether the runtime logs nothing, whatever this machine's configuration
    /// says. Default: `false`.
    pub quiet_logs: Option<bool>,
    /// Milliseconds between two samples of metrics; 0 takes none. Default:
    /// 1000.
    pub metrics_sample_interval_ms: Option<i64>,
    /// Whether no metrics are sampled, whatever the interval. Default:
    /// `false`.
    pub disable_metrics_sample: Option<bool>,
    /// Whether the sandbox outlives this program. Default: `false`.
    pub detached: Option<bool>,
    /// Whether a sandbox of this name is stopped and replaced. Default:
    /// `false`, which makes it an error; `true` with `replaceWithTimeoutMs`.
    pub replace: Option<bool>,
    /// Milliseconds that a sandbox that is replaced may take to stop before it
    /// is killed. Default: 10000.
    pub replace_with_timeout_ms: Option<i64>,
    /// The name that the cloud knows the sandbox by, unique in all of it:
    /// lower-case letters, digits and single hyphens. Only in the cloud.
    /// Default: one that the cloud chooses.
    pub slug: Option<String>,
    /// Whether the sandbox is removed when it stops. Default: `true` without
    /// a `name`, else `false`.
    pub ephemeral: Option<bool>,
    /// How long the sandbox may live, in milliseconds, rounded up to whole
    /// seconds. Default: without limit.
    pub max_duration_ms: Option<i64>,
    /// After how long without activity the sandbox stops, in milliseconds,
    /// rounded up to whole seconds. Default: never.
    pub idle_timeout_ms: Option<i64>,
    /// What is mounted in the guest besides its root file system, by the
    /// absolute path where. Default: nothing.
    pub mounts: Option<BTreeMap<String, mounts::Mount>>,
}

/// The variable and its value by which the guest's agent learns of
/// `rcuExpedited: false`.
pub const NOT_EXPEDITED: (&str, &str) = ("MICROSANDBOX_RCU_EXPEDITED", "0");

impl CreateOptions {
    /// Whether a sandbox of the same name makes way.
    pub fn replaces(&self) -> bool {
        self.replace.unwrap_or(self.replace_with_timeout_ms.is_some())
    }

    /// Checks every option and hands it to the core. Nothing is started.
    pub fn builder(&self, name: &str) -> Result<SandboxBuilder, Error> {
        validate_name(name)?;
        self.check_contradictions()?;
        let rootfs = self.image.rootfs(self.root_disk.as_ref())?;
        let mut builder = SandboxBuilder::new(name).image(rootfs);
        builder = self.access().apply(builder)?;
        if let Some(policy) = self.pull_policy {
            builder = builder.pull_policy(policy.into());
        }
        if let Some(patches) = &self.patches {
            builder = patch::apply(patches, self.patch_content.clone(), builder)?;
        }
        builder = self.apply_machine(builder)?;
        builder = self.apply_guest(builder)?;
        builder = self.apply_lifecycle(builder)?;
        if let Some(network) = &self.network {
            builder = network.apply(builder)?;
        }
        if let Some(secrets) = &self.secrets {
            builder = secret::apply(secrets, builder)?;
        }
        if let Some(action) = self.secret_violation_action {
            builder = builder.secret_violation_action(action.into());
        }
        if let Some(ports) = &self.ports {
            port::publish!(builder, ports, "ports");
        }
        if let Some(routes) = &self.vsock {
            builder = vsock::apply(routes, builder)?;
        }
        Ok(builder)
    }

    /// How the image's registry is reached.
    pub fn access(&self) -> Access<'_> {
        Access {
            auth: self.registry_auth.as_ref(),
            insecure: self.registry_insecure,
            ca_certs: self.registry_ca_certs.as_ref(),
        }
    }

    fn check_contradictions(&self) -> Result<(), Error> {
        let is_off = self.network.as_ref().is_some_and(NetworkOption::is_off);
        if is_off && self.ports.as_ref().is_some_and(|ports| !ports.is_empty()) {
            return Err(invalid("ports", "there is no network that they could lead into"));
        }
        if self.deployment_profile == Some(DeploymentProfile::MultiTenant) {
            self.check_multi_tenant()?;
        }
        if self.quiet_logs == Some(true) && self.log_level.is_some() {
            return Err(invalid("logLevel", "it contradicts quietLogs"));
        }
        let interval = self.metrics_sample_interval_ms.unwrap_or(0);
        if self.disable_metrics_sample == Some(true) && interval > 0 {
            return Err(invalid("metricsSampleIntervalMs", "it contradicts disableMetricsSample"));
        }
        if self.replace == Some(false) && self.replace_with_timeout_ms.is_some() {
            return Err(invalid("replaceWithTimeoutMs", "it contradicts replace: false"));
        }
        for name in self.secrets.iter().flatten().map(|(name, _)| name) {
            if self.env.as_ref().is_some_and(|env| env.contains_key(name)) {
                return Err(invalid(&format!("secrets.{name}"), format!("it contradicts env.{name}")));
            }
        }
        Ok(())
    }

    /// Refuses what the runtime would leave out without a word.
    fn check_multi_tenant(&self) -> Result<(), Error> {
        let network = self.network.as_ref().and_then(NetworkOption::denied_to_tenants);
        let ports = self.ports.as_ref().is_some_and(|ports| !ports.is_empty()).then_some("ports");
        let vsock = self.vsock.as_ref().is_some_and(|routes| !routes.is_empty()).then_some("vsock");
        match network.or(ports).or(vsock) {
            Some(path) => Err(invalid(path, "it contradicts deploymentProfile: \"multi-tenant\"")),
            None => Ok(()),
        }
    }

    fn apply_machine(&self, mut builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        let cpus = self.cpus.unwrap_or(1);
        if self.cpus.is_some() {
            builder = builder.cpus(in_range("cpus", cpus, 1..=u8::MAX.into())?);
        }
        if let Some(maximum) = self.max_cpus {
            builder = builder.max_cpus(in_range("maxCpus", maximum, cpus..=u8::MAX.into())?);
        }
        let memory_mib = self.memory_mib.unwrap_or(1);
        if self.memory_mib.is_some() {
            let memory_mib: u32 = in_range("memoryMiB", memory_mib, 1..=u32::MAX.into())?;
            builder = builder.memory(memory_mib);
        }
        if let Some(maximum) = self.max_memory_mib {
            let maximum: u32 = in_range("maxMemoryMiB", maximum, memory_mib..=u32::MAX.into())?;
            builder = builder.max_memory(maximum);
        }
        if let Some(placement) = self.cpu_placement {
            builder = builder.cpu_placement(placement.into());
        }
        if let Some(profile) = &self.placement_profile {
            builder = builder.placement_profile(profile);
        }
        if let Some(policy) = self.transparent_huge_pages {
            builder = builder.thp(policy.into());
        }
        if let Some(clock) = self.guest_clock {
            builder = builder.guest_clock(clock.into());
        }
        if let Some(is_nested) = self.nested_virtualization {
            builder = builder.nested_virt(is_nested);
        }
        if let Some(level) = self.log_level {
            builder = builder.log_level(level.into());
        }
        if self.quiet_logs.unwrap_or(false) {
            builder = builder.quiet_logs();
        }
        if let Some(interval) = self.metrics_sample_interval_ms {
            let interval = in_range("metricsSampleIntervalMs", interval, 0..=MAX_SAFE_INTEGER)?;
            builder = builder.metrics_sample_interval(Duration::from_millis(interval));
        }
        if self.disable_metrics_sample.unwrap_or(false) {
            builder = builder.disable_metrics_sample();
        }
        if let Some(profile) = self.deployment_profile {
            builder = builder.deployment_profile(profile.into());
        }
        Ok(builder)
    }

    fn apply_guest(&self, mut builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        for (name, value) in self.env.iter().flatten() {
            check_variable(&format!("env.{name}"), name, value)?;
        }
        for name in self.labels.iter().flatten().map(|(name, _)| name) {
            check_label(name)?;
        }
        for name in self.scripts.iter().flatten().map(|(name, _)| name) {
            check_script_name(name)?;
        }
        builder = builder
            .envs(self.env.clone().unwrap_or_default())
            .labels(self.labels.clone().unwrap_or_default())
            .scripts(self.scripts.clone().unwrap_or_default());
        if self.rcu_expedited == Some(false) {
            builder = builder.env(NOT_EXPEDITED.0, NOT_EXPEDITED.1);
        }
        if let Some(workdir) = &self.workdir {
            builder = builder.workdir(workdir);
        }
        if let Some(shell) = &self.shell {
            builder = builder.shell(shell);
        }
        if let Some(user) = &self.user {
            builder = builder.user(user);
        }
        if let Some(hostname) = &self.hostname {
            if !(1..=64).contains(&hostname.len()) {
                let reason = format!("it has {} bytes and may have 1 to 64", hostname.len());
                return Err(invalid("hostname", reason));
            }
            builder = builder.hostname(hostname);
        }
        if let Some(entrypoint) = &self.entrypoint {
            builder = builder.entrypoint(entrypoint);
        }
        if let Some(mounts) = &self.mounts {
            builder = mounts::apply(mounts, builder)?;
        }
        if let Some(cmd) = &self.cmd {
            builder = builder.cmd(cmd);
        }
        if let Some(init) = &self.init {
            builder = init.apply(builder)?;
        }
        if let Some(rlimits) = &self.rlimits {
            builder = rlimits.apply(builder)?;
        }
        if let Some(profile) = self.security {
            builder = builder.security(profile.into());
        }
        Ok(builder)
    }

    fn apply_lifecycle(&self, mut builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        if let Some(milliseconds) = self.max_duration_ms {
            builder = builder.max_duration(seconds("maxDurationMs", milliseconds)?);
        }
        if let Some(milliseconds) = self.idle_timeout_ms {
            builder = builder.idle_timeout(seconds("idleTimeoutMs", milliseconds)?);
        }
        if let Some(slug) = &self.slug {
            builder = builder.slug(slug);
        }
        if let Some(milliseconds) = self.replace_with_timeout_ms {
            let milliseconds = in_range("replaceWithTimeoutMs", milliseconds, 0..=MAX_SAFE_INTEGER)?;
            builder = builder.replace_with_timeout(Duration::from_millis(milliseconds));
        } else if self.replaces() {
            builder = builder.replace();
        }
        Ok(builder.ephemeral(self.ephemeral.unwrap_or(false)).detached(self.detached.unwrap_or(false)))
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

fn check_variable(path: &str, name: &str, value: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(invalid(path, "a name is not empty and has no = and no NUL"));
    }
    if name.starts_with("MSB_") {
        return Err(invalid(path, "names that start with MSB_ are reserved"));
    }
    if name == NOT_EXPEDITED.0 {
        return Err(invalid(path, "it is for the guest's agent: use rcuExpedited"));
    }
    if value.contains('\0') {
        return Err(invalid(path, "the value has a NUL"));
    }
    Ok(())
}

fn check_label(name: &str) -> Result<(), Error> {
    let reserved = ["sandbox.", "microsandbox.", "service."];
    if name.is_empty() || reserved.iter().any(|prefix| name.starts_with(prefix)) {
        let reason = "a name is not empty, and those that start with sandbox., microsandbox. \
                      and service. are reserved";
        return Err(invalid(&format!("labels.{name}"), reason));
    }
    Ok(())
}

fn check_script_name(name: &str) -> Result<(), Error> {
    if matches!(name, "" | "." | "..") || name.contains(['/', '\\', '\0']) {
        let reason = "the name of a script is the name of a file without a directory";
        return Err(invalid(&format!("scripts.{name}"), reason));
    }
    Ok(())
}

/// The core counts lifetimes in whole seconds.
pub fn seconds(path: &str, milliseconds: i64) -> Result<u64, Error> {
    match u64::try_from(milliseconds) {
        Ok(milliseconds) if milliseconds > 0 => Ok(milliseconds.div_ceil(1000)),
        _ => Err(out_of_range(path, milliseconds, "more than 0")),
    }
}

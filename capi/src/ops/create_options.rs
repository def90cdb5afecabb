//! What a new sandbox is made from, and how the core is told.

use std::collections::BTreeMap;

use bytes::Bytes;
use microsandbox::sandbox::SandboxBuilder;
use serde::Deserialize;
use serde_json::json;

use super::mounts;
use super::patch::{self, PatchSpec};
use super::registry::{Access, CaCertificates, PullPolicy, RegistryAuth};
use super::rootfs::{ImageSource, RootDisk};
use super::{out_of_range, ranged};
use crate::error::{Error, ErrorCode};

/// What a new sandbox is made from.
#[derive(Debug, Deserialize)]
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
    pub registry_auth: Option<RegistryAuth>,
    /// Whether the registry is spoken to in plain HTTP. Default: `false`,
    /// unless the user's configuration says so for this registry.
    pub registry_insecure: Option<bool>,
    /// Certificates of authorities to trust besides the system's, in PEM form.
    /// Default: those that the user's configuration names.
    pub registry_ca_certs: Option<CaCertificates>,
    /// Virtual CPUs, from 1 to 255. Default: 1.
    pub cpus: Option<i64>,
    /// Memory in MiB. Default: 512.
    #[cfg_attr(test, ts(rename = "memoryMiB"))]
    #[serde(rename = "memoryMiB")]
    pub memory_mib: Option<i64>,
    /// Environment variables of every command. Names that start with `MSB_`
    /// are reserved.
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
    /// `microsandbox.` or `service.` are reserved.
    pub labels: Option<BTreeMap<String, String>>,
    /// Replaces the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// Whether the sandbox outlives this program. Default: `false`.
    pub detached: Option<bool>,
    /// Whether a sandbox of this name is stopped and replaced. Default:
    /// `false`, which makes it an error.
    pub replace: Option<bool>,
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

impl CreateOptions {
    /// Checks every option and hands it to the core. Nothing is started.
    pub fn builder(&self, name: &str) -> Result<SandboxBuilder, Error> {
        validate_name(name)?;
        let rootfs = self.image.rootfs(self.root_disk.as_ref())?;
        let mut builder = SandboxBuilder::new(name).image(rootfs);
        builder = self.access().apply(builder)?;
        if let Some(policy) = self.pull_policy {
            builder = builder.pull_policy(policy.into());
        }
        if let Some(patches) = &self.patches {
            builder = patch::apply(patches, self.patch_content.clone(), builder)?;
        }
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
            builder = builder.hostname(hostname);
        }
        if let Some(entrypoint) = &self.entrypoint {
            builder = builder.entrypoint(entrypoint);
        }
        if let Some(mounts) = &self.mounts {
            builder = mounts::apply(mounts, builder)?;
        }
        if self.replace.unwrap_or(false) {
            builder = builder.replace();
        }
        Ok(builder
            .envs(self.env.clone().unwrap_or_default())
            .labels(self.labels.clone().unwrap_or_default())
            .ephemeral(self.ephemeral.unwrap_or(false))
            .detached(self.detached.unwrap_or(false)))
    }

    /// How the image's registry is reached.
    pub fn access(&self) -> Access<'_> {
        Access {
            auth: self.registry_auth.as_ref(),
            insecure: self.registry_insecure,
            ca_certs: self.registry_ca_certs.as_ref(),
        }
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

/// The core counts lifetimes in whole seconds.
pub fn seconds(path: &str, milliseconds: i64) -> Result<u64, Error> {
    match u64::try_from(milliseconds) {
        Ok(milliseconds) if milliseconds > 0 => Ok(milliseconds.div_ceil(1000)),
        _ => Err(out_of_range(path, milliseconds, "more than 0")),
    }
}

//! What a restored or forked sandbox uses of this machine. Nothing that its
//! original used comes along by itself.

use std::collections::BTreeMap;

use boundary::check::refusal;
use boundary::error::Error;
use microsandbox::sandbox::{DiskImageFormat, MountBuilder};
use serde::Deserialize;

use super::port::PortOption;

/// What a restored or forked sandbox uses of this machine.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bindings {
    /// What to mount, by the guest path where the original had a mount.
    pub mounts: Option<BTreeMap<String, BoundMount>>,
    /// Ports to publish. Default: none.
    pub ports: Option<Vec<PortOption>>,
    /// Whether what is not named here is taken over from the original where
    /// that is on this machine: its directories, ports and secrets. Default:
    /// `false`, since two sandboxes then share them.
    pub inherit: Option<bool>,
    /// How much the mounted directories have to be like the original's.
    /// Default: `"strict"`.
    pub mount_policy: Option<MountPolicy>,
}

/// What stands behind a mount. Exactly one of `bind`, `volume`, `disk`,
/// `tmpfs` and `captured` is given.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BoundMount {
    /// A directory of this machine.
    pub bind: Option<String>,
    /// The name of a volume.
    pub volume: Option<String>,
    /// A disk image of this machine: `.raw`, `.qcow2` or `.vmdk`.
    pub disk: Option<String>,
    /// A file system in memory.
    pub tmpfs: Option<bool>,
    /// The disk that the snapshot or the original carries itself.
    pub captured: Option<bool>,
    /// Whether the guest may not write to it. Default: `false`.
    pub readonly: Option<bool>,
}

/// How much a mounted directory has to be like the original's.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum MountPolicy {
    /// Whatever is missing or different is an error.
    Strict,
    /// The sandbox runs without what is missing, and `restoreWarnings` says
    /// what that is.
    Relaxed,
}

/// Hands bindings to one of the core's builders. They have these methods in
/// common, but no trait.
macro_rules! bind {
    ($builder:ident, $bindings:expr, $path:literal) => {
        let bindings: Option<&$crate::options::bindings::Bindings> = $bindings.as_ref();
        for (guest, mount) in bindings.and_then(|it| it.mounts.as_ref()).into_iter().flatten() {
            mount.check(guest, $path)?;
            $builder = $builder.volume(guest.as_str(), |builder| mount.apply(builder));
        }
        let ports = bindings.and_then(|it| it.ports.as_deref()).unwrap_or_default();
        $crate::options::port::publish!($builder, ports, concat!($path, ".ports"));
        if bindings.and_then(|it| it.inherit).unwrap_or(false) {
            $builder = $builder.dangerously_inherit_resources();
        }
        if let Some(policy) = bindings.and_then(|it| it.mount_policy) {
            $builder = $builder.external_mount_policy(policy.into());
        }
    };
}
pub(crate) use bind;

impl BoundMount {
    /// Refuses a mount that nothing or more than one thing stands behind.
    pub fn check(&self, guest: &str, path: &str) -> Result<(), Error> {
        let given = [
            self.bind.is_some(),
            self.volume.is_some(),
            self.disk.is_some(),
            self.tmpfs.unwrap_or(false),
            self.captured.unwrap_or(false),
        ];
        let problem = if given.into_iter().filter(|it| *it).count() != 1 {
            "give exactly one of bind, volume, disk, tmpfs and captured"
        } else if self.disk.is_some() && self.disk_format().is_none() {
            "a disk image's name ends with .raw, .qcow2 or .vmdk"
        } else if !guest.starts_with('/') {
            "a guest path starts with /"
        } else {
            return Ok(());
        };
        Err(refusal(
            &format!("{path}.mounts.{guest}"),
            format!("Cannot mount {guest:?}: {problem}"),
        ))
    }

    /// Hands the mount to the core.
    pub fn apply(&self, builder: MountBuilder) -> MountBuilder {
        let builder = if let Some(directory) = &self.bind {
            builder.bind(directory)
        } else if let Some(name) = &self.volume {
            builder.named(name)
        } else if let (Some(image), Some(format)) = (&self.disk, self.disk_format()) {
            builder.disk(image).format(format)
        } else if self.captured.unwrap_or(false) {
            builder.captured()
        } else {
            builder.tmpfs()
        };
        if self.readonly.unwrap_or(false) { builder.readonly() } else { builder }
    }

    fn disk_format(&self) -> Option<DiskImageFormat> {
        let (_, extension) = self.disk.as_deref()?.rsplit_once('.')?;
        DiskImageFormat::from_extension(extension)
    }
}

impl From<MountPolicy> for microsandbox::ExternalMountRestorePolicy {
    fn from(policy: MountPolicy) -> Self {
        match policy {
            MountPolicy::Strict => Self::Strict,
            MountPolicy::Relaxed => Self::Relaxed,
        }
    }
}

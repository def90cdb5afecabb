//! What a sandbox has mounted besides its root file system.

mod stored;

use std::collections::BTreeMap;

use boundary::check::{invalid, refusal};
use boundary::error::Error;
use microsandbox::VolumeHandle;
use microsandbox::sandbox::{
    HostPermissions, MountBuilder, SandboxBuilder, StatVirtualization,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::stored::from_core;
use super::form::mirror;
use super::rootfs::DiskFormat;
use super::volume::{VolumeKind, mebibytes, validate_volume_name};

/// Something to mount in the guest.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Mount {
    /// A volume, which outlives the sandbox and can be shared.
    Volume(VolumeMount),
    /// A file or directory of this machine.
    Bind(BindMount),
    /// Memory, which is gone when the sandbox stops.
    Tmpfs(TmpfsMount),
    /// A disk image of this machine.
    Disk(DiskMount),
    /// Storage of the sandbox's own, which is removed with it.
    Owned(OwnedMount),
}

/// Declares a kind of mount: what it has of its own, and what all have.
macro_rules! mount {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Default, Deserialize, Serialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[cfg_attr(test, ts(optional_fields))]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            /// Whether the guest cannot write to it. Default: `false`.
            pub read_only: Option<bool>,
            /// Whether programs on it cannot be run directly. Default:
            /// `false`.
            pub no_exec: Option<bool>,
            /// Whether programs on it get no other user's rights. Default:
            /// `false`.
            pub no_suid: Option<bool>,
            /// Whether device files on it do nothing. Default: `false`.
            pub no_dev: Option<bool>,
        }

        impl $name {
            fn restrict(&self, mut mount: MountBuilder) -> MountBuilder {
                if self.read_only.unwrap_or(false) {
                    mount = mount.readonly();
                }
                if self.no_exec.unwrap_or(false) {
                    mount = mount.noexec();
                }
                if self.no_suid.unwrap_or(false) {
                    mount = mount.nosuid();
                }
                if self.no_dev.unwrap_or(false) {
                    mount = mount.nodev();
                }
                mount
            }
        }
    };
}

/// Declares a kind of mount that can be a directory of this machine.
macro_rules! directory_mount {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        mount! {
            $(#[$about])*
            $name {
                $($(#[$doc])* $field: $type,)*
                /// Whether owners, permission bits and special files that the
                /// guest sets are kept beside the files instead of in them.
                /// Default: `"strict"`.
                stat_virtualization: Option<StatVirtualizationPolicy>,
                /// Whether permission bits that the guest sets reach the files
                /// of this machine. Default: `"private"`.
                host_permissions: Option<HostPermissionsPolicy>,
                /// Who the guest sees as the owner of what was made outside.
                /// Default: decided by the runtime.
                owner: Option<MountOwner>,
            }
        }

        impl $name {
            fn present(&self, mut mount: MountBuilder) -> MountBuilder {
                if let Some(policy) = self.stat_virtualization {
                    mount = mount.stat_virtualization(policy.into());
                }
                if let Some(policy) = self.host_permissions {
                    mount = mount.host_permissions(policy.into());
                }
                if let Some(MountOwner { uid, gid }) = self.owner {
                    mount = mount.owner(uid, gid);
                }
                self.restrict(mount)
            }
        }
    };
}

directory_mount! {
    /// A volume, which outlives the sandbox and can be shared.
    VolumeMount {
        /// The volume's name.
        name: String,
        /// Whether the volume is created. Default: `"never"`, so that it has
        /// to exist.
        create: Option<VolumeCreation>,
        /// What a volume that is created is made of. Default: `"directory"`.
        kind: Option<VolumeKind>,
        /// The size in MiB of a disk that is created, at least 68. Default:
        /// none, so a disk needs it.
        #[cfg_attr(test, ts(rename = "sizeMiB"))]
        #[serde(rename = "sizeMiB")]
        size_mib: Option<i64>,
        /// How many MiB guests may write to a directory that is created.
        /// Default: without limit.
        #[cfg_attr(test, ts(rename = "quotaMiB"))]
        #[serde(rename = "quotaMiB")]
        quota_mib: Option<i64>,
        /// The labels of a volume that is created. Default: none.
        labels: Option<BTreeMap<String, String>>,
        /// Whether links in the path of the volume's directory are followed.
        /// Default: `false`.
        follow_root_symlinks: Option<bool>,
    }
}

directory_mount! {
    /// A file or directory of this machine.
    BindMount {
        /// Its path. One that is not absolute starts in the program's working
        /// directory.
        ///
        /// Permissions: read access to it, and write access unless the mount
        /// is `readOnly`.
        source: String,
        /// How many MiB the guest may add. Default: a limit of the runtime.
        #[cfg_attr(test, ts(rename = "quotaMiB"))]
        #[serde(rename = "quotaMiB")]
        quota_mib: Option<i64>,
        /// Whether links in the path are followed. Default: `false`, which
        /// makes them an error.
        follow_root_symlinks: Option<bool>,
    }
}

mount! {
    /// Memory, which is gone when the sandbox stops.
    TmpfsMount {
        /// How many MiB it holds; they count as the sandbox's memory. Default:
        /// decided by the guest.
        #[cfg_attr(test, ts(rename = "sizeMiB"))]
        #[serde(rename = "sizeMiB")]
        size_mib: Option<i64>,
    }
}

mount! {
    /// A disk image of this machine.
    DiskMount {
        /// Its path. One that is not absolute starts in the program's working
        /// directory.
        ///
        /// Permissions: read access to it, and write access unless the mount
        /// is `readOnly`.
        source: String,
        /// Its format. Default: what its name ends with, else `"raw"`.
        format: Option<DiskFormat>,
        /// Its file system, such as `ext4`. Default: the guest finds out.
        fs_type: Option<String>,
    }
}

directory_mount! {
    /// Storage of the sandbox's own, which is removed with it.
    OwnedMount {
        /// What it is made of. Default: `"directory"`.
        kind: Option<VolumeKind>,
        /// The size in MiB of a disk, at least 68. Default: none, so a disk
        /// needs it; nothing else has one.
        #[cfg_attr(test, ts(rename = "sizeMiB"))]
        #[serde(rename = "sizeMiB")]
        size_mib: Option<i64>,
        /// How many MiB the guest may write to a directory. Default: without
        /// limit.
        #[cfg_attr(test, ts(rename = "quotaMiB"))]
        #[serde(rename = "quotaMiB")]
        quota_mib: Option<i64>,
    }
}

/// When a volume is created.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum VolumeCreation {
    /// It has to exist.
    Never,
    /// If it is missing. One that exists has to be of the same kind.
    IfMissing,
    /// One that exists is an error.
    Always,
}

/// How what the guest sets on files relates to what they have here.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum StatVirtualizationPolicy {
    /// It is kept in extended attributes; a file system without them is an
    /// error.
    Strict,
    /// It is kept in extended attributes where the file system has them.
    Relaxed,
    /// The files have what the guest sees.
    Off,
}

/// What becomes of permission bits that the guest sets.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum HostPermissionsPolicy {
    /// Only the guest sees them.
    Private,
    /// The files of this machine get them too.
    Mirror,
}

mirror!(StatVirtualizationPolicy = StatVirtualization { Strict Relaxed Off });
mirror!(HostPermissionsPolicy = HostPermissions { Private Mirror });

/// A user and a group of the guest.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MountOwner {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// Checks every mount and hands it to the core. Nothing is started.
pub fn apply(
    mounts: &BTreeMap<String, Mount>,
    mut builder: SandboxBuilder,
) -> Result<SandboxBuilder, Error> {
    for (guest, mount) in mounts {
        let option = format!("mounts.{guest}");
        let mount = mount.builder(guest, &option)?;
        let mount = mount.build().map_err(|error| {
            let reason = error.to_string();
            invalid(&option, reason.strip_prefix("invalid config: ").unwrap_or(&reason))
        })?;
        builder = builder.add_volume_mount(mount);
    }
    Ok(builder)
}

impl Mount {
    fn builder(&self, guest: &str, option: &str) -> Result<MountBuilder, Error> {
        let builder = MountBuilder::new(guest);
        match self {
            Self::Volume(mount) => mount.builder(builder, option),
            Self::Bind(mount) => mount.builder(builder, option),
            Self::Tmpfs(mount) => mount.builder(builder, option),
            Self::Disk(mount) => mount.builder(builder, option),
            Self::Owned(mount) => mount.builder(builder, option),
        }
    }
}

impl VolumeMount {
    fn builder(&self, builder: MountBuilder, option: &str) -> Result<MountBuilder, Error> {
        validate_volume_name(&format!("{option}.name"), &self.name)?;
        let creation = self.create.unwrap_or(VolumeCreation::Never);
        let mut builder = match creation {
            VolumeCreation::Never => {
                self.refuse_creation_options(option)?;
                builder.named(&self.name)
            }
            _ => self.creating(builder, option, creation)?,
        };
        if self.follow_root_symlinks.unwrap_or(false) {
            builder = builder.follow_root_symlinks(true);
        }
        Ok(self.present(builder))
    }

    fn creating(
        &self,
        builder: MountBuilder,
        option: &str,
        creation: VolumeCreation,
    ) -> Result<MountBuilder, Error> {
        let kind = self.kind.unwrap_or(VolumeKind::Directory);
        let (size_mib, quota_mib) =
            kind.limits(&format!("{option}."), self.size_mib, self.quota_mib)?;
        Ok(builder.named_with(&self.name, |mut volume| {
            volume = match creation {
                VolumeCreation::Always => volume.create(),
                _ => volume.ensure_exists(),
            };
            volume = match kind {
                VolumeKind::Directory => volume.directory(),
                VolumeKind::Disk => volume.disk(),
            };
            if let Some(size_mib) = size_mib {
                volume = volume.size(size_mib);
            }
            if let Some(quota_mib) = quota_mib {
                volume = volume.quota(quota_mib);
            }
            let labels = self.labels.iter().flatten();
            labels.fold(volume, |volume, (label, value)| volume.label(label, value))
        }))
    }

    /// What a volume that exists has to agree with.
    pub fn check_existing(&self, volume: &VolumeHandle, option: &str) -> Result<(), Error> {
        let is_disk = volume.kind() == microsandbox::VolumeKind::Disk;
        let has_kind = self.kind.is_none_or(|kind| is_disk == (kind == VolumeKind::Disk));
        let size = volume.capacity_bytes().map(|bytes| (bytes / 1024 / 1024) as i64);
        let quota = volume.quota_mib().map(i64::from);
        let labels: BTreeMap<_, _> = volume.labels().iter().cloned().collect();
        let mut wanted = self.labels.iter().flatten();
        let for_directories = [
            ("statVirtualization", self.stat_virtualization.is_some()),
            ("hostPermissions", self.host_permissions.is_some()),
            ("owner", self.owner.is_some()),
        ];
        let differing = if !has_kind {
            "kind"
        } else if self.size_mib.is_some_and(|wanted| size != Some(wanted)) {
            "sizeMiB"
        } else if self.quota_mib.is_some_and(|wanted| quota != Some(wanted)) {
            "quotaMiB"
        } else if !wanted.all(|(label, value)| labels.get(label) == Some(value)) {
            "labels"
        } else if let Some((name, _)) = for_directories.iter().find(|(_, given)| is_disk && *given) {
            return Err(invalid(&format!("{option}.{name}"), "the volume is a disk"));
        } else {
            return Ok(());
        };
        Err(invalid(&format!("{option}.{differing}"), "the volume exists and has another one"))
    }

    /// The core would not look at them.
    fn refuse_creation_options(&self, option: &str) -> Result<(), Error> {
        let given = [
            ("kind", self.kind.is_some()),
            ("sizeMiB", self.size_mib.is_some()),
            ("quotaMiB", self.quota_mib.is_some()),
            ("labels", self.labels.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((name, _)) => Err(invalid(
                &format!("{option}.{name}"),
                "it is for a volume that is created, and create is not set",
            )),
            None => Ok(()),
        }
    }
}

impl BindMount {
    fn builder(&self, builder: MountBuilder, option: &str) -> Result<MountBuilder, Error> {
        let mut builder = builder.bind(existing(&self.source, option)?);
        if let Some(mebibytes) = mebibytes(&format!("{option}.quotaMiB"), self.quota_mib)? {
            builder = builder.quota(mebibytes);
        }
        if self.follow_root_symlinks.unwrap_or(false) {
            builder = builder.follow_root_symlinks(true);
        }
        Ok(self.present(builder))
    }
}

impl TmpfsMount {
    fn builder(&self, builder: MountBuilder, option: &str) -> Result<MountBuilder, Error> {
        let mut builder = builder.tmpfs();
        if let Some(mebibytes) = mebibytes(&format!("{option}.sizeMiB"), self.size_mib)? {
            builder = builder.size(mebibytes);
        }
        Ok(self.restrict(builder))
    }
}

impl DiskMount {
    fn builder(&self, builder: MountBuilder, option: &str) -> Result<MountBuilder, Error> {
        let mut builder = builder.disk(existing(&self.source, option)?);
        if let Some(format) = self.format {
            builder = builder.format(format.into());
        }
        if let Some(fs_type) = &self.fs_type {
            builder = builder.fstype(fs_type);
        }
        Ok(self.restrict(builder))
    }
}

impl OwnedMount {
    fn builder(&self, builder: MountBuilder, option: &str) -> Result<MountBuilder, Error> {
        let kind = self.kind.unwrap_or(VolumeKind::Directory);
        let (size_mib, quota_mib) =
            kind.limits(&format!("{option}."), self.size_mib, self.quota_mib)?;
        let builder = builder.owned_with(|mut storage| {
            if kind == VolumeKind::Disk {
                storage = storage.disk();
            }
            if let Some(size_mib) = size_mib {
                storage = storage.size(size_mib);
            }
            if let Some(quota_mib) = quota_mib {
                storage = storage.quota(quota_mib);
            }
            storage
        });
        Ok(self.present(builder))
    }
}

/// The absolute path of something that is there.
fn existing(source: &str, option: &str) -> Result<std::path::PathBuf, Error> {
    let refuse = |error: std::io::Error| {
        let path = format!("{option}.source");
        refusal(&path, format!("Cannot mount {source:?} ({error}): check the path"))
            .with_details(json!({ "path": path, "source": source }))
    };
    std::fs::metadata(source).map_err(refuse)?;
    std::path::absolute(source).map_err(refuse)
}

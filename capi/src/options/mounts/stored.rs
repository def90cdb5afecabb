//! The mounts of a sandbox as the options that make them again.

use std::collections::BTreeMap;

use microsandbox::sandbox::{
    HostPermissions, MountOptions, OwnedVolumeStorage, StatVirtualization, VolumeMount as CoreMount,
};

use super::{BindMount, DiskMount, Mount, MountOwner, OwnedMount, TmpfsMount, VolumeMount};
use crate::options::volume::VolumeKind;

/// Sets what all mounts have.
macro_rules! restricted {
    ($mount:expr, $options:expr) => {{
        let (mut mount, options): (_, &MountOptions) = ($mount, $options);
        mount.read_only = options.readonly.then_some(true);
        mount.no_exec = options.noexec.then_some(true);
        mount.no_suid = options.nosuid.then_some(true);
        mount.no_dev = options.nodev.then_some(true);
        mount
    }};
}

/// Sets what mounts have that can be directories of this machine.
macro_rules! presented {
    ($mount:expr, $options:expr, $stat:expr, $permissions:expr) => {{
        let mut mount = restricted!($mount, $options);
        mount.stat_virtualization =
            (*$stat != StatVirtualization::Strict).then(|| (*$stat).into());
        mount.host_permissions =
            (*$permissions != HostPermissions::Private).then(|| (*$permissions).into());
        mount.owner = owner($options);
        mount
    }};
}

/// The options that make these mounts. That a volume was created is left out:
/// it is there now.
pub fn from_core(mounts: &[CoreMount]) -> BTreeMap<String, Mount> {
    mounts.iter().map(|mount| (mount.guest().to_owned(), Mount::from_core(mount))).collect()
}

impl Mount {
    fn from_core(mount: &CoreMount) -> Self {
        match mount {
            CoreMount::Named {
                name,
                options,
                stat_virtualization: stat,
                host_permissions: permissions,
                follow_root_symlinks,
                ..
            } => {
                let mount = VolumeMount {
                    name: name.clone(),
                    follow_root_symlinks: follow_root_symlinks.then_some(true),
                    ..VolumeMount::default()
                };
                Self::Volume(presented!(mount, options, stat, permissions))
            }
            CoreMount::Bind {
                host,
                options,
                stat_virtualization: stat,
                host_permissions: permissions,
                follow_root_symlinks,
                quota_mib,
                ..
            } => {
                let mount = BindMount {
                    source: host.to_string_lossy().into_owned(),
                    quota_mib: quota_mib.map(Into::into),
                    follow_root_symlinks: follow_root_symlinks.then_some(true),
                    ..BindMount::default()
                };
                Self::Bind(presented!(mount, options, stat, permissions))
            }
            CoreMount::Tmpfs { size_mib, options, .. } => {
                let mount = TmpfsMount { size_mib: size_mib.map(Into::into), ..TmpfsMount::default() };
                Self::Tmpfs(restricted!(mount, options))
            }
            CoreMount::DiskImage { host, format, fstype, options, .. } => {
                let mount = DiskMount {
                    source: host.to_string_lossy().into_owned(),
                    format: Some((*format).into()),
                    fs_type: fstype.clone(),
                    ..DiskMount::default()
                };
                Self::Disk(restricted!(mount, options))
            }
            CoreMount::Owned {
                storage,
                options,
                stat_virtualization: stat,
                host_permissions: permissions,
                ..
            } => Self::Owned(presented!(OwnedMount::storage(storage), options, stat, permissions)),
        }
    }
}

impl OwnedMount {
    fn storage(storage: &OwnedVolumeStorage) -> Self {
        match *storage {
            OwnedVolumeStorage::Directory { quota_mib } => {
                Self { quota_mib: quota_mib.map(Into::into), ..Self::default() }
            }
            OwnedVolumeStorage::Disk { capacity_mib } => Self {
                kind: Some(VolumeKind::Disk),
                size_mib: Some(capacity_mib.into()),
                ..Self::default()
            },
        }
    }
}

fn owner(options: &MountOptions) -> Option<MountOwner> {
    let (uid, gid) = options.override_uid.zip(options.override_gid)?;
    Some(MountOwner { uid, gid })
}

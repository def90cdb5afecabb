//! Permission bits and owners of a volume's files. Windows has neither.

use std::path::Path;

#[cfg(not(unix))]
use boundary::error::ErrorCode;
use cap_std::fs::Metadata;
use microsandbox::volume::fs::RootedVolumeFs;

use super::failure::Failure;

#[cfg(unix)]
pub fn set_mode(root: &RootedVolumeFs, path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    Ok(root.dir.set_permissions(path, cap_std::fs::Permissions::from_std(permissions))?)
}

#[cfg(unix)]
pub fn set_mode_of_new(how: &mut cap_std::fs::OpenOptions, mode: u32) {
    use cap_std::fs::OpenOptionsExt;
    how.mode(mode);
}

#[cfg(unix)]
pub fn set_file_mode(file: &std::fs::File, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.set_permissions(std::fs::Permissions::from_mode(mode))?)
}

#[cfg(unix)]
pub fn set_owner(file: &std::fs::File, uid: Option<u32>, gid: Option<u32>) -> Result<(), Failure> {
    Ok(std::os::unix::fs::fchown(file, uid, gid)?)
}

#[cfg(unix)]
pub fn ownership(metadata: &Metadata) -> (u32, u32, u32) {
    use cap_std::fs::MetadataExt;
    (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}

#[cfg(not(unix))]
pub fn set_mode(_: &RootedVolumeFs, _: &Path, _: u32) -> Result<(), Failure> {
    Err(not_here("permission bits"))
}

/// There are no permission bits to set.
#[cfg(not(unix))]
pub fn set_mode_of_new(_: &mut cap_std::fs::OpenOptions, _: u32) {}

#[cfg(not(unix))]
pub fn set_file_mode(_: &std::fs::File, _: u32) -> Result<(), Failure> {
    Err(not_here("permission bits"))
}

#[cfg(not(unix))]
pub fn set_owner(_: &std::fs::File, _: Option<u32>, _: Option<u32>) -> Result<(), Failure> {
    Err(not_here("owners"))
}

#[cfg(not(unix))]
pub fn ownership(metadata: &Metadata) -> (u32, u32, u32) {
    let write = if metadata.permissions().readonly() { 0 } else { 0o222 };
    let execute = if metadata.is_dir() { 0o111 } else { 0 };
    (0o444 | write | execute, 0, 0)
}

#[cfg(not(unix))]
pub fn not_here(what: &str) -> Failure {
    Failure::refused(ErrorCode::Unsupported, format!("a volume on this machine has no {what}"))
}

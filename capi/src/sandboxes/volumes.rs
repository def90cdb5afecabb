//! Whether the volumes that a sandbox mounts are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use boundary::error::Error;
use microsandbox::{Backend, MicrosandboxError as CoreError, Volume, with_backend};

use crate::options::mounts::{Mount, VolumeCreation};

/// Makes sure that the volumes to mount are what they are asked to be.
///
/// The core finds that out as well, but when it has made a directory for the
/// sandbox, which it then leaves behind.
pub async fn check_volumes(
    backend: &Arc<dyn Backend>,
    mounts: &BTreeMap<String, Mount>,
) -> Result<(), Error> {
    for (guest, mount) in mounts {
        let Mount::Volume(mount) = mount else { continue };
        let creation = mount.create.unwrap_or(VolumeCreation::Never);
        let found = with_backend(backend.clone(), Volume::get(&mount.name)).await;
        match (found, creation) {
            (Ok(_), VolumeCreation::Always) => {
                return Err(CoreError::VolumeAlreadyExists(mount.name.clone()).into());
            }
            (Ok(volume), _) => mount.check_existing(&volume, &format!("mounts.{guest}"))?,
            (Err(CoreError::VolumeNotFound(_)), VolumeCreation::IfMissing) => {}
            (Err(CoreError::VolumeNotFound(_)), VolumeCreation::Always) => {}
            (Err(error), _) => return Err(error.into()),
        }
    }
    Ok(())
}

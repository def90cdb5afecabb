//! Volumes: storage with a name that outlives sandboxes.

use std::collections::BTreeMap;

use microsandbox::{MicrosandboxError as CoreError, Volume, VolumeHandle, VolumeSpec, with_backend};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Request;
use super::sandbox::BackendKind;
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};
use crate::files::to_its_end;
use crate::options::check::out_of_range;

/// What a new volume is.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeOptions {
    /// The volume's name: letters, digits, dots, hyphens and underscores, the
    /// first one a letter or digit.
    pub name: String,
    /// What it is made of. Default: `"directory"`.
    pub kind: Option<VolumeKind>,
    /// The size of a disk in MiB, at least 68, of which its file system takes
    /// 66 for itself. It has to be given for a disk, and only for one.
    #[cfg_attr(test, ts(rename = "sizeMiB"))]
    #[serde(rename = "sizeMiB")]
    pub size_mib: Option<i64>,
    /// How many MiB guests may write to a directory. This machine does not
    /// enforce it on what is written from outside. Default: without limit.
    #[cfg_attr(test, ts(rename = "quotaMiB"))]
    #[serde(rename = "quotaMiB")]
    pub quota_mib: Option<i64>,
    /// Labels to find the volume by.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What a volume is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum VolumeKind {
    /// A directory of this machine, which several sandboxes can use at a time.
    Directory,
    /// A disk with an ext4 file system, for one sandbox at a time.
    Disk,
}

/// Names a volume.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedVolume {
    /// The volume's name.
    pub name: String,
}

/// Which volumes to list.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListVolumesRequest {
    /// Labels that a volume has to have. Default: none.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What is known about a volume.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct VolumeInfo {
    /// The volume's name.
    pub name: String,
    /// Where it is.
    pub backend: BackendKind,
    /// What it is made of.
    pub kind: VolumeKind,
    /// Its size in bytes, if it is a disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<u64>,
    /// How many MiB guests may write to it. Absent without a limit.
    #[cfg_attr(test, ts(rename = "quotaMiB"))]
    #[serde(rename = "quotaMiB", skip_serializing_if = "Option::is_none")]
    pub quota_mib: Option<u32>,
    /// The directory of this machine that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was created, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// `volume.create`: when the caller gives up, it is removed again.
pub async fn create(request: Request) -> Result<Outcome, Error> {
    let options: VolumeOptions = request.options()?;
    let spec = options.spec()?;
    let backend = request.client.backend.get()?;
    let cancel = request.cancel.clone();
    let info = to_its_end(with_backend(backend, async move {
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let volume = Volume::create(spec).await?;
        if cancel.is_cancelled() {
            Volume::remove(volume.name()).await?;
            return Err(Error::cancelled());
        }
        Ok(info(&Volume::get(volume.name()).await?))
    }))
    .await?;
    Outcome::json(&info)
}

/// `volume.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let NamedVolume { name } = request.options()?;
    let backend = request.client.backend.get()?;
    Outcome::json(&info(&with_backend(backend, Volume::get(&name)).await?))
}

/// `volume.list`: newest first.
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let ListVolumesRequest { labels } = request.options()?;
    let wanted = labels.unwrap_or_default();
    let volumes = with_backend(request.client.backend.get()?, Volume::list()).await?;
    let has = |volume: &VolumeInfo| {
        wanted.iter().all(|(label, value)| volume.labels.get(label) == Some(value))
    };
    Outcome::json(&volumes.iter().map(info).filter(has).collect::<Vec<_>>())
}

/// `volume.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let NamedVolume { name } = request.options()?;
    let backend = request.client.backend.get()?;
    let removing = {
        let name = name.clone();
        async move { Volume::remove(&name).await }
    };
    match to_its_end(with_backend(backend, removing)).await {
        Ok(()) => Ok(Outcome::default()),
        // It is the core's only reason to find a name invalid that it knows.
        Err(CoreError::InvalidConfig(reason)) => Err(Error::new(
            ErrorCode::VolumeInUse,
            format!("Cannot remove volume {name}, {reason}: stop the sandbox first"),
        )
        .with_details(json!({ "name": name }))),
        Err(error) => Err(error.into()),
    }
}

impl VolumeOptions {
    fn spec(self) -> Result<VolumeSpec, Error> {
        validate_volume_name("name", &self.name)?;
        let kind = self.kind.unwrap_or(VolumeKind::Directory);
        let (size_mib, quota_mib) = kind.limits("", self.size_mib, self.quota_mib)?;
        Ok(VolumeSpec {
            name: self.name,
            kind: match kind {
                VolumeKind::Directory => microsandbox::VolumeKind::Directory,
                VolumeKind::Disk => microsandbox::VolumeKind::Disk,
            },
            quota_mib,
            capacity_mib: size_mib,
            labels: self.labels.unwrap_or_default().into_iter().collect(),
        })
    }
}

impl VolumeKind {
    /// Size and quota, when they are such as this kind takes. `prefix` stands
    /// before the options' names in an error.
    pub fn limits(
        self,
        prefix: &str,
        size_mib: Option<i64>,
        quota_mib: Option<i64>,
    ) -> Result<(Option<u32>, Option<u32>), Error> {
        let size = format!("{prefix}sizeMiB");
        let quota = format!("{prefix}quotaMiB");
        match self {
            Self::Disk if size_mib.is_none() => Err(invalid(&size, "a disk needs a size")),
            Self::Disk if quota_mib.is_some() => {
                Err(invalid(&quota, "a disk has a size and no quota"))
            }
            Self::Directory if size_mib.is_some() => {
                Err(invalid(&size, "a directory has no size; limit it with quotaMiB"))
            }
            Self::Disk => {
                /// The journal alone has 64, and the core formats nothing less.
                const MINIMUM: u32 = 68;
                match mebibytes(&size, size_mib)? {
                    Some(given) if given < MINIMUM => Err(out_of_range(
                        &size,
                        given,
                        &format!("from {MINIMUM} to {}", u32::MAX),
                    )),
                    checked => Ok((checked, None)),
                }
            }
            Self::Directory => Ok((None, mebibytes(&quota, quota_mib)?)),
        }
    }
}

/// Refuses names that the core would refuse, with the option's name.
pub fn validate_volume_name(path: &str, name: &str) -> Result<(), Error> {
    let is_fine = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
    };
    if name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(is_fine) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidOption,
        format!(
            "Cannot use {name:?} as a volume name: take letters, digits, dots, hyphens and \
             underscores, the first one a letter or digit"
        ),
    )
    .with_details(json!({ "path": path })))
}

/// A number of MiB that the core can count.
pub fn mebibytes(path: &str, value: Option<i64>) -> Result<Option<u32>, Error> {
    let Some(value) = value else { return Ok(None) };
    match u32::try_from(value) {
        Ok(mebibytes) if mebibytes > 0 => Ok(Some(mebibytes)),
        _ => Err(out_of_range(path, value, &format!("from 1 to {}", u32::MAX))),
    }
}

/// An option that makes no sense with the others.
pub fn invalid(path: &str, reason: &str) -> Error {
    Error::new(ErrorCode::InvalidOption, format!("Cannot use option {path}: {reason}"))
        .with_details(json!({ "path": path }))
}

fn info(volume: &VolumeHandle) -> VolumeInfo {
    VolumeInfo {
        name: volume.name().to_owned(),
        backend: volume.backend_kind().into(),
        kind: match volume.kind() {
            microsandbox::VolumeKind::Directory => VolumeKind::Directory,
            microsandbox::VolumeKind::Disk => VolumeKind::Disk,
        },
        capacity_bytes: volume.capacity_bytes(),
        quota_mib: volume.quota_mib(),
        path: volume.local().map(|local| local.path.display().to_string()),
        labels: volume.labels().iter().cloned().collect(),
        created_at: volume.created_at().map(|time| time.to_rfc3339()),
    }
}

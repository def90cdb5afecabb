//! What a new volume is.

use std::collections::BTreeMap;

use boundary::check::{invalid, out_of_range, refusal};
use boundary::error::Error;
use microsandbox::VolumeSpec;
use serde::{Deserialize, Serialize};

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

impl VolumeOptions {
    /// The options as the core takes them, checked.
    pub fn spec(self) -> Result<VolumeSpec, Error> {
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
    Err(refusal(
        path,
        format!(
            "Cannot use {name:?} as a volume name: take letters, digits, dots, hyphens and \
             underscores, the first one a letter or digit"
        ),
    ))
}

/// A number of MiB that the core can count.
pub fn mebibytes(path: &str, value: Option<i64>) -> Result<Option<u32>, Error> {
    let Some(value) = value else { return Ok(None) };
    match u32::try_from(value) {
        Ok(mebibytes) if mebibytes > 0 => Ok(Some(mebibytes)),
        _ => Err(out_of_range(path, value, &format!("from 1 to {}", u32::MAX))),
    }
}

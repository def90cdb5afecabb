//! What a sandbox's root file system is: an image, a directory or a disk, and
//! where the changes to it go.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use boundary::check::{out_of_range, refusal};
use boundary::error::{Error, ErrorCode};
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::sandbox::{
    DiskImageFormat, FlatClone, ImageBuilder, IntoImage, RootDisk as CoreRootDisk, RootfsSource,
};
use microsandbox_image::Reference;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A root file system: a reference of an OCI image such as `alpine:3.22`, a
/// path that starts with `/`, `./` or `../` and names a directory or a disk
/// image (`.qcow2`, `.raw`, `.vmdk`), or an object that says which it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(untagged))]
#[serde(try_from = "Value", untagged)]
pub enum ImageSource {
    /// A reference or a path.
    Text(String),
    /// A path on this machine, with how it is used.
    Host(HostImage),
}

/// A root file system that is on this machine already.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum HostImage {
    /// A directory. The guest works in it, and what it changes stays.
    Directory {
        /// The directory.
        path: String,
        /// Whether symbolic links in `path` are followed. Default: `false`,
        /// which makes one an error.
        follow_symlinks: Option<bool>,
    },
    /// A disk image. The guest works on it, and what it changes stays.
    Disk {
        /// The file.
        path: String,
        /// The file's format. Default: what its ending says.
        format: Option<DiskFormat>,
        /// The file system on the disk, such as `ext4`. Default: the guest
        /// finds out.
        filesystem: Option<String>,
    },
}

/// The format of a disk image.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum DiskFormat {
    /// The disk's bytes as they are.
    Raw,
    /// QEMU's format.
    Qcow2,
    /// VMware's format.
    Vmdk,
}

impl From<DiskFormat> for DiskImageFormat {
    fn from(format: DiskFormat) -> Self {
        match format {
            DiskFormat::Raw => Self::Raw,
            DiskFormat::Qcow2 => Self::Qcow2,
            DiskFormat::Vmdk => Self::Vmdk,
        }
    }
}

/// Where the changes to an OCI image's files go.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum RootDisk {
    /// Onto a disk of the sandbox's own, which grows as it is written and is
    /// removed with it.
    Managed {
        /// The most that it can hold, in MiB. Default: 4096.
        #[cfg_attr(test, ts(rename = "sizeMiB"))]
        #[serde(rename = "sizeMiB")]
        size_mib: Option<i64>,
    },
    /// Into the guest's memory. Each start begins with the image's files.
    Tmpfs {
        /// The most that it can hold, in MiB, no more than the sandbox has
        /// memory. Default: half of that.
        #[cfg_attr(test, ts(rename = "sizeMiB"))]
        #[serde(rename = "sizeMiB")]
        size_mib: Option<i64>,
    },
    /// Onto a disk of the sandbox's own that holds the image's files too,
    /// instead of lying over them.
    Flat {
        /// The most that it can hold, in MiB. Default: 4096, or what the image
        /// needs.
        #[cfg_attr(test, ts(rename = "sizeMiB"))]
        #[serde(rename = "sizeMiB")]
        size_mib: Option<i64>,
        /// The disk's file system. Default: `ext4`.
        filesystem: Option<String>,
        /// How the disk is made from the one that is kept for the image.
        /// Default: `auto`.
        clone: Option<CloneStrategy>,
    },
    /// Onto a disk image of yours. Nothing creates, resizes or removes it.
    Disk {
        /// The file.
        path: String,
        /// The file's format, `raw` or `qcow2`. Default: what its ending
        /// says: `.img`, `.raw` or `.qcow2`.
        format: Option<DiskFormat>,
        /// The disk's file system. Default: `ext4`.
        filesystem: Option<String>,
    },
}

/// How a file is copied.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CloneStrategy {
    /// Sharing blocks where the file system can, else by copying.
    Auto,
    /// By copying.
    Copy,
    /// Sharing blocks. Where the file system cannot, it is an error.
    Reflink,
}

/// A root file system in the core's terms, for its builder.
pub struct Rootfs(RootfsSource);

impl IntoImage for Rootfs {
    fn into_rootfs_source(self) -> Result<RootfsSource, CoreError> {
        Ok(self.0)
    }
}

impl ImageSource {
    /// Checks the root file system, and where its changes go.
    pub fn rootfs(&self, root_disk: Option<&RootDisk>) -> Result<Rootfs, Error> {
        let source = match self {
            Self::Text(text) if is_path(text) => {
                require_there("image", text)?;
                text.as_str().into_rootfs_source()?
            }
            Self::Text(reference) => {
                parse_reference("image", reference)?;
                RootfsSource::oci(reference)
            }
            Self::Host(HostImage::Directory { path, follow_symlinks }) => {
                require_there("image.path", path)?;
                let follow = follow_symlinks.unwrap_or(false);
                ImageBuilder::new().bind(path).follow_root_symlinks(follow).build()?
            }
            Self::Host(HostImage::Disk { path, format, filesystem }) => {
                require_there("image.path", path)?;
                disk(path, *format, checked("image", filesystem.clone())?)?
            }
        };
        match (source, root_disk) {
            (RootfsSource::Oci(mut oci), Some(disk)) => {
                oci.root_disk = Some(disk.to_core()?);
                Ok(Rootfs(RootfsSource::Oci(oci)))
            }
            (_, Some(_)) => Err(refusal(
                "rootDisk",
                "Cannot use rootDisk with a directory or a disk image: changes go into those; \
                 leave it out, or use an OCI image",
            )),
            (source, None) => Ok(Rootfs(source)),
        }
    }
}

impl Default for ImageSource {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl ImageSource {
    /// The options that make this root file system.
    pub fn from_core(source: &RootfsSource) -> (Self, Option<RootDisk>) {
        match source {
            RootfsSource::Oci(image) => {
                (Self::Text(image.reference.clone()), image.root_disk.as_ref().map(RootDisk::from_core))
            }
            RootfsSource::Bind { path, follow_root_symlinks } => {
                let path = path.to_string_lossy().into_owned();
                let follow_symlinks = follow_root_symlinks.then_some(true);
                (Self::Host(HostImage::Directory { path, follow_symlinks }), None)
            }
            RootfsSource::DiskImage { path, format, fstype } => {
                let path = path.to_string_lossy().into_owned();
                let (format, filesystem) = (Some((*format).into()), fstype.clone());
                (Self::Host(HostImage::Disk { path, format, filesystem }), None)
            }
        }
    }
}

impl From<DiskImageFormat> for DiskFormat {
    fn from(format: DiskImageFormat) -> Self {
        match format {
            DiskImageFormat::Raw => Self::Raw,
            DiskImageFormat::Qcow2 => Self::Qcow2,
            DiskImageFormat::Vmdk => Self::Vmdk,
        }
    }
}

impl TryFrom<Value> for ImageSource {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Object(_) => {
                serde_json::from_value(value).map(Self::Host).map_err(|error| error.to_string())
            }
            _ => Err("expected a reference, a path, or an object with kind and path".to_owned()),
        }
    }
}

impl RootDisk {
    fn from_core(disk: &CoreRootDisk) -> Self {
        match disk {
            CoreRootDisk::Managed { size_mib } => Self::Managed { size_mib: size_mib.map(Into::into) },
            CoreRootDisk::Tmpfs { size_mib } => Self::Tmpfs { size_mib: size_mib.map(Into::into) },
            CoreRootDisk::Flat { size_mib, fstype, clone } => Self::Flat {
                size_mib: size_mib.map(Into::into),
                filesystem: fstype.clone(),
                clone: match clone {
                    FlatClone::Auto => None,
                    FlatClone::Copy => Some(CloneStrategy::Copy),
                    FlatClone::Reflink => Some(CloneStrategy::Reflink),
                },
            },
            CoreRootDisk::DiskImage { path, format, fstype } => Self::Disk {
                path: path.to_string_lossy().into_owned(),
                format: Some((*format).into()),
                filesystem: fstype.clone(),
            },
        }
    }

    fn to_core(&self) -> Result<CoreRootDisk, Error> {
        Ok(match self {
            Self::Managed { size_mib } => CoreRootDisk::Managed { size_mib: size(*size_mib)? },
            Self::Tmpfs { size_mib } => CoreRootDisk::Tmpfs { size_mib: size(*size_mib)? },
            Self::Flat { size_mib, filesystem, clone } => CoreRootDisk::Flat {
                size_mib: size(*size_mib)?,
                fstype: checked("rootDisk", filesystem.clone())?,
                clone: match clone {
                    None | Some(CloneStrategy::Auto) => FlatClone::Auto,
                    Some(CloneStrategy::Copy) => FlatClone::Copy,
                    Some(CloneStrategy::Reflink) => FlatClone::Reflink,
                },
            },
            Self::Disk { path, format, filesystem } => {
                require_there("rootDisk.path", path)?;
                let format = match (format, extension(path)) {
                    (Some(DiskFormat::Raw), _) | (None, "img" | "raw") => DiskImageFormat::Raw,
                    (Some(DiskFormat::Qcow2), _) | (None, "qcow2") => DiskImageFormat::Qcow2,
                    (Some(DiskFormat::Vmdk), _) => {
                        return Err(refusal(
                            "rootDisk.format",
                            "Cannot use a vmdk as a root disk: nothing can be written to one; \
                             convert it to qcow2",
                        ));
                    }
                    (None, _) => {
                        return Err(refusal(
                            "rootDisk.format",
                            format!("Cannot tell the format of {path} from its name: give format"),
                        ));
                    }
                };
                CoreRootDisk::DiskImage {
                    path: PathBuf::from(path),
                    format,
                    fstype: checked("rootDisk", filesystem.clone())?,
                }
            }
        })
    }
}

/// Whether a text names a path of this machine rather than an image.
fn is_path(text: &str) -> bool {
    matches!(
        text.into_rootfs_source(),
        Ok(RootfsSource::Bind { .. } | RootfsSource::DiskImage { .. })
    )
}

fn disk(
    path: &str,
    format: Option<DiskFormat>,
    fstype: Option<String>,
) -> Result<RootfsSource, Error> {
    let format = match format {
        Some(format) => format.into(),
        None => DiskImageFormat::from_extension(extension(path)).ok_or_else(|| {
            refusal(
                "image.format",
                format!("Cannot tell the format of {path} from its name: give format"),
            )
        })?,
    };
    Ok(RootfsSource::DiskImage { path: PathBuf::from(path), format, fstype })
}

/// The guest gets the name of a file system among other things, parted by these
/// characters.
fn checked(option: &str, filesystem: Option<String>) -> Result<Option<String>, Error> {
    match filesystem {
        Some(name) if name.is_empty() || name.contains([',', ';', ':', '=']) => Err(refusal(
            &format!("{option}.filesystem"),
            format!("Cannot use {name:?} as {option}.filesystem: give a name such as ext4"),
        )),
        filesystem => Ok(filesystem),
    }
}

fn extension(path: &str) -> &str {
    Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn require_there(option: &str, path: &str) -> Result<(), Error> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(
            ErrorCode::ImageNotFound,
            format!("Cannot use {path} as {option} ({error}): check the path"),
        )
        .with_details(json!({ "path": option, "image": path }))),
    }
}

fn size(mebibytes: Option<i64>) -> Result<Option<u32>, Error> {
    let Some(value) = mebibytes else { return Ok(None) };
    match u32::try_from(value) {
        Ok(size) if size > 0 => Ok(Some(size)),
        _ => Err(out_of_range("rootDisk.sizeMiB", value, &format!("from 1 to {}", u32::MAX))),
    }
}

/// Refuses what can be no image reference.
pub fn parse_reference(path: &str, reference: &str) -> Result<Reference, Error> {
    Reference::from_str(reference).map_err(|error| {
        refusal(
            path,
            format!(
                "Cannot use {reference:?} as {path} ({error}): name an OCI image such as \
                 alpine:3.22"
            ),
        )
    })
}

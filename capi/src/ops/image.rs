//! The images on this machine, and archives of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use boundary::check::refusal;
use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use boundary::task::finish_or_undo;
use futures_util::{FutureExt, TryFutureExt};
use microsandbox::{Image, ImageArchiveFormat, ImageHandle, MicrosandboxError as CoreError};
use microsandbox_image::{GlobalCache, RootfsMaterialization};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::files::output_file::{OutputFile, unusable};
use crate::images::install::remove_orphans;
use crate::images::load::Load;
use crate::images::pull::{Pull, local};
use crate::options::registry::{Access, CaCertificates, PullPolicy, RegistryAuth};
use crate::options::rootfs::parse_reference;

/// Names an image.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedImage {
    /// The image's reference, as the list has it.
    pub reference: String,
}

/// Which image to remove, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveImageOptions {
    /// The image's reference, as the list has it.
    pub reference: String,
    /// Whether an image that sandboxes or snapshots are made from loses its
    /// name too. They keep what they need of it. Default: `false`, which makes
    /// it an error.
    pub force: Option<bool>,
}

/// Which archive to load.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadImagesOptions {
    /// The archive.
    pub path: String,
    /// More references for the first image in the archive. Default: none.
    pub tags: Option<Vec<String>>,
}

/// Which images to save, and where.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveImagesOptions {
    /// The images' references, as the list has them.
    pub references: Vec<String>,
    /// The archive.
    pub path: String,
    /// The archive's format. Default: `oci`.
    pub format: Option<ArchiveFormat>,
}

/// The format of an archive of images.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveFormat {
    /// What `docker save` writes.
    Docker,
    /// An OCI image layout in a tar archive.
    Oci,
}

/// What is known about an image.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ImageInfo {
    /// The image's reference.
    pub reference: String,
    /// The digest of the image's manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<String>,
    /// The processor that the image is for, in the words of OCI: `amd64`,
    /// `arm64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The operating system that the image is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// How many layers the image has.
    pub layer_count: usize,
    /// How many bytes its layers have, as they are fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// When the image was first pulled or loaded, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When the image was last pulled, loaded or used, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
}

/// What an image is made of.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ImageDetail {
    /// The image.
    pub image: ImageInfo,
    /// What it says about how to run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ImageConfig>,
    /// Its layers, the lowest one first.
    pub layers: Vec<ImageLayer>,
}

/// What an image says about how to run it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ImageConfig {
    /// The digest of this configuration.
    pub digest: String,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// The program that is always run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// The command, or the entrypoint's arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// One layer of an image.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ImageLayer {
    /// The digest of the layer as it is fetched.
    pub digest: String,
    /// The digest of what is in it.
    pub diff_id: String,
    /// What it is fetched as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// How many bytes it has, as it is fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
}

/// What a prune has removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ImagePruneReport {
    /// How many references.
    pub references_removed: u32,
    /// How many images, each of which may have had several references.
    pub images_removed: u32,
    /// How many layers.
    pub layers_removed: u32,
    /// How many bytes of the disk that has freed, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_reclaimed: Option<u64>,
    /// How many references, images and layers were in use at that moment.
    pub skipped_in_use: u32,
}

/// `image.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let options: NamedImage = request.options()?;
    let backend = request.client.context.backend.get()?;
    let image = Image::get_local(local(&backend, "look an image up")?, &options.reference).await?;
    Outcome::json(&ImageInfo::from(&image))
}

/// `image.list`
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let backend = request.client.context.backend.get()?;
    let images = Image::list_local(local(&backend, "list images")?).await?;
    Outcome::json(&images.iter().map(ImageInfo::from).collect::<Vec<_>>())
}

/// `image.inspect`
pub async fn inspect(request: Request) -> Result<Outcome, Error> {
    let options: NamedImage = request.options()?;
    let backend = request.client.context.backend.get()?;
    let local = local(&backend, "inspect an image")?;
    let detail = Image::inspect_local(local, &options.reference).await?;
    Outcome::json(&ImageDetail {
        image: ImageInfo::from(&detail.handle),
        config: detail.config.map(ImageConfig::from),
        layers: detail
            .layers
            .into_iter()
            .map(|layer| ImageLayer {
                digest: layer.blob_digest,
                diff_id: layer.diff_id,
                media_type: layer.media_type,
                size_bytes: layer.compressed_size_bytes,
            })
            .collect(),
    })
}

/// `image.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let options: RemoveImageOptions = request.options()?;
    let backend = request.client.context.backend.get()?;
    let local = local(&backend, "remove an image")?;
    let force = options.force.unwrap_or(false);
    Image::remove_local(local, &options.reference, force)
        .await
        .map_err(|error| Error::from(error).about_image("remove", &options.reference))?;
    Ok(Outcome::default())
}

/// `image.prune`
pub async fn prune(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let backend = request.client.context.backend.get()?;
    let local = local(&backend, "prune images")?;
    let report = Image::prune_local(local).await?;
    remove_orphans(&GlobalCache::new_async(&local.cache_dir()).await.map_err(CoreError::from)?);
    Outcome::json(&ImagePruneReport {
        references_removed: report.image_refs_removed,
        images_removed: report.manifests_removed,
        layers_removed: report.layers_removed,
        bytes_reclaimed: report.bytes_reclaimed,
        skipped_in_use: report.skipped_in_use,
    })
}

/// `image.load`
pub async fn load(request: Request) -> Result<Outcome, Error> {
    let options: LoadImagesOptions = request.options()?;
    let tags = options.tags.unwrap_or_default();
    for (index, tag) in tags.iter().enumerate() {
        parse_reference(&format!("tags[{index}]"), tag)?;
    }
    let backend = request.client.context.backend.get()?;
    let local = local(&backend, "load images")?;
    let path = PathBuf::from(&options.path);
    // Else a file that is missing looks like one that is no archive.
    std::fs::File::open(&path).map_err(|error| unusable("load images from", &path, &error))?;
    let loaded = Load { path: &path, tags }.run(&request, local).await?;
    let mut images = Vec::with_capacity(loaded.len());
    for reference in loaded {
        images.push(ImageInfo::from(&Image::get_local(local, &reference).await?));
    }
    Outcome::json(&images)
}

/// `image.save`
///
/// The core cannot be stopped while it writes, so a cancelled save waits for
/// that and then removes what was written.
pub async fn save(request: Request) -> Result<Outcome, Error> {
    let options: SaveImagesOptions = request.options()?;
    if options.references.is_empty() {
        return Err(refusal("references", "Cannot save no images: name at least one in references"));
    }
    for (index, reference) in options.references.iter().enumerate() {
        parse_reference(&format!("references[{index}]"), reference)?;
    }
    let backend = request.client.context.backend.get()?;
    let local = local(&backend, "save images")?;
    let format = match options.format.unwrap_or(ArchiveFormat::Oci) {
        ArchiveFormat::Docker => ImageArchiveFormat::Docker,
        ArchiveFormat::Oci => ImageArchiveFormat::Oci,
    };
    let file = OutputFile::prepare("save images to", options.path.as_ref(), true)?;
    let save = Image::save_local(local, &options.references, file.unfinished(), format)
        .map_err(|error| Error::from(error).about(&format!("save images to {}", options.path)));
    // Without its name the file is removed when this ends.
    finish_or_undo(&request.cancel, save, |_| async { Ok::<_, Error>(()) }.boxed()).await?;
    file.finish()?;
    Ok(Outcome::default())
}

impl From<&ImageHandle> for ImageInfo {
    fn from(image: &ImageHandle) -> Self {
        Self {
            reference: image.reference().to_owned(),
            manifest_digest: image.manifest_digest().map(str::to_owned),
            architecture: image.architecture().map(str::to_owned),
            os: image.os().map(str::to_owned),
            layer_count: image.layer_count(),
            size_bytes: image.size_bytes(),
            created_at: image.created_at().map(|time| time.to_rfc3339()),
            last_used_at: image.last_used_at().map(|time| time.to_rfc3339()),
        }
    }
}

impl From<microsandbox::ImageConfigDetail> for ImageConfig {
    fn from(config: microsandbox::ImageConfigDetail) -> Self {
        let env = config.env.iter().map(|entry| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            (name.to_owned(), value.to_owned())
        });
        Self {
            digest: config.digest,
            env: env.collect(),
            entrypoint: config.entrypoint,
            cmd: config.cmd,
            workdir: config.working_dir,
            user: config.user,
            labels: config
                .labels
                .and_then(|labels| serde_json::from_value(labels).ok())
                .unwrap_or_default(),
        }
    }
}

/// Which image to pull, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImagePullOptions {
    /// The image's reference, such as `alpine:3.22`.
    pub reference: String,
    /// When the registry is asked. Default: `if-missing`.
    pub pull_policy: Option<PullPolicy>,
    /// Credentials for the registry. Default: those that the system's
    /// keyring, the user's configuration or Docker's configuration file have
    /// for it, else none.
    pub registry_auth: Option<RegistryAuth>,
    /// Whether the registry is spoken to in plain HTTP. Default: `false`,
    /// unless the user's configuration says so for this registry.
    pub registry_insecure: Option<bool>,
    /// Certificates of authorities to trust besides the system's, in PEM form.
    /// Default: those that the user's configuration names.
    pub registry_ca_certs: Option<CaCertificates>,
}

/// `image.pull`
pub async fn pull(request: Request) -> Result<Outcome, Error> {
    let options: ImagePullOptions = request.options()?;
    let backend = request.client.context.backend.get()?;
    let local = local(&backend, "pull an image")?;
    let access = Access {
        auth: options.registry_auth.as_ref(),
        insecure: options.registry_insecure,
        ca_certs: options.registry_ca_certs.as_ref(),
    };
    let pull = Pull {
        reference: &options.reference,
        policy: options.pull_policy.unwrap_or_default().into(),
        registry: access.options()?,
        materialization: RootfsMaterialization::Layered,
    };
    let _in_use = pull.run(&request, local).await?;
    let image = Image::get_local(local, &options.reference).await?;
    Outcome::json(&ImageInfo::from(&image))
}

//! Loading images from archives: `Image.load`.

use std::path::Path;
use std::sync::Arc;

use boundary::error::{Error, ErrorCode};
use boundary::task::joined;
use microsandbox::{Image, LocalBackend, MicrosandboxError as CoreError};
use microsandbox_image::{GlobalCache, Reference, RootfsMaterialization};
use microsandbox_layers::Limits;
use microsandbox_layers::archive::{Archive, ArchiveImage, ArchiveLayer};
use microsandbox_layers::resolve::Platform;
use serde_json::{Value, json};

use super::install::{Blob, Blobs, FoundImage, FoundLayer, Install, diff_ids};
use super::layer_error::from_layer;
use super::progress::Progress;
use crate::client::Request;

/// What Docker writes for an image without a name.
const NO_NAME: &str = "<none>:<none>";

/// An archive to load.
pub struct Load<'a> {
    pub path: &'a Path,
    /// More names for the first image.
    pub tags: Vec<String>,
}

impl Load<'_> {
    /// Loads all images of the archive that run here, and returns their names.
    pub async fn run(self, request: &Request, local: &LocalBackend) -> Result<Vec<String>, Error> {
        let path = self.path.to_owned();
        let loaded = self.load(request, local).await;
        loaded.map_err(|error| match error.code {
            ErrorCode::Cancelled => error,
            _ => unloadable(&path, error),
        })
    }

    async fn load(self, request: &Request, local: &LocalBackend) -> Result<Vec<String>, Error> {
        let cache = GlobalCache::new_async(&local.cache_dir()).await.map_err(CoreError::from)?;
        let (archive, images) = open(self.path, &cache).await?;
        let mut tags = self.tags;
        let mut named = Vec::with_capacity(images.len());
        // All names are looked at before anything is stored.
        for image in images {
            let names = names(&image, std::mem::take(&mut tags))?;
            named.push((image, names));
        }
        let mut loaded = Vec::new();
        for (image, names) in named {
            load_image(&archive, image, &names, &cache, request, local).await?;
            loaded.extend(names.into_iter().map(|(name, _)| name));
        }
        Ok(loaded)
    }
}

async fn open(
    path: &Path,
    cache: &GlobalCache,
) -> Result<(Arc<Archive>, Vec<ArchiveImage>), Error> {
    let (path, directory) = (path.to_owned(), cache.tmp_dir().to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let archive = Archive::open(&path, &directory, &Limits::default())?;
        let images = archive.images(&Platform::linux(std::env::consts::ARCH))?;
        Ok((Arc::new(archive), images))
    });
    joined(work.await).map_err(|error| from_layer(&error))
}

/// The names of an image in the archive, and what they mean.
fn names(image: &ArchiveImage, tags: Vec<String>) -> Result<Vec<(String, Reference)>, Error> {
    let mut names: Vec<String> = image.names.iter().filter(|&it| it != NO_NAME).cloned().collect();
    names.extend(tags);
    names.sort();
    names.dedup();
    let invalid = |message: String| Error::new(ErrorCode::ImageArchiveInvalid, message);
    if names.is_empty() {
        return Err(invalid(format!(
            "The archive has no name for the image {}; name it in tags",
            image.manifest_digest
        )));
    }
    let parse = |name: String| match name.parse() {
        Ok(reference) => Ok((name, reference)),
        Err(error) => Err(invalid(format!(
            "The archive's name {name:?} for an image is no reference ({error}); save the image \
             again under another name"
        ))),
    };
    names.into_iter().map(parse).collect()
}

async fn load_image(
    archive: &Arc<Archive>,
    image: ArchiveImage,
    names: &[(String, Reference)],
    cache: &GlobalCache,
    request: &Request,
    local: &LocalBackend,
) -> Result<(), Error> {
    let layer = |(layer, diff_id): (&ArchiveLayer, _)| FoundLayer {
        diff_id,
        digest: layer.digest.clone(),
        media_type: layer.media_type.clone(),
        size: Some(layer.size),
    };
    let found = FoundImage {
        layers: std::iter::zip(&image.layers, diff_ids(&image.config)?).map(layer).collect(),
        manifest_digest: image.manifest_digest,
        manifest: image.manifest_bytes,
        config: image.config_bytes,
    };
    let cache = cache.operation();
    let references: Vec<_> = names.iter().map(|(_, reference)| reference.clone()).collect();
    let install = Install {
        cache: &cache,
        image: Arc::new(found),
        references: &references,
        materialization: RootfsMaterialization::Layered,
        progress: &Progress::of(request),
        cancel: &request.cancel,
    };
    let blobs = ArchiveBlobs { archive: archive.clone(), layers: image.layers };
    let metadata = install.run(blobs).await?;
    for (name, _) in names {
        Image::persist(local, name, metadata.clone()).await?;
    }
    Ok(())
}

/// The layers of one image in its archive.
struct ArchiveBlobs {
    archive: Arc<Archive>,
    layers: Vec<ArchiveLayer>,
}

impl Blobs for ArchiveBlobs {
    fn open(&self, layer: usize) -> Result<Blob<'_>, Error> {
        let layer = &self.layers[layer];
        let content = self.archive.layer(layer).map_err(|error| from_layer(&error))?;
        Ok(Blob { content: Box::new(content), size: layer.size })
    }
}

/// An archive that could not be loaded. What is wrong with a pulled image there is wrong with the
/// archive here.
fn unloadable(path: &Path, error: Error) -> Error {
    let mut error = error.about(&format!("load images from {}", path.display()));
    if matches!(error.code, ErrorCode::ImagePullFailed | ErrorCode::ImageCorrupt) {
        error.code = ErrorCode::ImageArchiveInvalid;
    }
    if error.code == ErrorCode::ImageArchiveInvalid {
        let path = json!(path.display().to_string());
        match &mut error.details {
            Value::Object(details) => {
                details.insert("path".to_owned(), path);
            }
            other => *other = json!({ "path": path }),
        }
    }
    error
}

//! Reads an image's layers into the store, and puts them together there.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};

use boundary::error::{Error, ErrorCode};
use boundary::sync::lock;
use boundary::task::joined;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox_image::{
    CachedImageMetadata, CachedLayerMetadata, Digest, GlobalCache, ImageConfig, ImageError,
    Platform, Reference, Registry, RootfsMaterialization,
};
use microsandbox_layers::{
    ImageLayer, LayerError, LayerSource, Limits, StoredLayer, possible_ids, read_image, resolve,
};
use tokio_util::sync::CancellationToken;

use super::layer_error::from_layer;
use super::progress::{Progress, PullProgress};

/// How much of a layer is read between two reports.
pub const REPORT_BYTES: u64 = 256 * 1024;

/// An image whose documents are here, and whose layers' blobs can be opened.
#[derive(Debug)]
pub struct FoundImage {
    pub manifest_digest: String,
    pub manifest: Vec<u8>,
    pub config: Vec<u8>,
    /// From the bottom up.
    pub layers: Vec<FoundLayer>,
}

/// A layer of an image, before it is read.
#[derive(Debug)]
pub struct FoundLayer {
    pub diff_id: Digest,
    /// The digest of the blob.
    pub digest: String,
    pub media_type: String,
    /// The blob's size.
    pub size: Option<u64>,
}

/// A layer's blob, to be read from its start.
pub struct Blob<'a> {
    pub content: Box<dyn Read + Send + 'a>,
    pub size: u64,
}

/// Where the blobs of an image come from. Called from several threads, which may wait.
pub trait Blobs: Send + Sync + 'static {
    fn open(&self, layer: usize) -> Result<Blob<'_>, Error>;

    /// Hears that no blobs are needed any more.
    fn ended(&self) {}
}

/// What it takes to put an image into the store.
pub struct Install<'a> {
    /// A scope of the cache, which keeps what is read from being pruned while it lives.
    pub cache: &'a GlobalCache,
    pub image: Arc<FoundImage>,
    pub references: &'a [Reference],
    /// The form that the image is needed in.
    pub materialization: RootfsMaterialization,
    pub progress: &'a Progress,
    pub cancel: &'a CancellationToken,
}

impl Install<'_> {
    /// Reads the layers that are not there, puts them together, and writes down what the
    /// references mean. Layers that were complete when this fails stay for the next attempt.
    pub async fn run(self, blobs: impl Blobs) -> Result<CachedImageMetadata, Error> {
        self.lease().await?;
        let stored = self.read(blobs).await?;
        let metadata = metadata(&self.image, &stored)?;
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        self.put_together(&metadata, &stored).await.map_err(CoreError::from)?;
        for reference in self.references {
            let written = self.cache.write_image_metadata_async(reference, &metadata).await;
            written.map_err(CoreError::from)?;
        }
        Ok(metadata)
    }

    async fn lease(&self) -> Result<(), Error> {
        let digest = manifest_digest(&self.image)?;
        let diff_ids: Vec<_> = self.image.layers.iter().map(|it| it.diff_id.clone()).collect();
        let mut paths = vec![self.cache.fsmeta_erofs_path(&digest), self.cache.vmdk_path(&digest)];
        paths.extend(possible_ids(&diff_ids).iter().map(|id| self.cache.layer_erofs_path(id)));
        let references = self.references.iter();
        paths.extend(references.map(|reference| self.cache.image_metadata_path(reference)));
        self.cache.lease_paths_async(paths).await.map_err(CoreError::from)?;
        Ok(())
    }

    async fn read(&self, blobs: impl Blobs) -> Result<Vec<StoredLayer>, Error> {
        let (cache, image) = (self.cache.clone(), self.image.clone());
        let source = Source {
            blobs,
            image: image.clone(),
            progress: self.progress.clone(),
            cancel: self.cancel.clone(),
            failure: Mutex::default(),
        };
        let work = tokio::task::spawn_blocking(move || {
            let layer = |layer: &FoundLayer| ImageLayer {
                diff_id: layer.diff_id.clone(),
                media_type: Some(layer.media_type.clone()),
            };
            let layers: Vec<_> = image.layers.iter().map(layer).collect();
            let read = read_image(&cache, &layers, &source, &Limits::default());
            // What kept a blob from being opened says more than that it could not be.
            read.map_err(|error| lock(&source.failure).take().unwrap_or_else(|| from_layer(&error)))
        });
        joined(work.await)
    }

    /// Makes the files that sandboxes boot from, unless they are there.
    async fn put_together(
        &self,
        metadata: &CachedImageMetadata,
        stored: &[StoredLayer],
    ) -> Result<(), ImageError> {
        let digest: Digest = metadata.manifest_digest.parse()?;
        let registry = Registry::new(Platform::host_linux(), self.cache.clone())?;
        if self.materialization.includes_layered() {
            remove_outdated(self.cache, &digest, stored);
            if !self.cache.is_fsmeta_materialized(&digest) {
                self.progress.report(&PullProgress::Merging);
            }
            // Any reference does: all layers are there, so nothing is fetched.
            if let Some(reference) = self.references.first() {
                registry.materialize_cached_layers(reference, metadata, false).await?;
            }
        }
        if self.materialization.includes_flat() {
            let ids: Vec<_> = stored.iter().map(|layer| layer.id.clone()).collect();
            registry.materialize_flat_rootfs(&digest, &ids, false).await?;
        }
        Ok(())
    }
}

/// Removes what was made of other layers than these. It has the numbers of blocks in the layers'
/// files, so it would show wrong content above a layer that was lost and read again since.
fn remove_outdated(cache: &GlobalCache, manifest: &Digest, layers: &[StoredLayer]) {
    let (fsmeta, vmdk) = (cache.fsmeta_erofs_path(manifest), cache.vmdk_path(manifest));
    let modified = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let names = std::fs::read_to_string(&vmdk).ok();
    let is_of = |layer: &StoredLayer| {
        let is_named = names.as_ref().is_none_or(|names| names.contains(&layer.id.to_path_safe()));
        is_named && modified(&layer.path) <= modified(&fsmeta)
    };
    if !layers.iter().all(is_of) {
        // What is not there need not be removed, and the core makes both again.
        let _ = std::fs::remove_file(&vmdk);
        let _ = std::fs::remove_file(&fsmeta);
    }
}

fn manifest_digest(image: &FoundImage) -> Result<Digest, Error> {
    Ok(image.manifest_digest.parse().map_err(CoreError::from)?)
}

/// The layers' diff ids as digests. They become names of files, so nothing else is let through.
pub fn diff_ids(config: &resolve::Config) -> Result<Vec<Digest>, Error> {
    let parse = |id: &String| id.parse().map_err(|error| CoreError::from(error).into());
    config.diff_ids.iter().map(parse).collect()
}

/// What the core keeps about an image.
fn metadata(image: &FoundImage, stored: &[StoredLayer]) -> Result<CachedImageMetadata, Error> {
    let (config, _) = ImageConfig::parse(&image.config).map_err(CoreError::from)?;
    let layer = |(layer, stored): (&FoundLayer, &StoredLayer)| CachedLayerMetadata {
        digest: layer.digest.clone(),
        media_type: Some(layer.media_type.clone()),
        size_bytes: layer.size,
        diff_id: stored.id.to_string(),
    };
    Ok(CachedImageMetadata {
        manifest_digest: image.manifest_digest.clone(),
        config_digest: resolve::digest_of(&image.config),
        raw_manifest_json: text("manifest", &image.manifest)?,
        raw_config_json: text("configuration", &image.config)?,
        config,
        layers: std::iter::zip(&image.layers, stored).map(layer).collect(),
    })
}

fn text(what: &str, bytes: &[u8]) -> Result<String, Error> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let message = format!("The image's {what} is no UTF-8: {error}; build the image again");
        Error::new(ErrorCode::ImagePullFailed, message)
    })
}

/// The blobs of an image while its layers are read, with reports of how far that is.
struct Source<B> {
    blobs: B,
    image: Arc<FoundImage>,
    progress: Progress,
    cancel: CancellationToken,
    /// Why a blob could not be opened, the first time.
    failure: Mutex<Option<Error>>,
}

impl<B: Blobs> LayerSource for Source<B> {
    fn open(&self, layer: usize) -> microsandbox_layers::Result<Box<dyn Read + Send + '_>> {
        let blob = self.blobs.open(layer).map_err(|error| {
            lock(&self.failure).get_or_insert(error);
            LayerError::from(io::Error::other("the blob could not be opened"))
        })?;
        Ok(Box::new(Reported { source: self, layer, blob, read: 0, reported: 0 }))
    }

    fn stored(&self, layer: usize, _stored: &StoredLayer) {
        let diff_id = self.image.layers[layer].diff_id.to_string();
        self.progress.report(&PullProgress::Unpacked { layer, diff_id });
    }

    fn ended(&self) {
        self.blobs.ended();
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// A blob that reports how far it is read.
struct Reported<'a, B> {
    source: &'a Source<B>,
    layer: usize,
    blob: Blob<'a>,
    read: u64,
    reported: u64,
}

impl<B> Read for Reported<'_, B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.blob.content.read(buffer)?;
        self.read += count as u64;
        let is_due = self.read - self.reported >= REPORT_BYTES || self.read == self.blob.size;
        if count > 0 && is_due {
            self.reported = self.read;
            self.source.progress.report(&PullProgress::Unpacking {
                layer: self.layer,
                read_bytes: self.read,
                total_bytes: self.blob.size,
            });
        }
        Ok(count)
    }
}

/// Removes what [`microsandbox_layers`] had beside layers that a prune has removed.
pub fn remove_orphans(cache: &GlobalCache) {
    let entries = std::fs::read_dir(cache.layers_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let path = entry.path();
        let layer = path.with_extension("erofs");
        if path.extension().is_none_or(|extension| extension != "implied") || layer.exists() {
            continue;
        }
        // A process that stores the layer holds its lock.
        if let Ok(lock) = File::open(path.with_extension("erofs.lock"))
            && lock.try_lock().is_ok()
            && !layer.exists()
        {
            let _ = std::fs::remove_file(path);
        }
    }
}

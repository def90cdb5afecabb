//! Pulling images: `Image.pull`, and the first step of a create.

use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::time::Duration;

use boundary::error::{Error, ErrorCode};
use boundary::task::until_cancelled;
use microsandbox::config::RegistryOptions;
use microsandbox::{Backend, Image, LocalBackend, MicrosandboxError as CoreError};
use microsandbox_image::{
    CachedImageMetadata, GlobalCache, ImageError, Platform as CorePlatform, PullOptions,
    PullPolicy as CorePullPolicy, Reference, Registry, RootfsMaterialization,
};
use microsandbox_layers::resolve::Platform;

use super::downloads::Downloads;
use super::install::Install;
use super::progress::{Progress, PullProgress};
use super::registry::RegistryClient;
use crate::client::Request;
use crate::options::rootfs::parse_reference;

/// One image to pull.
pub struct Pull<'a> {
    pub reference: &'a str,
    pub policy: microsandbox::sandbox::PullPolicy,
    pub registry: RegistryOptions,
    /// The form that the image is needed in.
    pub materialization: RootfsMaterialization,
}

impl Pull<'_> {
    /// Makes sure that the image is here, as the policy says, and that the
    /// catalog knows it. While the returned value lives nobody prunes it.
    ///
    /// A pull that fails or is cancelled has stopped when this returns, and
    /// leaves no half of a layer. Whole layers stay for the next attempt.
    pub async fn run(
        self,
        request: &Request,
        local: &LocalBackend,
    ) -> Result<GlobalCache, Error> {
        let about = |error: CoreError| Error::from(error).about_image("pull", self.reference);
        let reference = parse_reference("reference", self.reference)?;
        let cache = GlobalCache::new_async(&local.cache_dir()).await.map_err(CoreError::from)?;
        let cache = cache.operation();
        let options = PullOptions {
            pull_policy: match self.policy {
                microsandbox::sandbox::PullPolicy::IfMissing => CorePullPolicy::IfMissing,
                microsandbox::sandbox::PullPolicy::Always => CorePullPolicy::Always,
                microsandbox::sandbox::PullPolicy::Never => CorePullPolicy::Never,
            },
            materialization: self.materialization,
            ..Default::default()
        };
        let found = until_cancelled(&request.cancel, cached(&cache, &reference, &options)).await?;
        let metadata = match found.map_err(|error| about(error.into()))? {
            Some(metadata) => metadata,
            None if options.pull_policy == CorePullPolicy::Never => {
                let reference = reference.to_string();
                return Err(about(ImageError::NotCached { reference }.into()));
            }
            None => {
                let connecting = RegistryClient::connect(
                    request.client.context.backend.get()?,
                    reference.clone(),
                    self.registry,
                );
                let client = until_cancelled(&request.cancel, connecting).await?.map_err(about)?;
                let fetching = fetch(request, &cache, client, &reference, &options);
                fetching.await.map_err(|error| match error.code {
                    ErrorCode::Cancelled => error,
                    _ => error.about_image("pull", self.reference),
                })?
            }
        };
        let layer_count = metadata.layers.len();
        let image = self.reference.to_owned();
        Progress::of(request).report(&PullProgress::Pulled { image, layer_count });
        Image::persist(local, self.reference, metadata).await?;
        Ok(cache)
    }
}

/// Looks for an image in the cache. Where it is not there in the form that it
/// is needed in, that is made from the other one: an image from an archive has
/// no registry that could be asked for it.
async fn cached(
    cache: &GlobalCache,
    reference: &Reference,
    options: &PullOptions,
) -> Result<Option<CachedImageMetadata>, ImageError> {
    let found = Registry::pull_cached_async(cache, reference, options).await?;
    if found.is_some() || options.materialization != RootfsMaterialization::Flat {
        return Ok(found.map(|(_, metadata)| metadata));
    }
    let layered =
        PullOptions { materialization: RootfsMaterialization::Layered, ..options.clone() };
    let found = Registry::pull_cached_async(cache, reference, &layered).await?;
    let Some((image, metadata)) = found else { return Ok(None) };
    Registry::new(CorePlatform::host_linux(), cache.clone())?
        .materialize_flat_rootfs(&image.manifest_digest, &image.layer_diff_ids, false)
        .await?;
    Ok(Some(metadata))
}

/// Fetches an image and reads its layers, unless another pull of the same reference did it in the
/// meantime.
async fn fetch(
    request: &Request,
    cache: &GlobalCache,
    client: RegistryClient,
    reference: &Reference,
    options: &PullOptions,
) -> Result<CachedImageMetadata, Error> {
    let _lock = lock_image(request, cache, reference).await?;
    let found = until_cancelled(&request.cancel, cached(cache, reference, options)).await?;
    if let Some(metadata) = found.map_err(CoreError::from)? {
        return Ok(metadata);
    }
    let progress = Progress::of(request);
    progress.report(&PullProgress::Resolving { image: reference.to_string() });
    let wanted = Platform::linux(std::env::consts::ARCH);
    let image = Arc::new(until_cancelled(&request.cancel, client.resolve(wanted)).await??);
    let sizes: Option<u64> = image.layers.iter().map(|layer| layer.size).sum();
    progress.report(&PullProgress::Resolved {
        image: reference.to_string(),
        manifest_digest: image.manifest_digest.clone(),
        layer_count: image.layers.len(),
        total_bytes: sizes.filter(|&total| total > 0),
    });
    let downloads = Downloads::start(client, image.clone(), cache, &progress, &request.cancel);
    let install = Install {
        cache,
        image,
        references: std::slice::from_ref(reference),
        materialization: options.materialization,
        progress: &progress,
        cancel: &request.cancel,
    };
    install.run(downloads).await
}

/// Waits until no other pull of the same reference runs, in any process. The core takes the same
/// lock for its own pulls.
async fn lock_image(
    request: &Request,
    cache: &GlobalCache,
    reference: &Reference,
) -> Result<File, Error> {
    let path = cache.image_lock_path(reference);
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(CoreError::from)?;
    let mut pause = Duration::from_millis(2);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(CoreError::from(error).into()),
            // No system reports that a lock of another process is free.
            Err(TryLockError::WouldBlock) => {
                until_cancelled(&request.cancel, tokio::time::sleep(pause)).await?;
                pause = (pause * 2).min(Duration::from_millis(100));
            }
        }
    }
}

/// The backend of this machine. Elsewhere there are no images to work with.
pub fn local<'a>(
    backend: &'a Arc<dyn Backend>,
    action: &str,
) -> Result<&'a LocalBackend, Error> {
    backend.as_local().ok_or_else(|| {
        Error::new(
            ErrorCode::Unsupported,
            format!("Cannot {action} in the cloud: it keeps its images to itself"),
        )
    })
}

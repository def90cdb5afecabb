//! Pulling images: `Image.pull`, and the first step of a create.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use boundary::error::{Error, ErrorCode};
use boundary::json::encode;
use boundary::task::{joined, on_blocking_thread, until_cancelled};
use bytes::Bytes;
use microsandbox::config::RegistryOptions;
use microsandbox::{Backend, Image, LocalBackend, MicrosandboxError as CoreError};
use microsandbox_image::{
    CachedImageMetadata, GlobalCache, ImageError, Platform, PullOptions,
    PullPolicy as CorePullPolicy, Reference, Registry, RootfsMaterialization,
};
use tokio_util::sync::CancellationToken;

use super::progress::PullProgress;
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
        if let Some(metadata) = found.map_err(|error| about(error.into()))? {
            let layer_count = metadata.layers.len();
            let event = PullProgress::Pulled { image: self.reference.to_owned(), layer_count };
            request.client.emit(request.id, encode(&event)?, Bytes::new());
        } else {
            let backend = request.client.context.backend.get()?;
            let registry = connection(backend, &cache, &reference, self.registry);
            let registry = until_cancelled(&request.cancel, registry).await?.map_err(about)?;
            let fetched = fetch(request, &cache, registry, &reference, options).await?;
            fetched.map_err(|error| about(error.into()))?;
        }
        let metadata = cache.read_image_metadata_async(&reference).await.map_err(CoreError::from)?;
        if let Some(metadata) = metadata {
            Image::persist(local, self.reference, metadata).await?;
        }
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
    Registry::new(Platform::host_linux(), cache.clone())?
        .materialize_flat_rootfs(&image.manifest_digest, &image.layer_diff_ids, false)
        .await?;
    Ok(Some(metadata))
}

/// The way to an image's registry: as the options say, else as the user's
/// configuration, the keyring or Docker's configuration file say. The last two
/// may start a program, or ask the user.
async fn connection(
    backend: Arc<dyn Backend>,
    cache: &GlobalCache,
    reference: &Reference,
    options: RegistryOptions,
) -> Result<Registry, CoreError> {
    let host = reference.registry().to_owned();
    let config = on_blocking_thread(async move {
        match backend.as_local() {
            Some(local) => local.registry_config(&host, options).await,
            None => Err(CoreError::Runtime("only this machine pulls images".to_owned())),
        }
    });
    let config = config.await?;
    let registry = Registry::builder(Platform::host_linux(), cache.clone())
        .auth(config.auth)
        .extra_ca_certs(config.ca_certs)
        .add_insecure_registries(config.insecure_registries);
    Ok(registry.build()?)
}

/// Fetches and unpacks an image, and reports how far it is.
async fn fetch(
    request: &Request,
    cache: &GlobalCache,
    registry: Registry,
    reference: &Reference,
    options: PullOptions,
) -> Result<Result<(), ImageError>, Error> {
    let mut running = Running::enter(cache);
    let (client, id, cancel) = (request.client.clone(), request.id, request.cancel.clone());
    let reference = reference.clone();
    let pull = async move {
        let (mut progress, task) = registry.pull_with_progress(&reference, &options);
        while let Some(event) = progress.recv().await {
            if let Some(event) = PullProgress::from_core(event) {
                client.emit(id, encode(&event)?, Bytes::new());
            }
        }
        Ok::<_, Error>(joined(task.await).map(drop))
    };
    let work = tokio::task::spawn_blocking(move || run_alone(pull, &cancel));
    let result = joined(work.await).map_err(CoreError::from)???;
    running.has_failed = result.is_err();
    Ok(result)
}

/// Runs a pull on a runtime of its own.
///
/// The core fetches each layer in a task that nobody can reach from outside,
/// and that goes on when the pull is dropped. Ending their runtime ends them
/// all, and waits until they have.
fn run_alone<T>(
    pull: impl Future<Output = T>,
    cancel: &CancellationToken,
) -> std::io::Result<Result<T, Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("microsandbox-pull")
        .thread_stack_size(boundary::task::STACK_SIZE)
        .build()?;
    Ok(runtime.block_on(until_cancelled(cancel, pull)))
}

/// The pulls of this process that run, by cache.
static RUNNING: LazyLock<Mutex<HashMap<PathBuf, Pulls>>> = LazyLock::new(Default::default);

struct Pulls {
    count: usize,
    /// When the first of them began.
    since: SystemTime,
    /// Whether one of them has failed.
    have_failed: bool,
}

/// A pull that runs. When the last one ends, it removes what those that failed
/// have left: pulls share files, so none can do that while another runs.
struct Running {
    cache: GlobalCache,
    has_failed: bool,
}

impl Running {
    fn enter(cache: &GlobalCache) -> Self {
        let mut running = lock_running();
        let pulls = running.entry(cache.tmp_dir().to_owned()).or_insert_with(|| Pulls {
            count: 0,
            // File systems round the times of files down.
            since: SystemTime::now() - Duration::from_secs(2),
            have_failed: false,
        });
        pulls.count += 1;
        // Until it is known to have succeeded.
        Self { cache: cache.clone(), has_failed: true }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = lock_running();
        let Some(pulls) = running.get_mut(self.cache.tmp_dir()) else { return };
        pulls.count -= 1;
        pulls.have_failed |= self.has_failed;
        if pulls.count > 0 {
            return;
        }
        if pulls.have_failed {
            remove_leftovers(&self.cache, pulls.since);
        }
        running.remove(self.cache.tmp_dir());
    }
}

fn lock_running() -> MutexGuard<'static, HashMap<PathBuf, Pulls>> {
    RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Removes the parts of layers that were written since `since`.
///
/// The core would take them up again, and fails for good when a registry sent
/// less than it had announced. Nothing of the core's ever removes them.
fn remove_leftovers(cache: &GlobalCache, since: SystemTime) {
    let (tmp, layers) = (cache.tmp_dir(), cache.layers_dir());
    let written = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter(move |entry| {
            entry.metadata().and_then(|data| data.modified()).is_ok_and(|time| time >= since)
        })
    };
    for entry in written(tmp).chain(written(layers)) {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        // The longer endings first: each has a lock of its own.
        let lock = if let Some(layer) = name.strip_suffix(".erofs.part") {
            layers.join(format!("{layer}.erofs.lock"))
        } else if let Some(layer) = name.strip_suffix(".spool") {
            layers.join(format!("{layer}.erofs.lock"))
        } else if let Some(blob) = name.strip_suffix(".part").or(name.strip_suffix(".tar.gz")) {
            tmp.join(format!("{blob}.download.lock"))
        } else {
            continue;
        };
        // Another process that works on the same layer holds its lock.
        if let Ok(lock) = File::open(lock)
            && lock.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
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

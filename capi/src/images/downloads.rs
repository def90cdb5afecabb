//! The blobs of an image's layers, fetched side by side while others are read.

use std::fs::File;
use std::io::Seek;
use std::sync::{Arc, Mutex};

use boundary::error::Error;
use boundary::sync::lock;
use boundary::task::until_cancelled;
use microsandbox::MicrosandboxError as CoreError;
use microsandbox_image::GlobalCache;
use microsandbox_layers::possible_ids;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::install::{Blob, Blobs, FoundImage};
use super::progress::Progress;
use super::registry::RegistryClient;

/// How many blobs are fetched at once.
const MAX_DOWNLOADS: usize = 8;

/// The blobs of an image while they are fetched, side by side.
pub struct Downloads {
    shared: Arc<Shared>,
    runtime: tokio::runtime::Handle,
    tasks: Mutex<JoinSet<()>>,
    /// The blobs that are on their way, by layer.
    awaited: Mutex<Vec<Option<oneshot::Receiver<Option<File>>>>>,
}

/// What the tasks that fetch blobs have in common.
struct Shared {
    client: RegistryClient,
    image: Arc<FoundImage>,
    cache: GlobalCache,
    progress: Progress,
    /// Fires when nothing is needed any more.
    stop: CancellationToken,
    places: Semaphore,
    /// Why the first blob that failed did: the others are given up for it.
    failure: Mutex<Option<Error>>,
}

impl Downloads {
    /// Begins to fetch the blobs of all layers that seem to be missing.
    pub fn start(
        client: RegistryClient,
        image: Arc<FoundImage>,
        cache: &GlobalCache,
        progress: &Progress,
        cancel: &CancellationToken,
    ) -> Self {
        let diff_ids: Vec<_> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let ids = possible_ids(&diff_ids);
        let (own, above) = ids.split_at(diff_ids.len());
        let shared = Shared {
            client,
            image,
            cache: cache.clone(),
            progress: progress.clone(),
            stop: cancel.child_token(),
            places: Semaphore::new(MAX_DOWNLOADS),
            failure: Mutex::default(),
        };
        let downloads = Self {
            shared: Arc::new(shared),
            runtime: tokio::runtime::Handle::current(),
            tasks: Mutex::default(),
            awaited: Mutex::default(),
        };
        let awaited = std::iter::zip(own, above).enumerate().map(|(layer, (own, above))| {
            let is_there = cache.is_layer_materialized(own) || cache.is_layer_materialized(above);
            (!is_there).then(|| downloads.begin(layer))
        });
        let awaited = awaited.collect();
        *lock(&downloads.awaited) = awaited;
        downloads
    }

    fn begin(&self, layer: usize) -> oneshot::Receiver<Option<File>> {
        let (sender, receiver) = oneshot::channel();
        let shared = self.shared.clone();
        let work = async move {
            let download = async {
                let _place = shared.places.acquire().await;
                let found = &shared.image.layers[layer];
                shared.client.download(layer, found, &shared.cache, &shared.progress).await
            };
            if let Ok(downloaded) = until_cancelled(&shared.stop, download).await {
                let file = downloaded.map_err(|error| {
                    lock(&shared.failure).get_or_insert(error);
                    shared.stop.cancel();
                });
                // A layer that another process has stored in the meantime is not awaited.
                let _ = sender.send(file.ok());
            }
        };
        lock(&self.tasks).spawn_on(work, &self.runtime);
        receiver
    }
}

impl Blobs for Downloads {
    fn open(&self, layer: usize) -> Result<Blob<'_>, Error> {
        let awaited = lock(&self.awaited)[layer].take();
        let awaited = awaited.unwrap_or_else(|| self.begin(layer));
        let Ok(Some(mut file)) = awaited.blocking_recv() else {
            return Err(lock(&self.shared.failure).take().unwrap_or_else(Error::cancelled));
        };
        file.rewind().map_err(CoreError::from)?;
        let size = file.metadata().map_err(CoreError::from)?.len();
        Ok(Blob { content: Box::new(file), size })
    }

    fn ended(&self) {
        self.shared.stop.cancel();
    }
}

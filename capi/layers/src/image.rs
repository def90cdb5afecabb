//! All layers of an image: their blobs are scanned side by side, and applied in order.

use std::collections::HashMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use microsandbox_image::{Digest, GlobalCache};

use crate::apply::apply_layer;
use crate::error::{LayerError, LayerErrorCode, Result};
use crate::limits::Limits;
use crate::lower::Lower;
use crate::scan::{ScannedLayer, scan_layer};
use crate::store::{StoredLayer, find_layer, possible_ids, store_layer};

/// How many blobs are scanned at once, where there are as many processors.
const MAX_SCANS: usize = 4;

/// How many layers may be scanned before those below are stored.
const MAX_AHEAD: usize = 8;

/// A layer of an image, from the bottom up.
#[derive(Clone, Debug)]
pub struct ImageLayer {
    pub diff_id: Digest,
    pub media_type: Option<String>,
}

/// Where blobs come from, and what hears how far it is. Called from several threads.
pub trait LayerSource: Sync {
    /// Opens a layer's blob.
    fn open(&self, layer: usize) -> Result<Box<dyn Read + Send + '_>>;

    /// Hears that a layer is in the store.
    fn stored(&self, _layer: usize, _stored: &StoredLayer) {}

    /// Hears that no more layers are read, so that nothing waits in `open` for blobs any more.
    fn ended(&self) {}

    /// Returns whether the caller has cancelled the work.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Reads all layers of an image into the store, those that are not there already.
///
/// Blocks, so asynchronous callers use a thread for it. The caller holds a lease of the cache for
/// [`possible_ids`], and keeps it until the image's metadata are written.
pub fn read_image(
    cache: &GlobalCache,
    layers: &[ImageLayer],
    source: &dyn LayerSource,
    limits: &Limits,
) -> Result<Vec<StoredLayer>> {
    let scans = Scans {
        cache,
        layers,
        source,
        limits,
        next: AtomicUsize::new(0),
        stored: AtomicUsize::new(0),
        has_stopped: AtomicBool::new(false),
        results: Mutex::default(),
        has_more: Condvar::new(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let _stop = StopAtEnd(&scans);
        for _ in 0..threads.min(MAX_SCANS).min(layers.len()) {
            scope.spawn(|| scans.work());
        }
        let mut lower = Lower::new();
        let mut stored = Vec::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            let done = scans
                .store(index, &mut lower)
                .map_err(|error| error.in_layer(layer.diff_id.to_string()))?;
            source.stored(index, &done);
            scans.stored.fetch_add(1, Ordering::Relaxed);
            scans.wake();
            lower.push(layer.diff_id.clone(), done.path.clone());
            stored.push(done);
        }
        Ok(stored)
    })
}

/// The blobs of an image while they are scanned.
struct Scans<'a> {
    cache: &'a GlobalCache,
    layers: &'a [ImageLayer],
    source: &'a dyn LayerSource,
    limits: &'a Limits,
    /// The first layer that no thread has taken.
    next: AtomicUsize,
    /// How many layers are stored.
    stored: AtomicUsize,
    has_stopped: AtomicBool,
    /// `None` is a layer that seemed to be there.
    results: Mutex<HashMap<usize, Option<Result<ScannedLayer>>>>,
    has_more: Condvar,
}

impl Scans<'_> {
    /// Scans one layer after another, until another thread has taken the last one.
    fn work(&self) {
        let ids: Vec<Digest> = self.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let ids = possible_ids(&ids);
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.layers.len() || self.has_stopped.load(Ordering::Relaxed) {
                return;
            }
            let seems_there = [index, index + self.layers.len()]
                .iter()
                .any(|&place| self.cache.is_layer_materialized(&ids[place]));
            if !self.has_turn(index) {
                return;
            }
            // A thread that panics would leave the layer waited for without end.
            let result = (!seems_there).then(|| {
                let scanned = catch_unwind(AssertUnwindSafe(|| self.scan(index)));
                scanned.unwrap_or_else(|_| Err(LayerError::new(LayerErrorCode::Io, "made its reader fail")))
            });
            self.results().insert(index, result);
            self.has_more.notify_all();
        }
    }

    /// Waits until few enough scanned layers wait to be stored, and returns whether
    /// there is still anything to do. An image may have any number of layers, and
    /// each that is scanned takes room on the disk.
    fn has_turn(&self, index: usize) -> bool {
        let mut results = self.results();
        while index >= self.stored.load(Ordering::Relaxed) + MAX_AHEAD {
            if self.has_stopped.load(Ordering::Relaxed) {
                return false;
            }
            let waited = self.has_more.wait(results);
            results = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        true
    }

    /// Lets the next layers be scanned, or the threads end.
    fn wake(&self) {
        // With the lock, or a thread that is about to wait would miss it.
        drop(self.results());
        self.has_more.notify_all();
    }

    fn scan(&self, index: usize) -> Result<ScannedLayer> {
        let layer = &self.layers[index];
        let blob = Stoppable {
            blob: self.source.open(index)?,
            has_stopped: &self.has_stopped,
            source: self.source,
        };
        let directory = self.cache.tmp_dir();
        let scanned = scan_layer(blob, layer.media_type.as_deref(), directory, self.limits)?;
        scanned.expect_diff_id(&layer.diff_id)?;
        Ok(scanned)
    }

    fn store(&self, index: usize, lower: &mut Lower) -> Result<StoredLayer> {
        let scanned = self.wait_for(index)?;
        if self.source.is_cancelled() {
            return Err(cancelled());
        }
        if let Some(stored) = find_layer(self.cache, &self.layers[index].diff_id, lower)? {
            return Ok(stored);
        }
        // It was there, but not made for the layers below.
        let scanned = scanned.map_or_else(|| self.scan(index), Ok)?;
        let tree = apply_layer(scanned, lower, self.cache.tmp_dir(), self.limits)?;
        store_layer(self.cache, tree, lower)
    }

    fn wait_for(&self, index: usize) -> Result<Option<ScannedLayer>> {
        let mut results = self.results();
        loop {
            if let Some(result) = results.remove(&index) {
                return result.transpose();
            }
            let waited = self.has_more.wait(results);
            results = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    fn results(&self) -> MutexGuard<'_, HashMap<usize, Option<Result<ScannedLayer>>>> {
        self.results.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn cancelled() -> LayerError {
    LayerError::new(LayerErrorCode::Cancelled, "is not wanted any more")
}

/// Has the other threads stop, however the image ends.
struct StopAtEnd<'a>(&'a Scans<'a>);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.has_stopped.store(true, Ordering::Relaxed);
        self.0.wake();
        self.0.source.ended();
    }
}

/// A blob that ends in an error when the work was cancelled.
struct Stoppable<'a> {
    blob: Box<dyn Read + Send + 'a>,
    has_stopped: &'a AtomicBool,
    source: &'a dyn LayerSource,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.has_stopped.load(Ordering::Relaxed) || self.source.is_cancelled() {
            return Err(cancelled().into());
        }
        self.blob.read(buffer)
    }
}

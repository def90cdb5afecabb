//! Stacks of layers in a store of their own, read by us.

use microsandbox_image::tree::FileTree;
use microsandbox_image::{Digest, GlobalCache, merge_erofs_layers};
use microsandbox_layers::{
    LayerError, LayerRequest, LayerTree, Limits, Lower, StoredLayer, apply_layer, read_layer,
    scan_layer,
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::Member;
use super::listing::{Listing, listing};

pub struct Store {
    pub folder: TempDir,
    pub cache: GlobalCache,
    pub limits: Limits,
}

pub fn diff_id(tar: &[u8]) -> Digest {
    Digest::new("sha256", hex::encode(Sha256::digest(tar)))
}

impl Store {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = GlobalCache::new(folder.path()).unwrap();
        Self { folder, cache, limits: Limits::default() }
    }

    /// Reads tars as the layers of an image, from the bottom up.
    pub fn read(&self, tars: &[Vec<u8>]) -> Result<Vec<StoredLayer>, LayerError> {
        let mut lower = Lower::new();
        tars.iter()
            .map(|tar| {
                let request =
                    LayerRequest { diff_id: &diff_id(tar), media_type: None, limits: &self.limits };
                read_layer(&self.cache, tar.as_slice(), request, &mut lower)
            })
            .collect()
    }

    /// What the core makes of stored layers together.
    pub fn merged(&self, layers: &[StoredLayer]) -> FileTree {
        let paths: Vec<_> = layers.iter().map(|layer| &layer.path).collect();
        merge_erofs_layers(&paths, &self.folder.path().join("spool")).unwrap()
    }
}

/// What layers show together, after having been stored.
pub fn image(layers: &[&[Member]]) -> Result<Listing, LayerError> {
    let tars: Vec<_> = layers.iter().map(|members| super::tar(members)).collect();
    let store = Store::new();
    let stored = store.read(&tars)?;
    Ok(listing(&store.merged(&stored)))
}

/// One layer by itself, not stored.
pub fn layer(members: &[Member]) -> Result<LayerTree, LayerError> {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let scanned = scan_layer(super::tar(members).as_slice(), None, folder.path(), &limits)?;
    apply_layer(scanned, &mut Lower::new(), folder.path(), &limits)
}

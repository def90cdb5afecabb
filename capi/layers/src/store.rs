//! The last step of reading a layer: it is written into the core's store, under the core's name
//! and lock, so that the core takes it for one of its own.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use microsandbox_image::erofs::{ErofsError, write_erofs};
use microsandbox_image::{Digest, GlobalCache};
use microsandbox_utils::process_lock;
use sha2::{Digest as _, Sha256};

use crate::apply::{Implied, LayerTree, apply_layer, is_plain};
use crate::error::{LayerError, Result};
use crate::limits::Limits;
use crate::lower::{Lower, LowerDir, LowerNode};
use crate::path;
use crate::scan::scan_layer;
use crate::warning::Warning;

/// What a layer is called beside its EROFS file: what other layers below could change about it.
const IMPLIED_SUFFIX: &str = "implied";

/// What the records there start with.
const HIDES_ALL: &[u8] = b"h";
const IMPLIED: &[u8] = b"i";
const THINNED: &[u8] = b"t";

/// A layer that an image asks for.
#[derive(Clone, Copy, Debug)]
pub struct LayerRequest<'a> {
    /// The digest of the unpacked layer, as the image's configuration has it.
    pub diff_id: &'a Digest,
    /// The media type that the manifest has for the blob.
    pub media_type: Option<&'a str>,
    pub limits: &'a Limits,
}

/// A layer in the store.
#[derive(Debug)]
pub struct StoredLayer {
    /// What the core finds the layer by. This is the diff id, unless the layers below made another
    /// tree of this one than those of other images would: then it is a digest of them all.
    pub id: Digest,
    pub path: PathBuf,
    /// Whether the layer was there already.
    pub is_reused: bool,
    /// What could not be kept.
    pub warnings: Vec<Warning>,
}

/// Finds a layer in the store that was made before, of the same layers below if that matters.
///
/// The caller holds a lease of the cache for the image's layers, as for the core's own pulls.
pub fn find_layer(
    cache: &GlobalCache,
    diff_id: &Digest,
    lower: &mut Lower,
) -> Result<Option<StoredLayer>> {
    let own = id_above(diff_id, lower);
    for id in [diff_id, &own] {
        let fits = cache.is_layer_materialized(id)
            && (id == &own || fits_above(&implied_path(cache, id), lower)?);
        if fits {
            let path = cache.layer_erofs_path(id);
            let stored = StoredLayer { id: id.clone(), path, is_reused: true, warnings: vec![] };
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Reads a layer's blob into the store, unless the layer is there already. It is put on top of
/// `lower`, so that an image's layers are read one after another from the bottom up.
///
/// Blocks while another process has the layer in work, so asynchronous callers use a thread for
/// it. To have blobs read side by side, use [`scan_layer`], [`apply_layer`] and [`store_layer`].
pub fn read_layer(
    cache: &GlobalCache,
    blob: impl Read + Send,
    request: LayerRequest<'_>,
    lower: &mut Lower,
) -> Result<StoredLayer> {
    let read = || {
        if let Some(stored) = find_layer(cache, request.diff_id, lower)? {
            return Ok(stored);
        }
        let scanned = scan_layer(blob, request.media_type, cache.tmp_dir(), request.limits)?;
        scanned.expect_diff_id(request.diff_id)?;
        let tree = apply_layer(scanned, lower, cache.tmp_dir(), request.limits)?;
        store_layer(cache, tree, lower)
    };
    let stored = read().map_err(|error: LayerError| error.in_layer(request.diff_id.to_string()))?;
    lower.push(request.diff_id.clone(), stored.path.clone());
    Ok(stored)
}

/// Writes a layer into the store, unless another one did in the meantime.
pub fn store_layer(
    cache: &GlobalCache,
    layer: LayerTree,
    lower: &mut Lower,
) -> Result<StoredLayer> {
    let diff_id = layer.diff_id;
    if let Some(stored) = find_layer(cache, &diff_id, lower)? {
        return Ok(StoredLayer { warnings: layer.warnings, ..stored });
    }
    // A layer that the diff id names for one image may be there for another one, made of other
    // layers below. It is in use, so it stays as it is.
    let is_taken = cache.is_layer_materialized(&diff_id);
    let own = id_above(&diff_id, lower);
    let id = if layer.depends_on_lower || is_taken { own } else { diff_id };
    // Written in front of the lock, which others may wait for.
    let part = tempfile::Builder::new()
        .prefix(&format!("{}.", id.to_path_safe()))
        .suffix(".erofs.part")
        // With the permissions that the core's files have.
        .make_in(cache.tmp_dir(), |path| File::create_new(path))?
        .into_temp_path();
    write_erofs(&layer.tree, &part).map_err(writer_error)?;
    let lock = process_lock::open_lock_file(&cache.layer_erofs_lock_path(&id))?;
    process_lock::lock_exclusive(&lock)?;
    let path = cache.layer_erofs_path(&id);
    let is_reused = cache.is_layer_materialized(&id);
    if !is_reused {
        write_implied(&implied_path(cache, &id), &layer.implied)?;
        part.persist(&path).map_err(|error| error.error)?;
    }
    Ok(StoredLayer { id, path, is_reused, warnings: layer.warnings })
}

/// Returns all names that an image's layers may get, for leases on them.
pub fn possible_ids(diff_ids: &[Digest]) -> Vec<Digest> {
    let chains = (1..=diff_ids.len()).map(|length| id_of_chain(&diff_ids[..length]));
    diff_ids.iter().cloned().chain(chains).collect()
}

/// A name for a layer above these others, of the digests that it is made of.
fn id_above(diff_id: &Digest, lower: &Lower) -> Digest {
    id_of_chain(lower.diff_ids().chain([diff_id]))
}

fn id_of_chain<'d>(diff_ids: impl IntoIterator<Item = &'d Digest>) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(b"layer above others\0");
    for diff_id in diff_ids {
        hasher.update(diff_id.to_string().as_bytes());
        hasher.update(b"\0");
    }
    Digest::new("sha256", hex::encode(hasher.finalize()))
}

fn implied_path(cache: &GlobalCache, id: &Digest) -> PathBuf {
    cache.layer_erofs_path(id).with_extension(IMPLIED_SUFFIX)
}

/// Writes what other layers below could change, or removes what an earlier layer left there.
fn write_implied(path: &Path, implied: &Implied) -> io::Result<()> {
    if implied == &Implied::default() {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let mark = |mark: &'static [u8], paths: &[Vec<u8>]| -> Vec<Vec<u8>> {
        paths.iter().map(|path| [mark, path].concat()).collect()
    };
    let records = [
        if implied.hides_all { vec![HIDES_ALL.to_vec()] } else { Vec::new() },
        mark(IMPLIED, &implied.directories),
        mark(THINNED, &implied.thinned),
    ];
    std::fs::write(path, records.concat().join(&0))
}

/// Whether a layer that was made above other layers is right above these too.
fn fits_above(path: &Path, lower: &mut Lower) -> Result<bool> {
    let mut records = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut records)?,
        // The core's layers have none, and neither do those that say all themselves.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let root = lower.root()?;
    let fits = |record: &[u8]| match record.split_at_checked(1) {
        Some((IMPLIED, path)) => stays_plain(root, path),
        Some((THINNED, path)) => has_directory(root, path),
        // It hides all that was below then.
        _ => root.children.is_empty(),
    };
    Ok(records.split(|&byte| byte == 0).all(fits))
}

fn has_directory(root: &LowerDir, path: &[u8]) -> bool {
    path::components(path).try_fold(root, LowerDir::directory).is_some()
}

/// Whether lower layers have a directory of the usual kind at a path, or nothing.
fn stays_plain(root: &LowerDir, path: &[u8]) -> bool {
    let mut dir = root;
    for name in path::components(path) {
        match dir.children.get(name) {
            Some(LowerNode::Directory(child)) => dir = child,
            // A link leads elsewhere; anything else is replaced.
            Some(LowerNode::Other(_)) => return false,
            Some(LowerNode::File(_)) | None => return true,
        }
    }
    is_plain(dir)
}

fn writer_error(error: ErofsError) -> LayerError {
    match error {
        ErofsError::Io(error) => error.into(),
        other => LayerError::corrupt(format!("cannot be stored: {other}")),
    }
}

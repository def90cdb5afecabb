//! How much a layer may ask of this machine. A layer is input from strangers.

use crate::error::{LayerError, Result};

const GIB: u64 = 1 << 30;

/// Limits of one layer. Callers that trust an image may lift each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the layer's unpacked tar, and of its files with their holes.
    pub max_layer_bytes: u64,
    /// Bytes of one file, with its holes.
    pub max_file_bytes: u64,
    /// Entries of the tar.
    pub max_entries: u64,
    /// Unpacked bytes for each compressed one, for layers above `RATIO_FLOOR`.
    pub max_ratio: u64,
    /// Bytes of a name, a link's target, or all of an entry's extended headers.
    pub max_header_bytes: u64,
    /// Bytes of a path within the image.
    pub max_path_bytes: usize,
    /// Directories in a path.
    pub max_path_depth: usize,
    /// Pieces of one sparse file.
    pub max_sparse_pieces: usize,
}

/// Layers that unpack to less than this are harmless whatever their ratio is.
pub const RATIO_FLOOR: u64 = 4 * GIB;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_layer_bytes: 128 * GIB,
            max_file_bytes: 128 * GIB,
            max_entries: 1_000_000,
            max_ratio: 500,
            max_header_bytes: 1 << 20,
            max_path_bytes: 4096,
            max_path_depth: 256,
            max_sparse_pieces: 1_000_000,
        }
    }
}

impl Limits {
    /// Returns limits that refuse nothing but what the formats cannot hold.
    pub fn none() -> Self {
        Self {
            max_layer_bytes: u64::MAX,
            max_file_bytes: u64::MAX,
            max_entries: u64::MAX,
            max_ratio: u64::MAX,
            ..Self::default()
        }
    }

    pub(crate) fn check(limit: &'static str, what: &str, value: u64, allowed: u64) -> Result<()> {
        if value <= allowed {
            return Ok(());
        }
        Err(LayerError::limit(
            limit,
            format!(
                "{what} is {value}, which is more than the limit {limit} of {allowed}; raise the \
                 limit if you trust the image"
            ),
        ))
    }
}

//! Reads the layers of container images into the store of microsandbox.
//!
//! The core takes a layer that is in its store as it is, so this crate puts layers there: read from
//! blobs that the core's reader refuses or distorts, under the core's names and locks. See
//! `docs/images.md` for what it writes.
//!
//! - [`read_image`] reads all layers of an image, [`read_layer`] one; [`scan_layer`],
//!   [`apply_layer`] and [`store_layer`] are its steps.
//! - [`resolve`] finds the manifest for a platform, without fetching.
//! - [`archive`] reads what `docker save` and others write.

mod apply;
pub mod archive;
mod decompress;
mod error;
mod image;
mod limits;
mod lower;
mod path;
pub mod resolve;
mod scan;
mod spool;
mod store;
pub mod tar;
mod tree;
mod warning;

pub use apply::{LayerTree, apply_layer};
pub use decompress::{Compression, Decompressed};
pub use error::{LayerError, LayerErrorCode, Result};
pub use image::{ImageLayer, LayerSource, read_image};
pub use limits::Limits;
pub use lower::Lower;
pub use scan::{ScannedLayer, scan_layer};
pub use store::{LayerRequest, StoredLayer, find_layer, possible_ids, read_layer, store_layer};
pub use warning::{Warning, WarningKind};

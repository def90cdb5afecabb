//! Reads the layers of container images into the store of microsandbox.

mod apply;
pub mod archive;
mod decompress;
mod error;
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
pub use limits::Limits;
pub use lower::Lower;
pub use scan::{ScannedLayer, scan_layer};
pub use store::{LayerRequest, StoredLayer, find_layer, read_layer, store_layer};
pub use warning::{Warning, WarningKind};

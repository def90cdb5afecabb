//! Reads the layers of container images into the store of microsandbox.

mod decompress;
mod error;
mod limits;
pub mod tar;

pub use decompress::{Compression, Decompressed};
pub use error::{LayerError, LayerErrorCode, Result};
pub use limits::Limits;

//! Tar archives as GNU tar, bsdtar, Go and Python write them. Names are bytes, content is streamed.

mod header;
mod pax;
mod reader;
mod sparse;

pub use header::Kind;
pub use reader::{Entry, TarReader};
pub use sparse::Piece;

/// The unit that a tar is written in.
pub(crate) const BLOCK: usize = 512;

/// Whether these bytes start with a tar header, or with the zeros that end a tar.
pub(crate) fn looks_like_tar(first: &[u8]) -> bool {
    first
        .first_chunk::<BLOCK>()
        .is_some_and(|block| header::is_zero(block) || header::has_right_checksum(block))
}

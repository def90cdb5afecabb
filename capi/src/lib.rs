//! The C ABI of the microsandbox module for Deno and Bun: the functions in
//! `exports.rs`, which hand over to the rest of the crate.

mod client;
mod exports;
mod files;
#[cfg(test)]
mod generated;
mod images;
mod operations;
mod ops;
mod options;
mod sandboxes;
mod ssh;
#[cfg(test)]
#[path = "../tests/mod.rs"]
mod tests;

pub use boundary::frame::{MSB_FRAME_HEADER_LENGTH, MsbFrameHeader, MsbFrameKind};
pub use boundary::status::MsbStatus;
pub use exports::*;

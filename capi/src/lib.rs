//! The C ABI of the microsandbox module for Deno and Bun: the functions in
//! `exports.rs`, which hand over to the rest of the crate.

mod boundary;
mod client;
mod error;
mod exports;
mod files;
#[cfg(test)]
mod generated;
mod images;
mod json;
mod operations;
mod ops;
mod options;
mod process;
mod request;
mod sandboxes;
mod ssh;
mod stream;
mod task;

pub use exports::*;
pub use boundary::frame::{MSB_FRAME_HEADER_LENGTH, MsbFrameHeader, MsbFrameKind};
pub use boundary::status::MsbStatus;

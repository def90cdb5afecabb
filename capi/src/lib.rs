//! The C ABI of the microsandbox module for Deno and Bun: the functions in
//! `exports.rs`, which hand over to the rest of the crate.

mod backend;
mod client;
mod cloud_error;
mod error;
mod error_code;
mod exports;
mod files;
mod frame;
#[cfg(test)]
mod generated;
mod handle;
mod image_error;
mod ops;
mod process;
mod queue;
mod spare_connection;
mod ssh;
mod status;
mod stream;
mod wake;

pub use exports::*;
pub use frame::{MSB_FRAME_HEADER_LENGTH, MsbFrameHeader, MsbFrameKind};
pub use status::MsbStatus;

//! What the exported functions are made of: frames, statuses and the queue;
//! clients, handles and streams; the way from a request to its one completion.
//!
//! Nothing here knows the core but `error/core.rs`, which has a feature of its
//! own, so the rest builds in seconds and is tested under loom, Miri and a fuzzer.

pub mod check;
pub mod client;
pub mod error;
pub mod frame;
pub mod handles;
pub mod json;
pub mod operations;
pub mod ops;
pub mod outcome;
pub mod process;
pub mod queue;
mod reason;
pub mod request;
pub mod status;
pub mod stream;
pub mod sync;
pub mod task;
mod wake;

//! What operations on sandboxes have in common: what a boot needs and leaves,
//! and how a running sandbox is reached.

pub mod connection;
pub mod host;
pub mod new_sandbox;
pub mod progress;

//! What operations on sandboxes have in common: what a boot needs and leaves,
//! and how a running sandbox is reached.

pub mod connection;
pub mod host;
pub mod new_sandbox;
pub mod ports;
pub mod progress;
pub mod runtime;
pub mod target;
pub mod volumes;

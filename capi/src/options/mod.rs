//! What callers may write, how it is checked, and how the core gets it. Nothing
//! here asks the machine or the core for anything.

pub mod bindings;
pub mod command;
pub mod create;
pub mod form;
pub mod guest_flush;
pub mod init;
pub mod machine;
pub mod mounts;
pub mod network;
pub mod patch;
pub mod port;
pub mod registry;
pub mod rlimit;
pub mod rootfs;
pub mod secret;
pub mod secret_change;
pub mod volume;
pub mod vsock;

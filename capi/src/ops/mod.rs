//! The operations that a request can name, and the way to each.

pub mod agent;
pub mod backend;
pub mod command;
pub mod file;
pub mod fs;
pub mod image;
pub mod job;
pub mod logs;
pub mod metrics;
pub mod port;
pub mod process;
pub mod runtime;
pub mod sandbox;
pub mod snapshot;
pub mod ssh;
pub mod ssh_server;
pub mod storage;
pub mod volume;


//! SSH into a sandbox. It is spoken in this process; the guest needs no server
//! for it.
//!
//! Logins, commands and their terminals are served here. The core has a server
//! too, but it tells nobody whom it refused, and reports a command that a
//! signal ended as a success. What goes beyond commands, SFTP and forwarded
//! connections, is passed on to it.

pub mod client;
pub mod connection;
pub mod keys;
pub mod log;
pub mod process;
pub mod server;
mod session;
mod signal;

use std::fmt::Display;
use std::sync::Arc;

use boundary::error::{Error, ErrorCode};
use microsandbox::Sandbox;
use russh::keys::PublicKey;

use self::log::Log;

/// Who may log in to which sandbox, and as whom.
pub struct Settings {
    /// What clients log in to.
    pub sandbox: Arc<Sandbox>,
    /// The keys of those who may.
    pub authorized_keys: Vec<PublicKey>,
    /// The guest user for all of them. Without one it is whom they ask for.
    pub user: Option<String>,
    /// Whether they may use SFTP.
    pub sftp: bool,
    /// Who came, and who was refused.
    pub log: Log,
}

/// The error for a connection that could not be made, or broke.
pub fn ssh_error(action: &str, reason: impl Display) -> Error {
    Error::new(ErrorCode::SshError, format!("Cannot {action} over SSH: {reason}"))
}

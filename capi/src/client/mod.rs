//! The clients of this process, and what the operations know about each.

pub mod backend;
pub mod spare_connection;
pub mod volume_directories;

use std::sync::OnceLock;

use boundary::client::Clients;
use boundary::status::MsbStatus;
use serde::Deserialize;
use serde_json::Value;

use self::backend::BackendSource;
#[cfg(test)]
use self::backend::CloudOptions;
use self::volume_directories::VolumeDirectories;

/// The clients that are open in this process.
pub static CLIENTS: Clients<Context> = Clients::new();

/// One submitted operation.
pub type Request = boundary::request::Request<Context>;

/// What the operations know about a caller.
pub struct Context {
    /// Where sandboxes live.
    pub backend: BackendSource,
    /// Where that backend's volumes were found.
    pub volume_directories: VolumeDirectories,
}

/// What `msb_client_open` takes.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The directory that holds sandboxes, images, volumes and the runtime.
    /// Default: `MSB_HOME`, or `.microsandbox` in the user's home directory.
    pub home: Option<String>,
    /// The cloud to use instead of this machine; it cannot be given with `home`.
    /// Default: what the environment and the configuration of microsandbox say,
    /// which is this machine unless they name a cloud.
    #[cfg_attr(test, ts(as = "Option<CloudOptions>", optional))]
    pub cloud: Option<Value>,
}

impl Context {
    /// Reads the configuration that a client is opened with.
    pub fn read(config: &[u8]) -> Result<Self, MsbStatus> {
        let config: ClientConfig = match config {
            [] => ClientConfig::default(),
            json => serde_json::from_slice(json).map_err(|_| MsbStatus::InvalidConfig)?,
        };
        let backend = match config {
            ClientConfig { home: None, cloud: None } => BackendSource::Default,
            ClientConfig { home: Some(home), cloud: None } => BackendSource::Home(home),
            ClientConfig { home: None, cloud: Some(options) } => {
                BackendSource::Cloud { options, built: OnceLock::new() }
            }
            ClientConfig { home: Some(_), cloud: Some(_) } => return Err(MsbStatus::InvalidConfig),
        };
        Ok(Self { backend, volume_directories: VolumeDirectories::default() })
    }
}

//! Sockets of this machine that programs in a sandbox can connect to.

use std::collections::HashSet;

use boundary::check::{in_range, invalid};
use boundary::error::Error;
use microsandbox::sandbox::{SandboxBuilder, VsockRouteSpec, VsockSocketType};
use serde::{Deserialize, Serialize};

use super::form::mirror;

/// A socket of this machine that programs in a sandbox can connect to.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VsockRoute {
    /// The absolute path of a Unix socket of this machine; on Windows the
    /// local name of a pipe.
    pub host_socket: String,
    /// The port of CID 2, the host, that leads to it: from 1 to 4294967294.
    pub port: i64,
    /// The kind of socket. Default: `stream`.
    #[cfg_attr(test, ts(rename = "type"))]
    #[serde(rename = "type")]
    pub kind: Option<VsockType>,
}

/// The kind of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum VsockType {
    /// A stream of bytes.
    Stream,
    /// Datagrams, which may get lost. Not on Windows.
    Dgram,
}

mirror!(VsockType = microsandbox::sandbox::VsockSocketType { Stream Dgram });

/// Checks the routes and hands them to the core.
pub fn apply(routes: &[VsockRoute], mut builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
    /// The runtime sets the guest's clock through it.
    const CLOCK_PORT: u32 = 123;

    let mut seen = HashSet::new();
    for (index, route) in routes.iter().enumerate() {
        let path = format!("vsock[{index}]");
        let port: u32 = in_range(&format!("{path}.port"), route.port, 1..=i64::from(u32::MAX) - 1)?;
        let kind = route.kind.unwrap_or(VsockType::Stream);
        if kind == VsockType::Dgram && port == CLOCK_PORT {
            return Err(invalid(&format!("{path}.port"), "123 is the guest clock's, so take another one"));
        }
        if !seen.insert((kind, port)) {
            return Err(invalid(&format!("{path}.port"), format!("{port} leads to another socket already")));
        }
        if cfg!(unix) && !route.host_socket.starts_with('/') {
            let path = format!("{path}.hostSocket");
            return Err(invalid(&path, format!("{:?} is no absolute path", route.host_socket)));
        }
        builder = builder.vsock_route(VsockRouteSpec {
            host_socket: route.host_socket.clone().into(),
            port,
            socket_type: kind.into(),
        });
    }
    Ok(builder)
}

/// The options that make these routes.
pub fn from_core(routes: &[VsockRouteSpec]) -> Vec<VsockRoute> {
    routes
        .iter()
        .map(|route| VsockRoute {
            host_socket: route.host_socket.to_string_lossy().into_owned(),
            port: route.port.into(),
            kind: (route.socket_type != VsockSocketType::Stream).then(|| route.socket_type.into()),
        })
        .collect()
}

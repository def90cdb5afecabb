//! Ports of this machine that lead into a sandbox.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use boundary::check::{in_range, parsed, port};
use boundary::error::{Error, ErrorCode};
use microsandbox::sandbox::PublishedPortSpec;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::form::{forms, mirror};

/// A port of the guest, and where this machine listens for it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum PortOption {
    /// The guest's TCP port; this machine listens on any free one.
    GuestPort(i64),
    /// In full.
    Options(PortOptions),
}

forms!(PortOption, GuestPort, Options, "a port of the guest, or an object");

/// A port of the guest, and where this machine listens for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortOptions {
    /// The port in the guest, from 1 to 65535.
    pub guest_port: i64,
    /// The port of this machine, from 0 to 65535; 0 is any free one. Default:
    /// 0.
    pub host_port: Option<i64>,
    /// The protocol. Default: `tcp`.
    pub protocol: Option<PortProtocol>,
    /// The IP address of this machine to listen on; `0.0.0.0` is all, which
    /// lets other machines in. Default: `127.0.0.1`.
    pub host_address: Option<String>,
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PortProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

mirror!(PortProtocol = microsandbox::sandbox::PortProtocol { Tcp Udp });

/// A port of this machine that leads into a sandbox.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PublishedPort {
    /// The port in the guest.
    pub guest_port: u16,
    /// The port of this machine.
    pub host_port: u16,
    /// The protocol.
    pub protocol: PortProtocol,
    /// The IP address of this machine.
    pub host_address: String,
}

/// Where this machine listens for a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub protocol: PortProtocol,
    pub address: SocketAddr,
}

/// The ports as the core takes them, checked. `path` names their option.
pub fn to_core(ports: &[PortOption], path: &str) -> Result<Vec<PublishedPortSpec>, Error> {
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(ports.len());
    for (index, option) in ports.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (guest_port, Endpoint { protocol, address }) = option.check(&path)?;
        if address.port() != 0 && !seen.insert((protocol, address)) {
            return Err(boundary::check::invalid(
                &format!("{path}.hostPort"),
                format!("{address} leads to another port of the guest already"),
            ));
        }
        checked.push(PublishedPortSpec {
            host_port: address.port(),
            guest_port,
            protocol: protocol.into(),
            host_bind: address.ip().to_string(),
        });
    }
    Ok(checked)
}

/// Hands ports to one of the core's builders, which have these methods in
/// common, but no trait.
macro_rules! publish {
    ($builder:ident, $ports:expr, $path:expr) => {
        for port in $crate::options::port::to_core($ports, $path)? {
            let Ok(address) = port.host_bind.parse() else { continue };
            $builder = match port.protocol {
                microsandbox::sandbox::PortProtocol::Tcp => {
                    $builder.port_bind(address, port.host_port, port.guest_port)
                }
                microsandbox::sandbox::PortProtocol::Udp => {
                    $builder.port_udp_bind(address, port.host_port, port.guest_port)
                }
            };
        }
    };
}

pub(crate) use publish;

/// The ports of a sandbox.
pub fn published(ports: &[PublishedPortSpec]) -> Vec<PublishedPort> {
    ports
        .iter()
        .map(|port| PublishedPort {
            guest_port: port.guest_port,
            host_port: port.host_port,
            protocol: port.protocol.into(),
            host_address: port.host_bind.clone(),
        })
        .collect()
}

/// The options that make these ports.
pub fn from_core(ports: &[PublishedPortSpec]) -> Vec<PortOption> {
    published(ports)
        .into_iter()
        .map(|port| {
            PortOption::Options(PortOptions {
                guest_port: port.guest_port.into(),
                host_port: Some(port.host_port.into()),
                protocol: Some(port.protocol),
                host_address: Some(port.host_address),
            })
        })
        .collect()
}

impl PortOption {
    /// The port of the guest and where this machine listens for it.
    pub fn check(&self, path: &str) -> Result<(u16, Endpoint), Error> {
        match self {
            Self::GuestPort(guest_port) => {
                let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
                Ok((port(path, *guest_port)?, Endpoint { protocol: PortProtocol::Tcp, address }))
            }
            Self::Options(options) => options.check(path),
        }
    }
}

impl PortOptions {
    fn check(&self, path: &str) -> Result<(u16, Endpoint), Error> {
        let guest_port = port(&format!("{path}.guestPort"), self.guest_port)?;
        let host_port = self.host_port.unwrap_or(0);
        let host_port = in_range(&format!("{path}.hostPort"), host_port, 0..=u16::MAX.into())?;
        let address = self.host_address.as_deref();
        Ok((guest_port, Endpoint::check(path, host_port, self.protocol, address)?))
    }
}

impl Endpoint {
    /// Checks the address and fills in what was left out.
    pub fn check(
        path: &str,
        port: u16,
        protocol: Option<PortProtocol>,
        address: Option<&str>,
    ) -> Result<Self, Error> {
        let ip: IpAddr = match address {
            Some(text) => parsed(&format!("{path}.hostAddress"), text, "IP address")?,
            None => Ipv4Addr::LOCALHOST.into(),
        };
        let protocol = protocol.unwrap_or(PortProtocol::Tcp);
        Ok(Self { protocol, address: SocketAddr::new(ip, port) })
    }

}

/// The error for a port that this machine cannot listen on.
pub fn unavailable(path: &str, guest_port: u16, endpoint: Endpoint, error: &io::Error) -> Error {
    let Endpoint { protocol, address } = endpoint;
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "take a port of at least 1024, or run as an administrator",
        io::ErrorKind::AddrNotAvailable => "take an address that this machine has",
        _ => "take another one, or 0 for any free one",
    };
    Error::new(
        ErrorCode::PortUnavailable,
        format!("Cannot publish port {guest_port} of the guest on {address} ({error}): {remedy}"),
    )
    .with_details(json!({
        "path": path,
        "hostAddress": address.ip().to_string(),
        "hostPort": address.port(),
        "protocol": protocol,
    }))
}

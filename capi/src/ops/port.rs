//! Ports of this machine that lead into a sandbox.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use microsandbox::sandbox::{DeploymentProfile, PublishedPortSpec};
use microsandbox::{BackendKind, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Request;
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};
use crate::files::Files;
use crate::options::check::{MAX_SAFE_INTEGER, in_range, parsed, port};
use crate::options::form::{forms, mirror};

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

/// Which port of the guest to wait for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaitForPortOptions {
    /// The port in the guest, from 1 to 65535.
    pub port: i64,
    /// The protocol. Default: `tcp`.
    pub protocol: Option<PortProtocol>,
    /// Milliseconds to wait. Default: 60000.
    pub timeout_ms: Option<i64>,
}

/// Where this machine listens for a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub protocol: PortProtocol,
    pub address: SocketAddr,
}

/// Ports of sandboxes that this process is making and that do not listen on them
/// yet.
static LEASED: LazyLock<Mutex<HashSet<Endpoint>>> = LazyLock::new(Default::default);

/// Keeps other creates of this process away from ports until the sandbox
/// listens on them itself.
#[derive(Default)]
pub struct Leases(Vec<Endpoint>);

impl Drop for Leases {
    fn drop(&mut self) {
        let mut leased = leased();
        for endpoint in &self.0 {
            leased.remove(endpoint);
        }
    }
}

fn leased() -> MutexGuard<'static, HashSet<Endpoint>> {
    LEASED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The ports as the core takes them, checked. `path` names their option.
pub fn to_core(ports: &[PortOption], path: &str) -> Result<Vec<PublishedPortSpec>, Error> {
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(ports.len());
    for (index, option) in ports.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (guest_port, Endpoint { protocol, address }) = option.check(&path)?;
        if address.port() != 0 && !seen.insert((protocol, address)) {
            return Err(crate::options::check::invalid(
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
        for port in $crate::ops::port::to_core($ports, $path)? {
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

/// Chooses free ports where any will do, and makes sure that the others are
/// free unless `may_be_taken`. The core would start the sandbox without them
/// and only note that in a log. `path` names the option of the ports.
pub fn lease(ports: &mut [PortOption], path: &str, may_be_taken: bool) -> Result<Leases, Error> {
    let mut leases = Leases::default();
    for (index, option) in ports.iter_mut().enumerate() {
        let path = format!("{path}[{index}]");
        let (guest_port, mut endpoint) = option.check(&path)?;
        if endpoint.address.port() == 0 {
            endpoint = endpoint
                .any_free()
                .map_err(|error| unavailable(&path, guest_port, endpoint, &error))?;
            leases.0.push(endpoint);
        } else if !may_be_taken {
            if !leased().insert(endpoint) {
                let error = io::Error::new(io::ErrorKind::AddrInUse, "another sandbox is about to have it");
                return Err(unavailable(&path, guest_port, endpoint, &error));
            }
            leases.0.push(endpoint);
            endpoint.bind().map_err(|error| unavailable(&path, guest_port, endpoint, &error))?;
        }
        *option = PortOption::Options(PortOptions {
            guest_port: guest_port.into(),
            host_port: Some(endpoint.address.port().into()),
            protocol: Some(endpoint.protocol),
            host_address: Some(endpoint.address.ip().to_string()),
        });
    }
    Ok(leases)
}

/// Makes sure that a sandbox that has booted listens on its ports.
pub async fn verify(sandbox: &Sandbox) -> Result<(), Error> {
    /// The runtime starts to listen long before the guest is up.
    const PATIENCE: u32 = 20;
    const PACE: Duration = Duration::from_millis(50);

    if !matches!(sandbox.backend_kind(), BackendKind::Local) {
        return Ok(());
    }
    let spec = &sandbox.config().spec;
    // The machine's configuration decides, not the options.
    if spec.deployment_profile == DeploymentProfile::MultiTenant && !spec.network.ports.is_empty() {
        let reason = "this machine's configuration says multi-tenant, so no ports are published";
        return Err(crate::options::check::invalid("ports", reason));
    }
    for (index, port) in published(&spec.network.ports).iter().enumerate() {
        let Ok(ip) = port.host_address.parse() else { continue };
        let address = SocketAddr::new(ip, port.host_port);
        let endpoint = Endpoint { protocol: port.protocol, address };
        let mut attempts = 0;
        // It is there when nobody else can have it.
        while endpoint.bind().is_ok() {
            attempts += 1;
            if attempts > PATIENCE {
                let error = io::Error::other("somebody else took it meanwhile");
                return Err(unavailable(&format!("ports[{index}]"), port.guest_port, endpoint, &error));
            }
            tokio::time::sleep(PACE).await;
        }
    }
    Ok(())
}

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

/// `port.waitFor`: waits until a program in the guest listens.
///
/// The guest's kernel knows, so this works in every image and for ports that
/// are not published; a published one can be connected to from the start.
pub async fn wait_for(request: Request) -> Result<Outcome, Error> {
    const DEFAULT_TIMEOUT: i64 = 60_000;
    /// There is no event for it.
    const PACE: Duration = Duration::from_millis(100);

    let options: WaitForPortOptions = request.options()?;
    let port = port("port", options.port)?;
    let protocol = options.protocol.unwrap_or(PortProtocol::Tcp);
    let timeout = options.timeout_ms.unwrap_or(DEFAULT_TIMEOUT);
    let timeout = Duration::from_millis(in_range("timeoutMs", timeout, 1..=MAX_SAFE_INTEGER)?);
    let files = Files::of(&request, None).await?;
    let listening = async {
        while !is_listening(&files, protocol, port).await? {
            tokio::time::sleep(PACE).await;
        }
        Ok(Outcome::default())
    };
    tokio::time::timeout(timeout, listening).await.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorCode::WaitTimeout,
            format!(
                "No program in the sandbox listened on port {port} within {} ms: check that it \
                 starts, and what it says",
                timeout.as_millis()
            ),
        )
        .with_details(json!({ "port": port, "timeoutMs": timeout.as_millis() as u64 })))
    })
}

async fn is_listening(files: &Files, protocol: PortProtocol, port: u16) -> Result<bool, Error> {
    let tables = match protocol {
        PortProtocol::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        PortProtocol::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    for table in tables {
        match files.read(table).await {
            Ok(bytes) if has_listener(&String::from_utf8_lossy(&bytes), protocol, port) => return Ok(true),
            Ok(_) => {}
            // A guest without IPv6 has no second table.
            Err(failure) if failure.is(ErrorCode::NotFound) => {}
            Err(failure) => return Err(failure.at("read", table)),
        }
    }
    Ok(false)
}

/// Whether a table of the kernel's sockets has one that waits for others.
fn has_listener(table: &str, protocol: PortProtocol, port: u16) -> bool {
    // TCP's LISTEN, and the state of UDP sockets that are not connected.
    let state = match protocol {
        PortProtocol::Tcp => "0A",
        PortProtocol::Udp => "07",
    };
    let port = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_here = fields.next().is_some_and(|local| local.ends_with(&port));
        is_here && fields.nth(1) == Some(state)
    })
}

impl PortOption {
    fn check(&self, path: &str) -> Result<(u16, Endpoint), Error> {
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

    /// Binds it for a moment, and returns the address that it got.
    fn bind(self) -> io::Result<SocketAddr> {
        match self.protocol {
            PortProtocol::Tcp => TcpListener::bind(self.address)?.local_addr(),
            PortProtocol::Udp => UdpSocket::bind(self.address)?.local_addr(),
        }
    }

    /// The same address with a free port, which is this create's from now on.
    fn any_free(self) -> io::Result<Self> {
        loop {
            let endpoint = Self { address: self.bind()?, ..self };
            if leased().insert(endpoint) {
                return Ok(endpoint);
            }
        }
    }
}

fn unavailable(path: &str, guest_port: u16, endpoint: Endpoint, error: &io::Error) -> Error {
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

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n   \
        0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n   \
        1: 0100007F:01BB 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0\n";

    #[test]
    fn only_sockets_that_listen_count() {
        assert!(has_listener(TABLE, PortProtocol::Tcp, 8080));
        assert!(!has_listener(TABLE, PortProtocol::Tcp, 443));
        assert!(!has_listener(TABLE, PortProtocol::Tcp, 80));
        assert!(!has_listener("", PortProtocol::Tcp, 80));
    }

    #[test]
    fn no_two_leases_are_the_same() {
        let mut ports: Vec<_> = (0..50).map(|_| PortOption::GuestPort(80)).collect();
        let leases = lease(&mut ports, "ports", false).unwrap();
        assert_eq!(leases.0.iter().collect::<HashSet<_>>().len(), 50);
        // Nor is one that was chosen given to somebody who asks for it.
        let mut same = ports[..1].to_vec();
        let Err(error) = lease(&mut same, "ports", false) else { panic!("it was leased twice") };
        assert_eq!(error.code, ErrorCode::PortUnavailable);
        drop(leases);
        assert!(lease(&mut same, "ports", false).is_ok());
    }
}

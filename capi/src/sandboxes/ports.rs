//! Who has which port of this machine.

use std::collections::HashSet;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use boundary::error::Error;
use microsandbox::sandbox::DeploymentProfile;
use microsandbox::{BackendKind, Sandbox};

use crate::options::bindings::Bindings;
use crate::options::port::{
    Endpoint, PortOption, PortOptions, PortProtocol, published, unavailable,
};

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
        return Err(boundary::check::invalid("ports", reason));
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

impl Bindings {
    /// Settles which ports of this machine the sandbox gets.
    pub fn lease_ports(&mut self, path: &str) -> Result<Leases, Error> {
        let ports = self.ports.as_deref_mut().unwrap_or_default();
        lease(ports, &format!("{path}.ports"), false)
    }
}

impl Endpoint {
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

#[cfg(test)]
mod tests {
    use super::*;
    use boundary::error::ErrorCode;

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

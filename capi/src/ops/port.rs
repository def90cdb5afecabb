//! Waiting for a program in the guest to listen.

use std::time::Duration;

use boundary::check::{MAX_SAFE_INTEGER, in_range, port};
use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use serde::Deserialize;
use serde_json::json;

use crate::client::Request;
use crate::files::Files;
use crate::options::port::PortProtocol;

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
}

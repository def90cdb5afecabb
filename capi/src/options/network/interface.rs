//! The guest's network interface.

use boundary::check::{in_range, invalid, parsed};
use boundary::error::Error;
use microsandbox_network::config::InterfaceOverrides;
use serde::{Deserialize, Serialize};

use crate::options::form::given;

/// The guest's network interface. What is left out, the core chooses for each
/// sandbox so that no two get the same.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InterfaceOptions {
    /// The MAC address, such as `02:5a:7b:13:01:02`. Default: chosen.
    pub mac_address: Option<String>,
    /// The largest packet in bytes, from 68 to 65535. Default: 1500.
    pub mtu: Option<i64>,
    /// The IPv4 address. Default: one of `ipv4Pool`.
    pub ipv4_address: Option<String>,
    /// The block that a `/30` is taken from for the sandbox. Default:
    /// `172.16.0.0/12`.
    pub ipv4_pool: Option<String>,
    /// The IPv6 address. Default: one of `ipv6Pool`.
    pub ipv6_address: Option<String>,
    /// The block that a `/64` is taken from for the sandbox. Default:
    /// `fd42:6d73:62::/48`.
    pub ipv6_pool: Option<String>,
}

impl InterfaceOptions {
    pub fn to_core(&self) -> Result<InterfaceOverrides, Error> {
        let mut overrides = InterfaceOverrides::default();
        if let Some(mac) = &self.mac_address {
            overrides.mac = Some(mac_address("network.interface.macAddress", mac)?);
        }
        if let Some(mtu) = self.mtu {
            overrides.mtu = Some(in_range("network.interface.mtu", mtu, 68..=u16::MAX.into())?);
        }
        if let Some(address) = &self.ipv4_address {
            let path = "network.interface.ipv4Address";
            overrides.ipv4_address = Some(parsed(path, address, "IPv4 address")?);
        }
        if let Some(pool) = &self.ipv4_pool {
            let path = "network.interface.ipv4Pool";
            let pool = overrides.ipv4_pool.insert(parsed(path, pool, "IPv4 block")?);
            if pool.prefix() > 30 {
                return Err(invalid(path, format!("{pool} holds no /30, so take a larger block")));
            }
        }
        if let Some(address) = &self.ipv6_address {
            let path = "network.interface.ipv6Address";
            overrides.ipv6_address = Some(parsed(path, address, "IPv6 address")?);
        }
        if let Some(pool) = &self.ipv6_pool {
            let path = "network.interface.ipv6Pool";
            let pool = overrides.ipv6_pool.insert(parsed(path, pool, "IPv6 block")?);
            if pool.prefix() > 64 {
                return Err(invalid(path, format!("{pool} holds no /64, so take a larger block")));
            }
        }
        Ok(overrides)
    }

    pub fn from_core(overrides: &InterfaceOverrides) -> Option<Self> {
        given(Self {
            mac_address: overrides.mac.map(|mac| {
                mac.map(|byte| format!("{byte:02x}")).join(":")
            }),
            mtu: overrides.mtu.map(Into::into),
            ipv4_address: overrides.ipv4_address.map(|address| address.to_string()),
            ipv4_pool: overrides.ipv4_pool.map(|pool| pool.to_string()),
            ipv6_address: overrides.ipv6_address.map(|address| address.to_string()),
            ipv6_pool: overrides.ipv6_pool.map(|pool| pool.to_string()),
        })
    }
}

fn mac_address(path: &str, text: &str) -> Result<[u8; 6], Error> {
    let bytes: Option<Vec<u8>> = text
        .split([':', '-'])
        .map(|part| u8::from_str_radix(part, 16).ok().filter(|_| part.len() == 2))
        .collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .filter(|bytes: &[u8; 6]| bytes[0] & 1 == 0)
        .ok_or_else(|| {
            invalid(path, format!("{text:?} is no MAC address of one machine, such as 02:5a:7b:13:01:02"))
        })
}

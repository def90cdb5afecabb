//! A proxy between a sandbox and the network.

use boundary::check::invalid;
use boundary::error::Error;
use microsandbox::sandbox::{OutboundProxy, SecretSource};
use microsandbox_network::{OutboundProxyBuildError, OutboundProxyBuilder, OutboundProxyConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::options::secret::require_variable;

/// A proxy that all outgoing connections go through, except for those to this
/// machine. It is reached from this machine, so `127.0.0.1` is this machine's.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxyOptions {
    /// What it speaks. Only `socks5` also carries UDP, and the others block
    /// it.
    pub protocol: ProxyProtocol,
    /// Where it is: an IP address with a port, such as `127.0.0.1:1080`.
    pub address: String,
    /// The user's identity, for `socks4` only. Default: none.
    pub user_id: Option<String>,
    /// The user's name, for `http-connect` and `socks5`, with a
    /// `passwordFromEnv`. Default: none.
    pub username: Option<String>,
    /// The environment variable of this program that holds the password. It is
    /// read each time that the sandbox starts. Default: none.
    pub password_from_env: Option<String>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProxyProtocol {
    /// HTTP with the method CONNECT.
    HttpConnect,
    /// SOCKS version 4.
    Socks4,
    /// SOCKS version 5.
    Socks5,
}

impl ProxyOptions {
    pub fn to_core(&self) -> Result<OutboundProxy, Error> {
        let credentials = self.credentials()?;
        let builder = OutboundProxyBuilder::new();
        let address = self.address.as_str();
        match self.protocol {
            ProxyProtocol::HttpConnect => {
                let mut proxy = builder.http_connect(address);
                if let Some((username, password)) = credentials {
                    proxy = proxy.credentials(username, password);
                }
                proxy.build()
            }
            ProxyProtocol::Socks4 => {
                let mut proxy = builder.socks4(address);
                if let Some(user_id) = &self.user_id {
                    proxy = proxy.user_id(user_id);
                }
                proxy.build()
            }
            ProxyProtocol::Socks5 => {
                let mut proxy = builder.socks5(address);
                if let Some((username, password)) = credentials {
                    proxy = proxy.credentials(username, password);
                }
                proxy.build()
            }
        }
        .map_err(|error| {
            let path = match error {
                OutboundProxyBuildError::InvalidAddress { .. } => "network.proxy.address",
                OutboundProxyBuildError::InvalidSocks4UserId { .. } => "network.proxy.userId",
                _ => "network.proxy.username",
            };
            invalid(path, error)
        })
    }

    fn credentials(&self) -> Result<Option<(&str, SecretSource)>, Error> {
        let is_socks4 = matches!(self.protocol, ProxyProtocol::Socks4);
        if is_socks4 && self.username.is_some() {
            return Err(invalid("network.proxy.username", "socks4 knows only a userId"));
        }
        if !is_socks4 && self.user_id.is_some() {
            return Err(invalid("network.proxy.userId", "only socks4 knows it, so give a username"));
        }
        match (&self.username, &self.password_from_env) {
            (None, None) => Ok(None),
            (Some(username), Some(variable)) => {
                require_variable("network.proxy.passwordFromEnv", variable)?;
                Ok(Some((username, SecretSource::env(variable))))
            }
            (Some(_), None) => Err(invalid("network.proxy.passwordFromEnv", "a username needs it")),
            (None, Some(_)) => Err(invalid("network.proxy.username", "a password needs it")),
        }
    }

    pub fn from_core(proxy: &OutboundProxy) -> Self {
        // The fields of the credentials are the core's own; what is written of
        // them names the variable and never holds the password.
        let value = serde_json::to_value(proxy).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            protocol: match proxy {
                OutboundProxy::Socks4 { .. } => ProxyProtocol::Socks4,
                OutboundProxy::Socks5 { .. } => ProxyProtocol::Socks5,
                _ => ProxyProtocol::HttpConnect,
            },
            address: text(&value["address"]).unwrap_or_default(),
            user_id: text(&value["user_id"]),
            username: text(&value["credentials"]["username"]),
            password_from_env: text(&value["credentials"]["password"]["var"]),
        }
    }
}

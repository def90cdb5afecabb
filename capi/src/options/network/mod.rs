//! What a sandbox reaches, and what reaches it.

mod interface;
mod limits;
mod policy;
mod proxy;
mod tls;

use boundary::check::{MAX_SAFE_INTEGER, in_range, invalid, parsed};
use boundary::error::Error;
use microsandbox::sandbox::{Nameserver, NetworkConfig, SandboxBuilder};
use microsandbox_network::builder::NetworkBuilder;
use microsandbox_network::config::{ConnectionLimit, DnsConfig, HttpDenyResponseFormat};
use serde::{Deserialize, Serialize};

use self::interface::InterfaceOptions;
use self::limits::RateLimits;
use self::policy::{NetworkAction, NetworkPreset, NetworkProfile, NetworkRule};
use self::proxy::ProxyOptions;
use self::tls::TlsOptions;
use super::form::{changed, given};
use super::form::{forms, mirror};

/// How far a sandbox reaches, in a word or in full.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum NetworkOption {
    /// In a word.
    Preset(NetworkPreset),
    /// In full.
    Options(Box<NetworkOptions>),
}

forms!(NetworkOption, Preset, Options, "the name of a preset, or an object");

/// What a sandbox reaches, and what reaches it.
///
/// Rules are asked in their order, the first one that is about the traffic
/// decides; after them come those of `preset` or `profiles`, and at last
/// `defaultEgress` or `defaultIngress`.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkOptions {
    /// Where to start from. Default: `public-only`.
    pub preset: Option<NetworkPreset>,
    /// Where to start from, composed; instead of `preset`. With any profile
    /// the guest can also resolve names. Default: `["public"]`.
    pub profiles: Option<Vec<NetworkProfile>>,
    /// What is decided before the preset or the profiles. To block a domain,
    /// deny it here; its name then does not resolve either. Default: none.
    pub rules: Option<Vec<NetworkRule>>,
    /// What happens to outgoing traffic that no rule is about. Default: the
    /// preset's, which is `deny` except for `allow-all`.
    pub default_egress: Option<NetworkAction>,
    /// What happens to traffic to published ports that no rule is about.
    /// Default: the preset's, which is `allow` except for `none`.
    pub default_ingress: Option<NetworkAction>,
    /// Whether a rule that allows a domain asks the connection itself (TLS,
    /// HTTP) which domain it is for, rather than trusting that the guest
    /// resolved it. Default: `true`.
    pub strict: Option<bool>,
    /// How names are resolved. Default: as this machine does.
    pub dns: Option<DnsOptions>,
    /// Interception of TLS. Default: only with `secrets`.
    pub tls: Option<TlsOptions>,
    /// What a guest is told about HTTP requests that were denied. Default: a
    /// status and a JSON object.
    pub http: Option<HttpOptions>,
    /// How much traffic passes. Default: without limit.
    pub rate_limits: Option<RateLimits>,
    /// How many TCP connections the guest may have open at once; 0 is without
    /// limit. One more is refused. Those that a server has closed count for
    /// ten seconds more. Default: without limit, 1024 with deployment profile
    /// `multi-tenant`.
    pub max_tcp_connections: Option<i64>,
    /// How many TCP connections to published ports may be open at once; 0 is
    /// without limit. One more is accepted and closed. Default: without limit.
    pub max_inbound_tcp_connections: Option<i64>,
    /// How many UDP flows are kept at once; 0 is without limit. One more takes
    /// the place of the oldest, which gets another port here when it goes on.
    /// Default: without limit, 1024 with deployment profile `multi-tenant`.
    pub max_udp_connections: Option<i64>,
    /// How many connections to each published TCP port may wait to be
    /// accepted, from 1 to 2147483647. Default: 1024.
    pub tcp_accept_queue_size: Option<i64>,
    /// The guest's network interface. Default: chosen.
    pub interface: Option<InterfaceOptions>,
    /// Prefixes of NAT64, each `/96`: addresses in them are judged by the IPv4
    /// address inside too. Default: `64:ff9b::/96`.
    pub nat64_prefixes: Option<Vec<String>>,
    /// Whether the guest trusts the certificate authorities that this machine
    /// trusts. Default: `false`.
    #[cfg_attr(test, ts(rename = "trustHostCAs"))]
    #[serde(rename = "trustHostCAs")]
    pub trust_host_cas: Option<bool>,
    /// A proxy that all outgoing connections go through, except for those to
    /// this machine. Default: what this machine's configuration says, else
    /// none.
    pub proxy: Option<ProxyOptions>,
}

/// How names are resolved.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DnsOptions {
    /// The servers to ask, each an address or a name, with a port after a
    /// colon if it is not 53. Default: those of this machine.
    pub nameservers: Option<Vec<String>>,
    /// Whether answers are dropped that point a public name at a private
    /// address. Default: `true`.
    pub rebind_protection: Option<bool>,
    /// Milliseconds to wait for an answer. Default: 5000.
    pub query_timeout_ms: Option<i64>,
}

/// What a guest is told about HTTP requests that were denied.
#[derive(Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpOptions {
    /// Whether it is told at all, with status 403: on port 80 and on the ports
    /// with TLS interception, where no rule but a default or a domain denied
    /// it. Default: `true`.
    pub deny_response: Option<bool>,
    /// The form of the answer. Default: `json`.
    pub deny_response_format: Option<HttpDenyFormat>,
    /// The text of a `text` answer, in which `{host}` is replaced.
    /// Default: the runtime's.
    pub deny_message: Option<String>,
    /// The message of a `json` answer to a request that a rule denied.
    /// Default: the runtime's.
    pub network_deny_message: Option<String>,
    /// The message of a `json` answer to a request that had a secret for
    /// another host. Default: the runtime's.
    pub secret_deny_message: Option<String>,
}

/// The form of an answer to a denied HTTP request.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum HttpDenyFormat {
    /// A JSON object with a code and a message.
    Json,
    /// Plain text.
    Text,
}

mirror!(HttpDenyFormat = HttpDenyResponseFormat { Json Text });

impl NetworkOption {
    /// Whether there is no network at all.
    pub fn is_off(&self) -> bool {
        match self {
            Self::Preset(preset) => *preset == NetworkPreset::None,
            Self::Options(options) => {
                options.preset == Some(NetworkPreset::None)
                    && options.rules.is_none()
                    && options.default_egress.is_none()
                    && options.default_ingress.is_none()
            }
        }
    }

    /// The path of what a sandbox may not have on a machine whose tenants do
    /// not trust each other.
    pub fn denied_to_tenants(&self) -> Option<&'static str> {
        let Self::Options(options) = self else { return None };
        let dns = options.dns.as_ref();
        if options.interface.is_some() {
            Some("network.interface")
        } else if options.trust_host_cas == Some(true) {
            Some("network.trustHostCAs")
        } else if dns.is_some_and(|dns| dns.nameservers.is_some()) {
            Some("network.dns.nameservers")
        } else if dns.is_some_and(|dns| dns.rebind_protection == Some(false)) {
            Some("network.dns.rebindProtection")
        } else {
            None
        }
    }

    /// Checks the options and hands them to the core. The sandbox's ports and
    /// secrets come after this.
    pub fn apply(&self, builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        let mut config = NetworkConfig { enabled: !self.is_off(), ..NetworkConfig::default() };
        match self {
            Self::Preset(preset) => config.policy = preset.policy(),
            Self::Options(options) => options.apply(&mut config)?,
        }
        Ok(builder.network(|_| NetworkBuilder::from_config(config)))
    }

    /// The option that makes this configuration.
    pub fn from_core(config: &NetworkConfig) -> Self {
        if !config.enabled {
            return Self::Preset(NetworkPreset::None);
        }
        let options = NetworkOptions::from_core(config);
        let is_preset = serde_json::to_value(&options).ok()
            == serde_json::to_value(NetworkOptions { preset: options.preset, ..Default::default() }).ok();
        match options.preset {
            // In a word this one would mean that there is no network device.
            Some(preset) if is_preset && preset != NetworkPreset::None => Self::Preset(preset),
            _ => Self::Options(Box::new(options)),
        }
    }
}

impl NetworkOptions {
    fn apply(&self, config: &mut NetworkConfig) -> Result<(), Error> {
        config.policy = policy::to_core(self)?;
        config.strict = self.strict.unwrap_or(config.strict);
        if let Some(dns) = &self.dns {
            dns.apply(&mut config.dns)?;
        }
        if let Some(tls) = &self.tls {
            tls.apply(&mut config.tls)?;
        }
        if let Some(http) = &self.http {
            http.apply(config);
        }
        if let Some(limits) = &self.rate_limits {
            config.rate_limiter = Some(limits.to_core()?);
        }
        config.max_tcp_connections = limit("network.maxTcpConnections", self.max_tcp_connections)?;
        config.max_inbound_tcp_connections =
            limit("network.maxInboundTcpConnections", self.max_inbound_tcp_connections)?;
        config.max_udp_connections = limit("network.maxUdpConnections", self.max_udp_connections)?;
        if let Some(size) = self.tcp_accept_queue_size {
            let size: u32 = in_range("network.tcpAcceptQueueSize", size, 1..=i32::MAX.into())?;
            config.tcp_accept_queue_size = size.try_into().ok();
        }
        if let Some(interface) = &self.interface {
            config.interface = interface.to_core()?;
        }
        if let Some(prefixes) = &self.nat64_prefixes {
            config.nat64_prefixes.clear();
            for (index, prefix) in prefixes.iter().enumerate() {
                let path = format!("network.nat64Prefixes[{index}]");
                config.nat64_prefixes.push(parsed(&path, prefix, "IPv6 prefix")?);
                if config.nat64_prefixes[index].prefix() != 96 {
                    return Err(invalid(&path, format!("{prefix} is not a /96 prefix")));
                }
            }
        }
        config.trust_host_cas = self.trust_host_cas.unwrap_or(config.trust_host_cas);
        config.outbound_proxy = self.proxy.as_ref().map(ProxyOptions::to_core).transpose()?;
        Ok(())
    }

    fn from_core(config: &NetworkConfig) -> Self {
        let default = NetworkConfig::default();
        let mut options = Self {
            strict: changed(config.strict, default.strict),
            dns: DnsOptions::from_core(&config.dns),
            tls: TlsOptions::from_core(&config.tls),
            http: HttpOptions::from_core(config),
            rate_limits: config.rate_limiter.as_ref().map(RateLimits::from_core),
            max_tcp_connections: config.max_tcp_connections.map(count),
            max_inbound_tcp_connections: config.max_inbound_tcp_connections.map(count),
            max_udp_connections: config.max_udp_connections.map(count),
            tcp_accept_queue_size: config.tcp_accept_queue_size.map(|size| size.get().into()),
            interface: InterfaceOptions::from_core(&config.interface),
            nat64_prefixes: (config.nat64_prefixes != default.nat64_prefixes)
                .then(|| config.nat64_prefixes.iter().map(ToString::to_string).collect()),
            trust_host_cas: changed(config.trust_host_cas, default.trust_host_cas),
            proxy: config.outbound_proxy.as_ref().map(ProxyOptions::from_core),
            ..Self::default()
        };
        policy::from_core(&config.policy, &mut options);
        // Without any of these the preset would mean that there is no network
        // device, which is not the same as one that everything is denied on.
        if options.preset == Some(NetworkPreset::None) && options.rules.is_none() {
            options.rules = Some(Vec::new());
        }
        options
    }
}

impl DnsOptions {
    fn apply(&self, config: &mut DnsConfig) -> Result<(), Error> {
        for (index, server) in self.nameservers.iter().flatten().enumerate() {
            let path = format!("network.dns.nameservers[{index}]");
            config.nameservers.push(parsed::<Nameserver>(&path, server, "nameserver")?);
        }
        config.rebind_protection = self.rebind_protection.unwrap_or(config.rebind_protection);
        if let Some(timeout) = self.query_timeout_ms {
            config.query_timeout_ms = in_range("network.dns.queryTimeoutMs", timeout, 1..=MAX_SAFE_INTEGER)?;
        }
        Ok(())
    }

    fn from_core(config: &DnsConfig) -> Option<Self> {
        let default = DnsConfig::default();
        let options = Self {
            nameservers: (!config.nameservers.is_empty())
                .then(|| config.nameservers.iter().map(ToString::to_string).collect()),
            rebind_protection: changed(config.rebind_protection, default.rebind_protection),
            query_timeout_ms: changed(config.query_timeout_ms as i64, default.query_timeout_ms as i64),
        };
        given(options)
    }
}

impl HttpOptions {
    fn apply(&self, config: &mut NetworkConfig) {
        let http = &mut config.http;
        http.deny_response = self.deny_response.unwrap_or(http.deny_response);
        if let Some(format) = self.deny_response_format {
            http.deny_response_format = format.into();
        }
        http.deny_message.clone_from(&self.deny_message);
        http.network_deny_message.clone_from(&self.network_deny_message);
        http.secret_deny_message.clone_from(&self.secret_deny_message);
    }

    fn from_core(config: &NetworkConfig) -> Option<Self> {
        let (http, default) = (&config.http, NetworkConfig::default().http);
        given(Self {
            deny_response: changed(http.deny_response, default.deny_response),
            deny_response_format: (http.deny_response_format != default.deny_response_format)
                .then(|| http.deny_response_format.into()),
            deny_message: http.deny_message.clone(),
            network_deny_message: http.network_deny_message.clone(),
            secret_deny_message: http.secret_deny_message.clone(),
        })
    }
}

fn limit(path: &str, value: Option<i64>) -> Result<Option<ConnectionLimit>, Error> {
    let Some(value) = value else { return Ok(None) };
    let limit: usize = in_range(path, value, 0..=MAX_SAFE_INTEGER)?;
    Ok(Some(limit.into()))
}

fn count(limit: ConnectionLimit) -> i64 {
    usize::from(limit) as i64
}

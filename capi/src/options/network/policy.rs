//! Which traffic is allowed.

use boundary::check::{in_range, invalid, parsed};
use boundary::error::Error;
use microsandbox_network::policy::{
    self, Destination, DestinationGroup, DomainName, NetworkPolicy, PortRange, Protocol, Rule,
};
use serde::{Deserialize, Serialize};

use super::NetworkOptions;
use crate::options::form::{forms, mirror};

/// How far a sandbox reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkPreset {
    /// There is no network. Nothing goes in or out, published ports included.
    None,
    /// Public internet addresses, and names through the sandbox's own
    /// resolver. Not the local network, not this machine, not the metadata
    /// service of a cloud. Published ports can be reached.
    PublicOnly,
    /// What `public-only` allows, and private addresses: the local network.
    NonLocal,
    /// Everything, this machine included.
    AllowAll,
}

/// A part of the network, to compose what a sandbox reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkProfile {
    /// Public internet addresses.
    Public,
    /// Private addresses: the local network.
    Private,
    /// This machine, which the guest knows as `host.microsandbox.internal`.
    Host,
}

/// What happens to traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkAction {
    /// It passes.
    Allow,
    /// It is dropped.
    Deny,
}

/// Which way traffic goes. The answers to it always pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkDirection {
    /// From the guest outwards.
    Egress,
    /// From outside to a published port.
    Ingress,
    /// Either way.
    Any,
}

/// Addresses with something in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkGroup {
    /// Public internet addresses: all that are in no other group.
    Public,
    /// `127.0.0.0/8` and `::1`.
    Loopback,
    /// The private ranges of RFC 1918 and RFC 4193, and carrier-grade NAT.
    Private,
    /// `169.254.0.0/16` and `fe80::/10`, without the metadata service.
    LinkLocal,
    /// The metadata service of a cloud, `169.254.169.254`.
    Metadata,
    /// `224.0.0.0/4` and `ff00::/8`.
    Multicast,
    /// This machine, which the guest knows as `host.microsandbox.internal`.
    Host,
}

/// A protocol that rules tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NetworkProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP over IPv4.
    Icmpv4,
    /// ICMP over IPv6.
    Icmpv6,
}

mirror!(NetworkProfile = policy::NetworkProfile { Public Private Host });
mirror!(NetworkAction = policy::Action { Allow Deny });
mirror!(NetworkDirection = policy::Direction { Egress Ingress Any });
mirror!(NetworkGroup = policy::DestinationGroup {
    Public Loopback Private LinkLocal Metadata Multicast Host
});
mirror!(NetworkProtocol = policy::Protocol { Tcp Udp Icmpv4 Icmpv6 });

/// What happens to some of the traffic.
///
/// At most one of `cidr`, `domain`, `domainSuffix` and `group` says with whom;
/// without any of them the rule is about everybody. Going out that is where
/// the traffic goes to, coming in where it comes from.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkRule {
    /// What happens to the traffic.
    pub action: NetworkAction,
    /// Which way it goes. Default: `egress`.
    pub direction: Option<NetworkDirection>,
    /// An address such as `10.1.2.3`, or a block such as `10.0.0.0/8`.
    /// Default: any.
    pub cidr: Option<String>,
    /// Exactly this domain. Default: any.
    pub domain: Option<String>,
    /// This domain and everything below it. It needs at least two labels.
    /// Default: any.
    pub domain_suffix: Option<String>,
    /// Addresses with something in common. Default: any.
    pub group: Option<NetworkGroup>,
    /// The protocols; ICMP only in a rule about `egress`, because it does not
    /// come in through published ports. Default: all.
    pub protocols: Option<Vec<NetworkProtocol>>,
    /// The ports in the guest that are listened on, or outside that the guest
    /// connects to. Default: all.
    pub ports: Option<Vec<PortRangeOption>>,
}

/// One port, or a range of ports.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum PortRangeOption {
    /// One port.
    Port(i64),
    /// A range of ports.
    Range(PortRangeOptions),
}

forms!(PortRangeOption, Port, Range, "a port, or an object with start and end");

/// A range of ports.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortRangeOptions {
    /// The first one.
    pub start: i64,
    /// The last one.
    pub end: i64,
}

impl NetworkPreset {
    /// The policy of this preset.
    pub fn policy(self) -> NetworkPolicy {
        match self {
            Self::None => NetworkPolicy::none(),
            Self::PublicOnly => NetworkPolicy::from_profiles([policy::NetworkProfile::Public]),
            Self::NonLocal => NetworkPolicy::from_profiles([
                policy::NetworkProfile::Public,
                policy::NetworkProfile::Private,
            ]),
            Self::AllowAll => NetworkPolicy::allow_all(),
        }
    }

    /// The preset that a policy comes from, if it comes from one as it is.
    pub fn of(policy: &NetworkPolicy) -> Option<Self> {
        [Self::PublicOnly, Self::NonLocal, Self::AllowAll, Self::None]
            .into_iter()
            .find(|preset| same(policy, &preset.policy()))
    }
}

/// The core's policies cannot be compared; what is written of them can.
fn same(left: &NetworkPolicy, right: &NetworkPolicy) -> bool {
    serde_json::to_value(left).ok() == serde_json::to_value(right).ok()
}

/// The policy that the options add up to: their rules first, then those of the
/// preset or the profiles.
pub fn to_core(options: &NetworkOptions) -> Result<NetworkPolicy, Error> {
    if options.preset.is_some() && options.profiles.is_some() {
        return Err(invalid("network.profiles", "it contradicts network.preset, so give one of them"));
    }
    let mut policy = match &options.profiles {
        Some(profiles) => NetworkPolicy::from_profiles(profiles.iter().map(|&it| it.into())),
        None => options.preset.unwrap_or(NetworkPreset::PublicOnly).policy(),
    };
    if let Some(action) = options.default_egress {
        policy.default_egress = action.into();
    }
    if let Some(action) = options.default_ingress {
        policy.default_ingress = action.into();
    }
    let mut rules = Vec::new();
    for (index, rule) in options.rules.iter().flatten().enumerate() {
        rules.push(rule.to_core(&format!("network.rules[{index}]"))?);
    }
    rules.append(&mut policy.rules);
    policy.rules = rules;
    Ok(policy)
}

/// The options that make this policy: a preset by its name, any other policy
/// rule by rule.
pub fn from_core(policy: &NetworkPolicy, options: &mut NetworkOptions) {
    options.preset = NetworkPreset::of(policy);
    if options.preset.is_none() {
        options.preset = Some(NetworkPreset::None);
        options.default_egress = Some(policy.default_egress.into());
        options.default_ingress = Some(policy.default_ingress.into());
        options.rules = Some(policy.rules.iter().map(NetworkRule::from_core).collect());
    }
}

impl NetworkProtocol {
    fn is_icmp(self) -> bool {
        matches!(self, Self::Icmpv4 | Self::Icmpv6)
    }
}

impl NetworkRule {
    fn to_core(&self, path: &str) -> Result<Rule, Error> {
        let direction = self.direction.unwrap_or(NetworkDirection::Egress);
        let mut ports = Vec::new();
        for (index, range) in self.ports.iter().flatten().enumerate() {
            ports.push(range.to_core(&format!("{path}.ports[{index}]"))?);
        }
        Ok(Rule {
            direction: direction.into(),
            destination: self.destination(path)?,
            protocols: self.protocols(direction, path)?,
            ports,
            action: self.action.into(),
        })
    }

    fn protocols(&self, direction: NetworkDirection, path: &str) -> Result<Vec<Protocol>, Error> {
        let protocols = self.protocols.iter().flatten();
        // The core refuses such a rule in its builder only, which is not used here.
        if direction != NetworkDirection::Egress
            && let Some(index) = protocols.clone().position(|it| it.is_icmp())
        {
            let reason = "ICMP does not come in through published ports, so make it an egress rule";
            return Err(invalid(&format!("{path}.protocols[{index}]"), reason));
        }
        Ok(protocols.map(|&it| it.into()).collect())
    }

    fn destination(&self, path: &str) -> Result<Destination, Error> {
        match (&self.cidr, &self.domain, &self.domain_suffix, self.group) {
            (None, None, None, None) => Ok(Destination::Any),
            (Some(cidr), None, None, None) => {
                parsed(&format!("{path}.cidr"), cidr, "address or block of addresses")
                    .map(Destination::Cidr)
            }
            (None, Some(domain), None, None) => {
                parsed(&format!("{path}.domain"), domain, "domain").map(Destination::Domain)
            }
            (None, None, Some(suffix), None) => {
                let path = format!("{path}.domainSuffix");
                let name: DomainName = parsed(&path, suffix, "domain")?;
                name.try_into_suffix().map(Destination::DomainSuffix).map_err(|error| invalid(&path, error))
            }
            (None, None, None, Some(group)) => Ok(Destination::Group(DestinationGroup::from(group))),
            _ => Err(invalid(
                path,
                "it has more than one of cidr, domain, domainSuffix and group, so make a rule for each",
            )),
        }
    }

    fn from_core(rule: &Rule) -> Self {
        let mut options = Self {
            action: rule.action.into(),
            direction: Some(rule.direction.into()),
            cidr: None,
            domain: None,
            domain_suffix: None,
            group: None,
            protocols: (!rule.protocols.is_empty())
                .then(|| rule.protocols.iter().map(|&it| it.into()).collect()),
            ports: (!rule.ports.is_empty())
                .then(|| rule.ports.iter().map(PortRangeOption::from_core).collect()),
        };
        match &rule.destination {
            Destination::Any => {}
            Destination::Cidr(block) => options.cidr = Some(block.to_string()),
            Destination::Domain(name) => options.domain = Some(name.as_str().to_owned()),
            Destination::DomainSuffix(name) => options.domain_suffix = Some(name.as_str().to_owned()),
            Destination::Group(group) => options.group = Some((*group).into()),
        }
        options
    }
}

impl PortRangeOption {
    fn to_core(&self, path: &str) -> Result<PortRange, Error> {
        let end_of_range = i64::from(u16::MAX);
        match self {
            Self::Port(port) => Ok(PortRange::single(in_range(path, *port, 0..=end_of_range)?)),
            Self::Range(range) => {
                let start: u16 = in_range(&format!("{path}.start"), range.start, 0..=end_of_range)?;
                let end = in_range(&format!("{path}.end"), range.end, start.into()..=end_of_range)?;
                Ok(PortRange::range(start, end))
            }
        }
    }

    fn from_core(range: &PortRange) -> Self {
        if range.start == range.end {
            return Self::Port(range.start.into());
        }
        Self::Range(PortRangeOptions { start: range.start.into(), end: range.end.into() })
    }
}

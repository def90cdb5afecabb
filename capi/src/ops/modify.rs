//! Changing a sandbox that exists.

use std::collections::BTreeMap;
use std::net::IpAddr;

use microsandbox::sandbox::{EnvVar, PortProtocol, PublishedPortKey, PublishedPortSpec};
use microsandbox::{SandboxModificationPatch, SecretModificationPatch, SecretSource};
use serde::Deserialize;
use serde_json::json;

use super::modification_plan::{ModificationPlan, ModificationPolicy};
use super::sandbox::{OnSandbox, current};
use super::{Request, ranged};
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};

/// What to change about a sandbox. What is not named stays as it is.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModifyOptions {
    /// Virtual CPUs, from 1 to 255. While the sandbox runs, up to the number
    /// that it was booted for.
    pub cpus: Option<i64>,
    /// How many virtual CPUs a running sandbox can be given, from 1 to 255.
    pub max_cpus: Option<i64>,
    /// Memory in MiB. While the sandbox runs, between what it was booted with
    /// and what it was booted for.
    #[cfg_attr(test, ts(rename = "memoryMiB"))]
    #[serde(rename = "memoryMiB")]
    pub memory_mib: Option<i64>,
    /// How much memory a running sandbox can be given, in MiB.
    #[cfg_attr(test, ts(rename = "maxMemoryMiB"))]
    #[serde(rename = "maxMemoryMiB")]
    pub max_memory_mib: Option<i64>,
    /// Size of the root disk in MiB. It can only grow.
    #[cfg_attr(test, ts(rename = "rootDiskMiB"))]
    #[serde(rename = "rootDiskMiB")]
    pub root_disk_mib: Option<i64>,
    /// Environment variables to set; `null` removes one.
    pub env: Option<BTreeMap<String, Option<String>>>,
    /// Labels to set; `null` removes one.
    pub labels: Option<BTreeMap<String, Option<String>>>,
    /// Working directory of commands.
    pub workdir: Option<String>,
    /// Ports to publish. One that is published already gets the new guest
    /// port.
    pub publish_ports: Option<Vec<PortMapping>>,
    /// Published ports to take back.
    pub unpublish_ports: Option<Vec<HostPort>>,
    /// Secrets by the environment variable that stands for them in the guest;
    /// `null` removes one.
    pub secrets: Option<BTreeMap<String, Option<SecretChange>>>,
    /// When the changes are to take effect. Default: `"noRestart"`.
    pub policy: Option<ModificationPolicy>,
    /// Whether to plan and change nothing. Default: `false`.
    pub dry_run: Option<bool>,
}

/// A port of this machine that leads to one of the guest's.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortMapping {
    /// The port on this machine, from 1 to 65535.
    pub host_port: i64,
    /// The port in the guest, from 1 to 65535.
    pub guest_port: i64,
    /// The address of this machine to listen on. Default: `127.0.0.1`.
    pub host_address: Option<String>,
    /// Default: `"tcp"`.
    pub protocol: Option<Protocol>,
}

/// A published port of this machine.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostPort {
    /// The port on this machine, from 1 to 65535.
    pub host_port: i64,
    /// The address of this machine that it listens on. Default: `127.0.0.1`.
    pub host_address: Option<String>,
    /// Default: `"tcp"`.
    pub protocol: Option<Protocol>,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// The new state of a secret. A new secret needs a value and a host.
#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretChange {
    /// The value. It is kept in the sandbox's entry on this machine.
    pub value: Option<String>,
    /// The environment variable of this machine to take the value from
    /// instead. Only its name is kept.
    pub from_env: Option<String>,
    /// What the guest sees in place of the value.
    pub placeholder: Option<String>,
    /// The hosts that the value may be sent to; `*.example.com` matches
    /// subdomains. Default: those that it has.
    pub hosts: Option<Vec<String>>,
}

impl std::fmt::Debug for SecretChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretChange").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// `sandbox.modify`
///
/// Changes that have begun are finished even when the request is cancelled:
/// half of them would leave the running sandbox and its entry apart.
pub async fn modify(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<ModifyOptions> = request.options()?;
    let patch = options.patch()?;
    let policy = options.policy.unwrap_or_default();
    let handle = current(&request, sandbox).await?;
    let builder = || {
        let builder = handle.modify().with_patch(patch.clone());
        match policy {
            ModificationPolicy::NoRestart => builder,
            ModificationPolicy::NextStart => builder.next_start(),
            ModificationPolicy::Restart => builder.restart(),
        }
    };
    let plan = ModificationPlan::from(builder().dry_run().await?);
    if options.dry_run.unwrap_or(false) {
        return Outcome::json(&plan);
    }
    if let Some(reason) = plan.obstacle() {
        return Err(Error::new(
            ErrorCode::ModificationRefused,
            format!("Cannot modify sandbox {}: {reason}", handle.name()),
        )
        .with_details(json!({ "plan": plan })));
    }
    if request.cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    Outcome::json(&ModificationPlan::from(builder().apply().await?))
}

impl ModifyOptions {
    /// The changes as the core takes them.
    fn patch(&self) -> Result<SandboxModificationPatch, Error> {
        let (env, env_remove) = split(&self.env);
        let (labels, labels_remove) = split(&self.labels);
        let (secrets, secrets_remove) = split(&self.secrets);
        let secrets = secrets
            .into_iter()
            .map(|(name, change)| change.patch(name))
            .collect::<Result<_, _>>()?;
        Ok(SandboxModificationPatch {
            cpus: self.cpus.map(|cpus| ranged("cpus", cpus, u8::MAX)).transpose()?,
            max_cpus: self.max_cpus.map(|cpus| ranged("maxCpus", cpus, u8::MAX)).transpose()?,
            memory_mib: mebibytes("memoryMiB", self.memory_mib)?,
            max_memory_mib: mebibytes("maxMemoryMiB", self.max_memory_mib)?,
            root_disk_size_mib: mebibytes("rootDiskMiB", self.root_disk_mib)?,
            env: env.into_iter().map(|(key, value)| EnvVar::new(key, value)).collect(),
            env_remove,
            labels: labels.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            labels_remove,
            ports: PortMapping::bound(
                self.publish_ports.as_deref().unwrap_or_default(),
                "publishPorts",
            )?
            .into_iter()
            .map(PublishedPortSpec::from)
            .collect(),
            ports_remove: self
                .unpublish_ports
                .iter()
                .flatten()
                .map(|port| port.key("unpublishPorts"))
                .collect::<Result<_, _>>()?,
            workdir: self.workdir.clone(),
            secrets,
            secrets_remove,
        })
    }
}

/// A port to publish, checked.
pub struct BoundPort {
    pub address: IpAddr,
    pub host_port: u16,
    pub guest_port: u16,
    pub protocol: PortProtocol,
}

impl PortMapping {
    /// The mappings, checked. `path` names their option.
    pub fn bound(mappings: &[Self], path: &str) -> Result<Vec<BoundPort>, Error> {
        let bound = |mapping: &Self| {
            Ok(BoundPort {
                address: address(path, mapping.host_address.as_deref())?,
                host_port: port(path, "hostPort", mapping.host_port)?,
                guest_port: port(path, "guestPort", mapping.guest_port)?,
                protocol: protocol(mapping.protocol),
            })
        };
        mappings.iter().map(bound).collect()
    }
}

impl From<BoundPort> for PublishedPortSpec {
    fn from(port: BoundPort) -> Self {
        Self {
            host_port: port.host_port,
            guest_port: port.guest_port,
            protocol: port.protocol,
            host_bind: port.address.to_string(),
        }
    }
}

impl HostPort {
    fn key(&self, path: &str) -> Result<PublishedPortKey, Error> {
        Ok(PublishedPortKey {
            host_bind: address(path, self.host_address.as_deref())?.to_string(),
            host_port: port(path, "hostPort", self.host_port)?,
            protocol: protocol(self.protocol),
        })
    }
}

impl SecretChange {
    fn patch(&self, name: &str) -> Result<SecretModificationPatch, Error> {
        if self.value.is_some() && self.from_env.is_some() {
            return Err(Error::new(
                ErrorCode::InvalidOption,
                format!("Cannot change secret {name}: give either a value or fromEnv"),
            )
            .with_details(json!({ "path": format!("secrets.{name}") })));
        }
        Ok(SecretModificationPatch {
            name: name.to_owned(),
            source: self.from_env.as_ref().map(SecretSource::env),
            value: self.value.clone().unwrap_or_default().into(),
            placeholder: self.placeholder.clone(),
            allowed_hosts: self.hosts.clone().unwrap_or_default(),
            ..SecretModificationPatch::default()
        })
    }
}

/// What to set, and the keys of what to remove.
fn split<T>(changes: &Option<BTreeMap<String, Option<T>>>) -> (Vec<(&String, &T)>, Vec<String>) {
    let mut set = Vec::new();
    let mut removed = Vec::new();
    for (key, value) in changes.iter().flatten() {
        match value {
            Some(value) => set.push((key, value)),
            None => removed.push(key.clone()),
        }
    }
    (set, removed)
}

fn mebibytes(path: &str, value: Option<i64>) -> Result<Option<u32>, Error> {
    value.map(|value| ranged(path, value, u32::MAX)).transpose()
}

fn port(path: &str, key: &str, value: i64) -> Result<u16, Error> {
    ranged(&format!("{path}.{key}"), value, u16::MAX)
}

fn address(path: &str, address: Option<&str>) -> Result<IpAddr, Error> {
    let address = address.unwrap_or("127.0.0.1");
    address.parse().map_err(|_| {
        Error::new(
            ErrorCode::InvalidOption,
            format!("Cannot use {address:?} as a host address: take an IP address"),
        )
        .with_details(json!({ "path": format!("{path}.hostAddress") }))
    })
}

fn protocol(protocol: Option<Protocol>) -> PortProtocol {
    match protocol.unwrap_or(Protocol::Tcp) {
        Protocol::Tcp => PortProtocol::Tcp,
        Protocol::Udp => PortProtocol::Udp,
    }
}

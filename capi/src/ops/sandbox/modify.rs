//! Changing a sandbox that exists.

use std::collections::BTreeMap;

use boundary::check::{self, ranged};
use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use boundary::task::{finish, until_cancelled};
use microsandbox::SandboxModificationPatch;
use microsandbox::sandbox::{EnvVar, PublishedPortKey};
use serde::Deserialize;
use serde_json::json;

use super::modification_plan::{ModificationPlan, ModificationPolicy};
use crate::client::Request;
use crate::options::port::{self, Endpoint, PortOption, PortProtocol};
use crate::options::secret_change::SecretChange;
use crate::sandboxes::ports;
use crate::sandboxes::target::{OnSandbox, current};

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
    /// Ports to publish besides those that are. One of this machine that is
    /// published already gets the new guest port.
    pub ports: Option<Vec<PortOption>>,
    /// Published ports to take back.
    pub unpublish_ports: Option<Vec<HostPort>>,
    /// Secrets by the environment variable that stands for them in the guest;
    /// `null` removes one. A new one needs a value and a host.
    pub secrets: Option<BTreeMap<String, Option<SecretChange>>>,
    /// When the changes are to take effect. Default: `no-restart`.
    pub policy: Option<ModificationPolicy>,
    /// Whether to plan and change nothing. Default: `false`.
    pub dry_run: Option<bool>,
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
    /// The protocol. Default: `tcp`.
    pub protocol: Option<PortProtocol>,
}

/// `sandbox.modify`
///
/// Changes that have begun are finished even when the request is cancelled:
/// half of them would leave the running sandbox and its entry apart.
pub async fn modify(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, mut options }: OnSandbox<ModifyOptions> = request.options()?;
    options.patch()?;
    // A port that the sandbox has already is taken, by itself.
    let _leases = ports::lease(options.ports.as_deref_mut().unwrap_or_default(), "ports", true)?;
    let patch = options.patch()?;
    let policy = options.policy.unwrap_or_default();
    let handle = until_cancelled(&request.cancel, current(&request, sandbox)).await??;
    let builder = || {
        let builder = handle.modify().with_patch(patch.clone());
        match policy {
            ModificationPolicy::NoRestart => builder,
            ModificationPolicy::NextStart => builder.next_start(),
            ModificationPolicy::Restart => builder.restart(),
        }
    };
    let plan = ModificationPlan::from(finish(&request.cancel, builder().dry_run()).await?);
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
    let applied = finish(&request.cancel, builder().apply()).await?;
    Outcome::json(&ModificationPlan::from(applied))
}

impl ModifyOptions {
    /// The changes as the core takes them.
    fn patch(&self) -> Result<SandboxModificationPatch, Error> {
        let (env, env_remove) = split(&self.env);
        let (labels, labels_remove) = split(&self.labels);
        let (secrets, secrets_remove) = split(&self.secrets);
        let secrets = secrets
            .into_iter()
            .map(|(name, change)| change.to_core(name))
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
            ports: port::to_core(self.ports.as_deref().unwrap_or_default(), "ports")?,
            ports_remove: self
                .unpublish_ports
                .iter()
                .flatten()
                .enumerate()
                .map(|(index, port)| port.key(&format!("unpublishPorts[{index}]")))
                .collect::<Result<_, _>>()?,
            workdir: self.workdir.clone(),
            secrets,
            secrets_remove,
        })
    }
}

impl HostPort {
    fn key(&self, path: &str) -> Result<PublishedPortKey, Error> {
        let host_port = check::port(&format!("{path}.hostPort"), self.host_port)?;
        let address = self.host_address.as_deref();
        let Endpoint { protocol, address } =
            Endpoint::check(path, host_port, self.protocol, address)?;
        Ok(PublishedPortKey {
            host_bind: address.ip().to_string(),
            host_port: address.port(),
            protocol: protocol.into(),
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

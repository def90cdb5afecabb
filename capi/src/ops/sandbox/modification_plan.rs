//! What a modification does, or would do.

use microsandbox as core;
use serde::{Deserialize, Serialize};

/// When the changes to a sandbox that runs are to take effect.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ModificationPolicy {
    /// At once. A change that needs a restart is refused, and then nothing is
    /// changed.
    #[default]
    NoRestart,
    /// When the sandbox is started the next time.
    NextStart,
    /// At once, with a restart if a change needs one.
    Restart,
}

/// What a modification does, or would do.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ModificationPlan {
    /// Whether the changes were made.
    pub applied: bool,
    /// When they are to take effect.
    pub policy: ModificationPolicy,
    /// The changes to settings.
    pub changes: Vec<SettingChange>,
    /// The changes to secrets, without their values.
    pub secret_changes: Vec<SecretSettingChange>,
    /// Why the changes cannot be made. Empty when they can.
    pub conflicts: Vec<ModificationNote>,
    /// What to know about the changes.
    pub warnings: Vec<ModificationNote>,
    /// How far a running sandbox has taken on new CPUs and memory.
    pub resizes: Vec<ResizeStatus>,
}

/// A change to a setting.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SettingChange {
    /// The setting, as the core calls it, such as `cpus` or `env`.
    pub field: String,
    /// What happens to it.
    pub change: SettingChangeKind,
    /// Its state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its state afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// When it takes effect.
    pub disposition: Disposition,
    /// Why not sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A change to a secret.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SecretSettingChange {
    /// The environment variable that stands for the secret in the guest.
    pub name: String,
    /// What happens to it.
    pub change: SecretChangeKind,
    /// The hosts that the value may be sent to afterwards.
    pub hosts: Vec<String>,
    /// When it takes effect.
    pub disposition: Disposition,
    /// Why not sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What happens to a setting.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SettingChangeKind {
    /// It is new.
    Added,
    /// It gets another value.
    Updated,
    /// It is gone.
    Removed,
}

/// What happens to a secret.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SecretChangeKind {
    /// It is new.
    Added,
    /// It gets another value.
    Rotated,
    /// It gets another name.
    Renamed,
    /// Its value may be sent to other hosts.
    HostsUpdated,
    /// The guest sees another placeholder.
    PlaceholderUpdated,
    /// It is gone.
    Removed,
}

/// When a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// At once.
    Live,
    /// When the sandbox is started the next time.
    NextStart,
    /// With a restart.
    RequiresRestart,
    /// Never: this setting cannot be changed.
    Unsupported,
}

/// A remark about one of the changes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ModificationNote {
    /// The setting, as the core calls it.
    pub field: String,
    /// What there is to say.
    pub message: String,
}

/// How far a running sandbox has taken on a new size.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ResizeStatus {
    /// What changes its size.
    pub resource: ResizedResource,
    /// What was asked for.
    pub requested: String,
    /// What the guest has.
    pub actual: String,
    /// What the hypervisor allows.
    pub enforced: String,
    /// How far it has come.
    pub state: ResizeState,
}

/// What can change its size while a sandbox runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ResizedResource {
    /// Virtual CPUs.
    Cpus,
    /// Memory.
    Memory,
}

/// How far a resize has come.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ResizeState {
    /// It was asked for.
    Accepted,
    /// The guest is at it.
    Converging,
    /// It is done.
    Applied,
    /// The guest would not.
    GuestRefused,
    /// It failed.
    Failed,
}

impl ModificationPlan {
    /// Why the plan cannot be carried out, if so.
    pub fn obstacle(&self) -> Option<String> {
        if let Some(conflict) = self.conflicts.first() {
            return Some(conflict.message.clone());
        }
        let settings = self.changes.iter().map(|it| (&it.field, it.disposition, &it.reason));
        let secrets = self.secret_changes.iter().map(|it| (&it.name, it.disposition, &it.reason));
        settings.chain(secrets).find_map(|(name, disposition, reason)| {
            let obstacle = match disposition {
                Disposition::Unsupported => format!("{name} cannot be changed"),
                Disposition::RequiresRestart
                    if !matches!(self.policy, ModificationPolicy::Restart) =>
                {
                    format!(
                        "{name} needs a restart, so take policy \"restart\" or \"next-start\""
                    )
                }
                _ => return None,
            };
            Some(match reason {
                Some(reason) => format!("{obstacle} ({reason})"),
                None => obstacle,
            })
        })
    }
}

impl From<core::SandboxModificationPlan> for ModificationPlan {
    fn from(plan: core::SandboxModificationPlan) -> Self {
        let mut changes = Vec::new();
        let mut secret_changes = Vec::new();
        for change in plan.changes {
            match change {
                core::PlannedChange::Config(change) => changes.push(change.into()),
                core::PlannedChange::Secret(change) => secret_changes.push(change.into()),
            }
        }
        let note = |(field, message)| ModificationNote { field, message };
        Self {
            applied: plan.applied,
            policy: plan.policy.into(),
            changes,
            secret_changes,
            conflicts: plan.conflicts.into_iter().map(|it| note((it.field, it.message))).collect(),
            warnings: plan.warnings.into_iter().map(|it| note((it.field, it.message))).collect(),
            resizes: plan.resize_status.into_iter().map(ResizeStatus::from).collect(),
        }
    }
}

impl From<core::ModificationPolicy> for ModificationPolicy {
    fn from(policy: core::ModificationPolicy) -> Self {
        match policy {
            core::ModificationPolicy::NoRestart => Self::NoRestart,
            core::ModificationPolicy::NextStart => Self::NextStart,
            core::ModificationPolicy::Restart => Self::Restart,
        }
    }
}

impl From<core::ConfigPlannedChange> for SettingChange {
    fn from(change: core::ConfigPlannedChange) -> Self {
        Self {
            field: change.field,
            change: match change.change {
                core::ChangeKind::Added => SettingChangeKind::Added,
                core::ChangeKind::Updated => SettingChangeKind::Updated,
                core::ChangeKind::Removed => SettingChangeKind::Removed,
            },
            before: change.before,
            after: change.after,
            disposition: change.disposition.into(),
            reason: change.reason,
        }
    }
}

impl From<core::SecretPlannedChange> for SecretSettingChange {
    fn from(change: core::SecretPlannedChange) -> Self {
        Self {
            name: change.name,
            change: match change.change {
                core::SecretChangeKind::Added => SecretChangeKind::Added,
                core::SecretChangeKind::Rotated => SecretChangeKind::Rotated,
                core::SecretChangeKind::HostsUpdated => SecretChangeKind::HostsUpdated,
                core::SecretChangeKind::Renamed => SecretChangeKind::Renamed,
                core::SecretChangeKind::PlaceholderUpdated => SecretChangeKind::PlaceholderUpdated,
                core::SecretChangeKind::Removed => SecretChangeKind::Removed,
            },
            hosts: change.allow_hosts,
            disposition: change.disposition.into(),
            reason: change.reason,
        }
    }
}

impl From<core::ModificationDisposition> for Disposition {
    fn from(disposition: core::ModificationDisposition) -> Self {
        match disposition {
            core::ModificationDisposition::Live => Self::Live,
            core::ModificationDisposition::NextStart => Self::NextStart,
            core::ModificationDisposition::RequiresRestart => Self::RequiresRestart,
            core::ModificationDisposition::Unsupported => Self::Unsupported,
        }
    }
}

impl From<core::ResourceResizeStatus> for ResizeStatus {
    fn from(status: core::ResourceResizeStatus) -> Self {
        Self {
            resource: match status.resource {
                core::ResourceKind::Cpus => ResizedResource::Cpus,
                core::ResourceKind::Memory => ResizedResource::Memory,
            },
            requested: status.requested,
            actual: status.actual,
            enforced: status.enforced,
            state: match status.state {
                core::ResourceConvergenceState::Accepted => ResizeState::Accepted,
                core::ResourceConvergenceState::Converging => ResizeState::Converging,
                core::ResourceConvergenceState::Applied => ResizeState::Applied,
                core::ResourceConvergenceState::GuestRefused => ResizeState::GuestRefused,
                core::ResourceConvergenceState::Failed => ResizeState::Failed,
            },
        }
    }
}

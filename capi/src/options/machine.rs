//! What kind of machine a sandbox is.

use serde::{Deserialize, Serialize};

use super::form::mirror;

/// How virtual CPUs are placed on this machine's processors.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CpuPlacement {
    /// As the operating system likes.
    Inherit,
    /// On cores of their own, then on siblings, then shared.
    Auto,
    /// As wide as possible.
    Spread,
    /// On as few cores as possible.
    Compact,
}

/// When the guest's kernel uses huge pages for memory without a file.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum TransparentHugePages {
    /// Wherever it can.
    Always,
    /// Where a program asks for it.
    Madvise,
    /// Never.
    Never,
}

/// Whether this machine sets the guest's clock.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum GuestClock {
    /// When the guest boots, resumes, and about once a minute.
    Sync,
    /// Only when it boots.
    Off,
}

/// How much a sandbox's runtime logs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Errors.
    Error,
    /// Warnings too.
    Warn,
    /// What happens, too.
    Info,
    /// What helps to find mistakes, too.
    Debug,
    /// Everything.
    Trace,
}

/// What commands in a sandbox may do to it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SecurityProfile {
    /// What root may do on any machine: install packages, mount, run Docker.
    Default,
    /// Less: commands gain no privileges (no `sudo`), do not have
    /// `CAP_SYS_ADMIN`, and mounts ignore set-user-ID bits and devices.
    Restricted,
}

/// Whose sandboxes run on this machine.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentProfile {
    /// Those of one party.
    SingleTenant,
    /// Those of parties that do not trust each other: whatever the sandbox's
    /// rules say, it reaches public addresses only, and `ports`, `vsock`, and
    /// the network's `interface`, `trustHostCAs`, `dns.nameservers` and
    /// `dns.rebindProtection: false` are refused.
    MultiTenant,
}

mirror!(CpuPlacement = microsandbox::sandbox::CpuPlacement { Inherit Auto Spread Compact });
mirror!(TransparentHugePages = microsandbox::sandbox::TransparentHugePagePolicy {
    Always Madvise Never
});
mirror!(GuestClock = microsandbox::sandbox::GuestClockPolicy { Sync Off });
mirror!(LogLevel = microsandbox::LogLevel { Error Warn Info Debug Trace });
mirror!(SecurityProfile = microsandbox::sandbox::SecurityProfile { Default Restricted });
mirror!(DeploymentProfile = microsandbox::sandbox::DeploymentProfile { SingleTenant MultiTenant });

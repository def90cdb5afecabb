//! Resource limits of the programs in a sandbox.

use std::fmt;

use boundary::check::{MAX_SAFE_INTEGER, in_range, invalid};
use boundary::error::Error;
use microsandbox::sandbox::{Rlimit, RlimitResource, SandboxBuilder};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::form::forms;

/// Declares the options once: key, resource and documentation.
macro_rules! rlimits {
    ($($(#[$attribute:meta])* $name:ident = $resource:ident;)*) => {
        /// Resource limits of every program in a sandbox, as `setrlimit` sets
        /// them. A limit is one number, or a soft one that programs may raise
        /// up to a hard one. Default of each: the guest kernel's.
        #[derive(Debug, Default, Deserialize, Serialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[cfg_attr(test, ts(optional_fields))]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct Rlimits {
            $($(#[$attribute])* pub $name: Option<RlimitOption>,)*
        }

        impl Rlimits {
            fn given(&self) -> Vec<(&'static str, RlimitResource, &RlimitOption)> {
                let mut given = Vec::new();
                $(if let Some(option) = &self.$name {
                    given.push((stringify!($name), RlimitResource::$resource, option));
                })*
                given
            }

            fn set(&mut self, resource: RlimitResource, option: RlimitOption) {
                match resource {
                    $(RlimitResource::$resource => self.$name = Some(option),)*
                }
            }
        }
    };
}

rlimits! {
    /// Address space, in bytes. Default: the kernel's.
    #[cfg_attr(test, ts(rename = "as"))]
    #[serde(rename = "as")]
    address_space = As;
    /// Size of a core file, in bytes. Default: the kernel's.
    core = Core;
    /// Processor time, in seconds. Default: the kernel's.
    cpu = Cpu;
    /// Data segment, in bytes. Default: the kernel's.
    data = Data;
    /// Size of a file that is written, in bytes. Default: the kernel's.
    fsize = Fsize;
    /// File locks. Default: the kernel's.
    locks = Locks;
    /// Locked memory, in bytes. Default: the kernel's.
    memlock = Memlock;
    /// Message queues, in bytes. Default: the kernel's.
    msgqueue = Msgqueue;
    /// The ceiling of the nice value: 20 minus it. Default: the kernel's.
    nice = Nice;
    /// Open files of one process. Default: the kernel's.
    nofile = Nofile;
    /// Processes and threads of one user. Root is not bound by it. Default: the kernel's.
    nproc = Nproc;
    /// Resident memory, in bytes. Linux ignores it. Default: the kernel's.
    rss = Rss;
    /// The ceiling of the real-time priority. Default: the kernel's.
    rtprio = Rtprio;
    /// Processor time of a real-time process without a blocking call, in
    /// microseconds. Default: the kernel's.
    rttime = Rttime;
    /// Signals that wait to be delivered. Default: the kernel's.
    sigpending = Sigpending;
    /// Stack, in bytes. Default: the kernel's.
    stack = Stack;
}

/// One limit, or a soft and a hard one.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum RlimitOption {
    /// Both limits.
    Both(Limit),
    /// A soft and a hard limit.
    Range(RlimitRange),
}

forms!(RlimitOption, Both, Range, "a number, `unlimited`, or an object with soft and hard");

/// A soft and a hard limit.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RlimitRange {
    /// What holds at first.
    pub soft: Limit,
    /// What a program may raise it to.
    pub hard: Limit,
}

/// A number, or none.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Limit {
    /// At most this much.
    Number(i64),
    /// `unlimited`
    Word(#[cfg_attr(test, ts(inline))] Unlimited),
}

/// The word for a limit that is none.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Unlimited {
    Unlimited,
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LimitVisitor;
        impl Visitor<'_> for LimitVisitor {
            type Value = Limit;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number or `unlimited`")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Limit, E> {
                Ok(Limit::Number(value))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Limit, E> {
                // What does not fit is out of range in any case.
                Ok(Limit::Number(value.try_into().unwrap_or(i64::MAX)))
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Limit, E> {
                match value {
                    "unlimited" => Ok(Limit::Word(Unlimited::Unlimited)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(value), &self)),
                }
            }
        }
        deserializer.deserialize_any(LimitVisitor)
    }
}

impl Rlimits {
    /// Checks the limits and hands them to the core.
    pub fn apply(&self, builder: SandboxBuilder) -> Result<SandboxBuilder, Error> {
        Ok(self.checked()?.into_iter().fold(builder, |builder, (resource, soft, hard)| {
            builder.rlimit_range(resource, soft, hard)
        }))
    }

    /// The limits as the core takes them, soft and hard.
    pub fn checked(&self) -> Result<Vec<(RlimitResource, u64, u64)>, Error> {
        let mut checked = Vec::new();
        for (name, resource, option) in self.given() {
            let name = if name == "address_space" { "as" } else { name };
            let path = format!("rlimits.{name}");
            let (soft, hard) = match option {
                RlimitOption::Both(limit) => {
                    let limit = limit.to_core(&path)?;
                    (limit, limit)
                }
                RlimitOption::Range(range) => (
                    range.soft.to_core(&format!("{path}.soft"))?,
                    range.hard.to_core(&format!("{path}.hard"))?,
                ),
            };
            if soft > hard {
                return Err(invalid(&format!("{path}.soft"), "it is larger than the hard limit"));
            }
            checked.push((resource, soft, hard));
        }
        Ok(checked)
    }

    /// The options that make these limits.
    pub fn from_core(rlimits: &[Rlimit]) -> Option<Self> {
        let mut options = Self::default();
        for rlimit in rlimits {
            let (soft, hard) = (Limit::from_core(rlimit.soft), Limit::from_core(rlimit.hard));
            let option = if rlimit.soft == rlimit.hard {
                RlimitOption::Both(soft)
            } else {
                RlimitOption::Range(RlimitRange { soft, hard })
            };
            options.set(rlimit.resource, option);
        }
        (!rlimits.is_empty()).then_some(options)
    }
}

impl Limit {
    fn to_core(self, path: &str) -> Result<u64, Error> {
        match self {
            Self::Number(number) => in_range(path, number, 0..=MAX_SAFE_INTEGER),
            Self::Word(Unlimited::Unlimited) => Ok(u64::MAX),
        }
    }

    fn from_core(limit: u64) -> Self {
        match i64::try_from(limit) {
            Ok(number) if number <= MAX_SAFE_INTEGER => Self::Number(number),
            _ => Self::Word(Unlimited::Unlimited),
        }
    }
}

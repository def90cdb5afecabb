//! Signals by the names and numbers that Linux guests use.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, Serialize};

/// A signal of a Linux guest, whatever this machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    Sighup = 1,
    Sigint = 2,
    Sigquit = 3,
    Sigill = 4,
    Sigtrap = 5,
    Sigabrt = 6,
    Sigbus = 7,
    Sigfpe = 8,
    Sigkill = 9,
    Sigusr1 = 10,
    Sigsegv = 11,
    Sigusr2 = 12,
    Sigpipe = 13,
    Sigalrm = 14,
    Sigterm = 15,
    Sigstkflt = 16,
    Sigchld = 17,
    Sigcont = 18,
    Sigstop = 19,
    Sigtstp = 20,
    Sigttin = 21,
    Sigttou = 22,
    Sigurg = 23,
    Sigxcpu = 24,
    Sigxfsz = 25,
    Sigvtalrm = 26,
    Sigprof = 27,
    Sigwinch = 28,
    Sigio = 29,
    Sigpwr = 30,
    Sigsys = 31,
}

/// A signal by its name, or by its number from 1 to 64.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(untagged))]
pub enum SignalOption {
    Name(Signal),
    Number(i32),
}

/// Which signal to send.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignalOptions {
    /// The signal.
    pub signal: SignalOption,
}

/// The signal that ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum FatalSignal {
    /// The one that was sent last through the process that it ended.
    Sent(Signal),
    /// Another one, or one that somebody else sent: the guest does not tell.
    Unknown(UnknownSignal),
}

/// The name of a signal that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum UnknownSignal {
    Unknown,
}

/// The exit code that the guest reports for a command that a signal ended.
const SIGNALLED: i32 = -1;

impl FatalSignal {
    /// The signal that a command with this code died of. `sent` is the number
    /// of the one that was sent last, if any was.
    pub fn of_code(code: i32, sent: Option<i32>) -> Option<Self> {
        if code != SIGNALLED {
            return None;
        }
        let sent = sent.and_then(Signal::fatal);
        Some(sent.map_or(Self::Unknown(UnknownSignal::Unknown), Self::Sent))
    }
}

impl Signal {
    /// The signals in the order of their numbers, from 1.
    const ALL: [Self; 31] = [
        Self::Sighup, Self::Sigint, Self::Sigquit, Self::Sigill, Self::Sigtrap, Self::Sigabrt,
        Self::Sigbus, Self::Sigfpe, Self::Sigkill, Self::Sigusr1, Self::Sigsegv, Self::Sigusr2,
        Self::Sigpipe, Self::Sigalrm, Self::Sigterm, Self::Sigstkflt, Self::Sigchld, Self::Sigcont,
        Self::Sigstop, Self::Sigtstp, Self::Sigttin, Self::Sigttou, Self::Sigurg, Self::Sigxcpu,
        Self::Sigxfsz, Self::Sigvtalrm, Self::Sigprof, Self::Sigwinch, Self::Sigio, Self::Sigpwr,
        Self::Sigsys,
    ];

    /// The signal with this number, if it has a name.
    pub fn numbered(number: i32) -> Option<Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// The signal's name, such as `SIGTERM`.
    pub fn name(self) -> String {
        format!("{self:?}").to_uppercase()
    }

    /// The signal of this name, such as `SIGTERM`.
    pub fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// The signal with this number, if it has a name and can end a command.
    pub fn fatal(number: i32) -> Option<Self> {
        let signal = Self::numbered(number)?;
        let is_harmless = matches!(
            signal,
            Self::Sigchld
                | Self::Sigcont
                | Self::Sigstop
                | Self::Sigtstp
                | Self::Sigttin
                | Self::Sigttou
                | Self::Sigurg
                | Self::Sigwinch
        );
        (!is_harmless).then_some(signal)
    }
}

impl SignalOption {
    /// The signal's number.
    pub fn number(self) -> i32 {
        match self {
            Self::Name(signal) => signal as i32,
            Self::Number(number) => number,
        }
    }
}

impl<'de> Deserialize<'de> for SignalOption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = SignalOption;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a signal's name such as \"SIGTERM\", or its number from 1 to 64")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<SignalOption, E> {
                Signal::deserialize(StrDeserializer::new(name)).map(SignalOption::Name)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<SignalOption, E> {
                match number {
                    1..=64 => Ok(SignalOption::Number(number as i32)),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signals_stand_in_the_order_of_their_numbers() {
        for (index, signal) in Signal::ALL.into_iter().enumerate() {
            assert_eq!(signal as usize, index + 1);
        }
    }

    #[test]
    fn a_fatal_signal_is_the_one_that_was_sent_or_unknown() {
        let unknown = Some(FatalSignal::Unknown(UnknownSignal::Unknown));
        assert_eq!(FatalSignal::of_code(-1, Some(9)), Some(FatalSignal::Sent(Signal::Sigkill)));
        for sent in [None, Some(0), Some(-1), Some(17), Some(40), Some(i32::MAX)] {
            assert_eq!(FatalSignal::of_code(-1, sent), unknown, "{sent:?}");
        }
        for code in [0, 1, 127, 137, 255] {
            assert_eq!(FatalSignal::of_code(code, Some(9)), None, "{code}");
        }
        assert_eq!(serde_json::to_string(&unknown).unwrap(), "\"unknown\"");
    }
}

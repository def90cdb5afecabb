//! Signals by the names that SSH has for them.

use std::mem::discriminant;

use boundary::process::signal::Signal;
use russh::Sig;

/// Those that the standard names. The others go by their name without `SIG`.
const STANDARD: [(Sig, Signal); 12] = [
    (Sig::ABRT, Signal::Sigabrt),
    (Sig::ALRM, Signal::Sigalrm),
    (Sig::FPE, Signal::Sigfpe),
    (Sig::HUP, Signal::Sighup),
    (Sig::ILL, Signal::Sigill),
    (Sig::INT, Signal::Sigint),
    (Sig::KILL, Signal::Sigkill),
    (Sig::PIPE, Signal::Sigpipe),
    (Sig::QUIT, Signal::Sigquit),
    (Sig::SEGV, Signal::Sigsegv),
    (Sig::TERM, Signal::Sigterm),
    (Sig::USR1, Signal::Sigusr1),
];

/// The signal under its name in SSH.
pub fn of_ssh(signal: Signal) -> Sig {
    let standard = STANDARD.into_iter().find(|(_, it)| *it == signal);
    standard.map_or_else(|| Sig::Custom(signal.name()[3..].to_owned()), |(name, _)| name)
}

/// The number that Linux gives a signal.
pub fn number_of(name: &Sig) -> Option<i32> {
    let signal = match name {
        Sig::Custom(name) => Signal::named(&format!("SIG{name}")),
        name => STANDARD
            .into_iter()
            .find(|(it, _)| discriminant(it) == discriminant(name))
            .map(|(_, signal)| signal),
    };
    signal.map(|signal| signal as i32)
}

/// The signal that a command has died of. The guest does not tell which one, so
/// it is the last one that the client has sent; else the name says that it is
/// not known, in the form that SSH has for names of one's own.
pub fn fatal(sent: i32) -> Sig {
    Signal::fatal(sent).map_or_else(|| Sig::Custom("unknown@microsandbox".to_owned()), of_ssh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_keeps_its_number() {
        for number in 1..=31 {
            let signal = Signal::numbered(number).unwrap();
            assert_eq!(number_of(&of_ssh(signal)), Some(number), "{signal:?}");
        }
        assert_eq!(number_of(&Sig::Custom("NONE".to_owned())), None);
    }
}

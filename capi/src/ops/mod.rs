//! The operations that a request can name, and the way to each.

pub mod command;
pub mod create;
pub mod echo;
pub mod host;
pub mod sandbox;
pub mod stream;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Outcome};
use crate::error::{Error, ErrorCode};

/// One submitted operation, with everything that it may use.
pub struct Request {
    /// Whose request it is.
    pub client: Arc<Client>,
    /// The number that the caller gave it.
    pub id: u32,
    /// The handle that the operation works on, or 0.
    pub handle: u32,
    /// The options as JSON. Empty stands for `{}`.
    pub options: Vec<u8>,
    /// The raw input.
    pub bytes: Bytes,
    /// Fires when the caller cancels the request or closes the client.
    pub cancel: CancellationToken,
}

/// Options of an operation that has none.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(type = "Record<string, never>"))]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

/// Declares every operation once: its number, its name, and the types of its
/// options and its result. The dispatch below and the generated TypeScript
/// both come from this list.
macro_rules! operations {
    ($($id:literal $name:literal $variant:ident ($options:ty) -> $result:ty;)*) => {
        /// The operations, by their numbers in the ABI. Numbers are never
        /// reused.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Operation {
            $($variant = $id,)*
        }

        impl Operation {
            fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        /// Number, name, options type and result type of each operation, for
        /// the generated TypeScript.
        #[cfg(test)]
        pub fn descriptions(config: &ts_rs::Config) -> Vec<(u32, &'static str, String, String)> {
            use ts_rs::TS;
            vec![$(($id, $name, <$options>::name(config), <$result>::name(config)),)*]
        }
    };
}

operations! {
    1 "sandbox.create" SandboxCreate (create::CreateOptions) -> sandbox::LiveSandbox;
    2 "sandbox.start" SandboxStart (sandbox::StartOptions) -> sandbox::LiveSandbox;
    3 "sandbox.get" SandboxGet (sandbox::NamedSandbox) -> sandbox::SandboxInfo;
    4 "sandbox.getOrCreate" SandboxGetOrCreate (create::CreateOptions) -> sandbox::LiveSandbox;
    5 "sandbox.list" SandboxList (sandbox::ListOptions) -> sandbox::SandboxPage;
    6 "sandbox.remove" SandboxRemove (sandbox::NamedSandbox) -> ();
    7 "sandbox.connect" SandboxConnect (sandbox::NamedSandbox) -> sandbox::LiveSandbox;
    8 "sandbox.stop" SandboxStop (sandbox::StopOptions) -> ();
    9 "sandbox.kill" SandboxKill (sandbox::StopOptions) -> ();
    10 "sandbox.waitUntilStopped" SandboxWaitUntilStopped (NoOptions) -> sandbox::StopResult;
    11 "sandbox.detach" SandboxDetach (NoOptions) -> ();
    12 "sandbox.stopNamed" SandboxStopNamed (sandbox::StopNamedOptions) -> ();
    13 "sandbox.killNamed" SandboxKillNamed (sandbox::StopNamedOptions) -> ();
    32 "command.exec" CommandExec (command::ExecRequest) -> command::ExecResult;
    33 "command.shell" CommandShell (command::ShellRequest) -> command::ExecResult;
    64 "stream.read" StreamRead (stream::ReadOptions) -> stream::ReadResult;
    0xE000 "echo.call" EchoCall (serde_json::Value) -> serde_json::Value;
    0xE001 "echo.delay" EchoDelay (echo::DelayOptions) -> ();
    0xE002 "echo.fail" EchoFail (echo::FailOptions) -> ();
    0xE003 "echo.panic" EchoPanic (NoOptions) -> ();
    0xE004 "echo.stream" EchoStream (echo::StreamOptions) -> ();
    0xE005 "echo.statistics" EchoStatistics (NoOptions) -> echo::Statistics;
}

/// Runs the operation with this number to its end.
pub async fn dispatch(id: u32, request: Request) -> Result<Outcome, Error> {
    let Some(operation) = Operation::from_id(id) else {
        return Err(Error::new(
            ErrorCode::UnknownOperation,
            format!(
                "Cannot run operation {id}: this library does not have it, so the library and \
                 the program are of different versions"
            ),
        ));
    };
    match operation {
        // These have something to clean up when they are cancelled, so they
        // watch for it themselves.
        Operation::SandboxCreate => create::create(request).await,
        Operation::SandboxGetOrCreate => create::get_or_create(request).await,
        Operation::CommandExec => command::exec(request).await,
        Operation::CommandShell => command::shell(request).await,
        // The others are safe to drop at any point.
        _ => {
            let cancel = request.cancel.clone();
            until_cancelled(&cancel, dispatch_droppable(operation, request)).await?
        }
    }
}

async fn dispatch_droppable(operation: Operation, request: Request) -> Result<Outcome, Error> {
    match operation {
        Operation::SandboxStart => sandbox::start(request).await,
        Operation::SandboxGet => sandbox::get(request).await,
        Operation::SandboxList => sandbox::list(request).await,
        Operation::SandboxRemove => sandbox::remove(request).await,
        Operation::SandboxConnect => sandbox::connect(request).await,
        Operation::SandboxStop => sandbox::stop(request).await,
        Operation::SandboxKill => sandbox::kill(request).await,
        Operation::SandboxWaitUntilStopped => sandbox::wait_until_stopped(request).await,
        Operation::SandboxDetach => sandbox::detach(request).await,
        Operation::SandboxStopNamed => sandbox::stop_named(request).await,
        Operation::SandboxKillNamed => sandbox::kill_named(request).await,
        Operation::StreamRead => stream::read(request).await,
        Operation::EchoCall => echo::call(request),
        Operation::EchoDelay => echo::delay(request).await,
        Operation::EchoFail => echo::fail(request),
        Operation::EchoPanic => echo::panic(),
        Operation::EchoStream => echo::stream(request),
        Operation::EchoStatistics => echo::statistics(request),
        Operation::SandboxCreate
        | Operation::SandboxGetOrCreate
        | Operation::CommandExec
        | Operation::CommandShell => unreachable!("dispatched above"),
    }
}

/// Runs `work`, and drops it when the request is cancelled first.
pub async fn until_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::select! {
        // Cancelled requests do not start work that would be dropped at once.
        biased;
        () = cancel.cancelled() => Err(Error::cancelled()),
        value = work => Ok(value),
    }
}

impl Request {
    /// The options as the type that the operation takes.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let json: &[u8] = if self.options.is_empty() { b"{}" } else { &self.options };
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(invalid_option)?;
        deserializer.end().map_err(|error| {
            Error::new(ErrorCode::InvalidOption, format!("Cannot read the options: {error}"))
        })?;
        Ok(value)
    }
}

impl Outcome {
    /// An outcome that is only a JSON value.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { json: encode(value)?, ..Self::default() })
    }
}

/// Encodes a result. It fails only for types that JSON cannot hold, which
/// would be a mistake of ours.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("Cannot encode a result as JSON: {error}"))
    })
}

/// Refuses a number outside of its range.
pub fn out_of_range(path: &str, value: impl std::fmt::Display, range: &str) -> Error {
    Error::new(
        ErrorCode::OptionOutOfRange,
        format!("Cannot use {value} as {path}: it has to be {range}"),
    )
    .with_details(json!({ "path": path }))
}

fn invalid_option(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let inner = error.into_inner();
    let text = inner.to_string();
    // serde has no structured form of these two errors; their wording is
    // pinned by the tests below.
    let (code, path) = match text.split('`').collect::<Vec<_>>()[..] {
        ["unknown field ", key, ..] => (ErrorCode::UnknownOption, joined(&path, key)),
        ["missing field ", key, ..] => (ErrorCode::InvalidOption, joined(&path, key)),
        _ => (ErrorCode::InvalidOption, path),
    };
    // Callers know the options of a command by their own names.
    let path = path.strip_prefix("options.").unwrap_or(&path);
    // The position in the JSON text means nothing to whoever gave an object.
    let reason = text.split(" at line ").next().unwrap_or_default();
    Error::new(code, format!("Cannot use option {path}: {reason}"))
        .with_details(json!({ "path": path }))
}

/// serde reports the path of an unknown or missing key with or without the key
/// itself, depending on where it stands.
fn joined(path: &str, key: &str) -> String {
    if path == "." || path == key {
        key.to_owned()
    } else if path.ends_with(&format!(".{key}")) {
        path.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        cpus: u8,
    }

    fn refusal(json: &str) -> (ErrorCode, String, String) {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Outer>(&mut deserializer).unwrap_err();
        let error = invalid_option(error);
        let path = error.details["path"].as_str().unwrap().to_owned();
        (error.code, path, error.message)
    }

    #[test]
    fn an_unknown_key_is_named_at_any_depth() {
        let (code, path, message) = refusal(r#"{"iner": 1}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::UnknownOption, "iner"));
        assert_eq!(message, "Cannot use option iner: unknown field `iner`, expected `inner`");
        let (code, path, _) = refusal(r#"{"inner": {"cpu": 1}}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::UnknownOption, "inner.cpu"));
    }

    #[test]
    fn a_missing_key_is_named_at_any_depth() {
        let (code, path, message) = refusal(r#"{"inner": {}}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::InvalidOption, "inner.cpus"));
        assert_eq!(message, "Cannot use option inner.cpus: missing field `cpus`");
    }

    #[test]
    fn a_wrong_type_is_named_by_its_path() {
        let (code, path, message) = refusal(r#"{"inner": {"cpus": "two"}}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::InvalidOption, "inner.cpus"));
        assert_eq!(
            message,
            "Cannot use option inner.cpus: invalid type: string \"two\", expected u8"
        );
    }
}

//! The operations that a request can name, and the way to each.

pub mod agent;
pub mod backend;
pub mod command;
pub mod echo;
pub mod file;
pub mod fs;
pub mod image;
pub mod job;
pub mod logs;
pub mod metrics;
pub mod port;
pub mod process;
pub mod runtime;
pub mod sandbox;
pub mod snapshot;
pub mod ssh;
pub mod ssh_server;
pub mod storage;
pub mod stream;
pub mod volume;

use std::future::{self, Future};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub use crate::options::check::out_of_range;
use crate::client::handles::{AnyResource, Resource};
use crate::client::{Client, Outcome};
use crate::error::{Error, ErrorCode};
use crate::stream::Item;

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

/// Declares every operation once: its number, its name, the types of its
/// options and its result, and the function that runs it. The dispatch and the
/// generated TypeScript both come from this list.
///
/// A function is dropped when its request is cancelled. One marked with `own`
/// has something to clean up then, so it watches `Request::cancel` itself. One
/// marked with `memory` looks at memory only until it first waits, so it may
/// begin on the caller's thread.
macro_rules! operations {
    ($($id:literal $name:literal ($options:ty) -> $result:ty = $($kind:ident)? [$run:path];)*) => {
        /// Runs the operation with this number to its end.
        ///
        /// The future of each operation is boxed by itself, or each request
        /// would carry around the room that the largest one needs.
        pub fn dispatch(id: u32, request: Request) -> BoxFuture<'static, Result<Outcome, Error>> {
            match id {
                $($id => run!($($kind)? request, $run),)*
                _ => future::ready(Err(unknown_operation(id))).boxed(),
            }
        }

        /// The same for operations that are marked with `memory`, and none of
        /// the others: their room on the stack is more than some callers have.
        pub fn dispatch_memory(
            id: u32,
            request: Request,
        ) -> Result<BoxFuture<'static, Result<Outcome, Error>>, Request> {
            $(run_memory!($($kind)? $id, id, request, $run);)*
            Err(request)
        }

        /// The name of the operation with this number.
        pub fn name(id: u32) -> Option<&'static str> {
            match id {
                $($id => Some($name),)*
                _ => None,
            }
        }

        /// Number, name, options type and result type of each operation, for
        /// the generated TypeScript.
        #[cfg(test)]
        pub fn descriptions(config: &ts_rs::Config) -> Vec<(u32, &'static str, String, String)> {
            use ts_rs::TS;
            vec![$(($id, $name, <$options>::name(config), <$result>::name(config)),)*]
        }

        /// Visits the options type and the result type of each operation, for
        /// the generated TypeScript.
        #[cfg(test)]
        pub fn visit_types(visitor: &mut impl ts_rs::TypeVisitor) {
            $(
                visitor.visit::<$options>();
                visitor.visit::<$result>();
            )*
        }
    };
}

macro_rules! run_memory {
    (memory $expected:literal, $id:ident, $request:ident, $run:path) => {
        if $id == $expected {
            return Ok(run!($request, $run));
        }
    };
    ($($own:ident)? $expected:literal, $id:ident, $request:ident, $run:path) => {};
}

macro_rules! run {
    (own $request:ident, $run:path) => {
        $run($request).boxed()
    };
    (memory $request:ident, $run:path) => {
        run!($request, $run)
    };
    ($request:ident, $run:path) => {{
        let cancel = $request.cancel.clone();
        let work = $run($request);
        async move { until_cancelled(&cancel, work).await? }.boxed()
    }};
}

// Numbers are never reused. Each noun has a block of them.
operations! {
    1 "sandbox.create" (crate::options::create::CreateOptions) -> sandbox::LiveSandbox = own [sandbox::create::create];
    2 "sandbox.start" (sandbox::lifecycle::StartOptions) -> sandbox::LiveSandbox = [sandbox::lifecycle::start];
    3 "sandbox.get" (sandbox::NamedSandbox) -> sandbox::SandboxInfo = [sandbox::get];
    4 "sandbox.getOrCreate" (crate::options::create::CreateOptions) -> sandbox::LiveSandbox =
        own [sandbox::create::get_or_create];
    5 "sandbox.list" (sandbox::ListOptions) -> sandbox::SandboxPage = [sandbox::list];
    6 "sandbox.remove" (sandbox::NamedSandbox) -> () = [sandbox::remove];
    7 "sandbox.connect" (sandbox::lifecycle::ConnectOptions) -> sandbox::LiveSandbox = [sandbox::lifecycle::connect];
    8 "sandbox.stop" (sandbox::OnSandbox<sandbox::lifecycle::StopOptions>) -> () = [sandbox::lifecycle::stop];
    9 "sandbox.kill" (sandbox::OnSandbox<sandbox::lifecycle::KillOptions>) -> () = [sandbox::lifecycle::kill];
    10 "sandbox.waitUntilStopped" (sandbox::OnSandbox<NoOptions>) -> sandbox::lifecycle::StopResult =
        [sandbox::lifecycle::wait_until_stopped];
    11 "sandbox.detach" (NoOptions) -> () = [sandbox::lifecycle::detach];
    12 "sandbox.fork" (sandbox::OnSandbox<sandbox::fork::ForkOptions>) -> sandbox::LiveSandbox = own [sandbox::fork::fork];
    13 "sandbox.forkMany" (sandbox::OnSandbox<sandbox::fork::ForkManyRequest>) -> Vec<sandbox::fork::ForkOutcome> =
        own [sandbox::fork::fork_many];
    14 "sandbox.compact" (sandbox::OnSandbox<sandbox::fork::CompactOptions>) -> sandbox::fork::CompactResult =
        own [sandbox::fork::compact];
    15 "sandbox.connectOrStart" (sandbox::lifecycle::StartOptions) -> sandbox::LiveSandbox =
        [sandbox::lifecycle::connect_or_start];
    16 "sandbox.end" (sandbox::OnSandbox<sandbox::lifecycle::EndOptions>) -> () = [sandbox::lifecycle::end];
    17 "sandbox.waitForStatus" (sandbox::OnSandbox<sandbox::lifecycle::WaitForStatusOptions>) -> sandbox::SandboxInfo =
        [sandbox::lifecycle::wait_for_status];
    18 "sandbox.restart" (sandbox::OnSandbox<sandbox::lifecycle::RestartOptions>) -> sandbox::LiveSandbox =
        [sandbox::lifecycle::restart];
    19 "sandbox.destroy" (sandbox::OnSandbox<sandbox::lifecycle::DestroyOptions>) -> () = [sandbox::lifecycle::destroy];
    20 "sandbox.ping" (sandbox::OnSandbox<NoOptions>) -> sandbox::lifecycle::PingResult = [sandbox::lifecycle::ping];
    21 "sandbox.touch" (sandbox::OnSandbox<NoOptions>) -> sandbox::lifecycle::TouchResult = [sandbox::lifecycle::touch];
    22 "sandbox.modify" (sandbox::OnSandbox<sandbox::modify::ModifyOptions>) -> sandbox::modification_plan::ModificationPlan =
        own [sandbox::modify::modify];
    23 "sandbox.pause" (sandbox::OnSandbox<sandbox::fork::PauseOptions>) -> () = [sandbox::fork::pause];
    24 "sandbox.resume" (sandbox::OnSandbox<NoOptions>) -> () = [sandbox::fork::resume];
    25 "sandbox.pauseState" (sandbox::OnSandbox<NoOptions>) -> sandbox::fork::PauseState = [sandbox::fork::pause_state];
    26 "port.waitFor" (port::WaitForPortOptions) -> () = [port::wait_for];
    27 "sandbox.config" (sandbox::OnSandbox<NoOptions>) -> crate::options::create::CreateOptions = [sandbox::config::config];
    29 "sandbox.restore" (sandbox::restore::RestoreRequest) -> sandbox::LiveSandbox = own [sandbox::restore::restore];
    30 "sandbox.restoreWarnings" (NoOptions) -> Vec<sandbox::restore::RestoreWarning> = [sandbox::restore::restore_warnings];
    32 "command.run" (command::CommandRequest) -> command::CommandResult = own [command::run];
    33 "process.spawn" (command::CommandRequest) -> process::SpawnedProcess = [process::spawn];
    34 "process.read" (stream::ReadOptions) -> stream::ReadResult = memory [process::read];
    35 "process.write" (NoOptions) -> () = [process::write];
    36 "process.closeInput" (NoOptions) -> () = [process::close_input];
    37 "process.signal" (crate::process::signal::SignalOptions) -> () = [process::signal];
    38 "process.resize" (command::TerminalSize) -> () = [process::resize];
    39 "process.abandon" (NoOptions) -> () = [process::abandon];
    40 "job.start" (command::CommandRequest) -> job::JobInfo = own [job::start];
    41 "job.list" (job::JobListOptions) -> job::JobList = [job::list];
    42 "job.get" (job::JobTarget) -> job::JobInfo = [job::get];
    43 "job.wait" (job::JobTarget) -> job::JobExit = [job::wait];
    44 "job.signal" (job::JobSignalOptions) -> () = [job::signal];
    45 "job.closeInput" (job::JobTarget) -> () = [job::close_input];
    46 "job.logs" (job::JobLogsOptions) -> () = [job::logs];
    47 "job.attach" (job::attachment::JobAttachRequest) -> () = [job::attachment::attach];
    64 "stream.read" (stream::ReadOptions) -> stream::ReadResult = [stream::read];
    80 "fs.open" (fs::OpenFileRequest) -> () = [fs::open];
    81 "fs.readFile" (fs::FilePathRequest) -> () = [fs::read_file];
    82 "fs.writeFile" (fs::WriteWholeFileRequest) -> () = [fs::write_file];
    83 "fs.readDir" (fs::FilePathRequest) -> () = [fs::read_dir];
    84 "fs.stat" (fs::FileStatRequest) -> crate::files::FileStat = [fs::stat];
    85 "fs.mkdir" (fs::MkdirRequest) -> () = [fs::mkdir];
    86 "fs.remove" (fs::RemoveFileRequest) -> () = [fs::remove];
    87 "fs.rename" (fs::TwoPathsRequest) -> () = [fs::rename];
    88 "fs.copyFile" (fs::TwoPathsRequest) -> () = [fs::copy_file];
    89 "fs.symlink" (fs::SymlinkRequest) -> () = [fs::symlink];
    90 "fs.readLink" (fs::FilePathRequest) -> fs::FilePathResult = [fs::read_link];
    91 "fs.realPath" (fs::FilePathRequest) -> fs::FilePathResult = [fs::real_path];
    92 "fs.setAttributes" (fs::FileAttributesRequest) -> () = [fs::set_attributes];
    93 "fs.copyFromHost" (crate::files::copy::HostCopyRequest) -> () = [crate::files::copy::copy_from_host];
    94 "fs.copyToHost" (crate::files::copy::HostCopyRequest) -> () = [crate::files::copy::copy_to_host];
    104 "file.read" (file::ReadFileOptions) -> () = [file::read];
    105 "file.write" (file::WriteFileOptions) -> file::WriteFileResult = [file::write];
    106 "file.stat" (NoOptions) -> crate::files::FileStat = [file::stat];
    107 "file.setAttributes" (fs::FileAttributesRequest) -> () = [file::set_attributes];
    108 "file.close" (NoOptions) -> () = [file::close];
    128 "image.get" (image::NamedImage) -> image::ImageInfo = [image::get];
    129 "image.list" (NoOptions) -> Vec<image::ImageInfo> = [image::list];
    130 "image.inspect" (image::NamedImage) -> image::ImageDetail = [image::inspect];
    131 "image.remove" (image::RemoveImageOptions) -> () = [image::remove];
    132 "image.prune" (NoOptions) -> image::ImagePruneReport = [image::prune];
    133 "image.load" (image::LoadImagesOptions) -> Vec<image::ImageInfo> = [image::load];
    134 "image.save" (image::SaveImagesOptions) -> () = own [image::save];
    135 "image.pull" (crate::images::pull::ImagePullOptions) -> image::ImageInfo = own [crate::images::pull::pull];
    144 "volume.create" (volume::VolumeOptions) -> volume::VolumeInfo = own [volume::create];
    145 "volume.get" (volume::NamedVolume) -> volume::VolumeInfo = [volume::get];
    146 "volume.list" (volume::ListVolumesRequest) -> Vec<volume::VolumeInfo> = [volume::list];
    147 "volume.remove" (volume::NamedVolume) -> () = [volume::remove];
    168 "storage.usage" (NoOptions) -> storage::StorageUsage = [storage::usage];
    169 "storage.prune" (storage::PruneStorageRequest) -> storage::StoragePruneReport = [storage::prune];
    176 "snapshot.create" (sandbox::OnSandbox<snapshot::SnapshotOptions>) -> snapshot::SnapshotInfo =
        own [snapshot::create];
    177 "snapshot.get" (snapshot::SnapshotTarget) -> snapshot::SnapshotInfo = [snapshot::get];
    178 "snapshot.list" (snapshot::SnapshotDirectory) -> Vec<snapshot::SnapshotInfo> = [snapshot::list];
    180 "snapshot.reindex" (snapshot::SnapshotDirectory) -> usize = [snapshot::reindex];
    181 "snapshot.remove" (snapshot::RemoveSnapshotOptions) -> () = [snapshot::remove];
    182 "snapshot.details" (snapshot::SnapshotTarget) -> snapshot::SnapshotDetails = [snapshot::details];
    183 "snapshot.verify" (snapshot::SnapshotTarget) -> snapshot::VerifyResult = [snapshot::verify];
    184 "snapshot.storageUsage" (snapshot::SnapshotTarget) -> snapshot::DiskUsage =
        [snapshot::storage_usage];
    185 "snapshot.groupHead" (snapshot::SnapshotSelector) -> snapshot::GroupHead = [snapshot::group_head];
    186 "snapshot.createArchive" (sandbox::OnSandbox<snapshot::archive::CreateArchiveRequest>)
        -> snapshot::archive::ArchiveInfo =
        own [snapshot::archive::create_archive];
    187 "snapshot.save" (snapshot::archive::ToFile<snapshot::archive::SaveOptions>)
        -> snapshot::archive::ArchiveInfo =
        own [snapshot::archive::save];
    188 "snapshot.copy" (snapshot::archive::ToFile<snapshot::archive::CopyOptions>)
        -> snapshot::archive::ArchiveInfo =
        own [snapshot::archive::copy];
    189 "snapshot.load" (snapshot::archive::LoadRequest) -> Vec<snapshot::SnapshotInfo> =
        own [snapshot::archive::load];
    208 "logs.read" (sandbox::OnSandbox<logs::LogReadOptions>) -> Vec<logs::LogEntry> = [logs::read];
    209 "logs.stream" (sandbox::OnSandbox<logs::LogFollowOptions>) -> () = [logs::stream];
    216 "metrics.get" (sandbox::OnSandbox<NoOptions>) -> metrics::Metrics = [metrics::get];
    217 "metrics.all" (NoOptions) -> std::collections::BTreeMap<String, metrics::Metrics> = [metrics::all];
    218 "metrics.stream" (sandbox::OnSandbox<metrics::MetricsOptions>) -> () = [metrics::stream];
    224 "ssh.connect" (ssh::SshRequest) -> () = [ssh::connect];
    225 "ssh.spawn" (ssh::SshCommandRequest) -> () = [ssh::spawn];
    226 "ssh.openSftp" (NoOptions) -> () = [ssh::open_sftp];
    227 "ssh.close" (NoOptions) -> () = [ssh::close];
    240 "sshServer.listen" (ssh_server::SshServerRequest) -> ssh_server::SshServerInfo =
        [ssh_server::listen];
    241 "sshServer.events" (NoOptions) -> () = [ssh_server::events];
    242 "sshServer.close" (NoOptions) -> () = [ssh_server::close];
    256 "agent.connect" (sandbox::NamedSandbox) -> () = [agent::connect];
    257 "agent.request" (agent::AgentRequest) -> agent::AgentFrameHeader = [agent::request];
    258 "agent.stream" (agent::AgentRequest) -> agent::AgentStreamInfo = [agent::stream];
    259 "agent.send" (agent::AgentFrameHeader) -> () = [agent::send];
    260 "agent.close" (NoOptions) -> () = [agent::close];
    272 "backend.info" (NoOptions) -> backend::BackendInfo = [backend::info];
    273 "backend.requirements" (NoOptions) -> backend::BackendRequirements = [backend::requirements];
    274 "backend.profiles" (NoOptions) -> backend::ProfileSelection = [backend::profiles];
    275 "backend.useProfile" (backend::UseProfile) -> backend::ProfileSelection =
        [backend::use_profile];
    288 "runtime.install" (runtime::InstallRuntimeOptions) -> runtime::RuntimeInfo = [runtime::install];
    289 "runtime.ensure" (NoOptions) -> runtime::RuntimeInfo = [runtime::ensure];
    290 "runtime.find" (NoOptions) -> runtime::FoundRuntime = [runtime::find];
    291 "runtime.setPath" (runtime::SetRuntimePath) -> () = [runtime::set_path];
    292 "runtime.versions" (NoOptions) -> runtime::LibraryVersions = [runtime::versions];
    293 "runtime.diagnose" (NoOptions) -> crate::sandboxes::host::HostDiagnosis = [crate::sandboxes::host::diagnose];
    0xE000 "echo.call" (serde_json::Value) -> serde_json::Value = memory [echo::call];
    0xE001 "echo.delay" (echo::DelayOptions) -> () = [echo::delay];
    0xE002 "echo.fail" (echo::FailOptions) -> () = [echo::fail];
    0xE003 "echo.panic" (NoOptions) -> () = [echo::panic];
    0xE004 "echo.stream" (echo::StreamOptions) -> () = [echo::stream];
    0xE005 "echo.statistics" (NoOptions) -> echo::Statistics = [echo::statistics];
    0xE006 "echo.process" (echo::process::EchoProcessOptions) -> process::SpawnedProcess =
        [echo::process::process];
}

fn unknown_operation(id: u32) -> Error {
    Error::new(
        ErrorCode::UnknownOperation,
        format!(
            "Cannot run operation {id}: this library does not have it, so the library and the \
             program are of different versions"
        ),
    )
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

    /// Sends an item to the caller before the request completes.
    pub fn emit(&self, item: Item) {
        self.client.emit(self.id, item.json, item.bytes);
    }
}

impl Outcome {
    /// An outcome that is only a JSON value.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { json: encode(value)?, ..Self::default() })
    }

    /// An outcome that gives the caller a handle for `resource`.
    pub fn resource(resource: impl Resource) -> Self {
        Self { resource: Some(AnyResource::new(resource)), ..Self::default() }
    }

    /// The same outcome with a JSON value.
    pub fn with_json(self, value: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { json: encode(value)?, ..self })
    }
}

/// Encodes a result. It fails only for types that JSON cannot hold, which
/// would be a mistake of ours.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("Cannot encode a result as JSON: {error}"))
    })
}

/// A number of another type, from 1 to that type's `maximum`.
pub fn ranged<T: TryFrom<i64> + Into<u32>>(path: &str, value: i64, maximum: T) -> Result<T, Error> {
    let range = format!("from 1 to {}", maximum.into());
    match T::try_from(value) {
        Ok(number) if value > 0 => Ok(number),
        _ => Err(out_of_range(path, value, &range)),
    }
}

/// The error for options that are not what they should be.
pub fn invalid_option(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
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
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let reason = if holds_secrets(path) { without_value(reason) } else { reason.to_owned() };
    Error::new(code, format!("Cannot use option {path}: {reason}"))
        .with_details(json!({ "path": path }))
}

/// Whether the values below an option are nobody else's business. What stands in
/// the place of all options may be anything.
fn holds_secrets(path: &str) -> bool {
    path == "."
        || ["secrets", "registryAuth", "apiKey", "hostKey"]
        .iter()
        .any(|name| path.split(['.', '[']).next() == Some(name))
}

/// serde's reason for a refusal, without the value that was refused: what
/// follows the kind of value in quotes, up to what was expected instead.
fn without_value(reason: &str) -> String {
    match (reason.split_once(['"', '`']), reason.rsplit_once(", expected ")) {
        (Some((kind, _)), Some((_, expected))) if reason.starts_with("invalid ") => {
            format!("{}, expected {expected}", kind.trim_end())
        }
        _ => reason.to_owned(),
    }
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
    fn the_value_of_a_secret_is_not_repeated() {
        for json in [
            r#"{"secrets": {"KEY": "hush, \", expected `, hush"}}"#,
            r#"{"secrets": {"KEY": {"value": 1234}}}"#,
        ] {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            let error = serde_path_to_error::deserialize::<_, crate::options::create::CreateOptions>(&mut deserializer).unwrap_err();
            let message = invalid_option(error).message;
            assert!(message.starts_with("Cannot use option secrets.KEY"), "{message}");
            assert!(!message.contains("hush") && !message.contains("1234"), "{message}");
        }
    }

    #[test]
    fn what_stands_for_all_options_is_not_repeated() {
        let mut deserializer = serde_json::Deserializer::from_str("\"hush\"");
        let options = serde_path_to_error::deserialize::<_, crate::client::backend::CloudOptions>(&mut deserializer);
        let message = invalid_option(options.err().expect("it is no object")).message;
        assert!(!message.contains("hush"), "{message}");
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

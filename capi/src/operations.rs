//! The operations that a request can name, and the way to each.

use std::future::{self, Future};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::boundary::status::MsbStatus;
use crate::client::Client;
use crate::client::outcome::Outcome;
use crate::error::{Error, ErrorCode};
use crate::ops::{
    agent, backend, command, echo, file, fs, image, job, logs, metrics, port, process, runtime,
    sandbox, snapshot, ssh, ssh_server, storage, stream, volume,
};
use crate::request::Request;
use crate::task::{runtime, until_cancelled};

/// The types in the table matter only to what is generated from it.
#[cfg(test)]
mod types {
    pub use crate::files::entry::FileStat;
    pub use crate::json::NoOptions;
    pub use crate::options::command::{CommandRequest, TerminalSize};
    pub use crate::options::create::CreateOptions;
    pub use crate::options::volume::VolumeOptions;
    pub use crate::process::signal::SignalOptions;
    pub use crate::sandboxes::host::HostDiagnosis;
    pub use crate::sandboxes::target::{LiveSandbox, NamedSandbox, OnSandbox, SandboxInfo};
}

#[cfg(test)]
use types::*;

/// Starts an operation. Its completion arrives in the client's queue.
pub fn submit(
    client: Arc<Client>,
    id: u32,
    operation: u32,
    handle: u32,
    options: &[u8],
    bytes: &[u8],
) -> Result<(), MsbStatus> {
    let runtime = runtime()?;
    let cancel = client.register(id)?;
    let request = Request {
        client: Arc::clone(&client),
        id,
        handle,
        options: options.to_vec(),
        bytes: Bytes::copy_from_slice(bytes),
        cancel,
    };
    match dispatch_memory(operation, request) {
        Ok(work) => {
            let mut work = guarded(operation, work).boxed();
            // What is there already needs no other thread, and the two
            // switches are most of what a short call costs.
            let _entered = runtime.enter();
            match (&mut work).now_or_never() {
                Some(result) => client.complete(id, result),
                // The task asks once more, and is the one to be woken.
                None => drop(runtime.spawn(async move { client.complete(id, work.await) })),
            }
        }
        Err(request) => drop(runtime.spawn(async move {
            let work = dispatch(operation, request);
            client.complete(id, guarded(operation, work).await);
        })),
    }
    Ok(())
}

/// The operation's result, or the error that stands for its panic.
async fn guarded(
    operation: u32,
    work: impl Future<Output = Result<Outcome, Error>>,
) -> Result<Outcome, Error> {
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    ended
        .unwrap_or_else(|panic| Err(Error::panicked(operation, panic.as_ref())))
        .map_err(|error| error.of_operation(name(operation)))
}

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
    1 "sandbox.create" (CreateOptions) -> LiveSandbox = own [sandbox::create::create];
    2 "sandbox.start" (sandbox::lifecycle::StartOptions) -> LiveSandbox = [sandbox::lifecycle::start];
    3 "sandbox.get" (NamedSandbox) -> SandboxInfo = [sandbox::get];
    4 "sandbox.getOrCreate" (CreateOptions) -> LiveSandbox =
        own [sandbox::create::get_or_create];
    5 "sandbox.list" (sandbox::ListOptions) -> sandbox::SandboxPage = [sandbox::list];
    6 "sandbox.remove" (NamedSandbox) -> () = [sandbox::remove];
    7 "sandbox.connect" (sandbox::lifecycle::ConnectOptions) -> LiveSandbox = [sandbox::lifecycle::connect];
    8 "sandbox.stop" (OnSandbox<sandbox::lifecycle::StopOptions>) -> () = [sandbox::lifecycle::stop];
    9 "sandbox.kill" (OnSandbox<sandbox::lifecycle::KillOptions>) -> () = [sandbox::lifecycle::kill];
    10 "sandbox.waitUntilStopped" (OnSandbox<NoOptions>) -> sandbox::lifecycle::StopResult =
        [sandbox::lifecycle::wait_until_stopped];
    11 "sandbox.detach" (NoOptions) -> () = [sandbox::lifecycle::detach];
    12 "sandbox.fork" (OnSandbox<sandbox::fork::ForkOptions>) -> LiveSandbox = own [sandbox::fork::fork];
    13 "sandbox.forkMany" (OnSandbox<sandbox::fork::ForkManyRequest>) -> Vec<sandbox::fork::ForkOutcome> =
        own [sandbox::fork::fork_many];
    14 "sandbox.compact" (OnSandbox<sandbox::fork::CompactOptions>) -> sandbox::fork::CompactResult =
        own [sandbox::fork::compact];
    15 "sandbox.connectOrStart" (sandbox::lifecycle::StartOptions) -> LiveSandbox =
        [sandbox::lifecycle::connect_or_start];
    16 "sandbox.end" (OnSandbox<sandbox::lifecycle::EndOptions>) -> () = [sandbox::lifecycle::end];
    17 "sandbox.waitForStatus" (OnSandbox<sandbox::lifecycle::WaitForStatusOptions>) -> SandboxInfo =
        [sandbox::lifecycle::wait_for_status];
    18 "sandbox.restart" (OnSandbox<sandbox::lifecycle::RestartOptions>) -> LiveSandbox =
        [sandbox::lifecycle::restart];
    19 "sandbox.destroy" (OnSandbox<sandbox::lifecycle::DestroyOptions>) -> () = [sandbox::lifecycle::destroy];
    20 "sandbox.ping" (OnSandbox<NoOptions>) -> sandbox::lifecycle::PingResult = [sandbox::lifecycle::ping];
    21 "sandbox.touch" (OnSandbox<NoOptions>) -> sandbox::lifecycle::TouchResult = [sandbox::lifecycle::touch];
    22 "sandbox.modify" (OnSandbox<sandbox::modify::ModifyOptions>) -> sandbox::modification_plan::ModificationPlan =
        own [sandbox::modify::modify];
    23 "sandbox.pause" (OnSandbox<sandbox::fork::PauseOptions>) -> () = [sandbox::fork::pause];
    24 "sandbox.resume" (OnSandbox<NoOptions>) -> () = [sandbox::fork::resume];
    25 "sandbox.pauseState" (OnSandbox<NoOptions>) -> sandbox::fork::PauseState = [sandbox::fork::pause_state];
    26 "port.waitFor" (port::WaitForPortOptions) -> () = [port::wait_for];
    27 "sandbox.config" (OnSandbox<NoOptions>) -> CreateOptions = [sandbox::config::config];
    29 "sandbox.restore" (sandbox::restore::RestoreRequest) -> LiveSandbox = own [sandbox::restore::restore];
    30 "sandbox.restoreWarnings" (NoOptions) -> Vec<sandbox::restore::RestoreWarning> = [sandbox::restore::restore_warnings];
    32 "command.run" (CommandRequest) -> command::CommandResult = own [command::run];
    33 "process.spawn" (CommandRequest) -> process::SpawnedProcess = [process::spawn];
    34 "process.read" (stream::ReadOptions) -> stream::ReadResult = memory [process::read];
    35 "process.write" (NoOptions) -> () = [process::write];
    36 "process.closeInput" (NoOptions) -> () = [process::close_input];
    37 "process.signal" (SignalOptions) -> () = [process::signal];
    38 "process.resize" (TerminalSize) -> () = [process::resize];
    39 "process.abandon" (NoOptions) -> () = [process::abandon];
    40 "job.start" (CommandRequest) -> job::JobInfo = own [job::start];
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
    84 "fs.stat" (fs::FileStatRequest) -> FileStat = [fs::stat];
    85 "fs.mkdir" (fs::MkdirRequest) -> () = [fs::mkdir];
    86 "fs.remove" (fs::RemoveFileRequest) -> () = [fs::remove];
    87 "fs.rename" (fs::TwoPathsRequest) -> () = [fs::rename];
    88 "fs.copyFile" (fs::TwoPathsRequest) -> () = [fs::copy_file];
    89 "fs.symlink" (fs::SymlinkRequest) -> () = [fs::symlink];
    90 "fs.readLink" (fs::FilePathRequest) -> fs::FilePathResult = [fs::read_link];
    91 "fs.realPath" (fs::FilePathRequest) -> fs::FilePathResult = [fs::real_path];
    92 "fs.setAttributes" (fs::FileAttributesRequest) -> () = [fs::set_attributes];
    93 "fs.copyFromHost" (crate::ops::fs::host_copy::HostCopyRequest) -> () = [crate::ops::fs::host_copy::copy_from_host];
    94 "fs.copyToHost" (crate::ops::fs::host_copy::HostCopyRequest) -> () = [crate::ops::fs::host_copy::copy_to_host];
    104 "file.read" (file::ReadFileOptions) -> () = [file::read];
    105 "file.write" (file::WriteFileOptions) -> file::WriteFileResult = [file::write];
    106 "file.stat" (NoOptions) -> FileStat = [file::stat];
    107 "file.setAttributes" (fs::FileAttributesRequest) -> () = [file::set_attributes];
    108 "file.close" (NoOptions) -> () = [file::close];
    128 "image.get" (image::NamedImage) -> image::ImageInfo = [image::get];
    129 "image.list" (NoOptions) -> Vec<image::ImageInfo> = [image::list];
    130 "image.inspect" (image::NamedImage) -> image::ImageDetail = [image::inspect];
    131 "image.remove" (image::RemoveImageOptions) -> () = [image::remove];
    132 "image.prune" (NoOptions) -> image::ImagePruneReport = [image::prune];
    133 "image.load" (image::LoadImagesOptions) -> Vec<image::ImageInfo> = [image::load];
    134 "image.save" (image::SaveImagesOptions) -> () = own [image::save];
    135 "image.pull" (crate::ops::image::ImagePullOptions) -> image::ImageInfo = own [crate::ops::image::pull];
    144 "volume.create" (VolumeOptions) -> volume::VolumeInfo = own [volume::create];
    145 "volume.get" (volume::NamedVolume) -> volume::VolumeInfo = [volume::get];
    146 "volume.list" (volume::ListVolumesRequest) -> Vec<volume::VolumeInfo> = [volume::list];
    147 "volume.remove" (volume::NamedVolume) -> () = [volume::remove];
    168 "storage.usage" (NoOptions) -> storage::StorageUsage = [storage::usage];
    169 "storage.prune" (storage::PruneStorageRequest) -> storage::StoragePruneReport = [storage::prune];
    176 "snapshot.create" (OnSandbox<snapshot::SnapshotOptions>) -> snapshot::SnapshotInfo =
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
    186 "snapshot.createArchive" (OnSandbox<snapshot::archive::CreateArchiveRequest>)
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
    208 "logs.read" (OnSandbox<logs::LogReadOptions>) -> Vec<logs::LogEntry> = [logs::read];
    209 "logs.stream" (OnSandbox<logs::LogFollowOptions>) -> () = [logs::stream];
    216 "metrics.get" (OnSandbox<NoOptions>) -> metrics::Metrics = [metrics::get];
    217 "metrics.all" (NoOptions) -> std::collections::BTreeMap<String, metrics::Metrics> = [metrics::all];
    218 "metrics.stream" (OnSandbox<metrics::MetricsOptions>) -> () = [metrics::stream];
    224 "ssh.connect" (ssh::SshRequest) -> () = [ssh::connect];
    225 "ssh.spawn" (ssh::SshCommandRequest) -> () = [ssh::spawn];
    226 "ssh.openSftp" (NoOptions) -> () = [ssh::open_sftp];
    227 "ssh.close" (NoOptions) -> () = [ssh::close];
    240 "sshServer.listen" (ssh_server::SshServerRequest) -> ssh_server::SshServerInfo =
        [ssh_server::listen];
    241 "sshServer.events" (NoOptions) -> () = [ssh_server::events];
    242 "sshServer.close" (NoOptions) -> () = [ssh_server::close];
    256 "agent.connect" (NamedSandbox) -> () = [agent::connect];
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
    293 "runtime.diagnose" (NoOptions) -> HostDiagnosis = [crate::ops::runtime::diagnose];
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

//! The operations that a request can name.

use boundary::operations::Operations;
use boundary::{operations, ops as of_boundary};

use crate::client::{Context, Request};
use crate::ops::{
    agent, backend, command, file, fs, image, job, logs, metrics, port, process, runtime, sandbox,
    snapshot, ssh, ssh_server, storage, volume,
};

/// The types in the table matter only to what is generated from it.
#[cfg(test)]
mod types {
    pub use boundary::json::NoOptions;
    pub use boundary::ops::process::SpawnedProcess;

    pub use crate::files::entry::FileStat;
    pub use crate::options::command::CommandRequest;
    pub use crate::options::create::CreateOptions;
    pub use crate::options::volume::VolumeOptions;
    pub use crate::sandboxes::host::HostDiagnosis;
    pub use crate::sandboxes::target::{LiveSandbox, NamedSandbox, OnSandbox, SandboxInfo};
}

#[cfg(test)]
use types::*;

/// All of them: the table below, and those that need no core.
pub static OPERATIONS: Operations<Context> = Operations {
    begin: |id, request| begin(id, request).or_else(|request| of_boundary::begin(id, request)),
    begin_in_memory: of_boundary::begin_in_memory,
    name: |id| name(id).or_else(|| of_boundary::name(id)),
};

// Numbers are never reused. Each noun has a block of them.
operations! {
    [] Request, described if test;
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
    33 "process.spawn" (CommandRequest) -> SpawnedProcess = [process::spawn];
    40 "job.start" (CommandRequest) -> job::JobInfo = own [job::start];
    41 "job.list" (job::JobListOptions) -> job::JobList = [job::list];
    42 "job.get" (job::JobTarget) -> job::JobInfo = [job::get];
    43 "job.wait" (job::JobTarget) -> job::JobExit = [job::wait];
    44 "job.signal" (job::JobSignalOptions) -> () = [job::signal];
    45 "job.closeInput" (job::JobTarget) -> () = [job::close_input];
    46 "job.logs" (job::JobLogsOptions) -> () = [job::logs];
    47 "job.attach" (job::attachment::JobAttachRequest) -> () = [job::attachment::attach];
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
}

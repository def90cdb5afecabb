//! Files in a running guest, through the agent's own requests.
//!
//! The core has methods for most of them, but those for whole paths connect
//! anew each time to whatever sandbox has the name, and can neither append nor
//! set a mode. The requests go through the connection that the sandbox has
//! anyway. What the agent sends is always taken at once, a chunk at a time, so
//! that a reader who pauses does not hold up others on that connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use boundary::error::{Error, ErrorCode};
use boundary::task::to_its_end;
use bytes::Bytes;
use microsandbox::protocol::fs::{
    FsEntryInfo, FsOp, FsOpenOptions, FsRequest, FsResponseData, FsSetAttrs,
};
use microsandbox::protocol::message::MessageType;
use microsandbox::{AgentClient, Sandbox};

use super::answers::{answer, broken, unexpected};
use super::entry::{Attributes, FileKind, FileStat, Listed, OpenFileOptions};
use super::failure::Failure;
use super::{parent_of, transfer};
use crate::client::Request;

/// The files of a guest.
pub struct Guest {
    agent: Agent,
}

#[derive(Clone)]
struct Agent(Arc<AgentClient>);

/// An open file or directory of the agent, which is closed when this is gone.
struct AgentHandle {
    agent: Agent,
    number: u64,
    is_closed: AtomicBool,
}

/// An open file in a guest.
pub struct GuestFile(AgentHandle);

/// An open directory in a guest.
pub struct GuestDirectory(AgentHandle);

impl Guest {
    /// The files of the sandbox that the request's handle stands for.
    pub async fn connect(request: &Request) -> Result<Self, Error> {
        /// What the core allows for the same.
        const PATIENCE: Duration = Duration::from_secs(10);
        let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
        let agent = if sandbox.local().is_some() {
            sandbox.client_arc()
        } else {
            // The sandbox's own backend knows its identity, so that the agent is not another
            // sandbox's that has taken the name since.
            Arc::new(sandbox.backend().dial_agent(sandbox.name(), PATIENCE).await?)
        };
        Ok(Self { agent: Agent(agent) })
    }

    pub async fn open(&self, path: &str, options: &OpenFileOptions) -> Result<GuestFile, Failure> {
        let options = FsOpenOptions {
            read: options.read.unwrap_or(false),
            write: options.write.unwrap_or(false),
            append: options.append.unwrap_or(false),
            create: options.create.unwrap_or(false),
            truncate: options.truncate.unwrap_or(false),
            create_new: options.create_new.unwrap_or(false),
            mode: options.mode,
            user: None,
        };
        let handle = self.handle(FsOp::OpenFile { path: path.to_owned(), options }).await?;
        Ok(GuestFile(handle))
    }

    pub async fn open_directory(&self, path: &str) -> Result<GuestDirectory, Failure> {
        let handle = self.handle(FsOp::OpenDir { path: path.to_owned() }).await?;
        Ok(GuestDirectory(handle))
    }

    pub async fn stat(&self, path: &str, follow: bool) -> Result<FileStat, Failure> {
        let path = path.to_owned();
        self.agent.stat(FsOp::Stat { path, follow_symlink: follow }).await
    }

    pub async fn mkdir(
        &self,
        path: &str,
        recursive: bool,
        mode: Option<u32>,
    ) -> Result<(), Failure> {
        // The agent always makes the parents too, and takes a directory that
        // exists for a success. Another program can get between these steps.
        match self.stat(path, recursive).await {
            Ok(found) if recursive && found.kind == FileKind::Directory => return Ok(()),
            Ok(_) => return Err(already_exists()),
            Err(failure) if failure.is(ErrorCode::NotFound) => {}
            Err(failure) => return Err(failure),
        }
        if !recursive {
            let parent = self.stat(parent_of(path), true).await?;
            if parent.kind != FileKind::Directory {
                return Err(Failure::refused(ErrorCode::NotADirectory, ""));
            }
        }
        self.agent.order(FsOp::Mkdir { path: path.to_owned(), mode, user: None }).await
    }

    pub async fn remove(&self, path: &str, recursive: bool) -> Result<(), Failure> {
        let path = path.to_owned();
        let order = match self.stat(&path, false).await?.kind {
            FileKind::Directory => FsOp::RemoveDir { path, recursive },
            _ => FsOp::Remove { path },
        };
        self.agent.order(order).await
    }

    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.agent.order(FsOp::Rename { src: from.to_owned(), dst: to.to_owned() }).await
    }

    pub async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        // The agent has no number for this one.
        if self.stat(from, true).await?.kind == FileKind::Directory {
            return Err(Failure::refused(ErrorCode::IsADirectory, ""));
        }
        self.agent.order(FsOp::Copy { src: from.to_owned(), dst: to.to_owned() }).await
    }

    pub async fn symlink(&self, target: &str, path: &str) -> Result<(), Failure> {
        let (target, link_path) = (target.to_owned(), path.to_owned());
        self.agent.order(FsOp::Symlink { target, link_path, user: None }).await
    }

    pub async fn read_link(&self, path: &str) -> Result<String, Failure> {
        self.agent.path(FsOp::ReadLink { path: path.to_owned() }).await
    }

    pub async fn real_path(&self, path: &str) -> Result<String, Failure> {
        self.agent.path(FsOp::RealPath { path: path.to_owned() }).await
    }

    pub async fn set_attributes(&self, path: &str, attributes: Attributes) -> Result<(), Failure> {
        let attrs = attributes.into();
        let path = path.to_owned();
        self.agent.order(FsOp::SetStat { path, follow_symlink: true, attrs }).await
    }

    /// Opens something. When the caller gives up meanwhile, it is closed
    /// again.
    async fn handle(&self, op: FsOp) -> Result<AgentHandle, Failure> {
        let agent = self.agent.clone();
        to_its_end(async move {
            match agent.ask(op).await? {
                Some(FsResponseData::Handle(number)) => {
                    Ok(AgentHandle { agent, number, is_closed: AtomicBool::new(false) })
                }
                _ => Err(unexpected("no handle")),
            }
        })
        .await
    }
}

impl GuestFile {
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        transfer::read(&self.0.agent.0, self.0.number, offset, length).await
    }

    /// The agent waits for the end of what it was told to expect, so a write
    /// that has begun is not left half sent.
    pub async fn write_at(&self, offset: u64, bytes: Bytes) -> Result<(), Failure> {
        let agent = self.0.agent.clone();
        let handle = self.0.number;
        to_its_end(async move { transfer::write(&agent.0, handle, offset, bytes).await }).await
    }

    pub async fn stat(&self) -> Result<FileStat, Failure> {
        self.0.agent.stat(FsOp::FStat { handle: self.0.number }).await
    }

    pub async fn set_attributes(&self, attributes: Attributes) -> Result<(), Failure> {
        let attrs = attributes.into();
        self.0.agent.order(FsOp::FSetStat { handle: self.0.number, attrs }).await
    }

    pub async fn close(&self) -> Result<(), Failure> {
        self.0.close().await
    }
}

impl GuestDirectory {
    pub async fn next(&mut self) -> Result<Vec<Listed>, Failure> {
        let op = FsOp::ReadDir { handle: self.0.number, limit: None };
        match self.0.agent.ask(op).await? {
            Some(FsResponseData::List(entries)) => Ok(entries.iter().map(listed).collect()),
            _ => Err(unexpected("no list")),
        }
    }
}

impl AgentHandle {
    async fn close(&self) -> Result<(), Failure> {
        if self.is_closed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let agent = self.agent.clone();
        let handle = self.number;
        to_its_end(async move { agent.order(FsOp::CloseHandle { handle }).await }).await
    }
}

impl Drop for AgentHandle {
    fn drop(&mut self) {
        if self.is_closed.swap(true, Ordering::Relaxed) {
            return;
        }
        let agent = self.agent.clone();
        let handle = self.number;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { agent.order(FsOp::CloseHandle { handle }).await.ok() });
        }
    }
}

impl Agent {
    /// Asks something that has one answer.
    async fn ask(&self, op: FsOp) -> Result<Option<FsResponseData>, Failure> {
        let request = FsRequest { op, bulk: None };
        let message = self.0.request(MessageType::FsRequest, &request).await.map_err(broken)?;
        answer(&message)
    }

    /// Asks for something that is only done.
    async fn order(&self, op: FsOp) -> Result<(), Failure> {
        self.ask(op).await.map(drop)
    }

    async fn stat(&self, op: FsOp) -> Result<FileStat, Failure> {
        match self.ask(op).await? {
            Some(FsResponseData::Stat(info)) => Ok(stat(&info)),
            _ => Err(unexpected("no metadata")),
        }
    }

    async fn path(&self, op: FsOp) -> Result<String, Failure> {
        match self.ask(op).await? {
            Some(FsResponseData::Path(path)) => Ok(path),
            _ => Err(unexpected("no path")),
        }
    }
}

fn already_exists() -> Failure {
    Failure::refused(ErrorCode::AlreadyExists, "")
}

fn listed(info: &FsEntryInfo) -> Listed {
    // The guest is not trusted: a name is a name, whatever it sends.
    let name = info.path.rsplit('/').next().unwrap_or_default();
    Listed { name: name.to_owned(), stat: stat(info) }
}

fn stat(info: &FsEntryInfo) -> FileStat {
    let milliseconds = |seconds: Option<i64>| seconds.map(|it| it.saturating_mul(1000));
    FileStat {
        kind: kind(&info.kind),
        size: info.size,
        mode: info.mode & 0o7777,
        uid: info.uid,
        gid: info.gid,
        accessed_ms: milliseconds(info.atime),
        modified_ms: milliseconds(info.mtime.or(info.modified)),
        created_ms: None,
    }
}

fn kind(kind: &str) -> FileKind {
    match kind {
        "file" => FileKind::File,
        "dir" => FileKind::Directory,
        "symlink" => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

impl From<Attributes> for FsSetAttrs {
    fn from(attributes: Attributes) -> Self {
        let Attributes { mode, uid, gid, size, accessed, modified } = attributes;
        Self { mode, uid, gid, size, atime: accessed, mtime: modified }
    }
}

//! Files in a guest, through SFTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use boundary::error::{Error, ErrorCode};
use boundary::handles::Resource;
use bytes::{Bytes, BytesMut};
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::protocol::{FileAttributes, FileType, Name, OpenFlags, Status, StatusCode};

use super::entry::{Attributes, CHUNK_LENGTH, FileKind, FileStat, Listed, OpenFileOptions};
use super::failure::Failure;
use super::parent_of;
use crate::ssh::connection::Connection;

/// How much a request moves. The core's server takes requests of 256 KiB.
const PIECE_LENGTH: usize = 224 * 1024;

/// How long a request may take, in seconds: what is too long is for the caller
/// to say, who can abort it.
const PATIENCE: u64 = 365 * 24 * 60 * 60;

/// A session, as a handle stands for it.
#[derive(Clone)]
pub struct Sftp {
    session: Arc<RawSftpSession>,
    connection: Arc<Connection>,
}

impl Resource for Sftp {
    const KIND: &'static str = "SFTP session";
}

/// An open file or directory of the server, which is closed when this is gone.
struct ServerHandle {
    sftp: Sftp,
    name: String,
    is_closed: AtomicBool,
}

/// An open file.
pub struct SftpFile(ServerHandle);

/// An open directory.
pub struct SftpDirectory(ServerHandle);

impl Sftp {
    /// Starts a session on a connection of its own.
    pub async fn start(connection: Connection) -> Result<Self, Error> {
        let channel = connection.open_subsystem("sftp").await?;
        let config = Config { request_timeout_secs: PATIENCE, ..Config::default() };
        let session = RawSftpSession::new_with_config(channel.into_stream(), config);
        let sftp = Self { session: Arc::new(session), connection: Arc::new(connection) };
        let started = sftp.ask(sftp.session.init()).await;
        started.map_err(|failure| failure.at("start SFTP in", "/"))?;
        Ok(sftp)
    }

    pub async fn open(&self, path: &str, options: &OpenFileOptions) -> Result<SftpFile, Failure> {
        let flags = [
            (options.read, OpenFlags::READ),
            (options.write, OpenFlags::WRITE),
            (options.append, OpenFlags::APPEND),
            (options.create, OpenFlags::CREATE),
            (options.truncate, OpenFlags::TRUNCATE),
            (options.create_new, OpenFlags::EXCLUDE | OpenFlags::CREATE),
        ];
        let asked = flags.into_iter().filter(|(option, _)| option.unwrap_or(false));
        let flags = asked.fold(OpenFlags::empty(), |all, (_, flag)| all | flag);
        let attributes = FileAttributes { permissions: options.mode, ..FileAttributes::empty() };
        let opened = self.ask(self.session.open(path, flags, attributes)).await?;
        Ok(SftpFile(self.handle(opened.handle)))
    }

    pub async fn open_directory(&self, path: &str) -> Result<SftpDirectory, Failure> {
        let opened = self.ask(self.session.opendir(path)).await?;
        Ok(SftpDirectory(self.handle(opened.handle)))
    }

    pub async fn stat(&self, path: &str, follow: bool) -> Result<FileStat, Failure> {
        let found = match follow {
            true => self.ask(self.session.stat(path)).await?,
            false => self.ask(self.session.lstat(path)).await?,
        };
        Ok(stat(&found.attrs))
    }

    pub async fn mkdir(&self, path: &str, recursive: bool, mode: Option<u32>) -> Result<(), Failure> {
        // The core's server makes the parents too, and takes a directory that
        // exists for a success. Another program can get between these steps.
        match self.stat(path, recursive).await {
            Ok(found) if recursive && found.kind == FileKind::Directory => return Ok(()),
            Ok(_) => return Err(Failure::refused(ErrorCode::AlreadyExists, "")),
            Err(failure) if failure.is(ErrorCode::NotFound) => {}
            Err(failure) => return Err(failure),
        }
        if !recursive {
            self.stat(parent_of(path), true).await?;
        }
        let attributes = FileAttributes { permissions: mode, ..FileAttributes::empty() };
        self.ask(self.session.mkdir(path, attributes)).await.map(drop)
    }

    pub async fn remove(&self, path: &str, recursive: bool) -> Result<(), Failure> {
        if self.stat(path, false).await?.kind != FileKind::Directory {
            return self.ask(self.session.remove(path)).await.map(drop);
        }
        if recursive {
            let mut directory = self.open_directory(path).await?;
            loop {
                let entries = directory.next().await?;
                if entries.is_empty() {
                    break;
                }
                for entry in entries {
                    let inner = format!("{}/{}", path.trim_end_matches('/'), entry.name);
                    Box::pin(self.remove(&inner, true)).await?;
                }
            }
        }
        self.ask(self.session.rmdir(path)).await.map(drop)
    }

    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.ask(self.session.rename(from, to)).await.map(drop)
    }

    /// Copies through this process: SFTP has no request for it.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        let original = self.stat(from, true).await?;
        if original.kind == FileKind::Directory {
            return Err(Failure::refused(ErrorCode::IsADirectory, ""));
        }
        let source = self.open(from, &OpenFileOptions::read()).await?;
        let target = self.open(to, &OpenFileOptions::overwrite()).await?;
        let mut offset = 0;
        loop {
            let chunk = source.read_at(offset, CHUNK_LENGTH).await?;
            if chunk.is_empty() {
                break;
            }
            let length = chunk.len() as u64;
            target.write_at(offset, chunk).await?;
            offset += length;
        }
        let mode = Some(original.mode);
        target.set_attributes(Attributes { mode, ..Attributes::default() }).await?;
        target.close().await
    }

    pub async fn symlink(&self, target: &str, path: &str) -> Result<(), Failure> {
        // OpenSSH's order, which the core's server follows, is not the
        // standard's: what the link says comes first.
        self.ask(self.session.symlink(target, path)).await.map(drop)
    }

    pub async fn read_link(&self, path: &str) -> Result<String, Failure> {
        first_name(self.ask(self.session.readlink(path)).await?)
    }

    pub async fn real_path(&self, path: &str) -> Result<String, Failure> {
        first_name(self.ask(self.session.realpath(path)).await?)
    }

    pub async fn set_attributes(&self, path: &str, attributes: Attributes) -> Result<(), Failure> {
        let attributes = match is_half(&attributes) {
            true => completed(attributes, &self.stat(path, true).await?),
            false => attributes,
        };
        self.ask(self.session.setstat(path, attributes.into())).await.map(drop)
    }

    fn handle(&self, name: String) -> ServerHandle {
        ServerHandle { sftp: self.clone(), name, is_closed: AtomicBool::new(false) }
    }

    /// Waits for an answer as long as there is somebody who can give it.
    async fn ask<T>(&self, answer: impl Future<Output = Result<T, SftpError>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.connection.closed() => Err(lost()),
            answer = answer => answer.map_err(failure),
        }
    }
}

impl SftpFile {
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        let ServerHandle { sftp, name, .. } = &self.0;
        let mut bytes = BytesMut::with_capacity(length);
        while bytes.len() < length {
            let wanted = (length - bytes.len()).min(PIECE_LENGTH);
            let answer = sftp.session.read(name, offset + bytes.len() as u64, wanted as u32);
            match sftp.ask(async { unless_at_end(answer.await) }).await? {
                // The server is not trusted to send what it was asked for.
                Some(answer) if answer.data.len() > wanted => {
                    return Err(unexpected("more bytes than were asked for"));
                }
                Some(answer) => bytes.extend_from_slice(&answer.data),
                None => break,
            }
        }
        Ok(bytes.freeze())
    }

    pub async fn write_at(&self, offset: u64, bytes: Bytes) -> Result<(), Failure> {
        let ServerHandle { sftp, name, .. } = &self.0;
        let mut offset = offset;
        for piece in bytes.chunks(PIECE_LENGTH) {
            sftp.ask(sftp.session.write(name, offset, piece.to_vec())).await?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    pub async fn stat(&self) -> Result<FileStat, Failure> {
        let ServerHandle { sftp, name, .. } = &self.0;
        Ok(stat(&sftp.ask(sftp.session.fstat(name)).await?.attrs))
    }

    pub async fn set_attributes(&self, attributes: Attributes) -> Result<(), Failure> {
        let ServerHandle { sftp, name, .. } = &self.0;
        let attributes = match is_half(&attributes) {
            true => completed(attributes, &self.stat().await?),
            false => attributes,
        };
        sftp.ask(sftp.session.fsetstat(name, attributes.into())).await.map(drop)
    }

    pub async fn close(&self) -> Result<(), Failure> {
        let ServerHandle { sftp, name, is_closed } = &self.0;
        if is_closed.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        sftp.ask(sftp.session.close(name)).await.map(drop)
    }
}

impl SftpDirectory {
    pub async fn next(&mut self) -> Result<Vec<Listed>, Failure> {
        let ServerHandle { sftp, name, .. } = &self.0;
        let named = |file: russh_sftp::protocol::File| {
            // The guest is not trusted: a name is a name, whatever it sends.
            let name = file.filename.rsplit('/').next().unwrap_or_default().to_owned();
            Listed { name, stat: stat(&file.attrs) }
        };
        loop {
            let answer = sftp.ask(async { unless_at_end(sftp.session.readdir(name).await) });
            let Some(list) = answer.await? else { return Ok(Vec::new()) };
            let entries = list.files.into_iter().map(named);
            let entries: Vec<_> = entries.filter(|it| it.name != "." && it.name != "..").collect();
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        if self.is_closed.swap(true, Ordering::Relaxed) {
            return;
        }
        let (sftp, name) = (self.sftp.clone(), std::mem::take(&mut self.name));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { sftp.ask(sftp.session.close(name)).await.ok() });
        }
    }
}

/// An answer, or nothing where the file or the directory ends.
fn unless_at_end<T>(answer: Result<T, SftpError>) -> Result<Option<T>, SftpError> {
    match answer {
        Err(SftpError::Status(Status { status_code: StatusCode::Eof, .. })) => Ok(None),
        answer => answer.map(Some),
    }
}

fn first_name(answer: Name) -> Result<String, Failure> {
    let first = answer.files.into_iter().next();
    first.map(|file| file.filename).ok_or_else(|| unexpected("no path"))
}

/// What the server says. It has three numbers for everything.
fn failure(error: SftpError) -> Failure {
    let SftpError::Status(status) = error else { return unexpected(&error.to_string()) };
    let (code, reason) = match status.status_code {
        StatusCode::NoSuchFile => (ErrorCode::NotFound, ""),
        StatusCode::PermissionDenied => {
            (ErrorCode::PermissionDenied, "the guest's system does not permit it")
        }
        _ => (ErrorCode::FilesystemError, "the SFTP server failed and does not say why"),
    };
    Failure::refused(code, reason)
}

fn lost() -> Failure {
    Failure::Other(Error::new(
        ErrorCode::SshError,
        "The SSH client was closed, or the connection was lost, during a file operation",
    ))
}

fn unexpected(what: &str) -> Failure {
    Failure::Other(Error::new(
        ErrorCode::ProtocolError,
        format!("The SFTP server answered a file operation with {what}"),
    ))
}

fn stat(attributes: &FileAttributes) -> FileStat {
    let mode = attributes.permissions.unwrap_or(0);
    let milliseconds = |seconds: Option<u32>| seconds.map(|it| i64::from(it) * 1000);
    FileStat {
        kind: match attributes.file_type() {
            FileType::File => FileKind::File,
            FileType::Dir => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink,
            FileType::Other => FileKind::Other,
        },
        size: attributes.size.unwrap_or(0),
        mode: mode & 0o7777,
        uid: attributes.uid.unwrap_or(0),
        gid: attributes.gid.unwrap_or(0),
        accessed_ms: milliseconds(attributes.atime),
        modified_ms: milliseconds(attributes.mtime),
        created_ms: None,
    }
}

/// Whether only one is given of two that SFTP can only set together.
fn is_half(attributes: &Attributes) -> bool {
    let Attributes { uid, gid, accessed, modified, .. } = attributes;
    uid.is_some() != gid.is_some() || accessed.is_some() != modified.is_some()
}

/// The same attributes, with the other one as it is.
fn completed(attributes: Attributes, now: &FileStat) -> Attributes {
    let Attributes { uid, gid, accessed, modified, .. } = attributes;
    let seconds = |milliseconds: Option<i64>| milliseconds.map(|it| it.div_euclid(1000));
    Attributes {
        uid: uid.or(gid.map(|_| now.uid)),
        gid: gid.or(uid.map(|_| now.gid)),
        accessed: accessed.or(modified.and(seconds(now.accessed_ms))),
        modified: modified.or(accessed.and(seconds(now.modified_ms))),
        ..attributes
    }
}

impl From<Attributes> for FileAttributes {
    fn from(attributes: Attributes) -> Self {
        let Attributes { mode, uid, gid, size, accessed, modified } = attributes;
        // SFTP counts seconds up to the year 2106.
        let seconds = |time: Option<i64>| {
            time.map(|it| u32::try_from(it.max(0)).unwrap_or(u32::MAX))
        };
        Self {
            permissions: mode,
            uid,
            gid,
            size,
            atime: seconds(accessed),
            mtime: seconds(modified),
            ..Self::empty()
        }
    }
}

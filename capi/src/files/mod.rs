//! Files, those of a running guest, as its agent and as SFTP have them, and
//! those of a volume on this machine, behind one set of operations with the
//! meaning that they have in Deno.

mod answers;
pub mod copy;
pub mod entry;
pub mod failure;
pub mod guest;
pub mod host;
pub mod output_file;
mod permission_bits;
pub mod reading;
pub mod sftp;
mod transfer;
pub mod volume;

use boundary::check::refusal;
use boundary::error::Error;
use boundary::handles::Resource;
use boundary::outcome::MAXIMUM_PAYLOAD;
use bytes::Bytes;

use self::entry::{Attributes, CHUNK_LENGTH, FileStat, Listed, OpenFileOptions};
use self::failure::Failure;
use self::guest::{Guest, GuestDirectory, GuestFile};
use self::sftp::{Sftp, SftpDirectory, SftpFile};
use self::volume::{VolumeDirectory, VolumeFile, VolumeFiles};
use crate::client::Request;

/// The files that a request works on.
pub enum Files {
    /// Those of a running sandbox.
    Guest(Guest),
    /// The same through SFTP.
    Sftp(Sftp),
    /// Those of a volume.
    Volume(VolumeFiles),
}

/// Does the same with whatever the files are in.
macro_rules! within {
    ($this:expr, $kind:ident, $it:ident => $work:expr) => {
        match $this {
            $kind::Guest($it) => $work,
            $kind::Sftp($it) => $work,
            $kind::Volume($it) => $work,
        }
    };
}

impl Files {
    /// The files of the volume of this name or, without one, of the sandbox or
    /// the SFTP session that the request's handle stands for.
    pub async fn of(request: &Request, volume: Option<&str>) -> Result<Self, Error> {
        if let Some(name) = volume {
            return Ok(Self::Volume(VolumeFiles::of(request, name).await?));
        }
        Ok(match request.client.handles.get::<Sftp>(request.handle) {
            Ok(sftp) => Self::Sftp((*sftp).clone()),
            Err(_) => Self::Guest(Guest::connect(request).await?),
        })
    }

    /// Refuses paths that can name nothing here.
    pub fn check(&self, path: &str) -> Result<(), Error> {
        let expected = match self {
            Self::Guest(_) if !path.starts_with('/') => "an absolute path",
            Self::Sftp(_) | Self::Volume(_) if path.is_empty() => "a path",
            _ if path.contains('\0') => "a path without a null character",
            _ => return Ok(()),
        };
        Err(refusal("path", format!("Cannot use {path:?} as a path: give {expected}")))
    }

    /// Opens a file.
    pub async fn open(&self, path: &str, options: &OpenFileOptions) -> Result<OpenFile, Failure> {
        let file = within!(self, Self, files => files.open(path, options).await?.into());
        Ok(OpenFile::new(path, options, file))
    }

    /// Reads everything that a file holds.
    pub async fn read(&self, path: &str) -> Result<Bytes, Failure> {
        let options = OpenFileOptions::read();
        let (file, first) = match self {
            Self::Volume(files) => {
                let (file, first) = files.open_and_read(path, CHUNK_LENGTH).await?;
                (OpenFile::new(path, &options, file.into()), first)
            }
            _ => {
                let file = self.open(path, &options).await?;
                let first = file.read_at(0, CHUNK_LENGTH).await?;
                (file, first)
            }
        };
        file.read_rest(first).await
    }

    /// Opens a file and writes into it.
    pub async fn write(
        &self,
        path: &str,
        options: &OpenFileOptions,
        bytes: Bytes,
    ) -> Result<OpenFile, Failure> {
        let mut rest = bytes;
        let (file, offset) = match self {
            Self::Volume(files) => {
                let first = rest.split_to(rest.len().min(CHUNK_LENGTH));
                let offset = first.len() as u64;
                let file = files.open_and_write(path, options, first).await?;
                (OpenFile::new(path, options, file.into()), offset)
            }
            _ => (self.open(path, options).await?, 0),
        };
        file.write_at(offset, rest).await?;
        Ok(file)
    }

    /// Opens a directory.
    pub async fn open_directory(&self, path: &str) -> Result<OpenDirectory, Failure> {
        Ok(within!(self, Self, files => files.open_directory(path).await?.into()))
    }

    /// What is known about a file, or about the link that names it.
    pub async fn stat(&self, path: &str, follow: bool) -> Result<FileStat, Failure> {
        within!(self, Self, files => files.stat(path, follow).await)
    }

    /// Makes a directory, with its parents if `recursive`.
    pub async fn mkdir(
        &self,
        path: &str,
        recursive: bool,
        mode: Option<u32>,
    ) -> Result<(), Failure> {
        within!(self, Self, files => files.mkdir(path, recursive, mode).await)
    }

    /// Removes a file, a link or an empty directory; with `recursive` also a
    /// directory that is not empty.
    pub async fn remove(&self, path: &str, recursive: bool) -> Result<(), Failure> {
        within!(self, Self, files => files.remove(path, recursive).await)
    }

    /// Gives a file another name.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        within!(self, Self, files => files.rename(from, to).await)
    }

    /// Copies a file's content and permission bits.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        within!(self, Self, files => files.copy(from, to).await)
    }

    /// Makes a symbolic link.
    pub async fn symlink(&self, target: &str, path: &str) -> Result<(), Failure> {
        within!(self, Self, files => files.symlink(target, path).await)
    }

    /// What a symbolic link says.
    pub async fn read_link(&self, path: &str) -> Result<String, Failure> {
        within!(self, Self, files => files.read_link(path).await)
    }

    /// The path without links and dots.
    pub async fn real_path(&self, path: &str) -> Result<String, Failure> {
        within!(self, Self, files => files.real_path(path).await)
    }

    /// Changes what is known about a file.
    pub async fn set_attributes(&self, path: &str, attributes: Attributes) -> Result<(), Failure> {
        within!(self, Self, files => files.set_attributes(path, attributes).await)
    }
}

/// An open file.
pub struct OpenFile {
    path: String,
    appends_and_reads: bool,
    file: AnyFile,
}

enum AnyFile {
    Guest(GuestFile),
    Sftp(SftpFile),
    Volume(VolumeFile),
}

impl Resource for OpenFile {
    const KIND: &'static str = "file";
}

impl From<GuestFile> for AnyFile {
    fn from(file: GuestFile) -> Self {
        Self::Guest(file)
    }
}

impl From<SftpFile> for AnyFile {
    fn from(file: SftpFile) -> Self {
        Self::Sftp(file)
    }
}

impl From<VolumeFile> for AnyFile {
    fn from(file: VolumeFile) -> Self {
        Self::Volume(file)
    }
}

impl OpenFile {
    fn new(path: &str, options: &OpenFileOptions, file: AnyFile) -> Self {
        let appends_and_reads = options.append.unwrap_or(false) && options.read.unwrap_or(false);
        Self { path: path.to_owned(), appends_and_reads, file }
    }

    /// The path that it was opened with.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a read after a write begins at an end that only the file knows.
    pub fn appends_and_reads(&self) -> bool {
        self.appends_and_reads
    }

    /// Reads `length` bytes, at most [`CHUNK_LENGTH`]. Fewer mean that the
    /// file ends there.
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        let length = length.min(CHUNK_LENGTH);
        within!(&self.file, AnyFile, file => file.read_at(offset, length).await)
    }

    /// Writes all bytes. An append goes to the end, wherever that is.
    pub async fn write_at(&self, offset: u64, bytes: Bytes) -> Result<(), Failure> {
        let mut offset = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let chunk = rest.split_to(rest.len().min(CHUNK_LENGTH));
            let length = chunk.len() as u64;
            within!(&self.file, AnyFile, file => file.write_at(offset, chunk).await)?;
            offset += length;
        }
        Ok(())
    }

    /// Reads what follows its first part, which is as long as a read can be
    /// unless the file ends there.
    async fn read_rest(&self, first: Bytes) -> Result<Bytes, Failure> {
        if first.len() < CHUNK_LENGTH {
            return Ok(first);
        }
        let mut bytes = Vec::from(first);
        loop {
            let chunk = self.read_at(bytes.len() as u64, CHUNK_LENGTH).await?;
            bytes.extend_from_slice(&chunk);
            // Some files have no end.
            if bytes.len() > MAXIMUM_PAYLOAD {
                return Err(Failure::Other(Error::too_large(bytes.len())));
            }
            if chunk.len() < CHUNK_LENGTH {
                return Ok(Bytes::from(bytes));
            }
        }
    }

    /// What is known about it.
    pub async fn stat(&self) -> Result<FileStat, Failure> {
        within!(&self.file, AnyFile, file => file.stat().await)
    }

    /// Changes what is known about it.
    pub async fn set_attributes(&self, attributes: Attributes) -> Result<(), Failure> {
        within!(&self.file, AnyFile, file => file.set_attributes(attributes).await)
    }

    /// Closes it. Only this reports what a write could not finish; dropping
    /// closes as well and tells nobody.
    pub async fn close(&self) -> Result<(), Failure> {
        within!(&self.file, AnyFile, file => file.close().await)
    }
}

/// An open directory.
pub enum OpenDirectory {
    /// One in a guest.
    Guest(GuestDirectory),
    /// One in a guest, through SFTP.
    Sftp(SftpDirectory),
    /// One in a volume.
    Volume(VolumeDirectory),
}

impl From<GuestDirectory> for OpenDirectory {
    fn from(directory: GuestDirectory) -> Self {
        Self::Guest(directory)
    }
}

impl From<SftpDirectory> for OpenDirectory {
    fn from(directory: SftpDirectory) -> Self {
        Self::Sftp(directory)
    }
}

impl From<VolumeDirectory> for OpenDirectory {
    fn from(directory: VolumeDirectory) -> Self {
        Self::Volume(directory)
    }
}

impl OpenDirectory {
    /// The next entries, in no order. None are left when it is empty.
    pub async fn next(&mut self) -> Result<Vec<Listed>, Failure> {
        within!(self, Self, directory => directory.next().await)
    }
}

/// The directory that a path in a guest stands in.
fn parent_of(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => match path.rsplit_once('/') {
            Some(("", _)) => "/",
            Some((parent, _)) => parent,
            None => ".",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_found() {
        for (path, parent) in
            [("/a", "/"), ("/a/b", "/a"), ("/a/b/", "/a"), ("//", "/"), ("/", "/"), ("a", "."), ("a/b", "a")]
        {
            assert_eq!(parent_of(path), parent, "{path}");
        }
    }
}

//! Files in a sandbox or a volume, by their paths.

pub mod host_copy;

use boundary::check::refusal;
use boundary::error::Error;
use boundary::outcome::Outcome;
use boundary::stream::{Item, Source, Stream};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::files::entry::{Attributes, DirectoryEntry, Listed, OpenFileOptions};
use crate::files::{Files, OpenDirectory};

/// Names a file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilePathRequest {
    /// The volume that has it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// Its path.
    pub path: String,
}

/// Names two files.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TwoPathsRequest {
    /// The volume that has them. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// The path that is.
    pub path: String,
    /// The path that shall be.
    pub new_path: String,
}

/// A file to open.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenFileRequest {
    /// The volume that has it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// Its path.
    pub path: String,
    /// How to open it.
    pub options: OpenFileOptions,
}

/// What to ask about a file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileStatRequest {
    /// The volume that has it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// Its path.
    pub path: String,
    /// Whether a link stands for what it leads to.
    pub follow: bool,
}

/// A directory to make.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MkdirRequest {
    /// The volume that gets it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// Its path.
    pub path: String,
    /// How to make it.
    pub options: MakeDirectoryOptions,
}

/// How to make a directory.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakeDirectoryOptions {
    /// Whether missing parents are made too, and a directory that exists is no
    /// error. Default: `false`.
    pub recursive: Option<bool>,
    /// The permission bits of the directory. Default: `0o777`, less the umask.
    pub mode: Option<u32>,
}

/// What to remove.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveFileRequest {
    /// The volume that has it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// Its path.
    pub path: String,
    /// How to remove it.
    pub options: RemoveFileOptions,
}

/// How to remove a file or directory.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveFileOptions {
    /// Whether a directory is removed with everything in it. Default: `false`.
    pub recursive: Option<bool>,
}

/// A link to make.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SymlinkRequest {
    /// The volume that gets it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// What the link says.
    pub target: String,
    /// The path of the link.
    pub path: String,
}

/// What to change about a file. What is not given stays as it is.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileAttributesRequest {
    /// The volume that has the file. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// The file's path. The file of the handle has none.
    pub path: Option<String>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// The number of the user who shall own it.
    pub uid: Option<u32>,
    /// The number of the group that shall own it.
    pub gid: Option<u32>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// When it was last read, in seconds since 1970.
    pub accessed_seconds: Option<i64>,
    /// When it was last written, in seconds since 1970.
    pub modified_seconds: Option<i64>,
}

/// A file to write as a whole. The frame's bytes are its content.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteWholeFileRequest {
    /// The volume that gets it. Default: the sandbox of the handle.
    pub volume: Option<String>,
    /// Its path.
    pub path: String,
    /// How to write it.
    pub options: WriteWholeFileOptions,
}

/// How to write a file as a whole.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteWholeFileOptions {
    /// Whether what the file holds is kept and the new content goes behind it.
    /// Default: `false`.
    pub append: Option<bool>,
    /// Whether the file is created when it is missing. Default: `true`.
    pub create: Option<bool>,
    /// Whether the file has to be created, so that one that exists is an
    /// error. Default: `false`.
    pub create_new: Option<bool>,
    /// The file's permission bits, also when it exists. Default: what it has,
    /// or `0o666` less the umask.
    pub mode: Option<u32>,
}

/// A path as the answer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FilePathResult {
    /// The path.
    pub path: String,
}

/// `fs.open`: gives a handle for the open file.
pub async fn open(request: Request) -> Result<Outcome, Error> {
    let OpenFileRequest { volume, path, options } = request.options()?;
    let options = options.validated()?;
    let files = files(&request, volume, &[&path]).await?;
    let file = files.open(&path, &options).await.map_err(|it| it.at("open", &path))?;
    Ok(Outcome::resource(file))
}

/// `fs.readFile`: completes with the file's bytes.
pub async fn read_file(request: Request) -> Result<Outcome, Error> {
    let FilePathRequest { volume, path } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let bytes = files.read(&path).await.map_err(|it| it.at("read", &path))?;
    Ok(Outcome { bytes, ..Outcome::default() })
}

/// `fs.writeFile`
pub async fn write_file(request: Request) -> Result<Outcome, Error> {
    let WriteWholeFileRequest { volume, path, options } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let write = async {
        let file = files.write(&path, &options.to_open(), request.bytes).await?;
        if let Some(mode) = options.mode {
            file.set_attributes(Attributes { mode: Some(mode), ..Attributes::default() }).await?;
        }
        file.close().await
    };
    write.await.map_err(|it| it.at("write", &path))?;
    Ok(Outcome::default())
}

/// `fs.readDir`: gives a stream of lists of entries.
pub async fn read_dir(request: Request) -> Result<Outcome, Error> {
    let FilePathRequest { volume, path } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let opened = files.open_directory(&path).await;
    let directory = opened.map_err(|it| it.at("read the directory", &path))?;
    Ok(Outcome::resource(Stream::new(Listing { directory, path })))
}

/// `fs.stat`
pub async fn stat(request: Request) -> Result<Outcome, Error> {
    let FileStatRequest { volume, path, follow } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    Outcome::json(&files.stat(&path, follow).await.map_err(|it| it.at("stat", &path))?)
}

/// `fs.mkdir`
pub async fn mkdir(request: Request) -> Result<Outcome, Error> {
    let MkdirRequest { volume, path, options } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let made = files.mkdir(&path, options.recursive.unwrap_or(false), options.mode).await;
    made.map_err(|it| it.at("make the directory", &path))?;
    Ok(Outcome::default())
}

/// `fs.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let RemoveFileRequest { volume, path, options } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let removed = files.remove(&path, options.recursive.unwrap_or(false)).await;
    removed.map_err(|it| it.at("remove", &path))?;
    Ok(Outcome::default())
}

/// `fs.rename`
pub async fn rename(request: Request) -> Result<Outcome, Error> {
    let TwoPathsRequest { volume, path, new_path } = request.options()?;
    let files = files(&request, volume, &[&path, &new_path]).await?;
    let renamed = files.rename(&path, &new_path).await;
    renamed.map_err(|it| it.between("rename", &path, &new_path))?;
    Ok(Outcome::default())
}

/// `fs.copyFile`
pub async fn copy_file(request: Request) -> Result<Outcome, Error> {
    let TwoPathsRequest { volume, path, new_path } = request.options()?;
    let files = files(&request, volume, &[&path, &new_path]).await?;
    let copied = files.copy(&path, &new_path).await;
    copied.map_err(|it| it.between("copy", &path, &new_path))?;
    Ok(Outcome::default())
}

/// `fs.symlink`
pub async fn symlink(request: Request) -> Result<Outcome, Error> {
    let SymlinkRequest { volume, target, path } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    files.symlink(&target, &path).await.map_err(|it| it.at("make the link", &path))?;
    Ok(Outcome::default())
}

/// `fs.readLink`
pub async fn read_link(request: Request) -> Result<Outcome, Error> {
    let FilePathRequest { volume, path } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let target = files.read_link(&path).await.map_err(|it| it.at("read the link", &path))?;
    Outcome::json(&FilePathResult { path: target })
}

/// `fs.realPath`
pub async fn real_path(request: Request) -> Result<Outcome, Error> {
    let FilePathRequest { volume, path } = request.options()?;
    let files = files(&request, volume, &[&path]).await?;
    let path = files.real_path(&path).await.map_err(|it| it.at("resolve", &path))?;
    Outcome::json(&FilePathResult { path })
}

/// `fs.setAttributes`
pub async fn set_attributes(request: Request) -> Result<Outcome, Error> {
    let mut options: FileAttributesRequest = request.options()?;
    let path = options.path.take().unwrap_or_default();
    let files = files(&request, options.volume.take(), &[&path]).await?;
    let changed = files.set_attributes(&path, options.into()).await;
    changed.map_err(|it| it.at("change the attributes of", &path))?;
    Ok(Outcome::default())
}

/// The files that a request works on, once its paths are known to be fine.
async fn files(request: &Request, volume: Option<String>, paths: &[&str]) -> Result<Files, Error> {
    let files = Files::of(request, volume.as_deref()).await?;
    paths.iter().try_for_each(|path| files.check(path))?;
    Ok(files)
}

/// The entries of a directory, a list at a time.
struct Listing {
    directory: OpenDirectory,
    path: String,
}

impl Source for Listing {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            let listed = self.directory.next().await;
            let listed = listed.map_err(|it| it.at("read the directory", &self.path))?;
            if listed.is_empty() {
                return Ok(None);
            }
            let entry = |Listed { name, stat }: Listed| DirectoryEntry { name, kind: stat.kind };
            let entries: Vec<DirectoryEntry> = listed.into_iter().map(entry).collect();
            Ok(Some(Item { json: boundary::json::encode(&entries)?, bytes: Bytes::new() }))
        }
        .boxed()
    }
}

impl OpenFileOptions {
    /// The options with their default, or why they make no sense together.
    fn validated(mut self) -> Result<Self, Error> {
        let is_on = |option: Option<bool>| option.unwrap_or(false);
        let writes = is_on(self.write) || is_on(self.append);
        if !is_on(self.read) && !writes {
            self.read = Some(true);
        }
        let (option, needs) = if (is_on(self.create) || is_on(self.create_new)) && !writes {
            (if is_on(self.create) { "create" } else { "createNew" }, "write or append")
        } else if is_on(self.truncate) && !is_on(self.write) {
            ("truncate", "write")
        } else if is_on(self.truncate) && is_on(self.append) {
            ("truncate", "no append")
        } else {
            return Ok(self);
        };
        Err(refusal(option, format!("Cannot use option {option}: it needs {needs}")))
    }
}

impl WriteWholeFileOptions {
    fn to_open(&self) -> OpenFileOptions {
        let append = self.append.unwrap_or(false);
        OpenFileOptions {
            write: Some(true),
            append: Some(append),
            truncate: Some(!append),
            create: Some(self.create.unwrap_or(true)),
            create_new: self.create_new,
            mode: self.mode,
            ..OpenFileOptions::default()
        }
    }
}

impl From<FileAttributesRequest> for Attributes {
    fn from(request: FileAttributesRequest) -> Self {
        Self {
            mode: request.mode,
            uid: request.uid,
            gid: request.gid,
            size: request.size,
            accessed: request.accessed_seconds,
            modified: request.modified_seconds,
        }
    }
}

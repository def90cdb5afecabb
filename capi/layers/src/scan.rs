//! The first step of reading a layer: its bytes are decompressed, hashed and taken apart, and the
//! files' content is put aside. It needs no other layer, so layers are scanned side by side.

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use microsandbox_image::Digest;
use microsandbox_image::tree::{InodeMetadata, Xattr};
use sha2::{Digest as _, Sha256};

use crate::decompress::Decompressed;
use crate::error::{LayerError, LayerErrorCode, Result};
use crate::limits::{Limits, RATIO_FLOOR};
use crate::path::{self, Cleaned};
use crate::spool::{Extent, Spool, Spooled};
use crate::tar::{Entry, Kind, TarReader};
use crate::warning::{WarningKind, Warnings};

/// How much is decompressed at once, and how many such pieces wait to be read.
const CHUNK: usize = 256 * 1024;
const CHUNKS_AHEAD: usize = 4;

/// The last second that ext4 holds, which the core makes of layers too.
const MAX_SECONDS: i64 = 0x3_ffff_ffff;

/// A layer that was scanned, without the layers below it having been looked at.
pub struct ScannedLayer {
    pub(crate) items: Vec<Item>,
    pub(crate) spool: Spooled,
    pub(crate) warnings: Warnings,
    diff_id: Digest,
    unpacked_bytes: u64,
}

/// An entry in the compact form that many of them are kept in.
pub(crate) struct Item {
    pub path: Box<[u8]>,
    pub metadata: InodeMetadata,
    pub xattrs: Box<[Xattr]>,
    pub body: Body,
}

pub(crate) enum Body {
    File(Extent),
    Directory,
    Symlink(Box<[u8]>),
    HardLink(Box<[u8]>),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
}

/// Scans a layer's blob. `directory` is where the content of its files is put aside.
pub fn scan_layer(
    blob: impl Read + Send,
    media_type: Option<&str>,
    directory: &Path,
    limits: &Limits,
) -> Result<ScannedLayer> {
    check_media_type(media_type)?;
    let compressed = AtomicU64::new(0);
    let counted = Counted { blob, count: &compressed };
    let (sender, receiver) = sync_channel(CHUNKS_AHEAD);
    std::thread::scope(|threads| {
        threads.spawn(move || decompress(counted, &sender));
        let chunks = Chunks {
            receiver,
            chunk: io::Cursor::default(),
            hasher: Sha256::new(),
            compressed: &compressed,
            unpacked: 0,
            limits,
        };
        Scan::new(directory, limits)?.run(chunks)
    })
}

impl ScannedLayer {
    /// Returns the digest of the unpacked layer, which images name it by.
    pub fn diff_id(&self) -> &Digest {
        &self.diff_id
    }

    /// Returns the bytes of the unpacked tar.
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }

    /// Makes sure that the layer is the one that an image's configuration means.
    pub fn expect_diff_id(&self, expected: &Digest) -> Result<()> {
        if &self.diff_id == expected {
            return Ok(());
        }
        Err(LayerError::new(
            LayerErrorCode::DigestMismatch,
            format!(
                "unpacks to {}, but the image's configuration says {expected}; the image was \
                 damaged or changed, so build or push it again",
                self.diff_id
            ),
        ))
    }
}

fn check_media_type(media_type: Option<&str>) -> Result<()> {
    let reason = match media_type {
        Some(encrypted) if encrypted.contains("+encrypted") => "is encrypted",
        // Types of old builders and none at all are taken; the content says what it is.
        Some(other)
            if other.contains("helm") || other.contains("wasm") || other.contains("json") =>
        {
            "is no layer of a file system"
        }
        _ => return Ok(()),
    };
    Err(LayerError::new(
        LayerErrorCode::NotALayer,
        format!(
            "{reason} ({}), so no sandbox can be made of it; use a container image",
            media_type.unwrap_or_default()
        ),
    ))
}

/// The state while the entries come in.
struct Scan<'l> {
    limits: &'l Limits,
    spool: Spool,
    items: Vec<Item>,
    warnings: Warnings,
    file_bytes: u64,
    entries: u64,
    buffer: Vec<u8>,
}

impl<'l> Scan<'l> {
    fn new(directory: &Path, limits: &'l Limits) -> Result<Self> {
        Ok(Self {
            limits,
            spool: Spool::create(directory)?,
            items: Vec::new(),
            warnings: Warnings::default(),
            file_bytes: 0,
            entries: 0,
            buffer: vec![0; 64 * 1024],
        })
    }

    fn run(mut self, chunks: Chunks<'_>) -> Result<ScannedLayer> {
        let mut tar = TarReader::new(chunks, self.limits);
        while let Some(entry) = tar.next_entry()? {
            self.entries += 1;
            Limits::check(
                "maxEntries",
                "the number of entries",
                self.entries,
                self.limits.max_entries,
            )
            .map_err(|error| error.at_entry(&entry.path))?;
            let raw = entry.path.clone();
            self.take(entry, &mut tar).map_err(|error| error.at_entry(&raw))?;
        }
        // What comes behind the last entry belongs to the digest too.
        let mut chunks = tar.into_source();
        io::copy(&mut chunks, &mut io::sink())?;
        Ok(ScannedLayer {
            items: self.items,
            spool: self.spool.finish()?,
            warnings: self.warnings,
            diff_id: Digest::new("sha256", hex::encode(chunks.hasher.finalize())),
            unpacked_bytes: chunks.unpacked,
        })
    }

    fn take<R: Read>(&mut self, entry: Entry, tar: &mut TarReader<'_, R>) -> Result<()> {
        let path = self.cleaned(&entry.path)?;
        let body = match entry.kind {
            Kind::File => Body::File(self.content(&entry, tar)?),
            Kind::Directory => Body::Directory,
            Kind::SymbolicLink => Body::Symlink(self.target(&entry)?),
            Kind::HardLink => Body::HardLink(self.cleaned(&entry.link)?),
            Kind::CharDevice => Body::CharDevice(entry.major, entry.minor),
            Kind::BlockDevice => Body::BlockDevice(entry.major, entry.minor),
            Kind::Fifo => Body::Fifo,
            other => {
                let name = match other {
                    Kind::Unknown(flag) => char::from(flag).escape_default().to_string(),
                    _ => format!("{other:?}"),
                };
                self.warnings.add(WarningKind::TypeSkipped(name), &path);
                return Ok(());
            }
        };
        let mut metadata = self.metadata(&entry)?;
        if matches!(body, Body::Symlink(_)) {
            // Linux has no other mode for links, whatever was archived.
            metadata.mode = 0o777;
        }
        let xattrs = self.xattrs(entry, &body);
        self.items.push(Item { path, metadata, xattrs, body });
        Ok(())
    }

    fn cleaned(&mut self, raw: &[u8]) -> Result<Box<[u8]>> {
        let Cleaned { path, left_root } = path::clean(raw, self.limits)?;
        if left_root {
            self.warnings.add(WarningKind::NameKeptInside, raw);
        }
        Ok(path.into_boxed_slice())
    }

    fn target(&self, entry: &Entry) -> Result<Box<[u8]>> {
        if entry.link.is_empty() {
            return Err(LayerError::refused("is a symbolic link without a target"));
        }
        Limits::check(
            "maxPathBytes",
            "the length of a link's target",
            entry.link.len() as u64,
            self.limits.max_path_bytes as u64,
        )?;
        Ok(entry.link.clone().into_boxed_slice())
    }

    fn content<R: Read>(&mut self, entry: &Entry, tar: &mut TarReader<'_, R>) -> Result<Extent> {
        Limits::check(
            "maxFileBytes",
            "the size of a file",
            entry.size,
            self.limits.max_file_bytes,
        )?;
        self.file_bytes = self.file_bytes.saturating_add(entry.size);
        Limits::check(
            "maxLayerBytes",
            "the size of all files of the layer",
            self.file_bytes,
            self.limits.max_layer_bytes,
        )?;
        let extent = self.spool.reserve(entry.size);
        for piece in &entry.pieces {
            let mut offset = extent.offset + piece.offset;
            let mut left = piece.length;
            while left > 0 {
                let most = left.min(self.buffer.len() as u64) as usize;
                let count = tar.read_data(&mut self.buffer[..most])?;
                if count == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                self.spool.write_at(offset, &self.buffer[..count])?;
                offset += count as u64;
                left -= count as u64;
            }
        }
        Ok(extent)
    }

    fn metadata(&mut self, entry: &Entry) -> Result<InodeMetadata> {
        let (mtime, mtime_nsec) = match entry.seconds {
            seconds @ 0..=MAX_SECONDS => (seconds as u64, entry.nanoseconds),
            other => {
                self.warnings.add(WarningKind::TimeMoved, &entry.path);
                (other.clamp(0, MAX_SECONDS) as u64, 0)
            }
        };
        Ok(InodeMetadata {
            uid: owner("user", entry.uid)?,
            gid: owner("group", entry.gid)?,
            mode: (entry.mode & 0o7777) as u16,
            mtime,
            mtime_nsec,
        })
    }

    fn xattrs(&mut self, entry: Entry, body: &Body) -> Box<[Xattr]> {
        for key in &entry.unkept {
            self.warnings.add(WarningKind::AttributeLeftOut(key.clone()), &entry.path);
        }
        // The metadata of a hard link is that of its target.
        if matches!(body, Body::HardLink(_)) {
            return Box::default();
        }
        let can_have_any = matches!(body, Body::File(_) | Body::Directory);
        let mut kept = Vec::new();
        let mut bytes = 0;
        for (name, value) in entry.xattrs {
            bytes += name.len() + value.len() + XATTR_OVERHEAD;
            if can_have_any && bytes <= MAX_XATTR_BYTES && is_storable(&name, &value) {
                kept.push(Xattr { name, value });
            } else {
                let name = String::from_utf8_lossy(&name).into_owned();
                self.warnings.add(WarningKind::AttributeLeftOut(name), &entry.path);
            }
        }
        kept.into_boxed_slice()
    }
}

/// What the attributes of one file may take in the store, which counts them in 16 bits of 4 bytes.
const MAX_XATTR_BYTES: usize = 200 * 1024;
const XATTR_OVERHEAD: usize = 8;

/// Whether the core's writer can hold an attribute. Those of overlays would change what it means.
fn is_storable(name: &[u8], value: &[u8]) -> bool {
    let suffix = [b"user.".as_slice(), b"trusted.", b"security."]
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix));
    !name.starts_with(b"trusted.overlay.")
        && suffix.is_some_and(|suffix| !suffix.is_empty() && suffix.len() <= 255)
        && value.len() <= usize::from(u16::MAX)
}

/// Owners below zero are what old systems wrote for those near the largest number.
fn owner(kind: &str, id: i64) -> Result<u32> {
    u32::try_from(id)
        .or_else(|_| i32::try_from(id).map(|id| id as u32))
        .map_err(|_| LayerError::refused(format!("has the {kind} {id}, which no system has")))
}

/// Counts what comes in.
struct Counted<'c, R> {
    blob: R,
    count: &'c AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.blob.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Decompresses until the end, an error, or until nothing more is wanted.
fn decompress(blob: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    let next = || -> io::Result<()> {
        let mut stream = Decompressed::new(blob)?;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            stream.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
            if chunk.is_empty() || sender.send(Ok(chunk)).is_err() {
                return Ok(());
            }
        }
    };
    if let Err(error) = next() {
        // Nothing is lost if nothing more is wanted.
        let _ = sender.send(Err(error));
    }
}

/// What was decompressed, hashed on its way.
struct Chunks<'c> {
    receiver: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
    hasher: Sha256,
    compressed: &'c AtomicU64,
    unpacked: u64,
    limits: &'c Limits,
}

impl Chunks<'_> {
    fn check(&self) -> Result<()> {
        Limits::check(
            "maxLayerBytes",
            "the size of the unpacked layer",
            self.unpacked,
            self.limits.max_layer_bytes,
        )?;
        if self.unpacked <= RATIO_FLOOR {
            return Ok(());
        }
        let compressed = self.compressed.load(Ordering::Relaxed).max(1);
        Limits::check(
            "maxRatio",
            "the ratio of unpacked to compressed bytes",
            self.unpacked / compressed,
            self.limits.max_ratio,
        )
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.position() == self.chunk.get_ref().len() as u64 {
            let Ok(next) = self.receiver.recv() else {
                return Ok(0);
            };
            let chunk = next?;
            self.hasher.update(&chunk);
            self.unpacked += chunk.len() as u64;
            self.check()?;
            self.chunk = io::Cursor::new(chunk);
        }
        self.chunk.read(buffer)
    }
}

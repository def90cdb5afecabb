//! The members of an archive by their names, and links between them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::invalid;
use crate::decompress::{Compression, Decompressed};
use crate::error::{LayerError, LayerErrorCode, Result};
use crate::limits::Limits;
use crate::path;
use crate::spool::{Extent, ExtentReader, Spool, Spooled};
use crate::tar::{Entry, Kind, Piece, TarReader};

/// How many links lead from one to the next.
const MAX_LINKS: usize = 16;

pub struct Members {
    content: Spooled,
    members: HashMap<Vec<u8>, Member>,
}

enum Member {
    File(Extent),
    Link(Vec<u8>),
}

impl Members {
    pub fn open(path: &Path, directory: &Path, limits: &Limits) -> Result<Self> {
        let mut file = File::open(path)?;
        let compression = Decompressed::new(&mut file).map_err(no_archive)?.compression();
        file.seek(SeekFrom::Start(0))?;
        if compression != Compression::None {
            return Self::read(file, directory, limits);
        }
        Self::in_place(file, limits)
    }

    /// Puts all members aside.
    pub fn read(stream: impl Read, directory: &Path, limits: &Limits) -> Result<Self> {
        let mut spool = Spool::create(directory)?;
        let mut buffer = vec![0; 64 * 1024];
        let stream = Decompressed::new(stream).map_err(no_archive)?;
        let mut tar = TarReader::new(stream, limits);
        let mut members = HashMap::new();
        let mut total = 0u64;
        while let Some(entry) = tar.next_entry().map_err(no_archive)? {
            total = total.saturating_add(entry.size);
            Limits::check(
                "maxLayerBytes",
                "the size of the archive",
                total,
                limits.max_layer_bytes,
            )?;
            let extent = match entry.kind {
                Kind::File => spool.reserve(entry.size),
                _ => Extent { offset: 0, length: 0 },
            };
            add(&mut members, &entry, extent, limits)?;
            if entry.kind != Kind::File {
                continue;
            }
            for piece in &entry.pieces {
                let offset = extent.offset + piece.offset;
                copy(&mut tar, piece, &mut spool, offset, &mut buffer).map_err(no_archive)?;
            }
        }
        Ok(Self { content: spool.finish()?, members })
    }

    /// Notes where members lie in the archive itself.
    fn in_place(file: File, limits: &Limits) -> Result<Self> {
        let content = Spooled::of(file.try_clone()?);
        let source = Counted { source: BufReader::with_capacity(256 * 1024, file), count: 0 };
        let mut tar = TarReader::new(source, limits);
        let mut members = HashMap::new();
        while let Some(entry) = tar.next_entry().map_err(no_archive)? {
            let offset = tar.source().count;
            let whole = [Piece { offset: 0, length: entry.size }];
            if entry.kind == Kind::File && entry.pieces != whole {
                return Err(invalid("the archive has sparse members; make it without them")
                    .at_entry(&entry.path));
            }
            let extent = Extent { offset, length: entry.size };
            add(&mut members, &entry, extent, limits)?;
        }
        Ok(Self { content, members })
    }

    pub fn has(&self, path: &[u8]) -> bool {
        self.members.contains_key(path)
    }

    pub fn size(&self, path: &[u8]) -> Result<u64> {
        self.find(path).map(|extent| extent.length)
    }

    pub fn reader(&self, path: &[u8]) -> Result<ExtentReader> {
        Ok(self.content.reader(self.find(path)?))
    }

    /// Finds a member, through links: old Dockers wrote one layer only once.
    fn find(&self, path: &[u8]) -> Result<Extent> {
        let missing = || {
            invalid(format!(
                "the archive names {:?}, but has no such member; export the image again",
                String::from_utf8_lossy(path)
            ))
        };
        let limits = Limits::default();
        let mut place = path::clean(path, &limits)?.path;
        for _ in 0..MAX_LINKS {
            match self.members.get(&place) {
                Some(Member::File(extent)) => return Ok(*extent),
                Some(Member::Link(target)) => place.clone_from(target),
                None => return Err(missing()),
            }
        }
        Err(missing())
    }
}

fn add(
    members: &mut HashMap<Vec<u8>, Member>,
    entry: &Entry,
    extent: Extent,
    limits: &Limits,
) -> Result<()> {
    let name = path::clean(&entry.path, limits)?.path;
    let member = match entry.kind {
        Kind::File => Member::File(extent),
        Kind::HardLink => Member::Link(path::clean(&entry.link, limits)?.path),
        Kind::SymbolicLink => {
            let (folder, _) = path::split(&name);
            let target = match entry.link.starts_with(b"/") {
                true => entry.link.clone(),
                false => [folder, b"/", &entry.link].concat(),
            };
            Member::Link(path::clean(&target, limits)?.path)
        }
        _ => return Ok(()),
    };
    Limits::check(
        "maxEntries",
        "the number of members",
        members.len() as u64 + 1,
        limits.max_entries,
    )?;
    members.insert(name, member);
    Ok(())
}

fn copy<R: Read>(
    tar: &mut TarReader<'_, R>,
    piece: &Piece,
    spool: &mut Spool,
    mut offset: u64,
    buffer: &mut [u8],
) -> Result<()> {
    let mut left = piece.length;
    while left > 0 {
        let most = left.min(buffer.len() as u64) as usize;
        let count = tar.read_data(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        spool.write_at(offset, &buffer[..count])?;
        offset += count as u64;
        left -= count as u64;
    }
    Ok(())
}

/// What is wrong with the outer tar is wrong with the archive, not with a layer.
fn no_archive(error: LayerError) -> LayerError {
    match error.code() {
        LayerErrorCode::Corrupt => invalid(format!(
            "this is no archive of an image, or it was cut; make it with `docker save` or `skopeo \
             copy` ({error})"
        )),
        _ => error,
    }
}

/// Counts how far a tar was read.
struct Counted<R> {
    source: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

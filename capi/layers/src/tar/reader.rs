//! Reads a tar from front to back: one entry after another, each with its data.

use std::io::{self, Read};

use super::BLOCK;
use super::header::{self, Header, Kind};
use super::pax::{Records, Time};
use super::sparse::{self, MapReader, Piece};
use crate::error::{LayerError, Result};
use crate::limits::Limits;

/// An entry as its headers describe it together.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: Kind,
    pub path: Vec<u8>,
    pub link: Vec<u8>,
    pub mode: u32,
    pub uid: i64,
    pub gid: i64,
    pub seconds: i64,
    pub nanoseconds: u32,
    pub major: u32,
    pub minor: u32,
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes of the file, with its holes.
    pub size: u64,
    /// Where the data that follows lies in the file, without the holes between.
    pub pieces: Vec<Piece>,
    /// Keys of what headers say beyond that.
    pub unkept: Vec<String>,
}

/// A tar that is being read. The data of an entry is read before the next one is asked for, or
/// skipped.
pub struct TarReader<'l, R: Read> {
    source: R,
    limits: &'l Limits,
    global: Records,
    /// Data of the current entry that was not read yet, and what fills its last block up.
    data_left: u64,
    padding: u64,
    has_ended: bool,
}

/// What headers in front of an entry say of it.
#[derive(Default)]
struct Ahead {
    local: Records,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    bytes: u64,
}

impl<'l, R: Read> TarReader<'l, R> {
    pub fn new(source: R, limits: &'l Limits) -> Self {
        Self {
            source,
            limits,
            global: Records::default(),
            data_left: 0,
            padding: 0,
            has_ended: false,
        }
    }

    /// Reads the headers of the next entry. Returns `None` at the tar's end.
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        let mut ahead = Ahead::default();
        loop {
            self.skip_data()?;
            let Some(block) = self.next_header()? else {
                return Ok(None);
            };
            let header = Header::parse(&block)?;
            self.expect_data(stored_size(&header, ahead.local.size));
            let place = |error: LayerError| error.at_entry(&header.path);
            let max_pieces = self.limits.max_sparse_pieces;
            match header.kind {
                Kind::PaxLocal => {
                    let data = self.header_data(&header, &mut ahead).map_err(place)?;
                    ahead.local.read(&data, max_pieces).map_err(place)?;
                }
                Kind::PaxGlobal => {
                    let data = self.header_data(&header, &mut Ahead::default()).map_err(place)?;
                    let mut global = Records::default().over(&self.global);
                    global.read(&data, max_pieces).map_err(place)?;
                    self.global = Records::default().over(&global);
                }
                Kind::GnuLongName => {
                    let data = self.header_data(&header, &mut ahead).map_err(place)?;
                    ahead.long_name = Some(header::text(&data).to_vec());
                }
                Kind::GnuLongLink => {
                    let data = self.header_data(&header, &mut ahead).map_err(place)?;
                    ahead.long_link = Some(header::text(&data).to_vec());
                }
                Kind::Label => {}
                Kind::Continuation => {
                    return Err(place(LayerError::corrupt(
                        "goes on from another volume of an archive, which is no layer",
                    )));
                }
                _ => {
                    let path = header.path.clone();
                    return self
                        .entry(header, &block, ahead)
                        .map(Some)
                        .map_err(|error| error.at_entry(&path));
                }
            }
        }
    }

    /// Reads on in the current entry's data, without its holes. Returns 0 at its end.
    pub fn read_data(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let most = self.data_left.min(buffer.len() as u64) as usize;
        if most == 0 {
            return Ok(0);
        }
        let count = self.source.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.data_left -= count as u64;
        Ok(count)
    }

    /// Returns the source, at the place that was reached.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// Gives the source back, at the place that was reached.
    pub fn into_source(self) -> R {
        self.source
    }

    fn entry(&mut self, header: Header, block: &[u8; BLOCK], ahead: Ahead) -> Result<Entry> {
        let records = ahead.local.over(&self.global);
        let (size, pieces) = match header.kind {
            Kind::GnuSparse => self.old_sparse_pieces(block)?,
            Kind::File if records.sparse.is_form_1 => self.sparse_pieces_in_data(&records)?,
            Kind::File if records.sparse.pieces.is_some() => {
                let size = sparse_size(&records)?;
                (size, records.sparse.pieces.clone().unwrap_or_default())
            }
            _ => (self.data_left, vec![Piece { offset: 0, length: self.data_left }]),
        };
        if matches!(header.kind, Kind::File | Kind::GnuSparse) {
            sparse::check(&pieces, size, self.data_left)?;
        }
        let time = records.mtime.unwrap_or(Time { seconds: header.mtime, nanoseconds: 0 });
        let pax_path = records.sparse.name.or(records.path);
        Ok(Entry {
            kind: match header.kind {
                Kind::GnuSparse => Kind::File,
                Kind::GnuDirectory => Kind::Directory,
                kind => kind,
            },
            path: ahead.long_name.or(pax_path).unwrap_or(header.path),
            link: ahead.long_link.or(records.link).unwrap_or(header.link),
            mode: header.mode,
            uid: records.uid.unwrap_or(header.uid),
            gid: records.gid.unwrap_or(header.gid),
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
            major: records.major.unwrap_or(header.major),
            minor: records.minor.unwrap_or(header.minor),
            xattrs: records.xattrs.into_iter().collect(),
            size,
            pieces,
            unkept: records.unkept,
        })
    }

    fn old_sparse_pieces(&mut self, block: &[u8; BLOCK]) -> Result<(u64, Vec<Piece>)> {
        let (mut pieces, size, mut goes_on) = sparse::in_header(block)?;
        while goes_on {
            let mut next = [0; BLOCK];
            self.source.read_exact(&mut next)?;
            let (more, another) = sparse::in_continuation(&next)?;
            pieces.extend(more);
            goes_on = another;
            sparse::check_count(pieces.len(), self.limits.max_sparse_pieces)?;
        }
        Ok((size, pieces))
    }

    fn sparse_pieces_in_data(&mut self, records: &Records) -> Result<(u64, Vec<Piece>)> {
        let mut map = MapReader::default();
        loop {
            let mut block = [0; BLOCK];
            let mut filled = 0;
            while filled < BLOCK {
                match self.read_data(&mut block[filled..])? {
                    0 => {
                        return Err(LayerError::corrupt("has a broken map of a sparse file"));
                    }
                    count => filled += count,
                }
            }
            if map.read(&block, self.limits.max_sparse_pieces)? {
                return Ok((sparse_size(records)?, map.into_pieces()));
            }
        }
    }

    /// Reads one header block. A tar ends with zeros, or where its bytes do.
    fn next_header(&mut self) -> Result<Option<[u8; BLOCK]>> {
        if self.has_ended {
            return Ok(None);
        }
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.source.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => {
                    self.has_ended = true;
                    return Ok(None);
                }
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.has_ended = header::is_zero(&block);
        Ok((!self.has_ended).then_some(block))
    }

    fn header_data(&mut self, header: &Header, ahead: &mut Ahead) -> Result<Vec<u8>> {
        ahead.bytes = ahead.bytes.saturating_add(header.size);
        Limits::check(
            "maxHeaderBytes",
            "the size of the extended headers",
            ahead.bytes,
            self.limits.max_header_bytes,
        )?;
        let mut data = vec![0; header.size as usize];
        let mut filled = 0;
        while filled < data.len() {
            filled += self.read_data(&mut data[filled..])?;
        }
        Ok(data)
    }

    fn expect_data(&mut self, size: u64) {
        self.data_left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    fn skip_data(&mut self) -> Result<()> {
        let mut left = self.data_left + self.padding;
        let skipped = io::copy(&mut self.source.by_ref().take(left), &mut io::sink())?;
        left -= skipped;
        // What fills the last block up may be missing at the very end.
        if left > self.padding {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.data_left = 0;
        self.padding = 0;
        Ok(())
    }
}

/// How much data follows a header. Links and devices have none, whatever their size says.
fn stored_size(header: &Header, pax_size: Option<u64>) -> u64 {
    match header.kind {
        Kind::HardLink
        | Kind::SymbolicLink
        | Kind::CharDevice
        | Kind::BlockDevice
        | Kind::Directory
        | Kind::Fifo => 0,
        Kind::PaxLocal | Kind::PaxGlobal | Kind::GnuLongName | Kind::GnuLongLink => header.size,
        _ => pax_size.unwrap_or(header.size),
    }
}

fn sparse_size(records: &Records) -> Result<u64> {
    records.sparse.size.ok_or_else(|| LayerError::corrupt("is a sparse file without its size"))
}

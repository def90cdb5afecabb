//! Decompression of a blob, whatever its media type says: by its first bytes.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;

use crate::error::{LayerError, LayerErrorCode, Result};
use crate::tar::looks_like_tar;

/// What is read from the source at once.
const INPUT_BUFFER: usize = 256 * 1024;

/// How much of a blob decides on its compression: the first block of a tar.
const PEEK: usize = 512;

type Source<R> = BufReader<io::Chain<Cursor<Vec<u8>>, R>>;

/// The ways in which a blob may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// A reader of what a blob holds, decompressed.
pub struct Decompressed<R: Read> {
    stream: Stream<R>,
    compression: Compression,
}

enum Stream<R: Read> {
    Plain(Source<R>),
    Gzip(GzipMembers<Source<R>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Source<R>>>),
}

impl<R: Read> Decompressed<R> {
    /// Looks at the first bytes of a blob and starts to decompress it.
    pub fn new(mut blob: R) -> Result<Self> {
        let mut first = Vec::with_capacity(PEEK);
        blob.by_ref().take(PEEK as u64).read_to_end(&mut first)?;
        let compression = detect(&first)?;
        let source = BufReader::with_capacity(INPUT_BUFFER, Cursor::new(first).chain(blob));
        let stream = match compression {
            Compression::None => Stream::Plain(source),
            Compression::Gzip => Stream::Gzip(GzipMembers::new(source)),
            Compression::Zstd => {
                Stream::Zstd(Box::new(zstd::stream::read::Decoder::with_buffer(source)?))
            }
        };
        Ok(Self { stream, compression })
    }

    /// Returns how the blob is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(source) => source.read(buffer),
            Stream::Gzip(members) => members.read(buffer),
            // Goes on with the next frame by itself, and skips those that are to be skipped.
            Stream::Zstd(frames) => frames.read(buffer).map_err(zstd_error),
        }
    }
}

/// Decides on the compression. A tar is known by its checksum, whatever its first name looks like.
fn detect(first: &[u8]) -> Result<Compression> {
    if looks_like_tar(first) {
        return Ok(Compression::None);
    }
    let unsupported = match first {
        [0x1f, 0x8b, ..] => return Ok(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            return Ok(Compression::Zstd);
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => "bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz",
        [0x5d, 0, 0, ..] => "lzma",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4",
        [0x1f, 0x9d, ..] => "compress",
        _ => return Ok(Compression::None),
    };
    Err(LayerError::new(
        LayerErrorCode::CompressionUnsupported,
        format!(
            "compressed with {unsupported}, which is not read here; build or export the image with \
             gzip, zstd or no compression"
        ),
    ))
}

/// The members of a gzip file, one after another, as eStargz and parallel compressors write them.
struct GzipMembers<R: BufRead> {
    /// `None` only while one member takes over from another, and after the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipMembers<R> {
    fn new(source: R) -> Self {
        Self { member: Some(GzDecoder::new(source)) }
    }

    /// Starts the next member, if there is one. Zeros behind the last one are padding.
    fn next_member(mut source: R) -> io::Result<Option<GzDecoder<R>>> {
        loop {
            let rest = source.fill_buf()?;
            match rest.first() {
                None => return Ok(None),
                Some(0x1f) => return Ok(Some(GzDecoder::new(source))),
                Some(0) => {
                    let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
                    source.consume(zeros);
                }
                Some(_) => {
                    return Err(LayerError::corrupt(
                        "has something behind its last gzip member that is no gzip; fetch or \
                         export it again",
                    )
                    .into());
                }
            }
        }
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if let Some(ended) = self.member.take() {
                self.member = Self::next_member(ended.into_inner())?;
            }
        }
        Ok(0)
    }
}

/// Errors of the decoder are plain `Other`; they are about the blob, not about this machine.
fn zstd_error(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::Other || error.raw_os_error().is_some() {
        return error;
    }
    LayerError::corrupt(format!("is no whole zstd ({error}); fetch or export it again")).into()
}

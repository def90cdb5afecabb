//! The content of a layer's files, one after another in a file without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use microsandbox_image::tree::FileData;

/// How much is written at once.
const BUFFER: usize = 256 * 1024;

/// Where a file's content lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub offset: u64,
    pub length: u64,
}

/// A spool that is being written. Zeros in larger amounts become holes.
pub struct Spool {
    file: File,
    buffer: Vec<u8>,
    /// Where the buffer's content belongs.
    buffered_at: u64,
    end: u64,
}

/// A spool that is read from.
#[derive(Clone)]
pub struct Spooled {
    file: Arc<Mutex<File>>,
}

impl Spool {
    /// Creates a file in a directory that is there, on the disk that has room for layers.
    pub fn create(directory: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(directory)?,
            buffer: Vec::with_capacity(BUFFER),
            buffered_at: 0,
            end: 0,
        })
    }

    /// Makes room for a file of this length, to be filled in order.
    pub fn reserve(&mut self, length: u64) -> Extent {
        let extent = Extent { offset: self.end, length };
        self.end += length;
        extent
    }

    /// Writes at a place that was reserved.
    pub fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        let is_adjacent = self.buffered_at + self.buffer.len() as u64 == offset;
        if !is_adjacent || self.buffer.len() + data.len() > BUFFER {
            self.flush()?;
            self.buffered_at = offset;
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<Spooled> {
        self.flush()?;
        self.file.set_len(self.end)?;
        Ok(Spooled::of(self.file))
    }

    fn flush(&mut self) -> io::Result<()> {
        // Reserved places that nothing is written to read as zeros.
        if !self.buffer.is_empty() && self.buffer.iter().any(|&byte| byte != 0) {
            self.file.seek(SeekFrom::Start(self.buffered_at))?;
            self.file.write_all(&self.buffer)?;
        }
        self.buffered_at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Spooled {
    /// Returns a file that was written by others as one to read from.
    pub fn of(file: File) -> Self {
        Self { file: Arc::new(Mutex::new(file)) }
    }

    pub fn reader(&self, extent: Extent) -> ExtentReader {
        ExtentReader { file: Arc::clone(&self.file), left: extent }
    }

    pub fn data(&self, extent: Extent) -> FileData {
        FileData::Spool { spool: Arc::clone(&self.file), offset: extent.offset, len: extent.length }
    }
}

/// A reader of one file's content. Several of them may be read side by side.
pub struct ExtentReader {
    file: Arc<Mutex<File>>,
    left: Extent,
}

impl Read for ExtentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.left.length.min(buffer.len() as u64) as usize;
        if most == 0 {
            return Ok(0);
        }
        let mut file = self.file.lock().map_err(|_| io::Error::other("a reader panicked"))?;
        file.seek(SeekFrom::Start(self.left.offset))?;
        let count = file.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left.offset += count as u64;
        self.left.length -= count as u64;
        Ok(count)
    }
}

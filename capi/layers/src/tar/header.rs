//! The fields of one header block, in all variants: before POSIX, ustar, star, and GNU.

use super::BLOCK;
use crate::error::{LayerError, Result};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    HardLink,
    SymbolicLink,
    CharDevice,
    BlockDevice,
    Directory,
    /// A directory with the names in it as data, by GNU tar.
    GnuDirectory,
    Fifo,
    /// Extended header of the next entry, or of all that follow.
    PaxLocal,
    PaxGlobal,
    /// The next entry's name or link target.
    GnuLongName,
    GnuLongLink,
    GnuSparse,
    /// What is no part of a tree: the name of a volume.
    Label,
    /// The rest of a file that begins in another archive.
    Continuation,
    Unknown(u8),
}

/// Who wrote a header, as far as its fields differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Old,
    Ustar,
    Star,
    Gnu,
}

/// One header block, with its fields taken apart.
#[derive(Debug)]
pub struct Header {
    pub kind: Kind,
    pub path: Vec<u8>,
    pub link: Vec<u8>,
    pub mode: u32,
    pub uid: i64,
    pub gid: i64,
    pub size: u64,
    pub mtime: i64,
    pub major: u32,
    pub minor: u32,
}

pub fn is_zero(block: &[u8; BLOCK]) -> bool {
    block.iter().all(|&byte| byte == 0)
}

/// Whether the checksum fits, summed as unsigned bytes or, as some old writers did, as signed ones.
pub fn has_right_checksum(block: &[u8; BLOCK]) -> bool {
    let Ok(stored) = number(&block[148..156], "checksum") else {
        return false;
    };
    let (mut unsigned, mut signed) = (0i64, 0i64);
    for (index, &byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&index) { b' ' } else { byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte as i8);
    }
    stored == unsigned || stored == signed
}

impl Header {
    pub fn parse(block: &[u8; BLOCK]) -> Result<Self> {
        if !has_right_checksum(block) {
            return Err(LayerError::corrupt(
                "is no tar header: its checksum is wrong; fetch or export the image again",
            ));
        }
        let variant = variant(block);
        let path = path(block, variant);
        let place = |error: LayerError| error.at_entry(&path);
        let field =
            |range: std::ops::Range<usize>, name| number(&block[range], name).map_err(place);
        let size = u64::try_from(field(124..136, "size")?)
            .map_err(|_| place(LayerError::corrupt("has a negative size")))?;
        let has_devices = variant != Variant::Old;
        let device = |range, name| {
            if has_devices { field(range, name) } else { Ok(0) }
        };
        let kind = kind(block[156], &path);
        // Only devices have numbers there; other entries may have anything.
        let (major, minor) = match kind {
            Kind::CharDevice | Kind::BlockDevice => {
                (device(329..337, "device major")?, device(337..345, "device minor")?)
            }
            _ => (0, 0),
        };
        Ok(Self {
            kind,
            link: text(&block[157..257]).to_vec(),
            mode: field(100..108, "mode")? as u32,
            uid: field(108..116, "uid")?,
            gid: field(116..124, "gid")?,
            size,
            mtime: field(136..148, "mtime")?,
            major: device_number(major).map_err(place)?,
            minor: device_number(minor).map_err(place)?,
            path,
        })
    }
}

fn device_number(value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| LayerError::corrupt(format!("has the device number {value}")))
}

fn kind(flag: u8, path: &[u8]) -> Kind {
    match flag {
        // Before there was a type for directories, a slash at the end made one.
        b'0' | 0 | b'7' if path.ends_with(b"/") => Kind::Directory,
        b'0' | 0 | b'7' => Kind::File,
        b'1' => Kind::HardLink,
        b'2' => Kind::SymbolicLink,
        b'3' => Kind::CharDevice,
        b'4' => Kind::BlockDevice,
        b'5' => Kind::Directory,
        b'D' => Kind::GnuDirectory,
        b'6' => Kind::Fifo,
        // X is what Solaris wrote before POSIX had it.
        b'x' | b'X' => Kind::PaxLocal,
        b'g' => Kind::PaxGlobal,
        b'L' => Kind::GnuLongName,
        b'K' => Kind::GnuLongLink,
        b'S' => Kind::GnuSparse,
        b'V' => Kind::Label,
        b'M' => Kind::Continuation,
        other => Kind::Unknown(other),
    }
}

/// The version of ustar is not looked at: writers have put NULs and spaces there.
fn variant(block: &[u8; BLOCK]) -> Variant {
    if &block[257..265] == b"ustar  \0" {
        Variant::Gnu
    } else if &block[257..262] != b"ustar" {
        Variant::Old
    } else if &block[508..512] == b"tar\0" {
        Variant::Star
    } else {
        Variant::Ustar
    }
}

fn path(block: &[u8; BLOCK], variant: Variant) -> Vec<u8> {
    let name = text(&block[0..100]);
    let prefix = match variant {
        Variant::Ustar => text(&block[345..500]),
        Variant::Star => text(&block[345..476]),
        // GNU tar keeps times and sparse maps there.
        Variant::Gnu | Variant::Old => &[],
    };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// What a field holds in front of its first NUL.
pub fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in base 256 where the first bit says so.
pub fn number(field: &[u8], name: &str) -> Result<i64> {
    if let Some(first) = field.first()
        && first & 0x80 != 0
    {
        return base_256(field)
            .ok_or_else(|| LayerError::corrupt(format!("has a {name} of more than 63 bits")));
    }
    let blank = |byte: &u8| *byte == b' ' || *byte == 0;
    let digits = field.split(|&byte| byte == 0).find(|part| !part.is_empty()).unwrap_or_default();
    let start = digits.iter().take_while(|byte| blank(byte)).count();
    let end = digits.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    digits[start..end.max(start)]
        .iter()
        .try_fold(0i64, |sum, &byte| match byte {
            b'0'..=b'7' => sum.checked_mul(8)?.checked_add(i64::from(byte - b'0')),
            _ => None,
        })
        .ok_or_else(|| {
            LayerError::corrupt(format!(
                "has a {name} that is no number: {:?}",
                String::from_utf8_lossy(digits)
            ))
        })
}

fn base_256(field: &[u8]) -> Option<i64> {
    let is_negative = field[0] & 0x40 != 0;
    let mut value: i128 = if is_negative { -1 } else { 0 };
    for (index, &byte) in field.iter().enumerate() {
        // The first bit marks the form; the second is the sign.
        let byte = if index == 0 && !is_negative { byte & 0x7f } else { byte };
        value = value.checked_mul(256)? | i128::from(byte);
    }
    i64::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_octal_and_in_base_256() {
        assert_eq!(number(b"0000644\0", "mode").unwrap(), 0o644);
        assert_eq!(number(b"   644 \0", "mode").unwrap(), 0o644);
        assert_eq!(number(b"\0\0\0\0\0\0\0\0", "uid").unwrap(), 0);
        assert_eq!(number(b"        ", "uid").unwrap(), 0);
        assert_eq!(number(b"77777777777\0", "size").unwrap(), 0o77777777777);
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2], "size").unwrap(), 258);
        assert_eq!(number(&[0x80, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], "size").unwrap(), 1 << 57);
        assert_eq!(number(&[0xff; 12], "mtime").unwrap(), -1);
        assert_eq!(number(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], "uid").unwrap(), -256);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let error = number(b"12x4\0\0\0\0", "gid").unwrap_err();
        assert!(error.to_string().contains("gid"), "{error}");
        assert!(number(&[0xbf; 12], "size").is_err());
        assert!(number(b"99999999", "mode").is_err());
    }
}

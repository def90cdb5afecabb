//! Extended headers of POSIX: records of a key and a value, where a value may hold any bytes.

use std::collections::BTreeMap;

use super::sparse::Piece;
use crate::error::{LayerError, Result};

/// Extended attributes, by Go, star and Docker, and by libarchive.
const SCHILY_XATTR: &[u8] = b"SCHILY.xattr.";
const LIBARCHIVE_XATTR: &[u8] = b"LIBARCHIVE.xattr.";

/// A time in seconds since 1970 and nanoseconds after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// What extended headers say of an entry. `None` is what they do not say.
#[derive(Clone, Debug, Default)]
pub struct Records {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub uid: Option<i64>,
    pub gid: Option<i64>,
    pub mtime: Option<Time>,
    pub major: Option<u32>,
    pub minor: Option<u32>,
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    pub sparse: SparseRecords,
    /// Keys of things that a tree cannot hold, such as access control lists.
    pub unkept: Vec<String>,
}

/// The forms in which PAX headers speak of sparse files: 0.0, 0.1 and 1.0.
#[derive(Clone, Debug, Default)]
pub struct SparseRecords {
    pub is_form_1: bool,
    pub name: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub pieces: Option<Vec<Piece>>,
    /// The piece of form 0.0 whose length comes in the next record.
    offset: Option<u64>,
}

impl Records {
    /// Reads the records of one header into these, the later ones over the earlier.
    pub fn read(&mut self, mut data: &[u8], max_pieces: usize) -> Result<()> {
        while !data.is_empty() {
            // Some writers fill the rest of the block into the header's size.
            if data.iter().all(|&byte| byte == 0) {
                break;
            }
            let (key, value, rest) = record(data)?;
            self.set(key, value, max_pieces)?;
            data = rest;
        }
        Ok(())
    }

    /// Returns what these records say, over what `global` says of all entries.
    pub fn over(mut self, global: &Records) -> Self {
        self.uid = self.uid.or(global.uid);
        self.gid = self.gid.or(global.gid);
        self.mtime = self.mtime.or(global.mtime);
        for (name, value) in &global.xattrs {
            self.xattrs.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    fn set(&mut self, key: &[u8], value: &[u8], max_pieces: usize) -> Result<()> {
        if let Some(name) = key.strip_prefix(SCHILY_XATTR) {
            // An attribute may be empty; for all other keys an empty value takes them back.
            self.xattrs.insert(name.to_vec(), value.to_vec());
            return Ok(());
        }
        if let Some(name) = key.strip_prefix(LIBARCHIVE_XATTR) {
            let name = percent_decoded(name);
            let value = base64_decoded(value).ok_or_else(|| wrong(key, value))?;
            // Both forms may be there; that of SCHILY is not encoded.
            self.xattrs.entry(name).or_insert(value);
            return Ok(());
        }
        match key {
            b"path" => self.path = name(key, value)?,
            b"linkpath" => self.link = name(key, value)?,
            b"size" => self.size = optional(key, value, size)?,
            b"uid" => self.uid = optional(key, value, signed)?,
            b"gid" => self.gid = optional(key, value, signed)?,
            b"mtime" => self.mtime = optional(key, value, time)?,
            b"SCHILY.devmajor" => self.major = optional(key, value, small)?,
            b"SCHILY.devminor" => self.minor = optional(key, value, small)?,
            _ if key.starts_with(b"GNU.sparse.") => self.sparse.set(key, value, max_pieces)?,
            _ if key.starts_with(b"SCHILY.acl.") => {
                self.unkept.push(String::from_utf8_lossy(key).into_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

impl SparseRecords {
    fn set(&mut self, key: &[u8], value: &[u8], max_pieces: usize) -> Result<()> {
        match key {
            b"GNU.sparse.major" => self.is_form_1 = value == b"1",
            b"GNU.sparse.name" => self.name = name(key, value)?,
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => {
                self.size = optional(key, value, decimal)?;
            }
            b"GNU.sparse.numblocks" => {
                self.pieces.get_or_insert_default();
            }
            b"GNU.sparse.offset" => {
                self.offset = Some(decimal(value).ok_or_else(|| wrong(key, value))?);
            }
            b"GNU.sparse.numbytes" => {
                let length = decimal(value).ok_or_else(|| wrong(key, value))?;
                let offset = self.offset.take().ok_or_else(|| wrong(key, value))?;
                self.pieces.get_or_insert_default().push(Piece { offset, length });
            }
            b"GNU.sparse.map" => {
                self.pieces = Some(map(value).ok_or_else(|| wrong(key, value))?);
            }
            _ => {}
        }
        super::sparse::check_count(self.pieces.as_ref().map_or(0, Vec::len), max_pieces)
    }
}

/// Takes the first record off: its length in decimal, a space, key, equals sign, value, newline.
fn record(data: &[u8]) -> Result<(&[u8], &[u8], &[u8])> {
    let broken = || LayerError::corrupt("has an extended header with a broken record");
    let space = data.iter().position(|&byte| byte == b' ').ok_or_else(broken)?;
    let length = decimal(&data[..space]).ok_or_else(broken)?;
    let length = usize::try_from(length).map_err(|_| broken())?;
    if length <= space + 1 || length > data.len() || data[length - 1] != b'\n' {
        return Err(broken());
    }
    let (record, rest) = (&data[space + 1..length - 1], &data[length..]);
    let equals = record.iter().position(|&byte| byte == b'=').ok_or_else(broken)?;
    if equals == 0 {
        return Err(broken());
    }
    Ok((&record[..equals], &record[equals + 1..], rest))
}

fn wrong(key: &[u8], value: &[u8]) -> LayerError {
    LayerError::corrupt(format!(
        "has an extended header with {:?} in {:?}",
        String::from_utf8_lossy(&value[..value.len().min(80)]),
        String::from_utf8_lossy(&key[..key.len().min(80)]),
    ))
}

fn name(key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>> {
    if value.contains(&0) {
        return Err(wrong(key, value));
    }
    Ok((!value.is_empty()).then(|| value.to_vec()))
}

fn optional<T>(key: &[u8], value: &[u8], read: fn(&[u8]) -> Option<T>) -> Result<Option<T>> {
    if value.is_empty() {
        return Ok(None);
    }
    read(value).map(Some).ok_or_else(|| wrong(key, value))
}

pub fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, &byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// A size that sums of a few of them do not overflow with.
fn size(text: &[u8]) -> Option<u64> {
    decimal(text).filter(|&size| size <= i64::MAX as u64)
}

fn signed(text: &[u8]) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some(digits) => i64::try_from(decimal(digits)?).ok().map(|value| -value),
        None => i64::try_from(decimal(text)?).ok(),
    }
}

fn small(text: &[u8]) -> Option<u32> {
    u32::try_from(decimal(text)?).ok()
}

/// Seconds with a fraction of any length, before 1970 too: -1.5 is half a second after -2.
fn time(text: &[u8]) -> Option<Time> {
    let mut parts = text.splitn(2, |&byte| byte == b'.');
    let whole = parts.next()?;
    let fraction = parts.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nanoseconds = (0..9).fold(0u32, |sum, index| {
        sum * 10 + u32::from(fraction.get(index).map_or(0, |digit| digit - b'0'))
    });
    let is_negative = whole.starts_with(b"-");
    let seconds = match whole {
        b"" => 0,
        b"-" => 0,
        _ => signed(whole)?,
    };
    Some(match (is_negative, nanoseconds) {
        (true, 1..) => {
            Time { seconds: seconds.checked_sub(1)?, nanoseconds: 1_000_000_000 - nanoseconds }
        }
        _ => Time { seconds, nanoseconds },
    })
}

fn map(value: &[u8]) -> Option<Vec<Piece>> {
    if value.is_empty() {
        return Some(Vec::new());
    }
    let numbers = value.split(|&byte| byte == b',').map(decimal).collect::<Option<Vec<_>>>()?;
    let (pairs, rest) = numbers.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|&[offset, length]| Piece { offset, length }).collect())
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let byte = match tail.first_chunk::<2>() {
            Some(digits) if first == b'%' => hex::decode(digits).ok().map(|bytes| bytes[0]),
            _ => None,
        };
        rest = if byte.is_some() { &tail[2..] } else { tail };
        decoded.push(byte.unwrap_or(first));
    }
    decoded
}

/// Base64 as libarchive writes it: without padding at the end.
fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0u32, 0u32);
    for &byte in text.iter().take_while(|&&byte| byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push((bits >> count) as u8);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8]) -> Result<Records> {
        let mut records = Records::default();
        records.read(data, 10)?;
        Ok(records)
    }

    /// A record, with the length that counts itself.
    fn written(key: &str, value: &str) -> String {
        let rest = format!(" {key}={value}\n");
        let length = (rest.len()..).find(|all| all.to_string().len() + rest.len() == *all).unwrap();
        format!("{length}{rest}")
    }

    #[test]
    fn values_may_hold_newlines_and_nothing() {
        let data = [
            written("path", "a\nb"),
            written("SCHILY.xattr.user.a", "\nb\0"),
            written("SCHILY.xattr.user.empty", ""),
            written("uid", ""),
        ];
        let records = read(data.concat().as_bytes()).unwrap();
        assert_eq!(records.xattrs[b"user.empty".as_slice()], b"");
        assert_eq!(records.path.as_deref(), Some(b"a\nb".as_slice()));
        assert_eq!(records.uid, None);
        assert_eq!(records.xattrs[b"user.a".as_slice()], b"\nb\0");
    }

    #[test]
    fn broken_records_are_refused() {
        for data in ["x path=a\n", "99 path=a\n", "9 path=a.", "3 \n\n", "8 nothing", "2 "] {
            assert!(read(data.as_bytes()).is_err(), "{data:?}");
        }
        let error = read(b"11 mtime=x\n").unwrap_err();
        assert!(error.to_string().contains("mtime"), "{error}");
    }

    #[test]
    fn times_have_fractions_and_signs() {
        let at = |text: &str| {
            let time = time(text.as_bytes()).unwrap();
            (time.seconds, time.nanoseconds)
        };
        assert_eq!(at("1700000000.123456789"), (1_700_000_000, 123_456_789));
        assert_eq!(at("1.5"), (1, 500_000_000));
        assert_eq!(at("-1.5"), (-2, 500_000_000));
        assert_eq!(at("-0.25"), (-1, 750_000_000));
        assert_eq!(at("-7"), (-7, 0));
        assert_eq!(at("3.0000000019"), (3, 1));
        assert!(time(b"1.x").is_none());
    }

    #[test]
    fn attributes_of_libarchive_are_decoded() {
        let records = read(written("LIBARCHIVE.xattr.user.a%3Db", "AQAAAg").as_bytes()).unwrap();
        assert_eq!(records.xattrs[b"user.a=b".as_slice()], [1, 0, 0, 2]);
    }
}

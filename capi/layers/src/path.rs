//! Names of entries, which are bytes. What a host cannot have as a name is refused.

use std::ffi::OsString;

use crate::error::{LayerError, Result};
use crate::limits::Limits;

/// The longest name that a directory of the store holds.
const MAX_NAME: usize = 255;

/// A name in its plain form: `a/b`, without `.`, `..`, and slashes at its ends.
#[derive(Debug, PartialEq, Eq)]
pub struct Cleaned {
    pub path: Vec<u8>,
    /// Whether it left the root. What is beyond is the root again.
    pub left_root: bool,
}

/// Cleans a name as Go's `filepath.Clean` does: without a look at what is there.
pub fn clean(raw: &[u8], limits: &Limits) -> Result<Cleaned> {
    Limits::check(
        "maxPathBytes",
        "the length of a path",
        raw.len() as u64,
        limits.max_path_bytes as u64,
    )
    .map_err(|error| error.at_entry(&raw[..raw.len().min(256)]))?;
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut left_root = false;
    for part in components(raw) {
        match part {
            b"." => {}
            b".." => left_root |= parts.pop().is_none(),
            _ => {
                check_name(part).map_err(|error| error.at_entry(raw))?;
                parts.push(part);
            }
        }
    }
    check_depth(parts.len(), limits).map_err(|error| error.at_entry(raw))?;
    Ok(Cleaned { path: parts.join(b"/".as_slice()), left_root })
}

/// The parts of a path between its slashes.
pub fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
}

/// The directory of a cleaned path, and the name in it.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

pub fn check_depth(depth: usize, limits: &Limits) -> Result<()> {
    Limits::check(
        "maxPathDepth",
        "the number of directories in a path",
        depth as u64,
        limits.max_path_depth as u64,
    )
}

fn check_name(name: &[u8]) -> Result<()> {
    if name.contains(&0) {
        return Err(LayerError::refused("has a NUL in its name, which no file system holds"));
    }
    if name.len() > MAX_NAME {
        return Err(LayerError::refused(format!(
            "has a name of {} bytes, where file systems hold {MAX_NAME}",
            name.len()
        )));
    }
    os_string(name.to_vec()).map(drop)
}

/// A name as the core's tree has it.
#[cfg(unix)]
pub fn os_string(name: Vec<u8>) -> Result<OsString> {
    Ok(std::os::unix::ffi::OsStringExt::from_vec(name))
}

/// A name as the core's tree has it, which on this system cannot hold all bytes.
#[cfg(not(unix))]
pub fn os_string(name: Vec<u8>) -> Result<OsString> {
    String::from_utf8(name).map(OsString::from).map_err(|_| {
        LayerError::refused("has a name that is not UTF-8, which this system cannot store")
    })
}

/// The bytes of a name that the core has.
pub fn bytes(name: &std::ffi::OsStr) -> &[u8] {
    name.as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(raw: &str) -> (String, bool) {
        let cleaned = clean(raw.as_bytes(), &Limits::default()).unwrap();
        (String::from_utf8(cleaned.path).unwrap(), cleaned.left_root)
    }

    #[test]
    fn names_are_cleaned() {
        for (raw, path) in [
            ("./", ""),
            ("/", ""),
            (".", ""),
            ("a/", "a"),
            ("/a", "a"),
            ("././a/./b", "a/b"),
            ("a//b", "a/b"),
            ("a/../b", "b"),
            ("..a/b..", "..a/b.."),
        ] {
            assert_eq!(cleaned(raw), (path.to_owned(), false), "{raw}");
        }
        assert_eq!(cleaned("../../etc/x"), ("etc/x".to_owned(), true));
        assert_eq!(cleaned("a/../../b"), ("b".to_owned(), true));
    }

    #[test]
    fn names_that_no_file_system_holds_are_refused() {
        let limits = Limits::default();
        assert!(clean(b"a\0b", &limits).is_err());
        assert!(clean("x".repeat(256).as_bytes(), &limits).is_err());
        let error = clean("d/".repeat(300).as_bytes(), &limits).unwrap_err();
        assert_eq!(error.limit_name(), Some("maxPathDepth"));
        let error = clean("long/".repeat(1000).as_bytes(), &limits).unwrap_err();
        assert_eq!(error.limit_name(), Some("maxPathBytes"));
    }
}

//! Generated images, read by us and unpacked by another tool: both trees are the same.
//!
//! `LAYER_CORPUS_CASES` says how many, and that the tool has to be there. It needs root, for owners
//! and devices.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

mod support;
use support::image::Store;
use support::listing::listing;
use support::{Member, oci, tar};

/// Names that meet each other often.
fn name() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["a", "b", "c", "d"]);
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
}

/// The same name as other writers put it down.
fn written_name() -> impl Strategy<Value = String> {
    (name(), 0..6).prop_map(|(name, form)| match form {
        0 => format!("./{name}"),
        1 => format!("/{name}"),
        2 => name.replace('/', "/./"),
        3 => name.replace('/', "//"),
        _ => name,
    })
}

fn target() -> impl Strategy<Value = String> {
    (name(), 0..4).prop_map(|(name, form)| match form {
        0 => format!("/{name}"),
        1 => format!("../{name}"),
        2 => format!("./{name}/."),
        _ => name,
    })
}

fn member() -> impl Strategy<Value = Member> {
    let content = prop::collection::vec(any::<u8>(), 0..600);
    let kind = prop_oneof![
        5 => (written_name(), content).prop_map(|(name, data)| Member::file(name, data)),
        5 => written_name().prop_map(Member::dir),
        3 => (written_name(), target()).prop_map(|(name, link)| Member::symlink(name, link)),
        2 => (written_name(), name()).prop_map(|(name, link)| Member::hard_link(name, link)),
        1 => written_name().prop_map(|name| Member::new(name, b'6')),
        1 => written_name().prop_map(|name| Member { device: (1, 7), ..Member::new(name, b'3') }),
        2 => (name(), name()).prop_map(|(dir, name)| {
            let removed = name.rsplit('/').next().unwrap_or_default().to_owned();
            Member::file(format!("{dir}/.wh.{removed}"), "")
        }),
        1 => name().prop_map(|dir| Member::file(format!("{dir}/.wh..wh..opq"), "")),
    ];
    let mode = prop::sample::select(vec![0o644, 0o600, 0o755, 0o4755, 0o1777, 0o2750]);
    let attributes = prop_oneof![
        4 => Just(vec![]),
        1 => Just(vec![("SCHILY.xattr.user.x", "value")]),
        1 => Just(vec![("mtime", "1234567890.123456789"), ("uname", "")]),
        1 => Just(vec![("uid", "3000000"), ("SCHILY.xattr.user.empty", "")]),
    ];
    (kind, mode, 0..3u32, 1_000_000..1_000_100u64, attributes).prop_map(
        |(member, mode, owner, mtime, attributes)| {
            // Links and special files have no attributes of this kind.
            let can_have_any = matches!(member.kind, b'0' | b'5');
            let is_attribute = |key: &str| key.starts_with("SCHILY.");
            let pax = attributes
                .iter()
                .filter(|(key, _)| can_have_any || !is_attribute(key))
                .map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect();
            Member { mtime, pax, ..member.mode(mode).owner(owner, owner + 1) }
        },
    )
}

fn layers() -> impl Strategy<Value = Vec<Vec<Member>>> {
    prop::collection::vec(prop::collection::vec(member(), 1..10), 1..4)
}

/// What another tool unpacks, or `None` if it refuses the image.
fn unpacked(tars: &[Vec<u8>], folder: &Path) -> Option<BTreeMap<String, String>> {
    oci::write_layout(&folder.join("layout"), tars);
    let output = Command::new("umoci")
        .args(["unpack", "--image"])
        .arg(format!("{}:test", folder.join("layout").display()))
        .arg(folder.join("bundle"))
        .output()
        .unwrap();
    if !output.status.success() {
        return None;
    }
    let mut lines = BTreeMap::new();
    list(&folder.join("bundle/rootfs"), "", &mut lines);
    Some(lines)
}

fn list(folder: &Path, prefix: &str, lines: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let full = entry.path();
        let path = format!("{prefix}/{}", entry.file_name().as_bytes().escape_ascii());
        let metadata = entry.metadata().unwrap();
        let kind = metadata.file_type();
        let inode = format!(
            "{:o} {}:{} {}.{:09}",
            metadata.mode() & 0o7777,
            metadata.uid(),
            metadata.gid(),
            metadata.mtime(),
            metadata.mtime_nsec()
        );
        let line = if kind.is_dir() {
            list(&full, &path, lines);
            format!("directory {inode}")
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&full).unwrap();
            format!("link {inode} -> {}", target.as_os_str().as_bytes().escape_ascii())
        } else if kind.is_file() {
            let content = std::fs::read(&full).unwrap();
            let start = content[..content.len().min(16)].escape_ascii();
            format!("file {inode} {} {:x} {start}", content.len(), support::listing::sum(&content))
        } else if kind.is_fifo() {
            format!("fifo {inode}")
        } else if kind.is_char_device() {
            format!("char {inode} {}", metadata.rdev())
        } else {
            format!("other {inode}")
        };
        lines.insert(path, line);
    }
}

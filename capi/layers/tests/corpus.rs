//! Generated images, read by us and unpacked by another tool: both trees are the same.
//!
//! `LAYER_CORPUS_CASES` says how many, and that the tool has to be there. It needs root, for owners
//! and devices.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use microsandbox_image::tree::{InodeMetadata, Xattr};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::image::Store;
use crate::support::listing::{self, Listing, listing};
use crate::support::{Member, oci, tar};

/// Names that meet each other often.
fn part() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d"])
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(part(), 1..4).prop_map(|parts| parts.join("/"))
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

/// `cap_chown+ep`, revision 2.
const CAPABILITY: &str = "\x01\0\0\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// An entry, with the entry of its directory where that is what writers put in front.
fn member() -> impl Strategy<Value = Vec<Member>> {
    let content = prop::collection::vec(any::<u8>(), 0..600);
    let kind = prop_oneof![
        5 => (written_name(), content).prop_map(|(name, data)| Member::file(name, data)),
        5 => written_name().prop_map(Member::dir),
        3 => (written_name(), target()).prop_map(|(name, link)| Member::symlink(name, link)),
        2 => (written_name(), name()).prop_map(|(name, link)| Member::hard_link(name, link)),
        1 => written_name().prop_map(|name| Member::new(name, b'6')),
        1 => written_name().prop_map(|name| Member { device: (1, 7), ..Member::new(name, b'3') }),
        2 => (name(), part()).prop_map(|(dir, removed)| {
            Member::file(format!("{dir}/.wh.{removed}"), "")
        }),
        1 => part().prop_map(|removed| Member::file(format!(".wh.{removed}"), "")),
        1 => name().prop_map(|dir| Member::file(format!("{dir}/.wh..wh..opq"), "")),
    ];
    let mode = prop::sample::select(vec![0o644, 0o600, 0o755, 0o4755, 0o1777, 0o2750]);
    let attributes = prop_oneof![
        4 => Just(vec![]),
        1 => Just(vec![("SCHILY.xattr.user.x", "value")]),
        1 => Just(vec![("mtime", "1234567890.123456789"), ("uname", "")]),
        1 => Just(vec![("uid", "3000000"), ("SCHILY.xattr.security.capability", CAPABILITY)]),
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
            // What is made in a directory with this bit takes its group: that is the kernel's doing.
            let mode = if member.kind == b'5' { mode & !0o2000 } else { mode };
            let member = Member { mtime, pax, ..member.mode(mode).owner(owner, owner + 1) };
            let name = String::from_utf8(member.name.clone()).unwrap();
            match name.rsplit_once("/.wh.") {
                Some((dir, _)) => vec![Member::dir(dir), member],
                None => vec![member],
            }
        },
    )
}

fn generated() -> impl Strategy<Value = Vec<Vec<Member>>> {
    let layer = prop::collection::vec(member(), 1..12).prop_map(|members| members.concat());
    prop::collection::vec(layer, 1..4).prop_map(acceptable)
}

/// Has hard links lead to files, and nothing lie below files, so that tools mostly take the layers.
fn acceptable(layers: Vec<Vec<Member>>) -> Vec<Vec<Member>> {
    let mut kinds: BTreeMap<String, u8> = BTreeMap::new();
    let mut fit = |mut member: Member| {
        let raw = String::from_utf8(member.name.clone()).unwrap();
        let parts: Vec<_> = raw.split('/').filter(|part| !["", "."].contains(part)).collect();
        let is_below_a_file = (1..parts.len()).any(|length| {
            let kind = kinds.get(&parts[..length].join("/"));
            kind.is_some_and(|kind| !b"52".contains(kind))
        });
        let name = parts.join("/");
        if member.kind == b'1' {
            let files: Vec<_> = kinds
                .iter()
                .filter(|(path, kind)| **kind == b'0' && !path.contains(".wh.") && **path != name)
                .collect();
            let wanted = member.link.iter().map(|&byte| usize::from(byte)).sum::<usize>();
            let (target, _) = files.get(wanted % files.len().max(1))?;
            member.link = target.as_bytes().to_vec();
        }
        if is_below_a_file {
            return None;
        }
        kinds.retain(|path, _| !path.starts_with(&format!("{name}/")) || member.kind == b'5');
        kinds.insert(name, member.kind);
        Some(member)
    };
    let in_order = |mut layer: Vec<Member>| {
        // Where they come last, each tool has its own answer; writers put them first.
        layer.sort_by_key(|member| !is_whiteout(&member.name));
        layer.into_iter().filter_map(&mut fit).collect()
    };
    layers.into_iter().map(in_order).collect()
}

fn is_whiteout(name: &[u8]) -> bool {
    let last = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    last.starts_with(b".wh.")
}

/// What another tool unpacks, or `None` if it refuses the image.
fn unpacked(tars: &[Vec<u8>]) -> Option<Listing> {
    let folder = tempfile::tempdir().unwrap();
    oci::write_layout(&folder.path().join("layout"), tars);
    let output = Command::new("umoci")
        .args(["unpack", "--image"])
        .arg(format!("{}:test", folder.path().join("layout").display()))
        .arg(folder.path().join("bundle"))
        .output()
        .expect("umoci runs");
    if !output.status.success() {
        return None;
    }
    let mut lines = Listing::new();
    list(&folder.path().join("bundle/rootfs"), "", &mut lines, &mut BTreeMap::new());
    Some(lines)
}

fn list(folder: &Path, prefix: &str, lines: &mut Listing, links: &mut BTreeMap<u64, String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let full = entry.path();
        let path = format!("{prefix}/{}", entry.file_name().as_bytes().escape_ascii());
        let metadata = entry.metadata().unwrap();
        let kind = metadata.file_type();
        let inode = listing::inode(&InodeMetadata {
            uid: metadata.uid(),
            gid: metadata.gid(),
            mode: metadata.mode() as u16,
            mtime: metadata.mtime() as u64,
            mtime_nsec: metadata.mtime_nsec() as u32,
        });
        let line = if kind.is_dir() {
            list(&full, &path, lines, links);
            format!("directory {inode} {}", attributes(&full))
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&full).unwrap();
            format!("link {inode} -> {}", target.as_os_str().as_bytes().escape_ascii())
        } else if kind.is_file() {
            let content = std::fs::read(&full).unwrap();
            let first = links.entry(metadata.ino()).or_insert_with(|| path.clone());
            listing::file(&inode, &content, &attributes(&full), &path, first)
        } else if kind.is_fifo() {
            format!("fifo {inode}")
        } else {
            let device = metadata.rdev();
            format!("char {inode} {}:{}", device >> 8, device & 0xff)
        };
        lines.insert(path, line);
    }
}

fn attributes(path: &Path) -> String {
    let attribute = |name: std::ffi::OsString| Xattr {
        value: xattr::get(path, &name).unwrap().unwrap_or_default(),
        name: name.into_vec(),
    };
    let list: Vec<_> = xattr::list(path).unwrap().map(attribute).collect();
    listing::xattrs(&list)
}

/// Leaves out what tools have no common answer to.
fn comparable(lines: Listing, layers: usize) -> Listing {
    let line = |line: String| match line.split_once(' ') {
        // The time of a directory is that of its entry, or of when something was put into it.
        Some(("directory", rest)) => {
            let (inode, attributes) = rest.rsplit_once(' ').unwrap_or_default();
            let (inode, _time) = inode.rsplit_once(' ').unwrap_or_default();
            format!("directory {inode} {attributes}")
        }
        // A new name for a file of a lower layer makes a copy of it.
        Some(("file", _)) if layers > 1 => line.split(" = ").next().unwrap_or_default().to_owned(),
        _ => line,
    };
    lines.into_iter().map(|(path, it)| (path, line(it))).collect()
}

/// What tools do with the same layers, if another one takes them.
fn compare(layers: &[Vec<Member>]) -> Result<bool, TestCaseError> {
    let tars: Vec<_> = layers.iter().map(|members| tar(members)).collect();
    let Some(expected) = unpacked(&tars) else {
        return Ok(false);
    };
    let store = Store::new();
    let stored = store.read(&tars).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let found = listing(&store.merged(&stored));
    let (found, expected) = (comparable(found, tars.len()), comparable(expected, tars.len()));
    prop_assert_eq!(found, expected, "{}", described(layers));
    Ok(true)
}

fn described(layers: &[Vec<Member>]) -> String {
    let member = |member: &Member| {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        format!("  {} {} {}\n", char::from(member.kind), text(&member.name), text(&member.link))
    };
    layers.iter().map(|layer| layer.iter().map(member).collect::<String>() + "  --\n").collect()
}

#[test]
fn generated_images_unpack_as_another_tool_unpacks_them() {
    let wanted = std::env::var("LAYER_CORPUS_CASES").ok();
    let has_tool = Command::new("umoci").arg("--version").output().is_ok();
    if wanted.is_none() && !has_tool {
        eprintln!("umoci is not there, so no image was compared with it");
        return;
    }
    let cases = wanted.map_or(60, |cases| cases.parse().expect("a number of cases"));
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    });
    let compared = AtomicU32::new(0);
    runner
        .run(&generated(), |layers| {
            compared.fetch_add(u32::from(compare(&layers)?), Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    let compared = compared.into_inner();
    eprintln!("{compared} of {cases} images were taken by both");
    assert!(compared * 2 > cases, "only {compared} of {cases} images were taken by the other tool");
}

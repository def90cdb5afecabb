//! The same directory, archived by every tool and in every format that is there.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use microsandbox_layers::{Limits, Lower, apply_layer, scan_layer};

use crate::support::listing::{Listing, listing};

fn make(root: &Path) {
    fs::create_dir_all(root.join("dir/sub")).unwrap();
    fs::write(root.join("dir/file"), "content").unwrap();
    fs::write(root.join("dir/sub/large"), vec![1; 100_000]).unwrap();
    fs::write(root.join("empty"), "").unwrap();
    // Older formats have no room for more than a hundred bytes, with or without a prefix.
    fs::create_dir(root.join("p".repeat(60))).unwrap();
    fs::write(root.join("p".repeat(60)).join("n".repeat(90)), "prefix").unwrap();
    symlink("dir/file", root.join("link")).unwrap();
    fs::hard_link(root.join("dir/file"), root.join("again")).unwrap();
    fs::set_permissions(root.join("dir/file"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::set_permissions(root.join("dir/sub"), fs::Permissions::from_mode(0o1777)).unwrap();
}

/// What no old format has room for.
fn make_modern(root: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let deep = root.join("d".repeat(120)).join("e".repeat(150));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("f".repeat(200)), "deep").unwrap();
    symlink("t".repeat(180), root.join("long-link")).unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"bytes \xff\xfe")), "bytes").unwrap();
}

fn read(data: &[u8]) -> Listing {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let scanned = scan_layer(data, None, folder.path(), &limits).unwrap();
    let layer = apply_layer(scanned, &mut Lower::new(), folder.path(), &limits).unwrap();
    assert_eq!(layer.warnings(), []);
    // Times are whole seconds in most formats.
    let second = |line: String| match line.split_once('.') {
        Some((start, rest)) => format!("{start}{}", rest.get(9..).unwrap_or_default()),
        None => line,
    };
    listing(layer.tree()).into_iter().map(|(path, line)| (path, second(line))).collect()
}

/// Runs a writer in a directory, or returns nothing if there is no such program.
fn archive(root: &Path, program: &str, arguments: &[&str]) -> Option<Listing> {
    let output = match Command::new(program).args(arguments).current_dir(root).output() {
        Ok(output) => output,
        Err(_) => {
            eprintln!("{program} is not there, so what it writes was not read");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(read(&output.stdout))
}

/// Reads what each of the writers makes of a directory. They all make the same.
fn same_from_all(root: &Path, writers: &[(&str, &[&str])]) {
    let mut first: Option<(String, Listing)> = None;
    for (program, arguments) in writers {
        let Some(found) = archive(root, program, arguments) else { continue };
        let name = format!("{program} {}", arguments.join(" "));
        match &first {
            Some((other, expected)) => assert_eq!(&found, expected, "{name} and {other}"),
            None => first = Some((name, found)),
        }
    }
    let (_, found) = first.expect("one of the writers is there");
    assert!(found["/dir/file"].starts_with("file 4751"), "{found:?}");
    assert!(found["/dir/sub"].starts_with("directory 1777"), "{found:?}");
    assert!(found["/again"].contains(" content "), "{found:?}");
}

const PYTHON: &str = "
import sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=getattr(tarfile, sys.argv[1])) as tar:
    tar.add('.')
";

#[test]
fn formats_of_all_ages_are_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    same_from_all(
        folder.path(),
        &[
            ("tar", &["-cf-", "--sort=name", "--format=gnu", "."]),
            ("tar", &["-cf-", "--sort=name", "--format=oldgnu", "."]),
            ("tar", &["-cf-", "--sort=name", "--format=ustar", "."]),
            ("tar", &["-cf-", "--sort=name", "--format=posix", "."]),
            ("bsdtar", &["-cf-", "--format=ustar", "."]),
            ("bsdtar", &["-cf-", "--format=pax", "."]),
            ("bsdtar", &["-cf-", "--format=gnutar", "."]),
            ("python3", &["-c", PYTHON, "USTAR_FORMAT"]),
            ("python3", &["-c", PYTHON, "GNU_FORMAT"]),
            ("python3", &["-c", PYTHON, "PAX_FORMAT"]),
        ],
    );
}

#[test]
fn names_of_any_length_and_bytes_are_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    make_modern(folder.path());
    same_from_all(
        folder.path(),
        &[
            ("tar", &["-cf-", "--format=gnu", "."]),
            ("tar", &["-cf-", "--format=posix", "."]),
            ("tar", &["-zcf-", "--format=posix", "."]),
            ("bsdtar", &["-cf-", "--format=gnutar", "."]),
            ("python3", &["-c", PYTHON, "GNU_FORMAT"]),
        ],
    );
}

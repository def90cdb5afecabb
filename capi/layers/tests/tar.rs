//! Headers that GNU tar, bsdtar, Go, Python, Ant and old writers make.
#![cfg(unix)]

use microsandbox_layers::tar::{Entry, Kind, TarReader};
use microsandbox_layers::{LayerError, LayerErrorCode, Limits};

use crate::support::{Member, record, tar};

fn entries(data: &[u8]) -> Result<Vec<(Entry, Vec<u8>)>, LayerError> {
    let limits = Limits::default();
    let mut reader = TarReader::new(data, &limits);
    let mut found = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        let mut file = vec![0; entry.size as usize];
        for piece in &entry.pieces {
            let mut place = &mut file[piece.offset as usize..][..piece.length as usize];
            while !place.is_empty() {
                let count = reader.read_data(place)?;
                assert_ne!(count, 0);
                place = &mut place[count..];
            }
        }
        found.push((entry, file));
    }
    Ok(found)
}

fn only(members: &[Member]) -> Entry {
    let mut found = entries(&tar(members)).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0).0
}

fn name(entry: &Entry) -> String {
    String::from_utf8_lossy(&entry.path).into_owned()
}

#[test]
fn versions_of_ustar_are_not_looked_at() {
    for version in [b"00", b"\0\0", b"  "] {
        let member = Member::file("file", "x").patch(263, version).patch(345, "some/prefix");
        assert_eq!(name(&only(&[member])), "some/prefix/file");
    }
    // GNU tar keeps times where ustar has the prefix; before POSIX there was nothing.
    let gnu = Member::file("file", "x").patch(257, b"ustar  \0").patch(345, "14000000000");
    assert_eq!(name(&only(&[gnu])), "file");
    let old = Member::file("file", "x").patch(257, [0; 255]);
    assert_eq!(name(&only(&[old])), "file");
    let star = Member::file("file", "x").patch(345, "a").patch(476, "777").patch(508, b"tar\0");
    assert_eq!(name(&only(&[star])), "a/file");
}

#[test]
fn old_directories_are_files_with_a_slash() {
    for kind in [b'0', 0] {
        assert_eq!(only(&[Member::new("dir/", kind)]).kind, Kind::Directory);
    }
    assert_eq!(only(&[Member::new("file", 0)]).kind, Kind::File);
}

#[test]
fn checksums_may_be_sums_of_signed_bytes() {
    let mut data = tar(&[Member::file(b"\xff\xfe", "x")]);
    let sum: i64 = data[..512]
        .iter()
        .enumerate()
        .map(|(index, &byte)| i64::from(if (148..156).contains(&index) { 32 } else { byte as i8 }))
        .sum();
    data[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert_eq!(entries(&data).unwrap()[0].0.path, b"\xff\xfe");
    data[0] = b'x';
    assert_eq!(entries(&data).unwrap_err().code(), LayerErrorCode::Corrupt);
}

#[test]
fn extended_headers_go_over_the_old_fields() {
    let long = "d/".repeat(120) + "file";
    let entry = only(&[Member::file("short", "x")
        .pax("path", &long)
        .pax("uid", "1234567890")
        .pax("gid", "4000000000")
        .pax("mtime", "-1.5")
        .pax("uname", "")
        .pax("SCHILY.xattr.user.overlay.origin", "")
        .pax("SCHILY.xattr.security.capability", b"\x01\0\0\x02\n=\0")]);
    assert_eq!(name(&entry), long);
    assert_eq!((entry.uid, entry.gid), (1_234_567_890, 4_000_000_000));
    assert_eq!((entry.seconds, entry.nanoseconds), (-2, 500_000_000));
    assert_eq!(
        entry.xattrs,
        [
            (b"security.capability".to_vec(), b"\x01\0\0\x02\n=\0".to_vec()),
            (b"user.overlay.origin".to_vec(), Vec::new()),
        ]
    );
}

#[test]
fn an_empty_value_takes_a_key_back() {
    let entry = only(&[Member::file("kept", "x").owner(7, 8).pax("path", "").pax("uid", "")]);
    assert_eq!((name(&entry).as_str(), entry.uid, entry.gid), ("kept", 7, 8));
}

#[test]
fn global_headers_hold_for_all_that_follows() {
    let global = |records: &[(&str, &str)]| {
        let data: Vec<u8> = records
            .iter()
            .flat_map(|(key, value)| record(key.as_bytes(), value.as_bytes()))
            .collect();
        Member { data, ..Member::new("pax_global_header", b'g') }
    };
    let found = entries(&tar(&[
        global(&[("comment", "0123456789012345678901234567890123456789"), ("uid", "5")]),
        Member::file("a", "x").owner(1, 1),
        Member::file("b", "x").pax("uid", "6"),
        global(&[("uid", "")]),
        Member::file("c", "x").owner(1, 1),
    ]))
    .unwrap();
    let owners: Vec<_> = found.iter().map(|(entry, _)| (name(entry), entry.uid)).collect();
    assert_eq!(owners, [("a".into(), 5), ("b".into(), 6), ("c".into(), 1)]);
}

#[test]
fn long_names_of_gnu_tar_belong_to_the_next_entry() {
    let long = |kind, text: &str| Member {
        data: [text.as_bytes(), b"\0"].concat(),
        ..Member::new("././@LongLink", kind)
    };
    let (path, target) = ("p".repeat(300), "t".repeat(300));
    let found = entries(&tar(&[
        long(b'L', &path),
        long(b'K', &target),
        Member::symlink("short", "short"),
        Member::symlink("next", "there"),
    ]))
    .unwrap();
    assert_eq!((name(&found[0].0), found[0].0.link.len()), (path, 300));
    assert_eq!((name(&found[1].0).as_str(), &*found[1].0.link), ("next", b"there".as_slice()));
}

#[test]
fn numbers_may_be_in_base_256() {
    let mut owner = [0xff; 8];
    owner[7] = 0xfe;
    let entry = only(&[Member::file("a", "x")
        .patch(108, owner)
        .patch(116, [0x80, 0, 0, 0, 0xee, 0x6b, 0x28, 0])
        .patch(136, [0xff; 12])]);
    assert_eq!((entry.uid, entry.gid, entry.seconds), (-2, 4_000_000_000, -1));
}

#[test]
fn links_and_devices_have_no_data_whatever_their_size_says() {
    let found = entries(&tar(&[
        Member::hard_link("b", "a").patch(124, "00000001000\0"),
        Member { device: (1, 3), ..Member::new("null", b'3') },
        Member::file("a", "x"),
    ]))
    .unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!((found[1].0.major, found[1].0.minor), (1, 3));
    assert_eq!(found[2].1, b"x");
}

#[test]
fn a_tar_may_end_without_its_zeros_but_not_inside_of_an_entry() {
    let whole = tar(&[Member::file("a", vec![1; 700])]);
    assert_eq!(entries(&whole[..512 + 1024]).unwrap().len(), 1);
    assert_eq!(entries(&whole[..512 + 700]).unwrap().len(), 1);
    for length in [511, 512 + 699, 513] {
        let error = entries(&whole[..length]).unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::Corrupt, "{length}: {error}");
    }
}

#[test]
fn extended_headers_have_a_limit() {
    let error =
        entries(&tar(&[Member::file("a", "x").pax("comment", vec![b'x'; 2 << 20])])).unwrap_err();
    assert_eq!(error.code(), LayerErrorCode::LimitExceeded);
    assert_eq!(error.limit_name(), Some("maxHeaderBytes"));
    assert!(error.to_string().contains("maxHeaderBytes"), "{error}");
}

mod sparse {
    use super::*;
    use std::fs::File;
    use std::os::unix::fs::FileExt;
    use std::process::Command;

    /// Has GNU tar archive a file with many holes, and expects to read it back.
    fn round_trip(flags: &[&str], pieces: u64) {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("sparse")).unwrap();
        for piece in 0..pieces {
            file.write_all_at(format!("piece {piece}").as_bytes(), piece * 65_536 + 8192).unwrap();
        }
        file.set_len(pieces * 65_536 + 100_000).unwrap();
        let output = Command::new("tar")
            .args(["--sparse", "-cf", "-", "-C"])
            .arg(folder.path())
            .args(flags)
            .arg("sparse")
            .output()
            .expect("GNU tar runs");
        assert!(output.status.success());
        let found = entries(&output.stdout).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((name(&found[0].0).as_str(), found[0].0.kind), ("sparse", Kind::File));
        assert!(output.stdout.len() < found[0].1.len(), "the tar has holes");
        assert!(found[0].1 == std::fs::read(folder.path().join("sparse")).unwrap());
    }

    #[test]
    fn all_four_forms_of_gnu_tar() {
        for pieces in [1, 4, 60] {
            round_trip(&["--format=gnu"], pieces);
            round_trip(&["--format=posix", "--sparse-version=0.0"], pieces);
            round_trip(&["--format=posix", "--sparse-version=0.1"], pieces);
            round_trip(&["--format=posix", "--sparse-version=1.0"], pieces);
        }
    }

    #[test]
    fn pieces_that_overlap_or_lie_outside_are_refused() {
        for (map, size) in [("0,4,2,4", "8"), ("6,4,0,4", "16"), ("4,8", "8"), ("0,4", "8")] {
            let member = Member::file("a", "12345678")
                .pax("GNU.sparse.map", map)
                .pax("GNU.sparse.size", size);
            let error = entries(&tar(&[member])).unwrap_err();
            assert_eq!(error.code(), LayerErrorCode::Corrupt, "{map}: {error}");
            assert_eq!(error.entry(), Some("a"));
        }
    }
}

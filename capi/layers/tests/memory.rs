//! What reading a layer takes of this machine's memory: a program of its own, to measure it.
#![cfg(target_os = "linux")]

use std::io::{self, Read};

use microsandbox_layers::{LayerErrorCode, LayerRequest, Limits, Lower, read_layer, scan_layer};

use crate::support::image::{Store, diff_id};
use crate::support::{Member, tar};

/// The most that this program has had in memory, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// A tar with one large file, made while it is read.
fn large(megabytes: u64) -> impl Read + Send {
    let mut header = Vec::new();
    let size = format!("{:011o}\0", megabytes << 20);
    Member::file("large", "").patch(124, size).write(&mut header);
    // Not all zeros, which would become a hole.
    io::Cursor::new(header)
        .chain(io::repeat(7).take(megabytes << 20))
        .chain(io::repeat(0).take(1024))
}

fn digest(mut source: impl Read) -> microsandbox_image::Digest {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match source.read(&mut buffer).unwrap() {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    microsandbox_image::Digest::new("sha256", hex::encode(hasher.finalize()))
}

/// One test, as the peak is that of the whole program.
#[test]
fn content_and_bombs_do_not_fill_the_memory() {
    let store = Store::new();
    let before = peak();
    let id = digest(large(48));
    let request = LayerRequest { diff_id: &id, media_type: None, limits: &store.limits };
    read_layer(&store.cache, large(48), request, &mut Lower::new()).unwrap();
    let taken = peak() - before;
    assert!(taken < 24, "a file of 48 MiB took {taken} MiB of memory");

    let small: Vec<_> = (0..5000)
        .map(|number| Member::file(format!("d/{number}"), vec![number as u8; 4000]))
        .collect();
    let data = tar(&small);
    let id = diff_id(&data);
    let before = peak();
    let request = LayerRequest { diff_id: &id, media_type: None, limits: &store.limits };
    read_layer(&store.cache, data.as_slice(), request, &mut Lower::new()).unwrap();
    let taken = peak() - before;
    assert!(taken < 16, "20 MB in 5,000 files took {taken} MiB of memory");

    // A header of 4 GiB that says so, and one piece of a sparse file that says more than all disks.
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let before = peak();
    let header = Member::new("x", b'x').patch(124, "40000000000\0");
    let sparse = Member::file("huge", "x")
        .pax("GNU.sparse.map", "1000000000000000,1")
        .pax("GNU.sparse.size", "1000000000000001");
    for (member, limit) in [(header, "maxHeaderBytes"), (sparse, "maxFileBytes")] {
        let error =
            scan_layer(tar(&[member]).as_slice(), None, folder.path(), &limits).err().unwrap();
        assert_eq!(error.code(), LayerErrorCode::LimitExceeded);
        assert_eq!(error.limit_name(), Some(limit));
    }
    assert!(peak() - before < 8);
}

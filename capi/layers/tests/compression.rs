//! Blobs of every compression, in as many members or frames as writers make of them.

use std::io::Read;

use microsandbox_layers::{Compression, Decompressed, LayerError, LayerErrorCode};

use crate::support::{Member, gzip, tar, zstd};

fn content() -> Vec<u8> {
    tar(&[Member::file("etc/first", vec![7; 3000]), Member::file("etc/second", vec![8; 900_000])])
}

fn read(blob: &[u8]) -> Result<Vec<u8>, LayerError> {
    let mut data = Vec::new();
    Decompressed::new(blob)?.read_to_end(&mut data)?;
    Ok(data)
}

/// A frame that readers skip, as zstd:chunked keeps its table of contents in.
fn skippable() -> Vec<u8> {
    [&[0x50, 0x2a, 0x4d, 0x18, 8, 0, 0, 0], b"contents".as_slice()].concat()
}

/// Pieces of what is compressed, each of which becomes a member.
fn in_members(compress: fn(&[u8]) -> Vec<u8>, at: &[usize]) -> Vec<u8> {
    let data = content();
    let mut bounds = vec![0];
    bounds.extend(at);
    bounds.push(data.len());
    bounds.windows(2).flat_map(|pair| compress(&data[pair[0]..pair[1]])).collect()
}

#[test]
fn any_number_of_members_is_one_stream() {
    let whole = content();
    for (name, blob) in [
        ("not compressed", whole.clone()),
        ("one gzip member", gzip(&whole)),
        ("a gzip member for each file", in_members(gzip, &[1024, 4096])),
        ("gzip split inside of a file", in_members(gzip, &[3000, 3001, 700_000])),
        ("an empty gzip member at the end", [gzip(&whole), gzip(b"")].concat()),
        ("an empty gzip member in front", [gzip(b""), gzip(&whole)].concat()),
        ("zeros behind gzip", [gzip(&whole), vec![0; 5000]].concat()),
        ("one zstd frame", zstd(&whole)),
        ("two zstd frames", in_members(zstd, &[2560])),
        ("many zstd frames", in_members(zstd, &[1, 2, 3, 100_000, 500_000])),
        ("a skippable frame behind zstd", [zstd(&whole), skippable()].concat()),
        ("a skippable frame in front of zstd", [skippable(), zstd(&whole)].concat()),
        ("skippable frames between", [skippable(), in_members(zstd, &[9]), skippable()].concat()),
    ] {
        assert!(read(&blob).unwrap() == whole, "{name}");
    }
}

#[test]
fn a_source_that_gives_single_bytes_makes_no_difference() {
    struct Slow<'d>(&'d [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = buffer.len().min(1);
            Read::read(&mut self.0, &mut buffer[..count])
        }
    }
    for blob in [in_members(gzip, &[10, 2000]), in_members(zstd, &[10, 2000])] {
        let mut data = Vec::new();
        Decompressed::new(Slow(&blob)).unwrap().read_to_end(&mut data).unwrap();
        assert!(data == content());
    }
}

#[test]
fn compression_is_known_by_the_content() {
    let kind = |blob: &[u8]| Decompressed::new(blob).unwrap().compression();
    assert_eq!(kind(&content()), Compression::None);
    assert_eq!(kind(&gzip(b"x")), Compression::Gzip);
    assert_eq!(kind(&zstd(b"x")), Compression::Zstd);
    assert_eq!(kind(b""), Compression::None);
    // A name that looks like the start of another format.
    assert_eq!(kind(&tar(&[Member::file("BZh9", "x")])), Compression::None);
}

#[test]
fn other_compressions_are_named() {
    for (name, blob) in [
        ("bzip2", b"BZh91AY&SY".as_slice()),
        ("xz", b"\xfd7zXZ\0\0\x04"),
        ("lz4", b"\x04\x22\x4d\x18d@"),
    ] {
        let error = read(blob).unwrap_err();
        assert_eq!(error.code(), LayerErrorCode::CompressionUnsupported);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn what_is_cut_or_damaged_is_no_shorter_layer() {
    let garbage = [gzip(&content()), b"garbage".to_vec()].concat();
    let mut blobs = vec![garbage, [zstd(&content()), b"garbage".to_vec()].concat()];
    for blob in [gzip(&content()), zstd(&content()), in_members(gzip, &[1024])] {
        blobs.push(blob[..blob.len() - 3].to_vec());
        let mut damaged = blob.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xff;
        damaged.truncate(blob.len() - 1);
        blobs.push(damaged);
    }
    for (index, blob) in blobs.iter().enumerate() {
        let error = read(blob).expect_err(&format!("blob {index} is no whole layer"));
        assert_eq!(error.code(), LayerErrorCode::Corrupt, "{index}: {error}");
    }
}

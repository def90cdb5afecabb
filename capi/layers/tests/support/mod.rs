//! Writes tars for tests, with every field open to what real writers put there.
#![allow(dead_code, reason = "each test program uses its part")]

use std::io::Write;

/// One entry of a tar.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: Vec<u8>,
    pub kind: u8,
    pub link: Vec<u8>,
    pub data: Vec<u8>,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: u64,
    pub device: (u32, u32),
    /// Records of an extended header in front.
    pub pax: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes that are put into the header, each at its place.
    pub patches: Vec<(usize, Vec<u8>)>,
}

impl Member {
    pub fn new(name: impl AsRef<[u8]>, kind: u8) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            kind,
            link: Vec::new(),
            data: Vec::new(),
            mode: if kind == b'5' { 0o755 } else { 0o644 },
            uid: 0,
            gid: 0,
            mtime: 1_700_000_000,
            device: (0, 0),
            pax: Vec::new(),
            patches: Vec::new(),
        }
    }

    pub fn file(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        Self { data: data.as_ref().to_vec(), ..Self::new(name, b'0') }
    }

    pub fn dir(name: impl AsRef<[u8]>) -> Self {
        Self::new(name, b'5')
    }

    pub fn symlink(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { link: target.as_ref().to_vec(), mode: 0o777, ..Self::new(name, b'2') }
    }

    pub fn hard_link(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { link: target.as_ref().to_vec(), ..Self::new(name, b'1') }
    }

    pub fn pax(mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.pax.push((key.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    pub fn patch(mut self, offset: usize, bytes: impl AsRef<[u8]>) -> Self {
        self.patches.push((offset, bytes.as_ref().to_vec()));
        self
    }

    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        let mut pax = self.pax.clone();
        if self.name.len() > 100 {
            pax.push((b"path".to_vec(), self.name.clone()));
        }
        if self.link.len() > 100 {
            pax.push((b"linkpath".to_vec(), self.link.clone()));
        }
        if !pax.is_empty() {
            let records: Vec<u8> = pax.iter().flat_map(|(key, value)| record(key, value)).collect();
            let mut header = Self::new("PaxHeaders/x", b'x');
            header.data = records;
            header.write(out);
        }
        let mut block = [0u8; 512];
        let put = |block: &mut [u8; 512], at: usize, bytes: &[u8]| {
            block[at..at + bytes.len()].copy_from_slice(bytes);
        };
        put(&mut block, 0, &self.name[..self.name.len().min(100)]);
        put(&mut block, 100, format!("{:07o}\0", self.mode).as_bytes());
        put(&mut block, 108, format!("{:07o}\0", self.uid).as_bytes());
        put(&mut block, 116, format!("{:07o}\0", self.gid).as_bytes());
        put(&mut block, 124, format!("{:011o}\0", self.data.len()).as_bytes());
        put(&mut block, 136, format!("{:011o}\0", self.mtime).as_bytes());
        block[156] = self.kind;
        put(&mut block, 157, &self.link[..self.link.len().min(100)]);
        put(&mut block, 257, b"ustar\x0000");
        put(&mut block, 329, format!("{:07o}\0", self.device.0).as_bytes());
        put(&mut block, 337, format!("{:07o}\0", self.device.1).as_bytes());
        for (offset, bytes) in &self.patches {
            put(&mut block, *offset, bytes);
        }
        seal(&mut block);
        out.extend(block);
        out.extend(&self.data);
        out.resize(out.len().next_multiple_of(512), 0);
    }
}

/// Sets a header's checksum.
pub fn seal(block: &mut [u8; 512]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = [b" ", key, b"=", value, b"\n"].concat();
    let length = (rest.len()..).find(|all| all.to_string().len() + rest.len() == *all).unwrap();
    [length.to_string().as_bytes(), &rest].concat()
}

/// A whole tar, with the zeros at its end.
pub fn tar(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    for member in members {
        member.write(&mut out);
    }
    out.extend([0; 1024]);
    out
}

pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 1).unwrap()
}

pub mod image;
pub mod listing;
pub mod oci;

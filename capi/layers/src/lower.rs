//! What the layers below one show together. Entries may lie below their links, keep their
//! directories, and be hard links to their files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use microsandbox_image::Digest;
use microsandbox_image::erofs::{ErofsEntryKind, ErofsFileDataReader, ErofsReader, ErofsTreeEntry};
use microsandbox_image::tree::{DeviceNode, InodeMetadata, SymlinkNode, TreeNode, Xattr};

use crate::path;

/// Marks a directory that hides what lower layers have at its place.
pub(crate) const OPAQUE_NAME: &[u8] = b"trusted.overlay.opaque";
pub(crate) const OPAQUE_VALUE: &[u8] = b"y";

/// The layers below one, from the bottom up. They are read only when a layer needs them.
#[derive(Default)]
pub struct Lower {
    layers: Vec<(Digest, PathBuf)>,
    /// How many of the layers `root` has already.
    merged: usize,
    root: LowerDir,
}

#[derive(Default)]
pub(crate) struct LowerDir {
    pub metadata: InodeMetadata,
    pub xattrs: Vec<Xattr>,
    pub children: BTreeMap<Vec<u8>, LowerNode>,
}

pub(crate) enum LowerNode {
    Directory(LowerDir),
    File(LowerFile),
    /// What has all of its content in its inode.
    Other(TreeNode),
}

pub(crate) struct LowerFile {
    pub metadata: InodeMetadata,
    pub xattrs: Vec<Xattr>,
    layer: usize,
    nid: u32,
}

impl Lower {
    /// Returns that nothing is below, as for an image's first layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a layer of the store on top, by the digest that the image has for it.
    pub fn push(&mut self, diff_id: Digest, path: PathBuf) {
        self.layers.push((diff_id, path));
    }

    /// Returns the digests of the layers, from the bottom up.
    pub(crate) fn diff_ids(&self) -> impl Iterator<Item = &Digest> {
        self.layers.iter().map(|(diff_id, _)| diff_id)
    }

    /// Returns the root, after having read the layers that were not read yet.
    pub(crate) fn root(&mut self) -> io::Result<&LowerDir> {
        while let Some((_, path)) = self.layers.get(self.merged) {
            let mut layer = ErofsReader::new(File::open(path)?)?;
            let index = self.merged;
            let root = &mut self.root;
            layer.walk_entries(|reader, entry| merge(root, index, reader, entry))?;
            self.merged += 1;
        }
        Ok(&self.root)
    }

    /// Returns the root as it is, for those who had it read.
    pub(crate) fn merged_root(&self) -> &LowerDir {
        &self.root
    }

    /// Opens the content of a file in one of the layers.
    pub(crate) fn content(&self, file: &LowerFile) -> io::Result<ErofsFileDataReader> {
        let (_, path) = &self.layers[file.layer];
        ErofsReader::new(File::open(path)?)?.file_data_reader(file.nid)
    }
}

/// Puts one entry of the next layer over what is there.
fn merge(
    root: &mut LowerDir,
    layer: usize,
    reader: &mut ErofsReader,
    entry: ErofsTreeEntry,
) -> io::Result<()> {
    let metadata = InodeMetadata { mode: entry.metadata.mode & 0o7777, ..entry.metadata };
    let full_path = path::bytes(entry.path.as_os_str()).to_vec();
    let (parent, name) = path::split(&full_path);
    // Parents come in front of what they have inside, so they are there.
    let Some(dir) = root.descend_mut(parent) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a layer of the store is broken"));
    };
    let node = match entry.kind {
        ErofsEntryKind::Directory => {
            dir.put_directory(name, metadata, entry.xattrs);
            return Ok(());
        }
        ErofsEntryKind::RegularFile => {
            let xattrs = entry.xattrs;
            LowerNode::File(LowerFile { metadata, xattrs, layer, nid: entry.nid })
        }
        ErofsEntryKind::Symlink => {
            let target = reader.read_link_by_nid(entry.nid)?;
            LowerNode::Other(TreeNode::Symlink(SymlinkNode { metadata, target }))
        }
        ErofsEntryKind::CharDevice if entry.rdev == Some((0, 0)) => {
            dir.children.remove(name);
            return Ok(());
        }
        kind @ (ErofsEntryKind::CharDevice | ErofsEntryKind::BlockDevice) => {
            let (major, minor) = entry.rdev.unwrap_or_default();
            let device = DeviceNode { metadata, major, minor };
            LowerNode::Other(match kind {
                ErofsEntryKind::CharDevice => TreeNode::CharDevice(device),
                _ => TreeNode::BlockDevice(device),
            })
        }
        ErofsEntryKind::Fifo => LowerNode::Other(TreeNode::Fifo(metadata)),
        ErofsEntryKind::Socket => LowerNode::Other(TreeNode::Socket(metadata)),
    };
    dir.children.insert(name.to_vec(), node);
    Ok(())
}

impl LowerDir {
    pub fn directory(&self, name: &[u8]) -> Option<&Self> {
        match self.children.get(name) {
            Some(LowerNode::Directory(dir)) => Some(dir),
            _ => None,
        }
    }

    fn descend_mut(&mut self, path: &[u8]) -> Option<&mut Self> {
        path::components(path).try_fold(self, |dir, name| match dir.children.get_mut(name) {
            Some(LowerNode::Directory(child)) => Some(child),
            _ => None,
        })
    }

    fn put_directory(&mut self, name: &[u8], metadata: InodeMetadata, mut xattrs: Vec<Xattr>) {
        let all = xattrs.len();
        xattrs.retain(|xattr| xattr.name != OPAQUE_NAME);
        let is_opaque = xattrs.len() != all;
        let children = match self.children.remove(name) {
            Some(LowerNode::Directory(below)) if !is_opaque => below.children,
            _ => BTreeMap::new(),
        };
        let dir = Self { metadata, xattrs, children };
        self.children.insert(name.to_vec(), LowerNode::Directory(dir));
    }
}

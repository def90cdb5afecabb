//! One layer as a tree, while its entries are applied to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use microsandbox_image::tree::{
    DeviceNode, FileData, InodeMetadata, RegularFileId, SymlinkNode, TreeNode, Xattr,
};

use crate::error::{LayerError, Result};
use crate::limits::Limits;
use crate::lower::{LowerDir, LowerNode};
use crate::path;

/// How many links and parts are followed for one name. Linux stops at 40 links.
const MAX_LINKS: usize = 40;
const MAX_STEPS: usize = 4096;

/// A directory of the layer.
#[derive(Default)]
pub(crate) struct Dir {
    /// `None` for a parent that the layer has no entry for.
    pub metadata: Option<InodeMetadata>,
    pub xattrs: Box<[Xattr]>,
    /// Whether an entry says that nothing of lower layers shows here.
    pub is_opaque: bool,
    /// Whether it took the place of something else in this layer, which had hidden lower layers.
    pub is_replacement: bool,
    pub children: BTreeMap<Vec<u8>, Node>,
    /// Names that lower layers have and this one removes.
    pub whiteouts: BTreeSet<Vec<u8>>,
}

pub(crate) enum Node {
    Dir(Box<Dir>),
    File(Box<FileNode>),
    Symlink(Box<SymlinkNode>),
    CharDevice(Box<DeviceNode>),
    BlockDevice(Box<DeviceNode>),
    Fifo(Box<InodeMetadata>),
    Socket(Box<InodeMetadata>),
    /// A hard link whose target was not there yet, by its number.
    Pending(usize),
}

#[derive(Clone)]
pub(crate) struct FileNode {
    pub id: RegularFileId,
    pub metadata: InodeMetadata,
    pub xattrs: Box<[Xattr]>,
    pub data: FileData,
    /// Whether a lower layer has it here, and this one only a hard link to it.
    pub is_from_below: bool,
}

/// What is at a name, in this layer or else below it.
pub(crate) enum Seen<'t> {
    Here(&'t Node),
    Below(&'t LowerNode),
    Nothing,
}

/// A place in the tree whose parents are directories or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub parents: Vec<Vec<u8>>,
    pub name: Vec<u8>,
    /// Whether a link of a lower layer led there.
    pub through_lower: bool,
}

/// A directory on the way, in this layer and below it.
#[derive(Clone, Copy)]
struct Level<'t> {
    here: Option<&'t Dir>,
    below: Option<&'t LowerDir>,
}

impl<'t> Level<'t> {
    fn see(self, name: &[u8]) -> Seen<'t> {
        if let Some(node) = self.here.and_then(|dir| dir.children.get(name)) {
            return Seen::Here(node);
        }
        if self.here.is_some_and(|dir| dir.is_opaque || dir.whiteouts.contains(name)) {
            return Seen::Nothing;
        }
        match self.below.and_then(|dir| dir.children.get(name)) {
            Some(node) => Seen::Below(node),
            None => Seen::Nothing,
        }
    }

    fn enter(self, name: &[u8]) -> Self {
        let child = self.here.and_then(|dir| dir.children.get(name));
        let here = match child {
            Some(Node::Dir(dir)) => Some(&**dir),
            _ => None,
        };
        let is_hidden = here.is_some_and(|dir| dir.is_replacement)
            || self.here.is_some_and(|dir| dir.is_opaque || dir.whiteouts.contains(name));
        let below = self.below.filter(|_| !is_hidden).and_then(|dir| dir.directory(name));
        Self { here, below }
    }
}

impl Dir {
    /// Finds the place of a cleaned path, following links for its parents inside of the root.
    pub fn place(&self, lower: &LowerDir, path: &[u8], limits: &Limits) -> Result<Place> {
        let (parent, name) = path::split(path);
        let mut pending: VecDeque<&[u8]> = path::components(parent).collect();
        let root = Level { here: Some(self), below: Some(lower) };
        let mut levels: Vec<(&[u8], Level<'_>)> = Vec::new();
        let (mut links, mut steps, mut through_lower) = (0, 0, false);
        while let Some(part) = pending.pop_front() {
            steps += 1;
            let level = levels.last().map_or(root, |&(_, level)| level);
            match part {
                b"." => continue,
                b".." => {
                    levels.pop();
                    continue;
                }
                _ => {}
            }
            let seen = level.see(part);
            let target = match &seen {
                Seen::Here(Node::Symlink(link)) => &link.target,
                Seen::Below(LowerNode::Other(TreeNode::Symlink(link))) => {
                    through_lower = true;
                    &link.target
                }
                Seen::Here(Node::Dir(_)) | Seen::Below(_) | Seen::Nothing => {
                    levels.push((part, level.enter(part)));
                    path::check_depth(levels.len(), limits)?;
                    continue;
                }
                Seen::Here(_) => {
                    return Err(LayerError::refused(format!(
                        "lies below {:?}, which an earlier entry of the layer made something else \
                         than a directory",
                        String::from_utf8_lossy(part)
                    )));
                }
            };
            links += 1;
            if links > MAX_LINKS || steps > MAX_STEPS {
                return Err(LayerError::refused(
                    "has parents that are links to each other without an end",
                ));
            }
            if target.starts_with(b"/") {
                levels.clear();
            }
            for part in path::components(target).collect::<Vec<_>>().into_iter().rev() {
                pending.push_front(part);
            }
        }
        let parents = levels.iter().map(|(name, _)| name.to_vec()).collect();
        Ok(Place { parents, name: name.to_vec(), through_lower })
    }

    /// Looks at a place, without following a link there.
    pub fn see<'t>(&'t self, lower: &'t LowerDir, place: &Place) -> Seen<'t> {
        let root = Level { here: Some(self), below: Some(lower) };
        place.parents.iter().fold(root, |level, name| level.enter(name)).see(&place.name)
    }

    /// Returns a directory of this layer, made with its parents if there is none.
    pub fn directory(&mut self, path: &[Vec<u8>]) -> Result<&mut Self> {
        path.iter().try_fold(self, |dir, name| {
            let node =
                dir.children.entry(name.clone()).or_insert_with(|| Node::Dir(Box::default()));
            match node {
                Node::Dir(child) => Ok(&mut **child),
                _ => Err(LayerError::refused("lies below something else than a directory")),
            }
        })
    }

    /// Puts a node at a name. The later entry wins; directories keep what is inside.
    pub fn put(&mut self, name: &[u8], node: Node) {
        match (self.children.get_mut(name), node) {
            (Some(Node::Dir(there)), Node::Dir(new)) => {
                there.metadata = new.metadata;
                there.xattrs = new.xattrs;
            }
            (Some(there), Node::Dir(mut new)) => {
                new.is_replacement = true;
                *there = Node::Dir(new);
            }
            (Some(there), node) => *there = node,
            (None, node) => {
                self.children.insert(name.to_vec(), node);
            }
        }
    }
}

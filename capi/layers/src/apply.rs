//! The second step of reading a layer: its entries are applied over the layers below it, as the
//! OCI specification and containerd have it.

use std::io::Read;
use std::path::Path;

use microsandbox_image::Digest;
use microsandbox_image::tree::{
    DeviceNode, DirectoryNode, FileData, FileTree, InodeMetadata, RegularFileId, RegularFileNode,
    SymlinkNode, TreeNode, Xattr,
};

use crate::error::{LayerError, Result};
use crate::limits::Limits;
use crate::lower::{Lower, LowerDir, LowerNode, OPAQUE_NAME, OPAQUE_VALUE};
use crate::path;
use crate::scan::{Body, Item, ScannedLayer};
use crate::spool::{Spool, Spooled};
use crate::tree::{Dir, FileNode, Node, Place, Seen};
use crate::warning::{Warning, WarningKind, Warnings};

/// How a layer says that it removes a name, or all that lower layers have in a directory.
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// What AUFS left in layers for itself.
const AUFS: &[u8] = b".wh..wh.";

/// A layer as the store has it, before it is written.
pub struct LayerTree {
    pub(crate) tree: FileTree,
    pub(crate) diff_id: Digest,
    /// Whether other layers below would have made another tree of it.
    pub(crate) depends_on_lower: bool,
    /// What another layer below could make a difference to.
    pub(crate) implied: Implied,
    pub(crate) warnings: Vec<Warning>,
}

/// What a layer leaves to those below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Implied {
    /// Directories that the layer has no entry for.
    pub directories: Vec<Vec<u8>>,
    /// Directories of lower layers that the layer removes names from.
    pub thinned: Vec<Vec<u8>>,
    /// Whether everything below is hidden from the root on.
    pub hides_all: bool,
}

impl LayerTree {
    /// Returns the tree, as the core's writer takes it.
    pub fn tree(&self) -> &FileTree {
        &self.tree
    }

    /// Returns what could not be kept.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns whether the tree would be another one above other layers.
    pub fn depends_on_lower(&self) -> bool {
        self.depends_on_lower
    }
}

/// Applies a layer's entries over the layers below it. `directory` is where content of lower
/// layers is put aside, if a hard link needs it.
pub fn apply_layer(
    layer: ScannedLayer,
    lower: &mut Lower,
    directory: &Path,
    limits: &Limits,
) -> Result<LayerTree> {
    let diff_id = layer.diff_id().clone();
    lower.root()?;
    let mut apply = Apply {
        lower,
        limits,
        directory,
        root: Dir::default(),
        spool: layer.spool,
        warnings: layer.warnings,
        pending: Vec::new(),
        depends_on_lower: false,
    };
    for item in layer.items {
        let path = item.path.clone();
        apply.apply(item).map_err(|error| error.at_entry(&path))?;
    }
    apply.link_pending()?;
    apply.finish(diff_id)
}

struct Apply<'a> {
    /// Its layers are merged already.
    lower: &'a Lower,
    limits: &'a Limits,
    directory: &'a Path,
    root: Dir,
    spool: Spooled,
    warnings: Warnings,
    /// Hard links that came in front of their targets.
    pending: Vec<PendingLink>,
    depends_on_lower: bool,
}

struct PendingLink {
    path: Box<[u8]>,
    target: Box<[u8]>,
    place: Place,
}

/// What a hard link leads to.
enum Target {
    File(FileNode),
    /// Something that the store holds no second name of.
    Other(Node),
    Directory,
    Missing,
}

impl Apply<'_> {
    fn place(&mut self, path: &[u8]) -> Result<Place> {
        let place = self.root.place(self.lower.merged_root(), path, self.limits)?;
        self.depends_on_lower |= place.through_lower;
        Ok(place)
    }

    fn apply(&mut self, item: Item) -> Result<()> {
        if item.path.is_empty() {
            return self.apply_root(item);
        }
        let place = self.place(&item.path)?;
        if let Some(removed) = place.name.strip_prefix(WHITEOUT) {
            return self.white_out(&place, removed);
        }
        let Item { path, metadata, xattrs, body } = item;
        let device =
            |major, minor| Box::new(DeviceNode { metadata: metadata.clone(), major, minor });
        let node = match body {
            Body::HardLink(target) => return self.hard_link(path, target, place),
            Body::File(extent) => Node::File(Box::new(FileNode {
                id: RegularFileId::new(),
                data: self.spool.data(extent),
                metadata,
                xattrs,
                is_from_below: false,
            })),
            Body::Directory => {
                Node::Dir(Box::new(Dir { metadata: Some(metadata), xattrs, ..Dir::default() }))
            }
            Body::Symlink(target) => {
                Node::Symlink(Box::new(SymlinkNode { metadata, target: target.into_vec() }))
            }
            Body::CharDevice(major, minor) => Node::CharDevice(device(major, minor)),
            Body::BlockDevice(major, minor) => Node::BlockDevice(device(major, minor)),
            Body::Fifo => Node::Fifo(Box::new(metadata)),
        };
        self.put(&place, node)
    }

    fn apply_root(&mut self, item: Item) -> Result<()> {
        if !matches!(item.body, Body::Directory) {
            return Err(LayerError::refused("is the root, but no directory"));
        }
        self.root.metadata = Some(item.metadata);
        self.root.xattrs = item.xattrs;
        Ok(())
    }

    fn put(&mut self, place: &Place, node: Node) -> Result<()> {
        self.root.directory(&place.parents)?.put(&place.name, node);
        Ok(())
    }

    /// Whiteouts are for lower layers only, so their order does not matter.
    fn white_out(&mut self, place: &Place, removed: &[u8]) -> Result<()> {
        if place.name != OPAQUE && place.name.starts_with(AUFS) {
            return Ok(());
        }
        let dir = self.root.directory(&place.parents)?;
        if place.name == OPAQUE {
            dir.is_opaque = true;
            return Ok(());
        }
        if removed.is_empty() || removed == b"." || removed == b".." {
            return Err(LayerError::refused("removes no name of its directory"));
        }
        dir.whiteouts.insert(removed.to_vec());
        Ok(())
    }

    fn hard_link(&mut self, path: Box<[u8]>, target: Box<[u8]>, place: Place) -> Result<()> {
        let target_place = self.place(&target)?;
        // Some writers say of a file that came already that it is a link to itself.
        if target_place == place
            && matches!(self.root.see(self.lower.merged_root(), &place), Seen::Here(_))
        {
            return Ok(());
        }
        match self.link_target(&target_place)? {
            Target::File(file) => self.put(&place, Node::File(Box::new(file))),
            Target::Other(node) => {
                self.warnings.add(WarningKind::LinkCopied, &path);
                self.put(&place, node)
            }
            Target::Directory => Err(to_directory(&target)),
            Target::Missing => {
                // Had a lower layer had it, that would be the target.
                self.depends_on_lower = true;
                self.put(&place, Node::Pending(self.pending.len()))?;
                self.pending.push(PendingLink { path, target, place });
                Ok(())
            }
        }
    }

    /// Finds a hard link's target. A file of a lower layer comes into this one, under its name there.
    fn link_target(&mut self, place: &Place) -> Result<Target> {
        let below = match self.root.see(self.lower.merged_root(), place) {
            Seen::Here(node) => {
                return Ok(match node {
                    Node::File(file) => {
                        Target::File(FileNode { is_from_below: false, ..(**file).clone() })
                    }
                    Node::Dir(_) => Target::Directory,
                    Node::Pending(_) => Target::Missing,
                    other => Target::Other(copy(other)),
                });
            }
            Seen::Nothing => return Ok(Target::Missing),
            Seen::Below(LowerNode::Directory(_)) => return Ok(Target::Directory),
            Seen::Below(LowerNode::Other(node)) => {
                self.depends_on_lower = true;
                return Ok(Target::Other(from_lower(node)));
            }
            Seen::Below(LowerNode::File(file)) => file,
        };
        let (metadata, xattrs) = (below.metadata.clone(), below.xattrs.clone());
        let data = self.content_from_below(place)?;
        let xattrs = xattrs.into_boxed_slice();
        let id = RegularFileId::new();
        let file = FileNode { id, metadata, xattrs, data, is_from_below: false };
        self.depends_on_lower = true;
        self.put(place, Node::File(Box::new(FileNode { is_from_below: true, ..file.clone() })))?;
        Ok(Target::File(file))
    }

    fn content_from_below(&mut self, place: &Place) -> Result<FileData> {
        let Seen::Below(LowerNode::File(file)) = self.root.see(self.lower.merged_root(), place)
        else {
            return Err(LayerError::corrupt("is a hard link to a file that is gone"));
        };
        let mut content = self.lower.content(file)?;
        let mut spool = Spool::create(self.directory)?;
        let mut length = 0;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = content.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            let extent = spool.reserve(count as u64);
            spool.write_at(extent.offset, &buffer[..count])?;
            length += count as u64;
        }
        let extent = crate::spool::Extent { offset: 0, length };
        Ok(spool.finish()?.data(extent))
    }

    /// Makes the hard links that came in front of their targets, which may be such links too.
    fn link_pending(&mut self) -> Result<()> {
        let mut left: Vec<(usize, PendingLink)> =
            std::mem::take(&mut self.pending).into_iter().enumerate().collect();
        loop {
            let before = left.len();
            let mut still_left = Vec::new();
            for (number, link) in left {
                let there = self.root.see(self.lower.merged_root(), &link.place);
                // A later entry may have taken the link's place.
                if !matches!(there, Seen::Here(Node::Pending(here)) if *here == number) {
                    continue;
                }
                let place = |error: LayerError| error.at_entry(&link.path);
                let target = self.place(&link.target).map_err(place)?;
                match self.link_target(&target).map_err(place)? {
                    Target::File(file) => {
                        self.put(&link.place, Node::File(Box::new(file))).map_err(place)?;
                    }
                    Target::Other(node) => {
                        self.warnings.add(WarningKind::LinkCopied, &link.path);
                        self.put(&link.place, node).map_err(place)?;
                    }
                    Target::Directory => return Err(place(to_directory(&link.target))),
                    Target::Missing => still_left.push((number, link)),
                }
            }
            let Some((_, link)) = still_left.first() else {
                return Ok(());
            };
            if still_left.len() == before {
                return Err(LayerError::refused(format!(
                    "is a hard link to {:?}, which neither this layer nor those below have",
                    String::from_utf8_lossy(&link.target)
                ))
                .at_entry(&link.path));
            }
            left = still_left;
        }
    }

    fn finish(mut self, diff_id: Digest) -> Result<LayerTree> {
        let lower = self.lower.merged_root();
        let mut finish =
            Finish { implied: Implied::default(), depends_on_lower: self.depends_on_lower };
        finish.hide_all(&mut self.root, lower);
        let is_root_implied = self.root.metadata.is_none();
        let mut root = finish.directory(self.root, Some(lower), false, &mut Vec::new())?;
        // The core's image has a root of its own.
        root.xattrs.retain(|xattr| xattr.name != OPAQUE_NAME);
        if is_root_implied {
            finish.implied.directories.retain(|path| !path.is_empty());
        }
        Ok(LayerTree {
            tree: FileTree { root },
            diff_id,
            depends_on_lower: finish.depends_on_lower,
            implied: finish.implied,
            warnings: self.warnings.into_list(),
        })
    }
}

/// Makes the core's tree of a layer's.
struct Finish {
    implied: Implied,
    depends_on_lower: bool,
}

impl Finish {
    /// The root cannot be opaque, so each name of it that lower layers have is removed instead.
    fn hide_all(&mut self, root: &mut Dir, lower: &LowerDir) {
        if !std::mem::take(&mut root.is_opaque) {
            return;
        }
        self.implied.hides_all = true;
        self.depends_on_lower |= !lower.children.is_empty();
        root.whiteouts.extend(lower.children.keys().cloned());
        for node in root.children.values_mut() {
            if let Node::Dir(dir) = node {
                dir.is_opaque = true;
            }
        }
    }

    /// `below` is what lower layers have at the place; `is_removed` is whether it was removed.
    fn directory(
        &mut self,
        dir: Dir,
        below: Option<&LowerDir>,
        is_removed: bool,
        path: &mut Vec<u8>,
    ) -> Result<DirectoryNode> {
        let visible = below.filter(|_| !is_removed && !dir.is_replacement);
        let hides = dir.is_opaque || dir.is_replacement || is_removed;
        let mut node = match dir.metadata {
            Some(metadata) => {
                DirectoryNode { xattrs: dir.xattrs.into_vec(), ..DirectoryNode::new(metadata) }
            }
            None => self.implied_directory(visible, path),
        };
        if hides {
            node.xattrs.push(Xattr { name: OPAQUE_NAME.into(), value: OPAQUE_VALUE.into() });
        }
        let inside = visible.filter(|_| !hides);
        if inside.is_some() {
            if !path.is_empty() && !dir.whiteouts.is_empty() {
                self.implied.thinned.push(path.clone());
            }
            for name in &dir.whiteouts {
                node.entries.insert(path::os_string(name.clone())?, whiteout());
            }
        } else if !hides && !dir.whiteouts.is_empty() {
            // The core would leave them lying around in what only this layer has.
            self.depends_on_lower = true;
        }
        for (name, child) in dir.children {
            let is_removed = dir.whiteouts.contains(&name);
            let child = match child {
                // What lower layers have here is hidden, and so is this.
                Node::File(file) if file.is_from_below && (inside.is_none() || is_removed) => None,
                Node::Dir(child) => {
                    let below = inside.and_then(|dir| dir.directory(&name));
                    self.child_directory(*child, &name, below, is_removed, path)?
                }
                other => Some(leaf(other)),
            };
            if let Some(child) = child {
                node.entries.insert(path::os_string(name)?, child);
            }
        }
        Ok(node)
    }

    /// Makes a directory within another one, unless it is there only for something to remove.
    fn child_directory(
        &mut self,
        child: Dir,
        name: &[u8],
        below: Option<&LowerDir>,
        is_removed: bool,
        path: &mut Vec<u8>,
    ) -> Result<Option<TreeNode>> {
        let length = path.len();
        if length > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        let is_made_up = child.metadata.is_none() && (below.is_none() || is_removed);
        let child = self.directory(child, below, is_removed, path)?;
        path.truncate(length);
        if is_made_up && child.entries.is_empty() {
            // Other layers below may have it.
            self.depends_on_lower = true;
            return Ok(None);
        }
        Ok(Some(TreeNode::Directory(child)))
    }

    /// A directory without an entry stays as lower layers have it.
    fn implied_directory(&mut self, below: Option<&LowerDir>, path: &[u8]) -> DirectoryNode {
        self.implied.directories.push(path.to_vec());
        let mut node = DirectoryNode::new(InodeMetadata::default());
        if let Some(below) = below.filter(|below| !is_plain(below)) {
            self.depends_on_lower |= !path.is_empty();
            node.metadata = below.metadata.clone();
            node.xattrs = below.xattrs.clone();
        }
        node
    }
}

/// Whether a directory is like one that is made for want of an entry, but for its time.
pub(crate) fn is_plain(dir: &LowerDir) -> bool {
    let plain = InodeMetadata::default();
    let of = |metadata: &InodeMetadata| (metadata.mode, metadata.uid, metadata.gid);
    of(&dir.metadata) == of(&plain) && dir.xattrs.is_empty()
}

fn to_directory(target: &[u8]) -> LayerError {
    LayerError::refused(format!(
        "is a hard link to the directory {:?}, which no file system allows",
        String::from_utf8_lossy(target)
    ))
}

fn whiteout() -> TreeNode {
    let metadata = InodeMetadata { mode: 0, ..InodeMetadata::default() };
    TreeNode::CharDevice(DeviceNode { metadata, major: 0, minor: 0 })
}

fn leaf(node: Node) -> TreeNode {
    match node {
        Node::File(file) => TreeNode::RegularFile(RegularFileNode {
            id: file.id,
            metadata: file.metadata,
            xattrs: file.xattrs.into_vec(),
            data: file.data,
            nlink: 1,
        }),
        Node::Symlink(link) => TreeNode::Symlink(*link),
        Node::CharDevice(device) => TreeNode::CharDevice(*device),
        Node::BlockDevice(device) => TreeNode::BlockDevice(*device),
        Node::Fifo(metadata) => TreeNode::Fifo(*metadata),
        Node::Socket(metadata) => TreeNode::Socket(*metadata),
        Node::Dir(_) | Node::Pending(_) => unreachable!("directories and pending links are done"),
    }
}

fn copy(node: &Node) -> Node {
    match node {
        Node::Symlink(link) => Node::Symlink(link.clone()),
        Node::CharDevice(device) => Node::CharDevice(device.clone()),
        Node::BlockDevice(device) => Node::BlockDevice(device.clone()),
        Node::Fifo(metadata) => Node::Fifo(metadata.clone()),
        Node::Socket(metadata) => Node::Socket(metadata.clone()),
        Node::File(file) => Node::File(file.clone()),
        Node::Dir(_) | Node::Pending(_) => unreachable!("only what has one name is copied"),
    }
}

fn from_lower(node: &TreeNode) -> Node {
    match node.clone() {
        TreeNode::Symlink(link) => Node::Symlink(Box::new(link)),
        TreeNode::CharDevice(device) => Node::CharDevice(Box::new(device)),
        TreeNode::BlockDevice(device) => Node::BlockDevice(Box::new(device)),
        TreeNode::Fifo(metadata) => Node::Fifo(Box::new(metadata)),
        TreeNode::Socket(metadata) => Node::Socket(Box::new(metadata)),
        TreeNode::RegularFile(_) | TreeNode::Directory(_) => {
            unreachable!("lower layers keep these as their own kinds")
        }
    }
}

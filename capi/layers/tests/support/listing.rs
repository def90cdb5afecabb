//! Trees as lists to compare: of our reader, of the core's, and of what is stored.

use std::collections::BTreeMap;

use microsandbox_image::tree::{
    DirectoryNode, FileTree, InodeMetadata, RegularFileId, TreeNode, Xattr,
};

/// Each path with all that its inode says. Hard links have the path of the first of them.
pub type Listing = BTreeMap<String, String>;

pub fn listing(tree: &FileTree) -> Listing {
    let mut lines = Listing::new();
    let mut links = BTreeMap::new();
    list(&tree.root, String::new(), &mut lines, &mut links);
    lines
}

fn list(
    dir: &DirectoryNode,
    path: String,
    lines: &mut Listing,
    links: &mut BTreeMap<RegularFileId, String>,
) {
    for (name, node) in &dir.entries {
        let path = format!("{path}/{}", name.as_encoded_bytes().escape_ascii());
        let line = match node {
            TreeNode::Directory(child) => {
                list(child, path.clone(), lines, links);
                format!("directory {} {}", inode(&child.metadata), xattrs(&child.xattrs))
            }
            TreeNode::RegularFile(file) => {
                let first = links.entry(file.id).or_insert_with(|| path.clone());
                let content = file.data.read_all().unwrap();
                self::file(&inode(&file.metadata), &content, &xattrs(&file.xattrs), &path, first)
            }
            TreeNode::Symlink(link) => {
                format!("link {} -> {}", inode(&link.metadata), link.target.escape_ascii())
            }
            TreeNode::CharDevice(device) if (device.major, device.minor) == (0, 0) => {
                "removed".into()
            }
            TreeNode::CharDevice(device) => {
                format!("char {} {}:{}", inode(&device.metadata), device.major, device.minor)
            }
            TreeNode::BlockDevice(device) => {
                format!("block {} {}:{}", inode(&device.metadata), device.major, device.minor)
            }
            TreeNode::Fifo(metadata) => format!("fifo {}", inode(metadata)),
            TreeNode::Socket(metadata) => format!("socket {}", inode(metadata)),
        };
        lines.insert(path, line);
    }
}

/// The line of a regular file.
pub fn file(inode: &str, content: &[u8], xattrs: &str, path: &str, first: &str) -> String {
    let start = content[..content.len().min(16)].escape_ascii();
    let (length, sum) = (content.len(), sum(content));
    let link = if first == path { String::new() } else { format!(" = {first}") };
    format!("file {inode} {length} {sum:x} {start} {xattrs}{link}")
}

pub fn inode(metadata: &InodeMetadata) -> String {
    let InodeMetadata { uid, gid, mode, mtime, mtime_nsec } = metadata;
    format!("{:o} {uid}:{gid} {mtime}.{mtime_nsec:09}", mode & 0o7777)
}

pub fn xattrs(xattrs: &[Xattr]) -> String {
    let mut list: Vec<_> = xattrs
        .iter()
        .map(|it| format!("{}={}", it.name.escape_ascii(), it.value.escape_ascii()))
        .collect();
    list.sort();
    list.join(",")
}

fn sum(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

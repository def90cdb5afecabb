//! What of a layer could not be kept. It is said in the result, never passed over.

use std::collections::BTreeMap;

/// A kind of thing that the store's file system or the core's writer cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A time before 1970 or after 2446 became the nearest one that the store holds.
    TimeMoved,
    /// Extended attributes were left out, such as those of other systems or of links.
    AttributeLeftOut(String),
    /// A hard link to something that is no regular file became a copy of it.
    LinkCopied,
    /// A name that leaves the root with `..` was taken as one below it, as containerd does.
    NameKeptInside,
    /// An entry of a type that no reader knows was skipped.
    TypeSkipped(String),
}

/// One kind of warning, with the first entry that it is about and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    pub entry: String,
    pub count: u64,
}

/// Collects warnings without growing with the number of entries.
#[derive(Default)]
pub(crate) struct Warnings {
    kinds: BTreeMap<WarningKind, (String, u64)>,
}

impl Warnings {
    /// Names of attributes come from the layer, so there may be any number of them.
    const MOST_KINDS: usize = 100;

    pub fn add(&mut self, kind: WarningKind, entry: &[u8]) {
        if self.kinds.len() >= Self::MOST_KINDS && !self.kinds.contains_key(&kind) {
            return;
        }
        let first = || (String::from_utf8_lossy(entry).into_owned(), 0);
        self.kinds.entry(kind).or_insert_with(first).1 += 1;
    }

    pub fn into_list(self) -> Vec<Warning> {
        let warning = |(kind, (entry, count))| Warning { kind, entry, count };
        self.kinds.into_iter().map(warning).collect()
    }
}

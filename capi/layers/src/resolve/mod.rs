//! Which manifest of an index is meant: pure decisions, for registries and archives alike.

mod document;
mod platform;

use std::collections::VecDeque;

pub use document::{
    Config, Descriptor, Document, Manifest, digest_of, parse_config, parse_document, verify,
};
pub use platform::Platform;

use crate::error::{LayerError, LayerErrorCode, Result};

/// How many documents are looked at for one image. Real indexes need three.
const MAX_DOCUMENTS: usize = 64;

/// What to do next to find an image.
#[derive(Debug)]
pub enum Step {
    /// Fetch the index or the manifest, and hand its bytes to [`Resolver::take`].
    Document(Descriptor),
    /// Fetch the configuration, and hand its bytes to [`Resolver::take`].
    Config(Descriptor),
    Done(Box<Resolved>),
}

/// An image for a platform, without its layers' content.
#[derive(Debug)]
pub struct Resolved {
    pub manifest_digest: String,
    pub manifest_bytes: Vec<u8>,
    pub manifest: Manifest,
    pub config_bytes: Vec<u8>,
    pub config: Config,
}

/// Finds an image below an index, or below an index in an index, one document at a time. It does
/// not fetch, so that callers do it in their own way.
pub struct Resolver {
    wanted: Platform,
    /// What may be the image, the best first.
    candidates: VecDeque<Descriptor>,
    awaited: Awaited,
    documents: usize,
    /// Platforms that were found but not wanted, for the error.
    others: Vec<String>,
}

enum Awaited {
    Nothing,
    Document(Descriptor),
    Config(Descriptor, Box<(Vec<u8>, Manifest)>),
}

impl Resolver {
    /// Starts from a document's descriptor, as a tag names it.
    pub fn new(wanted: Platform, start: Descriptor) -> Self {
        Self { candidates: VecDeque::from([start]), ..Self::among(wanted, &[]) }
    }

    /// Starts from entries that are one image for several platforms, as an archive names them.
    pub fn among(wanted: Platform, entries: &[Descriptor]) -> Self {
        let mut resolver = Self {
            wanted,
            candidates: VecDeque::new(),
            awaited: Awaited::Nothing,
            documents: 0,
            others: Vec::new(),
        };
        resolver.add(entries);
        resolver
    }

    /// Says what to fetch first.
    pub fn start(&mut self) -> Result<Step> {
        self.next()
    }

    /// Takes what was fetched for the last step, and says what to do next.
    pub fn take(&mut self, bytes: Vec<u8>) -> Result<Step> {
        match std::mem::replace(&mut self.awaited, Awaited::Nothing) {
            Awaited::Nothing => self.next(),
            Awaited::Document(descriptor) => {
                verify(&bytes, &descriptor.digest)?;
                match parse_document(&bytes)? {
                    Document::Index(entries) => {
                        self.add(&entries);
                        self.next()
                    }
                    Document::Manifest(manifest) => {
                        let config = manifest.config.clone();
                        self.awaited = Awaited::Config(descriptor, Box::new((bytes, manifest)));
                        Ok(Step::Config(config))
                    }
                }
            }
            Awaited::Config(descriptor, manifest) => {
                let (manifest_bytes, manifest) = *manifest;
                verify(&bytes, &manifest.config.digest)?;
                let config = parse_config(&bytes)?;
                // What no entry of an index says, the configuration does.
                if !self.wanted.runs(&config.platform) {
                    self.others.push(config.platform.to_string());
                    return self.next();
                }
                config.check_layers(&manifest)?;
                Ok(Step::Done(Box::new(Resolved {
                    manifest_digest: descriptor.digest,
                    manifest_bytes,
                    manifest,
                    config_bytes: bytes,
                    config,
                })))
            }
        }
    }

    fn next(&mut self) -> Result<Step> {
        let Some(descriptor) = self.candidates.pop_front() else {
            return Err(self.unavailable());
        };
        self.documents += 1;
        if self.documents > MAX_DOCUMENTS {
            return Err(LayerError::new(
                LayerErrorCode::ArchiveInvalid,
                format!("the image's index leads to more than {MAX_DOCUMENTS} documents"),
            ));
        }
        self.awaited = Awaited::Document(descriptor.clone());
        Ok(Step::Document(descriptor))
    }

    /// Puts an index's entries in front, the best first.
    fn add(&mut self, entries: &[Descriptor]) {
        let (chosen, others) = choose(entries, &self.wanted);
        self.others.extend(others);
        for descriptor in chosen.into_iter().rev() {
            self.candidates.push_front(descriptor.clone());
        }
    }

    fn unavailable(&mut self) -> LayerError {
        self.others.sort();
        self.others.dedup();
        let found = match self.others.as_slice() {
            [] => "has no image at all".to_owned(),
            others => format!("is there for {} only", others.join(", ")),
        };
        LayerError::new(
            LayerErrorCode::PlatformUnavailable,
            format!(
                "no image for {}: it {found}; choose an image that is built for this processor",
                self.wanted
            ),
        )
    }
}

/// Sorts out which entries of an index may be the image, the best first, and which platforms the
/// others are for. Attestations and other artefacts are neither.
pub fn choose<'e>(
    entries: &'e [Descriptor],
    wanted: &Platform,
) -> (Vec<&'e Descriptor>, Vec<String>) {
    let mut chosen = Vec::new();
    let mut others = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.is_artefact()) {
        match &entry.platform {
            Some(platform) => match wanted.rank(platform) {
                Some(rank) => chosen.push((rank, entry)),
                None => others.push(platform.to_string()),
            },
            None => chosen.push((Platform::UNSAID, entry)),
        }
    }
    chosen.sort_by_key(|&(rank, _)| rank);
    (chosen.into_iter().map(|(_, entry)| entry).collect(), others)
}

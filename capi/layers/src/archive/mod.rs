//! Archives of images, as `docker save`, `podman save`, skopeo, buildkit, Nix and Bazel write
//! them: in OCI's layout or in Docker's older form, compressed or not.

mod members;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::decompress::{Compression, Decompressed};
use crate::error::{LayerError, LayerErrorCode, Result};
use crate::limits::Limits;
use crate::resolve::{
    Config, Descriptor, Document, Platform, Resolved, Resolver, Step, digest_of, parse_config,
    parse_document,
};
use members::Members;

/// The annotations that name an image in a layout: by its whole reference, or by its tag alone.
const FULL_NAME: &str = "io.containerd.image.name";
const REF_NAME: &str = "org.opencontainers.image.ref.name";

const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

/// The most that a manifest or a configuration may have. Registries take 4 MiB.
const MAX_DOCUMENT: u64 = 8 << 20;

/// An archive with its members put aside, or found in the file that it is.
pub struct Archive {
    members: Members,
}

/// An image of an archive.
#[derive(Debug)]
pub struct ArchiveImage {
    /// The names that the archive has for it, which may be none or tags alone.
    pub names: Vec<String>,
    pub manifest_digest: String,
    /// The manifest as it is, or one that is made for Docker's older form, which has none.
    pub manifest_bytes: Vec<u8>,
    pub config_bytes: Vec<u8>,
    pub config: Config,
    /// From the bottom up.
    pub layers: Vec<ArchiveLayer>,
}

/// A layer of an image, to be opened in its archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveLayer {
    /// The digest of the unpacked layer.
    pub diff_id: String,
    /// The digest of the blob as it is.
    pub digest: String,
    pub media_type: String,
    /// The blob's size in the archive.
    pub size: u64,
    member: Vec<u8>,
}

impl Archive {
    /// Opens an archive in a file. What is not compressed is not copied. `directory` is where the
    /// members of a compressed one are put aside.
    pub fn open(path: &Path, directory: &Path, limits: &Limits) -> Result<Self> {
        Ok(Self { members: Members::open(path, directory, limits)? })
    }

    /// Reads an archive from a stream, and puts its members aside in `directory`.
    pub fn read(stream: impl Read, directory: &Path, limits: &Limits) -> Result<Self> {
        Ok(Self { members: Members::read(stream, directory, limits)? })
    }

    /// Returns the images that run on a platform.
    pub fn images(&self, wanted: &Platform) -> Result<Vec<ArchiveImage>> {
        let images = if self.members.has(b"index.json") {
            self.layout_images(wanted)?
        } else if self.members.has(b"manifest.json") {
            self.docker_images(wanted)?
        } else if self.members.has(b"repositories") {
            return Err(invalid(
                "the archive is of a Docker before 1.10, without a manifest; save the image again",
            ));
        } else {
            return Err(invalid(
                "there is neither an index.json nor a manifest.json in it, so it is no archive of \
                 an image; make one with `docker save` or `skopeo copy`",
            ));
        };
        if images.is_empty() {
            return Err(invalid("the archive has no image in it"));
        }
        Ok(images)
    }

    /// Opens a layer's blob.
    pub fn layer(&self, layer: &ArchiveLayer) -> Result<impl Read + Send + use<>> {
        self.members.reader(&layer.member)
    }

    fn layout_images(&self, wanted: &Platform) -> Result<Vec<ArchiveImage>> {
        let Document::Index(entries) = parse_document(&self.document(b"index.json")?)? else {
            return Err(invalid("the archive's index.json is no index"));
        };
        // Docker writes both forms into one archive; the older one has the full names.
        let names = match self.members.has(b"manifest.json") {
            true => self.docker_entries()?,
            false => Vec::new(),
        };
        let mut images: Vec<ArchiveImage> = Vec::new();
        for entries in together(entries) {
            let image = self.layout_image(entries, wanted, &names)?;
            let same = images.iter_mut().find(|it| it.manifest_digest == image.manifest_digest);
            match same {
                Some(there) => {
                    for name in image.names {
                        add_name(&mut there.names, name);
                    }
                }
                None => images.push(image),
            }
        }
        Ok(images)
    }

    fn layout_image(
        &self,
        entries: Vec<Descriptor>,
        wanted: &Platform,
        docker: &[DockerEntry],
    ) -> Result<ArchiveImage> {
        let mut names = Vec::new();
        for entry in &entries {
            let annotation = |key| entry.annotations.get(key).cloned();
            if let Some(name) = annotation(FULL_NAME).or_else(|| annotation(REF_NAME)) {
                add_name(&mut names, name);
            }
        }
        let resolved = self.resolve(entries, wanted)?;
        let config_path = blob_path(&resolved.manifest.config.digest);
        for entry in docker.iter().filter(|entry| entry.config.as_bytes() == config_path) {
            let tags = entry.repo_tags.iter().flatten();
            // A tag alone is the end of a full name.
            names.retain(|name| !tags.clone().any(|tag| tag.ends_with(&format!(":{name}"))));
            tags.cloned().for_each(|tag| add_name(&mut names, tag));
        }
        let layers = std::iter::zip(&resolved.manifest.layers, &resolved.config.diff_ids)
            .map(|(layer, diff_id)| self.layout_layer(layer, diff_id))
            .collect::<Result<_>>()?;
        Ok(ArchiveImage {
            names,
            manifest_digest: resolved.manifest_digest,
            manifest_bytes: resolved.manifest_bytes,
            config_bytes: resolved.config_bytes,
            config: resolved.config,
            layers,
        })
    }

    fn layout_layer(&self, layer: &Descriptor, diff_id: &str) -> Result<ArchiveLayer> {
        let member = blob_path(&layer.digest);
        Ok(ArchiveLayer {
            diff_id: diff_id.to_owned(),
            digest: layer.digest.clone(),
            media_type: layer.media_type.clone(),
            size: self.members.size(&member)?,
            member,
        })
    }

    /// Follows the index's entries of one name to the image for the platform.
    fn resolve(&self, entries: Vec<Descriptor>, wanted: &Platform) -> Result<Resolved> {
        let mut resolver = Resolver::among(wanted.clone(), &entries);
        let mut step = resolver.start()?;
        loop {
            step = match step {
                Step::Document(descriptor) | Step::Config(descriptor) => {
                    resolver.take(self.document(&blob_path(&descriptor.digest))?)?
                }
                Step::Done(resolved) => return Ok(*resolved),
            }
        }
    }

    fn docker_entries(&self) -> Result<Vec<DockerEntry>> {
        serde_json::from_slice(&self.document(b"manifest.json")?)
            .map_err(|error| invalid(format!("the archive's manifest.json is broken: {error}")))
    }

    fn docker_images(&self, wanted: &Platform) -> Result<Vec<ArchiveImage>> {
        self.docker_entries()?.into_iter().map(|entry| self.docker_image(entry, wanted)).collect()
    }

    fn docker_image(&self, entry: DockerEntry, wanted: &Platform) -> Result<ArchiveImage> {
        let config_bytes = self.document(entry.config.as_bytes())?;
        let config = parse_config(&config_bytes)?;
        if !wanted.runs(&config.platform) {
            return Err(LayerError::new(
                LayerErrorCode::PlatformUnavailable,
                format!(
                    "the archive's image is for {}, but {wanted} is needed; save an image that is \
                     built for this platform",
                    config.platform
                ),
            ));
        }
        if config.diff_ids.len() != entry.layers.len() {
            return Err(invalid(format!(
                "the archive has {} layers where the image's configuration has {}",
                entry.layers.len(),
                config.diff_ids.len()
            )));
        }
        let layers: Vec<_> = std::iter::zip(&entry.layers, &config.diff_ids)
            .map(|(path, diff_id)| self.docker_layer(path, diff_id))
            .collect::<Result<_>>()?;
        let manifest_bytes = docker_manifest(&config_bytes, &layers);
        Ok(ArchiveImage {
            names: entry.repo_tags.unwrap_or_default(),
            manifest_digest: digest_of(&manifest_bytes),
            manifest_bytes,
            config_bytes,
            config,
            layers,
        })
    }

    fn docker_layer(&self, path: &str, diff_id: &str) -> Result<ArchiveLayer> {
        let member = path.as_bytes().to_vec();
        let compression = Decompressed::new(self.members.reader(&member)?)?.compression();
        let (media_type, digest) = match compression {
            Compression::None => (LAYER_TYPE.to_owned(), diff_id.to_owned()),
            Compression::Gzip => (format!("{LAYER_TYPE}+gzip"), self.digest(&member)?),
            Compression::Zstd => (format!("{LAYER_TYPE}+zstd"), self.digest(&member)?),
        };
        let size = self.members.size(&member)?;
        Ok(ArchiveLayer { diff_id: diff_id.to_owned(), digest, media_type, size, member })
    }

    fn digest(&self, member: &[u8]) -> Result<String> {
        let mut reader = self.members.reader(member)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(format!("sha256:{}", hex::encode(hasher.finalize()))),
                count => hasher.update(&buffer[..count]),
            }
        }
    }

    fn document(&self, path: &[u8]) -> Result<Vec<u8>> {
        if self.members.size(path)? > MAX_DOCUMENT {
            return Err(invalid(format!(
                "{:?} in the archive is larger than any manifest or configuration",
                String::from_utf8_lossy(path)
            )));
        }
        let mut bytes = Vec::new();
        self.members.reader(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// An image in Docker's older form.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEntry {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// The manifest that an image in Docker's older form would have, as the core makes it too.
fn docker_manifest(config: &[u8], layers: &[ArchiveLayer]) -> Vec<u8> {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            json!({ "mediaType": layer.media_type, "digest": layer.digest, "size": layer.size })
        })
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(config),
            "size": config.len(),
        },
        "layers": layers,
    });
    manifest.to_string().into_bytes()
}

/// Puts entries of one name together: they are one image for several platforms. Those without a
/// name are one too.
fn together(entries: Vec<Descriptor>) -> Vec<Vec<Descriptor>> {
    let mut order: Vec<Vec<Descriptor>> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for entry in entries {
        let names: &BTreeMap<String, String> = &entry.annotations;
        let name = names.get(FULL_NAME).or_else(|| names.get(REF_NAME)).cloned();
        let place = *places.entry(name).or_insert_with(|| {
            order.push(Vec::new());
            order.len() - 1
        });
        order[place].push(entry);
    }
    order
}

fn add_name(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// Where a layout has a blob: `sha256:12` is `blobs/sha256/12`.
fn blob_path(digest: &str) -> Vec<u8> {
    format!("blobs/{}", digest.replacen(':', "/", 1)).into_bytes()
}

fn invalid(message: impl Into<String>) -> LayerError {
    LayerError::new(LayerErrorCode::ArchiveInvalid, message)
}

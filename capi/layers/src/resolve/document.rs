//! Indexes, manifests and configurations, as OCI and Docker write them.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha512};

use super::platform::Platform;
use crate::error::{LayerError, LayerErrorCode, Result};

/// A document or a blob by its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    #[serde(default)]
    pub media_type: String,
    #[serde(default)]
    pub digest: String,
    pub size: Option<u64>,
    pub platform: Option<Platform>,
    pub artifact_type: Option<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What a tag or an entry of an index leads to.
#[derive(Debug)]
pub enum Document {
    Index(Vec<Descriptor>),
    Manifest(Manifest),
}

/// An image's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
}

/// What of an image's configuration decides on its layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub platform: Platform,
    /// The digests of the unpacked layers, from the bottom up.
    pub diff_ids: Vec<String>,
}

/// The types of a configuration that is an image's. Some builders have none, or a general one.
const CONFIG_TYPES: [&str; 5] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/octet-stream",
    "application/json",
    "",
];

impl Descriptor {
    /// Whether this is something beside an image: an attestation, a signature, a list of parts.
    pub(super) fn is_artefact(&self) -> bool {
        let is_unknown = self
            .platform
            .as_ref()
            .is_some_and(|platform| platform.os == "unknown" || platform.architecture == "unknown");
        let is_attestation = self
            .annotations
            .get("vnd.docker.reference.type")
            .is_some_and(|kind| kind == "attestation-manifest");
        is_unknown || is_attestation || self.artifact_type.is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    schema_version: Option<u32>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// Reads an index or a manifest, known by what it has inside.
pub fn parse_document(bytes: &[u8]) -> Result<Document> {
    let raw: RawDocument = parse(bytes, "manifest")?;
    if let Some(entries) = raw.manifests {
        return Ok(Document::Index(entries));
    }
    let no_image = |what: String| {
        LayerError::new(
            LayerErrorCode::NotALayer,
            format!("{what}, which no sandbox can be made of; use a container image"),
        )
    };
    let Some(config) = raw.config else {
        return Err(match raw.schema_version {
            Some(1) => LayerError::new(
                LayerErrorCode::ArchiveInvalid,
                "the manifest is of Docker's schema 1, which registries stopped to take in 2020; \
                 push the image again with a current tool",
            ),
            _ => no_image(format!(
                "the manifest is of the type {:?}",
                raw.artifact_type.or(raw.media_type).unwrap_or_default()
            )),
        });
    };
    if !CONFIG_TYPES.contains(&config.media_type.as_str()) {
        let kind = raw.artifact_type.unwrap_or_else(|| config.media_type.clone());
        return Err(no_image(format!("it is an artefact of the type {kind:?}")));
    }
    Ok(Document::Manifest(Manifest { config, layers: raw.layers.unwrap_or_default() }))
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(flatten)]
    platform: Platform,
    rootfs: Option<RootFs>,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default, deserialize_with = "null_is_empty")]
    diff_ids: Vec<String>,
}

/// Reads an image's configuration. Old images that say no platform are for Linux on amd64.
pub fn parse_config(bytes: &[u8]) -> Result<Config> {
    let raw: RawConfig = parse(bytes, "configuration")?;
    let or = |value: String, default: &str| if value.is_empty() { default.into() } else { value };
    Ok(Config {
        platform: Platform {
            os: or(raw.platform.os, "linux"),
            architecture: or(raw.platform.architecture, "amd64"),
            variant: raw.platform.variant,
        },
        diff_ids: raw.rootfs.map(|rootfs| rootfs.diff_ids).unwrap_or_default(),
    })
}

impl Config {
    pub(super) fn check_layers(&self, manifest: &Manifest) -> Result<()> {
        if self.diff_ids.len() == manifest.layers.len() {
            return Ok(());
        }
        Err(LayerError::new(
            LayerErrorCode::ArchiveInvalid,
            format!(
                "the manifest has {} layers where the configuration has {}; build or push the \
                 image again",
                manifest.layers.len(),
                self.diff_ids.len()
            ),
        ))
    }
}

fn parse<'b, T: Deserialize<'b>>(bytes: &'b [u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        LayerError::new(
            LayerErrorCode::ArchiveInvalid,
            format!("the image's {what} is no valid JSON of its kind: {error}"),
        )
    })
}

fn null_is_empty<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Returns the digest that names bytes.
pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Makes sure that bytes are those that a digest names.
pub fn verify(bytes: &[u8], digest: &str) -> Result<()> {
    let actual = match digest.split_once(':') {
        Some(("sha512", _)) => format!("sha512:{}", hex::encode(Sha512::digest(bytes))),
        _ => digest_of(bytes),
    };
    if actual == digest {
        return Ok(());
    }
    Err(LayerError::new(
        LayerErrorCode::DigestMismatch,
        format!(
            "what should be {digest} is {actual}; it was damaged or changed, so fetch or export it \
             again"
        ),
    ))
}

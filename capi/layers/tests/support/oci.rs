//! OCI layouts for tools that unpack them.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

pub fn digest(data: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(data)))
}

/// An image's parts, each with its digest.
pub struct Parts {
    pub blobs: Vec<(String, Vec<u8>)>,
    pub index: Value,
}

fn descriptor(media_type: &str, data: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(data), "size": data.len() })
}

/// Makes an image of tars, tagged `test`.
pub fn parts(layers: &[Vec<u8>]) -> Parts {
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>(),
        },
        "history": layers.iter().map(|_| json!({ "created_by": "test" })).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, &config),
        "layers": layers.iter().map(|layer| descriptor(LAYER, layer)).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes();
    let mut entry = descriptor(MANIFEST, &manifest);
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": "test" });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    let mut blobs = vec![(digest(&config), config), (digest(&manifest), manifest)];
    blobs.extend(layers.iter().map(|layer| (digest(layer), layer.clone())));
    Parts { blobs, index }
}

/// Writes an image as a layout in a directory.
pub fn write_layout(directory: &Path, layers: &[Vec<u8>]) {
    let parts = parts(layers);
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    std::fs::write(directory.join("index.json"), parts.index.to_string()).unwrap();
    for (digest, data) in parts.blobs {
        std::fs::write(blobs.join(digest.trim_start_matches("sha256:")), data).unwrap();
    }
}

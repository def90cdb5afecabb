//! How far a pull is, as the caller sees it.

use std::sync::Arc;

use boundary::client::Client;
use boundary::json::encode;
use bytes::Bytes;
use microsandbox::sandbox::PullProgress as CorePullProgress;
use serde::Serialize;

use crate::client::{Context, Request};

/// How far a pull is. Layers are counted from 0, the lowest one. Some events
/// may be missing when they come faster than they are taken.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PullProgress {
    /// The registry is asked what the image is made of.
    Resolving {
        /// The image's reference.
        image: String,
    },
    /// The registry has said what the image is made of.
    Resolved {
        /// The image's reference.
        image: String,
        /// The digest of the image's manifest.
        manifest_digest: String,
        /// How many layers the image has.
        layer_count: usize,
        /// How many bytes its layers have, as they are fetched.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_bytes: Option<u64>,
    },
    /// A layer is fetched.
    Downloading {
        /// Which layer.
        layer: usize,
        /// The layer's digest.
        digest: String,
        /// How many bytes are here.
        downloaded_bytes: u64,
        /// How many there are.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_bytes: Option<u64>,
    },
    /// A layer is here, and is what it should be.
    Downloaded {
        /// Which layer.
        layer: usize,
        /// The layer's digest.
        digest: String,
        /// How many bytes it has.
        downloaded_bytes: u64,
    },
    /// A layer is unpacked.
    Unpacking {
        /// Which layer.
        layer: usize,
        /// How many of its bytes are done.
        read_bytes: u64,
        /// How many there are.
        total_bytes: u64,
    },
    /// A layer is unpacked, or was here already.
    Unpacked {
        /// Which layer.
        layer: usize,
        /// The digest of what is in the layer.
        diff_id: String,
    },
    /// The layers are put together.
    Merging,
    /// The image is here.
    Pulled {
        /// The image's reference.
        image: String,
        /// How many layers it has.
        layer_count: usize,
    },
}

impl PullProgress {
    /// The event that the caller sees for one of the core's. Steps that take
    /// no time worth showing have none.
    pub fn from_core(event: CorePullProgress) -> Option<Self> {
        use CorePullProgress as Core;
        Some(match event {
            Core::Resolving { reference } => Self::Resolving { image: reference.to_string() },
            Core::Resolved { reference, manifest_digest, layer_count, total_download_bytes } => {
                Self::Resolved {
                    image: reference.to_string(),
                    manifest_digest: manifest_digest.to_string(),
                    layer_count,
                    total_bytes: total_download_bytes,
                }
            }
            Core::LayerDownloadProgress { layer_index, digest, downloaded_bytes, total_bytes } => {
                Self::Downloading {
                    layer: layer_index,
                    digest: digest.to_string(),
                    downloaded_bytes,
                    total_bytes,
                }
            }
            Core::LayerDownloadComplete { layer_index, digest, downloaded_bytes } => {
                Self::Downloaded { layer: layer_index, digest: digest.to_string(), downloaded_bytes }
            }
            Core::LayerMaterializeProgress { layer_index, bytes_read, total_bytes } => {
                Self::Unpacking { layer: layer_index, read_bytes: bytes_read, total_bytes }
            }
            Core::LayerMaterializeComplete { layer_index, diff_id } => {
                Self::Unpacked { layer: layer_index, diff_id: diff_id.to_string() }
            }
            Core::StitchMergingTrees { .. } => Self::Merging,
            Core::Complete { reference, layer_count } => {
                Self::Pulled { image: reference.to_string(), layer_count }
            }
            Core::LayerDownloadVerifying { .. }
            | Core::LayerMaterializeStarted { .. }
            | Core::LayerMaterializeWriting { .. }
            | Core::StitchWritingFsmeta
            | Core::StitchWritingVmdk
            | Core::StitchComplete => return None,
        })
    }
}

/// Where a request's progress is reported.
#[derive(Clone)]
pub struct Progress {
    client: Arc<Client<Context>>,
    request: u32,
}

impl Progress {
    pub fn of(request: &Request) -> Self {
        Self { client: request.client.clone(), request: request.id }
    }

    pub fn report(&self, event: &PullProgress) {
        // Numbers and strings always have a JSON form.
        if let Ok(json) = encode(event) {
            self.client.emit(self.request, json, Bytes::new());
        }
    }
}

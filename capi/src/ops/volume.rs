//! Volumes: storage with a name that outlives sandboxes.

use std::collections::BTreeMap;

use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use boundary::task::{finish_or_undo, to_its_end};
use futures_util::FutureExt;
use microsandbox::{MicrosandboxError as CoreError, Volume, VolumeHandle, with_backend};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Request;
use crate::options::volume::{VolumeKind, VolumeOptions};
use crate::sandboxes::target::BackendKind;

/// Names a volume.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedVolume {
    /// The volume's name.
    pub name: String,
}

/// Which volumes to list.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListVolumesRequest {
    /// Labels that a volume has to have. Default: none.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What is known about a volume.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct VolumeInfo {
    /// The volume's name.
    pub name: String,
    /// Where it is.
    pub backend: BackendKind,
    /// What it is made of.
    pub kind: VolumeKind,
    /// Its size in bytes, if it is a disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<u64>,
    /// How many MiB guests may write to it. Absent without a limit.
    #[cfg_attr(test, ts(rename = "quotaMiB"))]
    #[serde(rename = "quotaMiB", skip_serializing_if = "Option::is_none")]
    pub quota_mib: Option<u32>,
    /// The directory of this machine that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was created, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// `volume.create`: when the caller gives up, it is removed again.
pub async fn create(request: Request) -> Result<Outcome, Error> {
    let options: VolumeOptions = request.options()?;
    let spec = options.spec()?;
    let backend = request.client.context.backend.get()?;
    with_backend(backend, async {
        let volume = finish_or_undo(&request.cancel, Volume::create(spec), |volume| {
            Volume::remove(volume.name()).boxed()
        });
        Outcome::json(&info(&Volume::get(volume.await?.name()).await?))
    })
    .await
}

/// `volume.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let NamedVolume { name } = request.options()?;
    let backend = request.client.context.backend.get()?;
    Outcome::json(&info(&with_backend(backend, Volume::get(&name)).await?))
}

/// `volume.list`: newest first.
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let ListVolumesRequest { labels } = request.options()?;
    let wanted = labels.unwrap_or_default();
    let volumes = with_backend(request.client.context.backend.get()?, Volume::list()).await?;
    let has = |volume: &VolumeInfo| {
        wanted.iter().all(|(label, value)| volume.labels.get(label) == Some(value))
    };
    Outcome::json(&volumes.iter().map(info).filter(has).collect::<Vec<_>>())
}

/// `volume.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let NamedVolume { name } = request.options()?;
    let backend = request.client.context.backend.get()?;
    let removing = {
        let name = name.clone();
        async move { Volume::remove(&name).await }
    };
    match to_its_end(with_backend(backend, removing)).await {
        Ok(()) => Ok(Outcome::default()),
        // It is the core's only reason to find a name invalid that it knows.
        Err(CoreError::InvalidConfig(reason)) => Err(Error::new(
            ErrorCode::VolumeInUse,
            format!("Cannot remove volume {name}, {reason}: stop the sandbox first"),
        )
        .with_details(json!({ "name": name }))),
        Err(error) => Err(error.into()),
    }
}

fn info(volume: &VolumeHandle) -> VolumeInfo {
    VolumeInfo {
        name: volume.name().to_owned(),
        backend: volume.backend_kind().into(),
        kind: match volume.kind() {
            microsandbox::VolumeKind::Directory => VolumeKind::Directory,
            microsandbox::VolumeKind::Disk => VolumeKind::Disk,
        },
        capacity_bytes: volume.capacity_bytes(),
        quota_mib: volume.quota_mib(),
        path: volume.local().map(|local| local.path.display().to_string()),
        labels: volume.labels().iter().cloned().collect(),
        created_at: volume.created_at().map(|time| time.to_rfc3339()),
    }
}

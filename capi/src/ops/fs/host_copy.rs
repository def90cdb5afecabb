//! Copying files and directories between this machine and a sandbox or a
//! volume.

use boundary::error::Error;
use boundary::outcome::Outcome;
use serde::Deserialize;

use crate::client::Request;
use crate::files::Files;
use crate::files::copy::{Progress, joined, plan, put, take};
use crate::files::entry::FileKind;
use crate::files::host::{HostSource, HostTarget};

/// What to copy, and where to.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostCopyRequest {
    /// The volume that it is copied to or from. Default: the sandbox of the
    /// handle.
    pub volume: Option<String>,
    /// The file or directory to copy.
    pub source: String,
    /// The path of the copy.
    pub destination: String,
    /// Whether to tell how far it is, as events. Default: `false`.
    pub progress: Option<bool>,
}

/// `fs.copyFromHost`
pub async fn copy_from_host(request: Request) -> Result<Outcome, Error> {
    let options: HostCopyRequest = request.options()?;
    let files = Files::of(&request, options.volume.as_deref()).await?;
    files.check(&options.destination)?;
    let source = HostSource::new(&options.source)?;
    let plan = source.plan().await.map_err(|it| it.at("copy", &options.source))?;
    let mut progress = Progress::new(&request, options.progress.unwrap_or(false), &plan);
    for item in &plan {
        let destination = joined(&options.destination, &item.path);
        progress.at(&item.path);
        put(&source, &files, item, &destination, &mut progress)
            .await
            .map_err(|it| it.between("copy", &source.path(&item.path), &destination))?;
        progress.did(item);
    }
    progress.finish();
    Ok(Outcome::default())
}

/// `fs.copyToHost`
pub async fn copy_to_host(request: Request) -> Result<Outcome, Error> {
    let options: HostCopyRequest = request.options()?;
    let files = Files::of(&request, options.volume.as_deref()).await?;
    files.check(&options.source)?;
    let plan = plan(&files, &options.source).await?;
    let is_directory = plan.first().is_some_and(|it| it.kind == FileKind::Directory);
    let target = HostTarget::open(&options.destination, is_directory)
        .await
        .map_err(|it| it.between("copy", &options.source, &options.destination))?;
    let mut progress = Progress::new(&request, options.progress.unwrap_or(false), &plan);
    for item in &plan {
        let source = joined(&options.source, &item.path);
        progress.at(&item.path);
        take(&files, &target, item, &source, &mut progress)
            .await
            .map_err(|it| it.between("copy", &source, &target.path(&item.path)))?;
        progress.did(item);
    }
    progress.finish();
    Ok(Outcome::default())
}

//! Sandboxes: finding, listing and removing them.

pub mod config;
pub mod create;
pub mod fork;
pub mod lifecycle;
pub mod modification_plan;
pub mod modify;
pub mod restore;

use std::collections::BTreeMap;

use boundary::check::out_of_range;
use boundary::error::Error;
use boundary::outcome::Outcome;
use microsandbox::{Sandbox, with_backend};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::sandboxes::target::{NamedSandbox, SandboxInfo, find, info};

/// Which sandboxes to list.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListOptions {
    /// How many to return at most, from 1 to 100. Default: 20.
    pub page_size: Option<i64>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
    /// Labels that a sandbox has to have. Default: none.
    pub labels: Option<BTreeMap<String, String>>,
}

/// Some sandboxes, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SandboxPage {
    /// The sandboxes.
    pub sandboxes: Vec<SandboxInfo>,
    /// Where the next page starts. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `sandbox.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let options: NamedSandbox = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    Outcome::json(&info(&handle))
}

/// `sandbox.list`
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let options: ListOptions = request.options()?;
    let limit = match options.page_size {
        None => None,
        Some(limit @ 1..=100) => Some(limit as u32),
        Some(limit) => return Err(out_of_range("pageSize", limit, "from 1 to 100")),
    };
    let list = Sandbox::list_with(|mut list| {
        if let Some(limit) = limit {
            list = list.limit(limit);
        }
        if let Some(cursor) = options.cursor {
            list = list.cursor(cursor);
        }
        list.labels(options.labels.unwrap_or_default())
    });
    let page = with_backend(request.client.context.backend.get()?, list).await?;
    Outcome::json(&SandboxPage {
        sandboxes: page.sandboxes.iter().map(info).collect(),
        next_cursor: page.next_cursor,
    })
}

/// `sandbox.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let options: NamedSandbox = request.options()?;
    let handle = find(&request, &options.name, options.id.as_deref()).await?;
    handle.remove().await?;
    Ok(Outcome::default())
}

//! What sandboxes have printed.

use std::str::FromStr;

use boundary::check::{out_of_range, refusal};
use boundary::error::Error;
use boundary::json::encode;
use boundary::outcome::Outcome;
use boundary::stream::{Item, Source, Stream};
use bytes::BytesMut;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use microsandbox::MicrosandboxError as CoreError;
use microsandbox::logs::{
    LogCursor, LogEntry as CoreEntry, LogOptions, LogSource as CoreSource, LogStreamOptions,
    LogStreamStart,
};
use microsandbox::sandbox::SandboxHandle;
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::sandboxes::target::{OnSandbox, current};

/// What of a log to read.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogReadOptions {
    /// How many entries at most, the newest ones. Default: all.
    pub tail: Option<i64>,
    /// The time of the first entry at the earliest, in ISO 8601. Default: the
    /// beginning.
    pub since: Option<String>,
    /// The time that all entries are before, in ISO 8601. Default: the end.
    pub until: Option<String>,
    /// Where the entries come from. Default: what commands print.
    pub sources: Option<Vec<LogSource>>,
}

/// What of a log to stream.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogFollowOptions {
    /// The time of the first entry at the earliest, in ISO 8601. Default: the
    /// beginning.
    pub since: Option<String>,
    /// The cursor of the entry to go on after, with the same `sources`.
    pub cursor: Option<String>,
    /// The time that all entries are before, in ISO 8601. Default: without
    /// limit.
    pub until: Option<String>,
    /// Where the entries come from. Default: what commands print.
    pub sources: Option<Vec<LogSource>>,
    /// Whether to wait for entries that are still to come. Default: `false`.
    pub follow: Option<bool>,
}

/// Where a log entry comes from.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum LogSource {
    /// The standard output of a command.
    Stdout,
    /// The standard error of a command.
    Stderr,
    /// The terminal of a command.
    Output,
    /// The runtime and the guest's kernel.
    System,
}

/// A log entry. Its bytes are those of the frame, or in a list the next ones.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// When it was captured, in ISO 8601.
    pub timestamp: String,
    /// Where it comes from.
    pub source: LogSource,
    /// Which command it comes from: those with the same number belong
    /// together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// Where to go on after this entry.
    pub cursor: String,
    /// How many bytes it has.
    pub length: usize,
}

/// `logs.read`
pub async fn read(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<LogReadOptions> = request.options()?;
    let tail = match options.tail {
        None => None,
        Some(tail @ 1..) => usize::try_from(tail).ok(),
        Some(tail) => return Err(out_of_range("tail", tail, "1 or more")),
    };
    let core_options = LogOptions {
        tail,
        since: time("since", options.since)?,
        until: time("until", options.until)?,
        sources: sources(options.sources),
    };
    let handle = current(&request, sandbox).await?;
    let mut entries = Vec::new();
    let mut bytes = BytesMut::new();
    for entry in handle.logs(&core_options).await? {
        bytes.extend_from_slice(&entry.data);
        entries.push(LogEntry::from(&entry));
    }
    Ok(Outcome { bytes: bytes.freeze(), ..Outcome::json(&entries)? })
}

/// `logs.stream`
pub async fn stream(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<LogFollowOptions> = request.options()?;
    let start = match (time("since", options.since)?, options.cursor) {
        (None, None) => LogStreamStart::Beginning,
        (Some(since), None) => LogStreamStart::Since(since),
        (None, Some(cursor)) => LogStreamStart::From(parsed(&cursor)?),
        (Some(_), Some(_)) => {
            return Err(refusal(
                "cursor",
                "Cannot start a log at a time and at a cursor: give either since or cursor",
            ));
        }
    };
    let core_options = LogStreamOptions {
        sources: sources(options.sources),
        start,
        until: time("until", options.until)?,
        follow: options.follow.unwrap_or(false),
    };
    let handle = current(&request, sandbox).await?;
    let entries = handle.log_stream(&core_options).await?;
    Ok(Outcome::resource(Stream::new(Entries { entries, handle, options: core_options })))
}

struct Entries {
    entries: BoxStream<'static, Result<CoreEntry, CoreError>>,
    handle: SandboxHandle,
    /// What brings the entries that are still to come.
    options: LogStreamOptions,
}

impl Entries {
    /// The core gives every request to the cloud 30 seconds, also one that
    /// follows a log, so that one is made again where it ended.
    async fn take(&mut self) -> Result<Option<CoreEntry>, CoreError> {
        loop {
            match self.entries.next().await.transpose() {
                Ok(Some(entry)) => {
                    self.options.start = LogStreamStart::From(entry.cursor.clone());
                    return Ok(Some(entry));
                }
                Err(CoreError::Http(error)) if error.is_timeout() && self.can_go_on() => {
                    self.handle = self.handle.refresh().await?;
                    self.entries = self.handle.log_stream(&self.options).await?;
                }
                ended => return ended,
            }
        }
    }

    /// Whether there is more to come, and it can be told from what was there.
    fn can_go_on(&self) -> bool {
        let is_known = match &self.options.start {
            LogStreamStart::From(cursor) => *cursor != LogCursor::empty(),
            _ => true,
        };
        self.options.follow && is_known
    }
}

impl Source for Entries {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            let Some(entry) = self.take().await? else { return Ok(None) };
            Ok(Some(Item { json: encode(&LogEntry::from(&entry))?, bytes: entry.data }))
        }
        .boxed()
    }
}

impl From<&CoreEntry> for LogEntry {
    fn from(entry: &CoreEntry) -> Self {
        Self {
            timestamp: entry.timestamp.to_rfc3339(),
            source: match entry.source {
                CoreSource::Stdout => LogSource::Stdout,
                CoreSource::Stderr => LogSource::Stderr,
                CoreSource::Output => LogSource::Output,
                CoreSource::System => LogSource::System,
            },
            session: entry.session_id,
            cursor: entry.cursor.to_string(),
            length: entry.data.len(),
        }
    }
}

/// A time of the core's own type.
fn time<Time: FromStr>(path: &str, text: Option<String>) -> Result<Option<Time>, Error> {
    let Some(text) = text else { return Ok(None) };
    match text.parse() {
        Ok(time) => Ok(Some(time)),
        Err(_) => Err(refusal(
            path,
            format!("Cannot use {text:?} as {path}: give a time in ISO 8601"),
        )),
    }
}

fn sources(sources: Option<Vec<LogSource>>) -> Vec<CoreSource> {
    let source = |source| match source {
        LogSource::Stdout => CoreSource::Stdout,
        LogSource::Stderr => CoreSource::Stderr,
        LogSource::Output => CoreSource::Output,
        LogSource::System => CoreSource::System,
    };
    sources.unwrap_or_default().into_iter().map(source).collect()
}

fn parsed(cursor: &str) -> Result<LogCursor, Error> {
    let cursor = cursor.parse::<LogCursor>();
    cursor.map_err(|error| CoreError::InvalidCursor(error.to_string()).into())
}

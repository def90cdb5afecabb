//! Jobs: commands that belong to their sandbox instead of the program that
//! started them, with their output kept.

pub mod attachment;

use boundary::check::{out_of_range, refusal};
use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use boundary::process::signal::{FatalSignal, SignalOption};
use boundary::stream::{Item, Source, Stream};
use boundary::task::finish_or_undo;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use microsandbox::Sandbox;
use microsandbox::jobs::{
    Job, JobError, JobInfo as CoreJobInfo, JobListBuilder, JobLogOptions, JobLogStream,
    JobState as CoreJobState,
};
use microsandbox::sandbox::ExecOptionsBuilder;
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::client::backend::require_local;
use crate::options::command::{CommandRequest, Program, Stdin};
use crate::sandboxes::target::find;

/// Names a job.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobTarget {
    /// The sandbox's name.
    pub sandbox: String,
    /// The sandbox's identity.
    pub sandbox_id: String,
    /// The job's id.
    pub job: String,
}

/// Which jobs to list.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobListOptions {
    /// The sandbox's name.
    pub sandbox: String,
    /// The sandbox's identity.
    pub sandbox_id: String,
    /// Whether jobs that have ended are listed too. Default: `false`.
    pub all: Option<bool>,
    /// How many to return at most, from 1 to 100. Default: 50.
    pub limit: Option<i64>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

/// Some jobs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<JobInfo>,
    /// Where the next page starts. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What a job is doing.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    /// It was accepted and has not started yet.
    Starting,
    /// It runs.
    Running,
    /// It ended.
    Exited,
    /// It could not be started.
    Failed,
    /// Its sandbox stopped before it ended, so how it ended is not known.
    Lost,
}

/// What is known about a job.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct JobInfo {
    /// The job's id, which no other job of the sandbox ever has.
    pub id: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it was doing when it was asked.
    pub state: JobState,
    /// Whether it runs in a terminal.
    pub tty: bool,
    /// Whether its standard input has ended for good.
    pub stdin_closed: bool,
    /// Whether it was killed because it ran too long.
    pub timed_out: bool,
    /// Its process id in the guest, once it has started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// When it was accepted, in milliseconds since 1970.
    pub created_at: i64,
    /// When it started, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When its end was seen, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<i64>,
    /// The exit code, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<FatalSignal>,
    /// Why it could not be started, or why its end is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a job ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct JobExit {
    /// The exit code. -1 after a signal.
    pub code: i32,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<FatalSignal>,
    /// Whether it was killed because it ran too long.
    pub timed_out: bool,
}

/// Which signal to send to a job.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobSignalOptions {
    /// The job.
    pub target: JobTarget,
    /// The signal.
    pub signal: SignalOption,
}

/// Which output of a job to read.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobLogFilter {
    /// Only the last so many records. Default: all.
    pub tail: Option<u32>,
    /// Only from this time on, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Only before this time, in milliseconds since 1970.
    pub until: Option<i64>,
    /// Which output. Default: all but `stdin-error`.
    pub sources: Option<Vec<JobLogSource>>,
    /// Only what comes behind the record with this cursor.
    pub from_cursor: Option<String>,
    /// Whether to go on until the job has ended. Default: `false`.
    pub follow: Option<bool>,
}

/// Where a record comes from.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum JobLogSource {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Both, of a job in a terminal.
    Output,
    /// A note that a write to the job's standard input failed.
    StdinError,
}

/// Which output of which job to read.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobLogsOptions {
    /// The job.
    pub target: JobTarget,
    /// Which of its output.
    pub options: JobLogFilter,
}

/// A record of a job's output. Its bytes are the item's.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct JobLogRecord {
    /// When it was captured, in milliseconds since 1970.
    pub timestamp: i64,
    /// Where it comes from.
    pub source: JobLogSource,
    /// Where to go on reading behind it.
    pub cursor: String,
}

/// What to do where there are no jobs.
const REMEDY: &str = "start the command with execStream, or use a local backend";

/// `job.start`
///
/// A job of whose start nobody knows would go on unseen, so a cancelled start is
/// waited for, and the job is killed.
pub async fn start(request: Request) -> Result<Outcome, Error> {
    let CommandRequest { program, stdin, options } = request.options()?;
    let limit = options.limit()?;
    // Only who is attached can change a job's terminal.
    options.tty.map(|size| size.rows_and_columns()).transpose()?;
    require_local(&request.client.context.backend.get()?, REMEDY)?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    let apply = options.configuration()?;
    let configure = |builder: ExecOptionsBuilder| {
        let builder = apply(builder);
        let builder = match limit {
            Some(limit) => builder.timeout(limit),
            None => builder,
        };
        match stdin {
            Stdin::Null => builder.stdin_null(),
            Stdin::Bytes => builder.stdin_bytes(request.bytes.clone()),
            Stdin::Piped => builder.stdin_pipe(),
        }
    };
    let launch = async {
        match program {
            Program::Exec(program) => Ok(sandbox.exec_detached_with(program, configure).await?),
            Program::Shell(script) => {
                let shell = sandbox.config().spec.runtime.shell.as_deref().unwrap_or("/bin/sh");
                let args = ["-c".to_owned(), script, shell.to_owned()];
                Ok(sandbox.exec_detached_with(shell, |builder| configure(builder.args(args))).await?)
            }
            Program::Default => Err(refusal(
                "program",
                "Cannot start the image's own command as a job: name the program",
            )),
        }
    };
    let job = finish_or_undo(&request.cancel, launch, |job: &Job| job.kill().boxed()).await?;
    let info = job.inspect().await.map_err(|error| JobError::LaunchUnconfirmed {
        id: job.id().clone(),
        message: error.to_string(),
    })?;
    Outcome::json(&JobInfo::from(info))
}

/// `job.list`
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let options: JobListOptions = request.options()?;
    let limit = match options.limit {
        None => None,
        Some(limit @ 1..=100) => Some(limit as usize),
        Some(limit) => return Err(out_of_range("limit", limit, "from 1 to 100")),
    };
    let cursor = options
        .cursor
        .map(|cursor| {
            microsandbox::JobId::parse(cursor)
                .map_err(|reason| Error::new(ErrorCode::InvalidCursor, reason))
        })
        .transpose()?;
    require_local(&request.client.context.backend.get()?, REMEDY)?;
    let handle = find(&request, &options.sandbox, Some(&options.sandbox_id)).await?;
    let page = handle
        .list_jobs_with(|mut list: JobListBuilder| {
            list = list.all(options.all.unwrap_or(false));
            if let Some(limit) = limit {
                list = list.limit(limit);
            }
            if let Some(cursor) = cursor {
                list = list.cursor(cursor);
            }
            list
        })
        .await?;
    Outcome::json(&JobList {
        jobs: page.items.into_iter().map(JobInfo::from).collect(),
        next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
    })
}

/// `job.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let target: JobTarget = request.options()?;
    Outcome::json(&JobInfo::from(target.find(&request).await?.inspect().await?))
}

/// `job.wait`
pub async fn wait(request: Request) -> Result<Outcome, Error> {
    let target: JobTarget = request.options()?;
    let exit = target.find(&request).await?.wait().await?;
    Outcome::json(&JobExit {
        code: exit.code,
        signal: FatalSignal::of_code(exit.code, None),
        timed_out: exit.timed_out,
    })
}

/// `job.signal`
pub async fn signal(request: Request) -> Result<Outcome, Error> {
    let options: JobSignalOptions = request.options()?;
    options.target.find(&request).await?.signal(options.signal.number()).await?;
    Ok(Outcome::default())
}

/// `job.closeInput`
pub async fn close_input(request: Request) -> Result<Outcome, Error> {
    let target: JobTarget = request.options()?;
    target.find(&request).await?.eof().await?;
    Ok(Outcome::default())
}

/// `job.logs`: makes a stream of [`JobLogRecord`]s.
pub async fn logs(request: Request) -> Result<Outcome, Error> {
    let JobLogsOptions { target, options } = request.options()?;
    let options = JobLogOptions {
        tail: options.tail.map(|tail| tail as usize),
        since: options.since,
        until: options.until,
        sources: options
            .sources
            .unwrap_or_default()
            .into_iter()
            .map(|source| source.core_name().to_owned())
            .collect(),
        from_cursor: options.from_cursor,
        follow: options.follow.unwrap_or(false),
    };
    let records = target.find(&request).await?.log_stream(&options).await?;
    Ok(Outcome::resource(Stream::new(Records(records))))
}

pub fn lost(reason: Option<String>) -> Error {
    let reason = reason.unwrap_or_else(|| "its sandbox stopped".into());
    Error::new(ErrorCode::JobLost, format!("How the job ended is not known: {reason}"))
}

impl JobTarget {
    pub async fn find(&self, request: &Request) -> Result<Job, Error> {
        require_local(&request.client.context.backend.get()?, REMEDY)?;
        let handle = find(request, &self.sandbox, Some(&self.sandbox_id)).await?;
        Ok(handle.get_job(&self.job).await?)
    }
}

impl From<CoreJobInfo> for JobInfo {
    fn from(info: CoreJobInfo) -> Self {
        Self {
            id: info.id.to_string(),
            command: info.command,
            state: match info.state {
                CoreJobState::Starting => JobState::Starting,
                CoreJobState::Running => JobState::Running,
                CoreJobState::Exited => JobState::Exited,
                CoreJobState::Failed => JobState::Failed,
                _ => JobState::Lost,
            },
            tty: info.tty,
            stdin_closed: info.stdin_closed,
            timed_out: info.timed_out,
            pid: info.pid,
            created_at: info.created_at,
            started_at: info.started_at,
            finished_at: info.finished_at,
            exit_code: info.exit_code,
            signal: info.exit_code.and_then(|code| FatalSignal::of_code(code, None)),
            error: info.failure.map(|failure| failure.message).or(info.error),
        }
    }
}

impl JobLogSource {
    fn core_name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Output => "output",
            Self::StdinError => "stdin_error",
        }
    }

    fn of_core_name(name: &str) -> Self {
        match name {
            "stderr" => Self::Stderr,
            "output" => Self::Output,
            "stdin_error" => Self::StdinError,
            _ => Self::Stdout,
        }
    }
}

/// The records of a job's log as the items of a stream.
struct Records(JobLogStream);

impl Source for Records {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            let Some(entry) = self.0.next().await.transpose()? else { return Ok(None) };
            let record = JobLogRecord {
                timestamp: entry.timestamp,
                source: JobLogSource::of_core_name(&entry.source),
                cursor: entry.cursor,
            };
            Ok(Some(Item { json: boundary::json::encode(&record)?, bytes: entry.data }))
        }
        .boxed()
    }
}

//! Jobs that a client is attached to, as processes.

use std::sync::Arc;

use boundary::check::out_of_range;
use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use boundary::process::{Control, Output, Process};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use microsandbox::jobs::{
    Job, JobAttachment, JobEvent, JobInfo as CoreJobInfo, JobReplay, JobState as CoreJobState,
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::{JobTarget, lost};
use crate::client::Request;

/// How to attach to a job.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobAttachOptions {
    /// Whether to leave the job's input and terminal to others. Default:
    /// `false`.
    pub read_only: Option<bool>,
    /// Which of its past output comes first. Default: none.
    pub replay: Option<Replay>,
}

/// Past output of a job.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Replay {
    /// The last so many bytes, at most 1 MiB.
    RecentBytes(i64),
    /// What comes behind the record with this cursor.
    AfterCursor(String),
}

/// Which job to attach to, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobAttachRequest {
    /// The job.
    pub target: JobTarget,
    /// How to attach.
    pub options: JobAttachOptions,
}

/// `job.attach`: makes a process of a job, which goes on when its handle is
/// given back.
pub async fn attach(request: Request) -> Result<Outcome, Error> {
    let JobAttachRequest { target, options } = request.options()?;
    let replay = match options.replay {
        None => JobReplay::None,
        Some(Replay::AfterCursor(cursor)) => JobReplay::After(cursor),
        Some(Replay::RecentBytes(bytes @ 0..=1_048_576)) => {
            JobReplay::Recent { max_bytes: bytes as usize }
        }
        Some(Replay::RecentBytes(bytes)) => {
            return Err(out_of_range("replay.recentBytes", bytes, "from 0 to 1048576"));
        }
    };
    let job = target.find(&request).await?;
    let attachment = job
        .attach_with(|builder| builder.read_only(options.read_only.unwrap_or(false)).replay(replay))
        .await?;
    let attachment = Arc::new(attachment);
    let control = AttachedControl { job, attachment: Arc::clone(&attachment) };
    let process =
        Process::new(control, |outputs, _| async move { pump(&attachment, &outputs).await });
    Ok(Outcome::resource(process))
}

/// Passes on what a job produces, and returns how it ended.
async fn pump(attachment: &JobAttachment, outputs: &mpsc::Sender<Output>) -> Output {
    loop {
        let Ok(room) = outputs.reserve().await else {
            return Output::Failed(boundary::process::interrupted());
        };
        match attachment.recv().await {
            Ok(Some(JobEvent::Output(entry))) => match entry.source.as_str() {
                "stderr" => room.send(Output::Stderr(entry.data)),
                "stdout" | "output" => room.send(Output::Stdout(entry.data)),
                _ => {}
            },
            Ok(Some(JobEvent::Gap { cursor })) => return Output::Failed(gap(&cursor)),
            Ok(Some(JobEvent::Completed(info))) => return ended(info),
            Ok(Some(_)) => {}
            Ok(None) => return Output::Failed(boundary::process::interrupted()),
            Err(error) => return Output::Failed(error.into()),
        }
    }
}

fn ended(info: CoreJobInfo) -> Output {
    match (info.state, info.exit_code) {
        (_, Some(_)) if info.timed_out => Output::Failed(Error::new(
            ErrorCode::ExecTimeout,
            "The job was killed because it ran longer than its timeout",
        )),
        (_, Some(code)) => Output::Exited(code),
        (CoreJobState::Failed, None) => Output::Failed(match &info.failure {
            Some(failure) => Error::exec_failed(failure),
            None => Error::new(ErrorCode::ExecFailed, "Cannot start the job"),
        }),
        _ => Output::Failed(lost(info.error)),
    }
}

fn gap(cursor: &str) -> Error {
    Error::new(
        ErrorCode::JobOutputGap,
        "Output of the job was dropped before it was read, because a job keeps a limited amount: \
         attach again behind details.cursor, and read faster",
    )
    .with_details(json!({ "cursor": cursor }))
}

/// A job that this client is attached to.
struct AttachedControl {
    job: Job,
    attachment: Arc<JobAttachment>,
}

impl Control for AttachedControl {
    fn write(&self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        /// What the core takes at once.
        const CHUNK: usize = 16 * 1024;
        async move {
            for chunk in bytes.chunks(CHUNK) {
                self.attachment.write_stdin(chunk).await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn close_input(&self) -> BoxFuture<'_, Result<(), Error>> {
        async { Ok(self.job.eof().await?) }.boxed()
    }

    fn signal(&self, number: i32) -> BoxFuture<'_, Result<(), Error>> {
        async move { Ok(self.job.signal(number).await?) }.boxed()
    }

    fn resize(&self, rows: u16, columns: u16) -> BoxFuture<'_, Result<(), Error>> {
        async move { Ok(self.attachment.resize(rows, columns).await?) }.boxed()
    }
}

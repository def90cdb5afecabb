//! Processes: commands whose input and output are streamed.

pub mod signal;

use std::future::Future;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use self::signal::FatalSignal;
use crate::check::out_of_range;
use crate::error::{Error, ErrorCode, Failure};
use crate::handles::Resource;
use crate::stream::{Item, Source, Stream};

/// How many outputs are taken from the guest before the caller asks for them.
/// That much is read to see what comes behind it: the end, or that nobody
/// reads the input any more. Chunks of the core have at most 16 KiB, so this
/// is 1 MiB.
const READ_AHEAD: usize = 64;

/// The size of a terminal, each from 1 to 65535.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TerminalSize {
    /// Characters in a line.
    pub columns: i64,
    /// Lines.
    pub rows: i64,
}

/// What a process produced, without its bytes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ProcessItem {
    /// The bytes are standard output.
    Stdout,
    /// The bytes are standard error.
    Stderr,
    /// The command ended. Nothing follows.
    Exited {
        /// The exit code. -1 after a signal.
        code: i32,
        /// The signal that ended it.
        #[serde(skip_serializing_if = "Option::is_none")]
        signal: Option<FatalSignal>,
    },
    /// The command did not end by itself. Nothing follows.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What a process produced.
pub enum Output {
    Stdout(Bytes),
    Stderr(Bytes),
    /// The last one, with the code as the guest reports it.
    Exited(i32),
    /// The last one, instead of [`Output::Exited`].
    Failed(Error),
}

/// Whether the process takes input.
#[derive(Clone, Debug, PartialEq)]
pub enum InputState {
    Open,
    /// A write in the guest failed, with the guest's name for the error.
    Failed(String),
    /// The process has ended.
    Ended,
}

/// The ways to act on a process.
pub trait Control: Send + Sync {
    /// Writes all of the bytes to the standard input, as the guest takes them.
    fn write(&self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>>;
    /// Ends the standard input.
    fn close_input(&self) -> BoxFuture<'_, Result<(), Error>>;
    /// Sends a signal by its number.
    fn signal(&self, number: i32) -> BoxFuture<'_, Result<(), Error>>;
    /// Gives the terminal another size.
    fn resize(&self, rows: u16, columns: u16) -> BoxFuture<'_, Result<(), Error>>;
}

/// A process behind a handle. Dropping it kills the process.
pub struct Process {
    control: Weak<dyn Control>,
    input: watch::Receiver<InputState>,
    sent_signal: Arc<SentSignal>,
    /// What it produces.
    pub events: Stream,
    _pump: AbortOnDropHandle<()>,
}

impl Resource for Process {
    const KIND: &'static str = "process";
}

impl Process {
    /// A process that a task follows with `follow`, which passes on what the
    /// process produces, says when nobody reads the input any more, and returns
    /// the end. What it and `control` hold is given up then: a sandbox has only
    /// so many connections, and nobody may ever read the end.
    pub fn new<F>(
        control: impl Control + 'static,
        follow: impl FnOnce(mpsc::Sender<Output>, watch::Sender<InputState>) -> F,
    ) -> Self
    where
        F: Future<Output = Output> + Send + 'static,
    {
        let (outputs, receiver) = mpsc::channel(READ_AHEAD);
        let (input, state) = watch::channel(InputState::Open);
        let control: Arc<dyn Control> = Arc::new(control);
        let acting = Arc::downgrade(&control);
        let following = follow(outputs.clone(), input.clone());
        let pump = tokio::spawn(async move {
            let end = following.await;
            input.send_replace(InputState::Ended);
            drop(control);
            let _ = outputs.send(end).await;
        });
        let sent_signal = Arc::new(SentSignal::default());
        let events = Stream::new(Events {
            outputs: receiver,
            ahead: None,
            sent_signal: Arc::clone(&sent_signal),
        });
        Self {
            control: acting,
            input: state,
            sent_signal,
            events,
            _pump: AbortOnDropHandle::new(pump),
        }
    }

    /// The ways to act on the process, as long as it runs.
    fn running(&self) -> Option<Arc<dyn Control>> {
        self.control.upgrade().filter(|_| *self.input.borrow() != InputState::Ended)
    }

    /// Writes to the standard input, as the guest takes it.
    ///
    /// # Errors
    ///
    /// `stdin-closed` when nobody reads it any more.
    pub async fn write(&self, bytes: Bytes) -> Result<(), Error> {
        let Some(control) = self.running() else { return Err(self.input_closed().await) };
        let written = tokio::select! {
            biased;
            closed = self.input_closed() => return Err(closed),
            written = control.write(bytes) => written,
        };
        match written {
            Ok(()) => Ok(()),
            // The process may have ended while its input was on the way; the
            // core's own error says less than that.
            Err(error) => Err(self.input_error().unwrap_or(error)),
        }
    }

    /// Ends the standard input. That it was ended already is no error.
    pub async fn close_input(&self) -> Result<(), Error> {
        let Some(control) = self.running() else { return Ok(()) };
        if let Some(error) = self.input_error() {
            return Err(error);
        }
        control.close_input().await
    }

    /// Sends a signal. A process that has ended needs none.
    pub async fn signal(&self, number: i32) -> Result<(), Error> {
        let Some(control) = self.running() else { return Ok(()) };
        self.sent_signal.set(number);
        control.signal(number).await
    }

    /// Gives the terminal another size. A process that has ended needs none.
    pub async fn resize(&self, rows: u16, columns: u16) -> Result<(), Error> {
        let Some(control) = self.running() else { return Ok(()) };
        control.resize(rows, columns).await
    }

    /// Waits until nobody reads the input any more.
    async fn input_closed(&self) -> Error {
        let mut input = self.input.clone();
        // The sender goes away with the pump, whose last act is to say that
        // the process has ended.
        let _ = input.wait_for(|state| *state != InputState::Open).await;
        self.input_error().unwrap_or_else(|| stdin_closed("the command has ended"))
    }

    fn input_error(&self) -> Option<Error> {
        match &*self.input.borrow() {
            InputState::Open => None,
            InputState::Failed(reason) => Some(stdin_closed(reason)),
            InputState::Ended => Some(stdin_closed("the command has ended")),
        }
    }
}

impl TerminalSize {
    /// The two numbers in the order in which the core takes them.
    pub fn rows_and_columns(self) -> Result<(u16, u16), Error> {
        let checked = |path, value| match u16::try_from(value) {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(out_of_range(path, value, "from 1 to 65535")),
        };
        Ok((checked("rows", self.rows)?, checked("columns", self.columns)?))
    }
}

fn stdin_closed(reason: &str) -> Error {
    Error::new(
        ErrorCode::StdinClosed,
        format!("Cannot write to the command's standard input: {reason}"),
    )
}

/// Outputs as the items of a stream. Small ones that wait are joined, because
/// each item costs the caller some work.
struct Events {
    outputs: mpsc::Receiver<Output>,
    /// What was taken to see whether it can be joined.
    ahead: Option<Output>,
    sent_signal: Arc<SentSignal>,
}

/// The number of the signal that was sent last, or 0.
#[derive(Default)]
struct SentSignal(AtomicI32);

impl SentSignal {
    fn set(&self, number: i32) {
        self.0.store(number, Ordering::Relaxed);
    }

    fn get(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}

/// How many bytes an item has at most, give or take one output.
const ITEM_LENGTH: usize = 64 * 1024;

impl Source for Events {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            let first = match self.ahead.take() {
                Some(output) => output,
                None => match self.outputs.recv().await {
                    Some(output) => output,
                    None => return Ok(None),
                },
            };
            // Nothing is awaited from here on, so nothing is lost when the
            // future is dropped.
            let (event, bytes) = match first {
                Output::Stdout(bytes) => (ProcessItem::Stdout, self.joined(bytes, true)),
                Output::Stderr(bytes) => (ProcessItem::Stderr, self.joined(bytes, false)),
                Output::Exited(code) => {
                    let signal = FatalSignal::of_code(code, self.sent_signal.get());
                    (ProcessItem::Exited { code, signal }, Bytes::new())
                }
                Output::Failed(error) => {
                    (ProcessItem::Failed { failure: error.failure() }, Bytes::new())
                }
            };
            Ok(Some(Item { json: super::json::encode(&event)?, bytes }))
        }
        .boxed()
    }
}

impl Events {
    /// `bytes` with what waits behind them of the same stream.
    fn joined(&mut self, bytes: Bytes, is_stdout: bool) -> Bytes {
        let mut joined: Option<BytesMut> = None;
        while joined.as_ref().map_or(bytes.len(), BytesMut::len) < ITEM_LENGTH {
            match self.outputs.try_recv() {
                Ok(Output::Stdout(more)) if is_stdout => extend(&mut joined, &bytes, &more),
                Ok(Output::Stderr(more)) if !is_stdout => extend(&mut joined, &bytes, &more),
                Ok(other) => {
                    self.ahead = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        joined.map_or(bytes, BytesMut::freeze)
    }
}

fn extend(joined: &mut Option<BytesMut>, first: &[u8], more: &[u8]) {
    joined
        .get_or_insert_with(|| {
            let mut start = BytesMut::with_capacity(ITEM_LENGTH + more.len());
            start.extend_from_slice(first);
            start
        })
        .extend_from_slice(more);
}

/// The error for a command whose end nobody saw.
pub fn interrupted() -> Error {
    Error::new(
        ErrorCode::CommandInterrupted,
        "The command did not end: the sandbox stopped, or the connection to it was lost, so how \
         far the command came is not known",
    )
}

/// The error for a command that ran too long.
pub fn timed_out(limit: Duration) -> Error {
    Error::new(
        ErrorCode::ExecTimeout,
        format!("The command was killed after {} ms", limit.as_millis()),
    )
    .with_details(json!({ "timeoutMs": limit.as_millis() as u64 }))
}

//! A process without a sandbox: it plays a script, so that everything above it
//! can be tested.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::{Mutex, mpsc, watch};

use crate::error::Error;
use crate::ops::process::SpawnedProcess;
use crate::outcome::Outcome;
use crate::process::{Control, InputState, Output, Process, interrupted};
use crate::request::Request;

/// What the process does, in order. After the last step it exits with code 0.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EchoProcessOptions {
    /// The steps.
    pub steps: Vec<EchoStep>,
}

/// One step.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum EchoStep {
    /// Writes so many bytes to standard output: 0 to 250, over and over.
    Stdout(u32),
    /// Writes so many bytes to standard error: 0 to 250, over and over.
    Stderr(u32),
    /// Copies its input to its output until the input ends.
    Copy,
    /// Closes its input without having read it.
    CloseStdin,
    /// Waits for a signal, and dies of it.
    WaitForSignal,
    /// Exits with this code.
    Exit(i32),
    /// Is lost, as when its sandbox stops.
    Lose,
}

/// `echo.process`: starts a process that plays a script.
pub async fn process<Context>(request: Request<Context>) -> Result<Outcome, Error> {
    let EchoProcessOptions { steps } = request.options()?;
    // As narrow as a guest's, so that a writer has to wait for the reader.
    let (stdin_writer, stdin) = mpsc::channel(4);
    let (signal_writer, signals) = mpsc::channel(4);
    let control = EchoControl { stdin: Mutex::new(Some(stdin_writer)), signals: signal_writer };
    let process = Process::new(control, |outputs, input| async move {
        let mut player = Player { outputs, input, stdin, signals };
        player.play(&steps).await.unwrap_or(Output::Exited(0))
    });
    Outcome::resource(process).with_json(&SpawnedProcess { pid: 1 })
}

struct Player {
    outputs: mpsc::Sender<Output>,
    input: watch::Sender<InputState>,
    stdin: mpsc::Receiver<Bytes>,
    signals: mpsc::Receiver<i32>,
}

impl Player {
    /// Plays the steps and returns how the process ends. A signal ends it at
    /// any step.
    async fn play(&mut self, steps: &[EchoStep]) -> Option<Output> {
        for step in steps {
            let work = play_step(*step, &self.outputs, &self.input, &mut self.stdin);
            let end = tokio::select! {
                end = work => end,
                Some(_) = self.signals.recv() => Some(Output::Exited(-1)),
            };
            if end.is_some() {
                return end;
            }
        }
        None
    }
}

async fn play_step(
    step: EchoStep,
    outputs: &mpsc::Sender<Output>,
    input: &watch::Sender<InputState>,
    stdin: &mut mpsc::Receiver<Bytes>,
) -> Option<Output> {
    match step {
        EchoStep::Stdout(length) => print(outputs, length, Output::Stdout).await,
        EchoStep::Stderr(length) => print(outputs, length, Output::Stderr).await,
        EchoStep::Copy => {
            while let Some(bytes) = stdin.recv().await {
                let _ = outputs.send(Output::Stdout(bytes)).await;
            }
        }
        EchoStep::CloseStdin => {
            stdin.close();
            input.send_replace(InputState::Failed("EPIPE".into()));
        }
        EchoStep::WaitForSignal => std::future::pending().await,
        EchoStep::Exit(code) => return Some(Output::Exited(code)),
        EchoStep::Lose => return Some(Output::Failed(interrupted())),
    }
    None
}

async fn print(outputs: &mpsc::Sender<Output>, length: u32, kind: fn(Bytes) -> Output) {
    /// What a guest sends at once.
    const CHUNK: usize = 16 * 1024;
    let mut offset = 0;
    while offset < length as usize {
        let end = (offset + CHUNK).min(length as usize);
        let bytes: Vec<u8> = (offset..end).map(|index| (index % 251) as u8).collect();
        if outputs.send(kind(bytes.into())).await.is_err() {
            return;
        }
        offset = end;
    }
}

struct EchoControl {
    /// Empty once the input is closed.
    stdin: Mutex<Option<mpsc::Sender<Bytes>>>,
    signals: mpsc::Sender<i32>,
}

impl Control for EchoControl {
    fn write(&self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            if let Some(stdin) = &*self.stdin.lock().await {
                let _ = stdin.send(bytes).await;
            }
            Ok(())
        }
        .boxed()
    }

    fn close_input(&self) -> BoxFuture<'_, Result<(), Error>> {
        async {
            self.stdin.lock().await.take();
            Ok(())
        }
        .boxed()
    }

    fn signal(&self, number: i32) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let _ = self.signals.send(number).await;
            Ok(())
        }
        .boxed()
    }

    fn resize(&self, _: u16, _: u16) -> BoxFuture<'_, Result<(), Error>> {
        async { Ok(()) }.boxed()
    }
}

//! Starting, stopping and watching sandboxes.

use std::time::Duration;

use boundary::check::out_of_range;
use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use microsandbox::sandbox::{
    DEFAULT_KILL_TIMEOUT, DEFAULT_STOP_TIMEOUT, DestroyOptions as CoreDestroyOptions,
    RestartOptions as CoreRestartOptions, SandboxStopResult,
};
use microsandbox::{MicrosandboxError as CoreError, Sandbox};
use serde::{Deserialize, Serialize};

use crate::client::Request;
use crate::sandboxes::target::{OnSandbox, Status, Target, find, info, live, on_target, target};
use crate::sandboxes::{host, ports};

/// Which sandbox to start, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartOptions {
    /// The sandbox's name.
    pub name: String,
    /// The identity that the sandbox has to have. Default: any.
    pub id: Option<String>,
    /// Whether the sandbox outlives this program. Default: `false`.
    pub detached: Option<bool>,
}

/// Which sandbox to connect to, and for how long to try.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectOptions {
    /// The sandbox's name.
    pub name: String,
    /// The identity that the sandbox has to have. Default: any.
    pub id: Option<String>,
    /// Milliseconds to wait for the guest to answer. Default: 10000.
    pub timeout_ms: Option<i64>,
}

/// How to stop a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopOptions {
    /// Milliseconds to wait until it has stopped. Default: 10000 with `force`,
    /// else without limit.
    pub timeout_ms: Option<i64>,
    /// Whether a sandbox that has not stopped by then is killed. Default:
    /// `false`, which makes it an error and kills nothing.
    pub force: Option<bool>,
}

/// How to kill a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KillOptions {
    /// Milliseconds to wait until it is gone. Default: 5000.
    pub timeout_ms: Option<i64>,
}

/// What to ask a sandbox for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndOptions {
    /// How it is to end.
    pub how: End,
}

/// A way for a sandbox to end.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// The guest shuts down.
    Stop,
    /// Its process is killed.
    Kill,
    /// It takes no new work, finishes what it has, and stops.
    Drain,
}

/// What to wait for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaitForStatusOptions {
    /// The status to wait for.
    pub status: Status,
}

/// How to restart a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestartOptions {
    /// Whether it is killed instead of stopped. Default: `false`.
    pub force: Option<bool>,
    /// Milliseconds to wait until it has stopped. Default: 10000.
    pub timeout_ms: Option<i64>,
    /// Whether the restarted sandbox outlives this program. Default: `false`.
    pub detached: Option<bool>,
}

/// How to stop and remove a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DestroyOptions {
    /// Whether it is killed instead of stopped. Default: `false`.
    pub force: Option<bool>,
    /// Milliseconds to wait until it has stopped. Default: 10000.
    pub timeout_ms: Option<i64>,
}

/// How a sandbox ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct StopResult {
    /// What it is now.
    pub status: Status,
    /// The exit code of its process, when this program started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended its process, when this program
    /// started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

/// An answer of the guest.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PingResult {
    /// How long the answer took, in milliseconds.
    pub latency_ms: f64,
}

/// A refreshed idle timer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TouchResult {
    /// How much activity the guest has counted, this call included.
    pub activity: u64,
}

/// `sandbox.start`
pub async fn start(request: Request) -> Result<Outcome, Error> {
    let StartOptions { name, id, detached } = request.options()?;
    let handle = find(&request, &name, id.as_deref()).await?;
    boot(&request, || match detached.unwrap_or(false) {
        true => handle.start_detached().boxed(),
        false => handle.start().boxed(),
    })
    .await
}

/// `sandbox.connect`
pub async fn connect(request: Request) -> Result<Outcome, Error> {
    let ConnectOptions { name, id, timeout_ms } = request.options()?;
    let timeout = timeout(timeout_ms)?;
    let handle = find(&request, &name, id.as_deref()).await?;
    live(match timeout {
        Some(timeout) => handle.connect_with_timeout(timeout).await?,
        None => handle.connect().await?,
    })
}

/// `sandbox.connectOrStart`
pub async fn connect_or_start(request: Request) -> Result<Outcome, Error> {
    let StartOptions { name, id, detached } = request.options()?;
    let handle = find(&request, &name, id.as_deref()).await?;
    boot(&request, || match detached.unwrap_or(false) {
        true => handle.connect_or_start_detached().boxed(),
        false => handle.connect_or_start().boxed(),
    })
    .await
}

/// `sandbox.stop`
pub async fn stop(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<StopOptions> = request.options()?;
    let is_forced = options.force.unwrap_or(false);
    let timeout = timeout(options.timeout_ms)?.or(is_forced.then_some(DEFAULT_STOP_TIMEOUT));
    let target = target(&request, sandbox).await?;
    let stopped = match timeout {
        Some(timeout) => on_target!(target, sandbox => sandbox.stop_with_timeout(timeout).await),
        None => on_target!(target, sandbox => sandbox.stop().await),
    };
    match stopped {
        Err(CoreError::StopTimeout { .. }) if is_forced => {
            kill_within(&target, DEFAULT_KILL_TIMEOUT).await?;
        }
        stopped => stopped?,
    }
    Ok(Outcome::default())
}

/// `sandbox.kill`
pub async fn kill(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<KillOptions> = request.options()?;
    let timeout = timeout(options.timeout_ms)?.unwrap_or(DEFAULT_KILL_TIMEOUT);
    let target = target(&request, sandbox).await?;
    kill_within(&target, timeout).await?;
    Ok(Outcome::default())
}

/// `sandbox.end`: asks and does not wait.
pub async fn end(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<EndOptions> = request.options()?;
    let target = target(&request, sandbox).await?;
    match options.how {
        End::Stop => on_target!(target, sandbox => sandbox.request_stop().await)?,
        End::Kill => on_target!(target, sandbox => sandbox.request_kill().await)?,
        End::Drain => on_target!(target, sandbox => sandbox.request_drain().await)?,
    }
    Ok(Outcome::default())
}

/// `sandbox.waitForStatus`
pub async fn wait_for_status(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<WaitForStatusOptions> = request.options()?;
    let target = target(&request, sandbox).await?;
    let status = options.status.into();
    let handle = on_target!(target, sandbox => sandbox.wait_for_status(status).await)?;
    Outcome::json(&info(&handle))
}

/// `sandbox.waitUntilStopped`
pub async fn wait_until_stopped(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    let target = target(&request, sandbox).await?;
    let SandboxStopResult { status, exit_code, signal, .. } =
        on_target!(target, sandbox => sandbox.wait_until_stopped().await)?;
    Outcome::json(&StopResult { status: status.into(), exit_code, signal })
}

/// `sandbox.restart`
pub async fn restart(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<RestartOptions> = request.options()?;
    let core_options = CoreRestartOptions {
        force: options.force.unwrap_or(false),
        timeout: timeout(options.timeout_ms)?.unwrap_or(DEFAULT_STOP_TIMEOUT),
        detached: options.detached.unwrap_or(false),
    };
    let target = target(&request, sandbox).await?;
    boot(&request, || on_target!(target, sandbox => sandbox.restart_with(core_options).boxed())).await
}

/// `sandbox.destroy`
pub async fn destroy(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<DestroyOptions> = request.options()?;
    let core_options = CoreDestroyOptions {
        force: options.force.unwrap_or(false),
        timeout: timeout(options.timeout_ms)?.unwrap_or(DEFAULT_STOP_TIMEOUT),
    };
    let target = target(&request, sandbox).await?;
    on_target!(target, sandbox => sandbox.destroy_with(core_options).await)?;
    Ok(Outcome::default())
}

/// `sandbox.ping`
pub async fn ping(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    let target = target(&request, sandbox).await?;
    let answer = on_target!(target, sandbox => sandbox.ping().await)?;
    Outcome::json(&PingResult { latency_ms: answer.latency.as_secs_f64() * 1000.0 })
}

/// `sandbox.touch`
pub async fn touch(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    let target = target(&request, sandbox).await?;
    let answer = on_target!(target, sandbox => sandbox.touch().await)?;
    Outcome::json(&TouchResult { activity: answer.activity_seq })
}

/// `sandbox.detach`: gives the handle back and leaves the sandbox running.
pub async fn detach(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let sandbox = request.client.handles.get::<Sandbox>(request.handle)?;
    Sandbox::clone(&sandbox).detach().await;
    request.client.handles.remove(request.handle);
    Ok(Outcome::default())
}

/// Boots a sandbox that exists.
async fn boot<'a>(
    request: &Request,
    start: impl Fn() -> BoxFuture<'a, Result<Sandbox, CoreError>>,
) -> Result<Outcome, Error> {
    let backend = request.client.context.backend.get()?;
    host::prepare(&backend).await?;
    let mut retries = host::PROBE_RETRIES;
    loop {
        match start().await {
            Ok(sandbox) => {
                if let Err(error) = ports::verify(&sandbox).await {
                    // One that somebody else started is theirs.
                    if sandbox.owns_lifecycle() {
                        sandbox.kill().await?;
                    }
                    return Err(error);
                }
                return live(sandbox);
            }
            Err(error) if retries > 0 && host::is_slow_probe(&error) => retries -= 1,
            Err(error) => return Err(host::explain(&backend, error).await),
        }
    }
}

/// Kills the sandbox and waits until it is gone. The core has this too, but
/// reports a sandbox that is slow to go as a failure of the runtime.
async fn kill_within(target: &Target, timeout: Duration) -> Result<(), CoreError> {
    on_target!(target, sandbox => {
        sandbox.request_kill().await?;
        match tokio::time::timeout(timeout, sandbox.wait_until_stopped()).await {
            Ok(result) => result.map(drop),
            Err(_) => Err(CoreError::SandboxStopTimedOut { name: sandbox.name().to_owned(), timeout }),
        }
    })
}

/// A time to wait for, from the option `timeoutMs`.
fn timeout(milliseconds: Option<i64>) -> Result<Option<Duration>, Error> {
    let Some(milliseconds) = milliseconds else { return Ok(None) };
    match u64::try_from(milliseconds) {
        Ok(milliseconds) if milliseconds > 0 => Ok(Some(Duration::from_millis(milliseconds))),
        _ => Err(out_of_range("timeoutMs", milliseconds, "more than 0")),
    }
}

//! What sandboxes use.

use std::collections::BTreeMap;
use std::time::Duration;

use boundary::check::out_of_range;
use boundary::error::Error;
use boundary::json::{NoOptions, encode};
use boundary::outcome::Outcome;
use boundary::stream::{Item, Source, Stream};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use microsandbox::sandbox::{SandboxHandle, SandboxStatus};
use microsandbox::{MicrosandboxError as CoreError, SandboxMetrics, all_sandbox_metrics, with_backend};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::client::Request;
use crate::sandboxes::target::{OnSandbox, current};

/// How to follow what a sandbox uses.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsOptions {
    /// Milliseconds from one sample to the next. Default: 1000, which is how
    /// often a sandbox takes one unless it was told otherwise.
    pub interval_ms: Option<i64>,
}

/// What a sandbox uses.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// When the sample was taken, in ISO 8601.
    pub timestamp: String,
    /// How long the sandbox has been running, in milliseconds.
    pub uptime_ms: f64,
    /// Share of one CPU in percent: 200 stands for two busy ones.
    pub cpu_percent: f32,
    /// How long its virtual CPUs have been running altogether, in
    /// milliseconds.
    pub cpu_time_ms: f64,
    /// Memory in use by the guest, in bytes.
    pub memory_bytes: u64,
    /// Memory that the guest could still use, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_available_bytes: Option<u64>,
    /// Memory of this machine that the sandbox takes, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_host_bytes: Option<u64>,
    /// How much memory the guest has, in bytes.
    pub memory_limit_bytes: u64,
    /// Bytes read from its disks so far.
    pub disk_read_bytes: u64,
    /// Bytes written to its disks so far.
    pub disk_write_bytes: u64,
    /// Bytes that the guest has received so far.
    pub network_received_bytes: u64,
    /// Bytes that the guest has sent so far.
    pub network_sent_bytes: u64,
    /// Bytes in use on its root file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_used_bytes: Option<u64>,
    /// Bytes that are free on its root file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_free_bytes: Option<u64>,
    /// Bytes of this machine's disk that its root file system takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_host_bytes: Option<u64>,
}

/// `metrics.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: NoOptions {} } = request.options()?;
    let handle = current(&request, sandbox).await?;
    Outcome::json(&sample(&handle).await?)
}

/// `metrics.all`
pub async fn all(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let all = with_backend(request.client.context.backend.get()?, all_sandbox_metrics()).await?;
    let all: BTreeMap<String, Metrics> =
        all.into_iter().map(|(name, metrics)| (name, metrics.into())).collect();
    Outcome::json(&all)
}

/// `metrics.stream`
pub async fn stream(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<MetricsOptions> = request.options()?;
    let milliseconds = options.interval_ms.unwrap_or(1000);
    let interval = match u64::try_from(milliseconds) {
        Ok(milliseconds @ 1..) => Duration::from_millis(milliseconds),
        _ => return Err(out_of_range("intervalMs", milliseconds, "more than 0")),
    };
    let sandbox = current(&request, sandbox).await?;
    // Tells at once what would only make an empty stream.
    match sample(&sandbox).await {
        Ok(_) | Err(CoreError::MetricsUnavailable(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let mut ticks = tokio::time::interval(interval);
    // A consumer that was slow wants what is true now.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ok(Outcome::resource(Stream::new(Samples { sandbox, ticks, without: None })))
}

/// What a sandbox uses, again and again, until it stops. The core has a stream
/// too, but it knows the sandbox by its name only and never ends.
struct Samples {
    sandbox: SandboxHandle,
    ticks: Interval,
    /// Since when it runs and there is no sample.
    without: Option<Instant>,
}

impl Samples {
    /// How long a sandbox that boots may take to its first sample. The core has
    /// none either when the clock was set forward after the boot: it then takes
    /// the sandbox's process for another one.
    const PATIENCE: Duration = Duration::from_secs(10);

    async fn take(&mut self) -> Result<Option<Metrics>, CoreError> {
        loop {
            self.ticks.tick().await;
            match self.sandbox.refresh().await {
                Ok(sandbox) => self.sandbox = sandbox,
                // It was removed when it stopped.
                Err(CoreError::SandboxNotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
            match sample(&self.sandbox).await {
                Ok(metrics) => {
                    self.without = None;
                    return Ok(Some(metrics));
                }
                Err(CoreError::SandboxNotRunning(_)) => return Ok(None),
                Err(CoreError::MetricsUnavailable(_))
                    if self.without.get_or_insert_with(Instant::now).elapsed()
                        < Self::PATIENCE => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Source for Samples {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            let Some(metrics) = self.take().await? else { return Ok(None) };
            Ok(Some(Item { json: encode(&metrics)?, bytes: bytes::Bytes::new() }))
        }
        .boxed()
    }
}

async fn sample(sandbox: &SandboxHandle) -> Result<Metrics, CoreError> {
    match sandbox.metrics().await {
        Ok(metrics) => Ok(metrics.into()),
        // The core has only a text for a sandbox that stopped meanwhile or
        // whose first sample is not there yet.
        Err(CoreError::Custom(_)) => match sandbox.refresh().await?.status_snapshot() {
            SandboxStatus::Running | SandboxStatus::Draining | SandboxStatus::Paused => {
                Err(CoreError::MetricsUnavailable(sandbox.name().to_owned()))
            }
            _ => Err(CoreError::SandboxNotRunning(format!("{} has stopped", sandbox.name()))),
        },
        Err(error) => Err(error),
    }
}

impl From<SandboxMetrics> for Metrics {
    fn from(metrics: SandboxMetrics) -> Self {
        Self {
            timestamp: metrics.timestamp.to_rfc3339(),
            uptime_ms: metrics.uptime.as_secs_f64() * 1000.0,
            cpu_percent: metrics.cpu_percent,
            cpu_time_ms: metrics.vcpu_time_ns as f64 / 1e6,
            memory_bytes: metrics.memory_bytes,
            memory_available_bytes: metrics.memory_available_bytes,
            memory_host_bytes: metrics.memory_host_resident_bytes,
            memory_limit_bytes: metrics.memory_limit_bytes,
            disk_read_bytes: metrics.disk_read_bytes,
            disk_write_bytes: metrics.disk_write_bytes,
            network_received_bytes: metrics.net_rx_bytes,
            network_sent_bytes: metrics.net_tx_bytes,
            root_used_bytes: metrics.upper_used_bytes,
            root_free_bytes: metrics.upper_free_bytes,
            root_host_bytes: metrics.upper_host_allocated_bytes,
        }
    }
}

//! Connections to the agent of a sandbox, which takes only so many.

use std::time::Duration;

use boundary::error::{Error, ErrorCode};
use microsandbox::protocol::AGENT_RELAY_MAX_CLIENTS;
use microsandbox::{AgentClientError, MicrosandboxError as CoreError};
use serde_json::json;
use tokio::time::{Instant, sleep};

/// The wait for a connection to a sandbox. Every command has one of its own.
pub struct Connecting<'a> {
    sandbox: &'a str,
    since: Instant,
}

impl<'a> Connecting<'a> {
    /// Begins the wait.
    pub fn to(sandbox: &'a str) -> Self {
        Self { sandbox, since: Instant::now() }
    }

    /// After an attempt that failed: waits a little if another one may have a
    /// connection, and returns the error otherwise.
    pub async fn after(&self, error: CoreError) -> Result<(), Error> {
        /// How long a sandbox may have no connection to spare.
        const PATIENCE: Duration = Duration::from_secs(30);
        /// The shortest wait, and the longest one.
        const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));

        let waited = self.since.elapsed();
        match error {
            error if is_hang_up(&error) && waited < PATIENCE => {
                // Those who have waited for long ask less often.
                sleep((waited / 4).clamp(PAUSES.0, PAUSES.1)).await;
                Ok(())
            }
            error if is_hang_up(&error) => Err(self.full()),
            CoreError::AgentClient(_) | CoreError::Io(_) => Err(self.unreachable(error)),
            error => Err(error.into()),
        }
    }

    fn full(&self) -> Error {
        Error::new(
            ErrorCode::AgentClientError,
            format!(
                "Cannot reach sandbox {}: it has taken no further connection for {} s. It has at most \
                 {AGENT_RELAY_MAX_CLIENTS}, and each running command holds one, whichever program \
                 started it: wait until some have ended",
                self.sandbox,
                self.since.elapsed().as_secs(),
            ),
        )
        .with_details(json!({ "limit": AGENT_RELAY_MAX_CLIENTS }))
    }

    /// The core tells what its socket said, also when the sandbox does not run
    /// any more.
    fn unreachable(&self, error: CoreError) -> Error {
        Error::from(error).about(&format!("reach sandbox {}", self.sandbox))
    }
}

/// Whether a connection had no other end any more.
pub fn is_broken(error: &CoreError) -> bool {
    matches!(
        error,
        CoreError::AgentClient(AgentClientError::Io(_) | AgentClientError::Closed)
    )
}

/// Whether the sandbox hung up before it said a word. It does that to whoever
/// comes while it has as many connections as it can have, or while the guest
/// does not take the input that is on its way. Nothing was asked of it then.
fn is_hang_up(error: &CoreError) -> bool {
    matches!(
        error,
        CoreError::AgentClient(AgentClientError::Handshake(reason)) if reason.contains("early eof")
    )
}

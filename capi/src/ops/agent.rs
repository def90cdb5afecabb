//! The agent of a sandbox, for tools that speak its protocol themselves. Frames
//! are passed on as they are.

use std::sync::Arc;
use std::time::Duration;

use boundary::error::{Error, ErrorCode};
use boundary::handles::Resource;
use boundary::json::{NoOptions, encode};
use boundary::outcome::Outcome;
use boundary::stream::{Item, Source, Stream};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use microsandbox::agent::RawFrame;
use microsandbox::protocol::message::FLAG_TERMINAL;
use microsandbox::{AgentClient, AgentClientError, MicrosandboxError as CoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;

use crate::client::Request;
use crate::sandboxes::connection::Connecting;
use crate::sandboxes::target::{NamedSandbox, find};

/// What to begin an exchange with. The frame's bytes are the body.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentRequest {
    /// The flags of the agent's frame.
    pub flags: u8,
}

/// A frame of the agent without its body, which is in the frame's bytes.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentFrameHeader {
    /// The number of the exchange that it belongs to.
    pub id: u32,
    /// Its flags.
    pub flags: u8,
}

/// An exchange with any number of answers. The handle of the stream of them is
/// in the frame.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AgentStreamInfo {
    /// The number of the exchange.
    pub id: u32,
}

/// A connection to an agent.
struct Agent(Arc<AgentClient>);

impl Resource for Agent {
    const KIND: &'static str = "connection to an agent";
}

/// `agent.connect`: gives a handle for a connection of its own to the agent. The
/// bytes are those of the message with which the agent has begun it.
pub async fn connect(request: Request) -> Result<Outcome, Error> {
    /// What the core allows for the same.
    const PATIENCE: Duration = Duration::from_secs(10);
    let NamedSandbox { name, id } = request.options()?;
    find(&request, &name, id.as_deref()).await?;
    let backend = request.client.context.backend.get()?;
    let connecting = Connecting::to(&name);
    let agent = loop {
        match backend.dial_agent(&name, PATIENCE).await {
            Ok(agent) => break agent,
            Err(error) => connecting.after(error).await?,
        }
    };
    let bytes = Bytes::copy_from_slice(agent.ready_bytes());
    Ok(Outcome { bytes, ..Outcome::resource(Agent(Arc::new(agent))) })
}

/// `agent.request`: sends a frame, and completes with the one that answers it.
pub async fn request(request: Request) -> Result<Outcome, Error> {
    let AgentRequest { flags } = request.options()?;
    let agent = request.client.handles.get::<Agent>(request.handle)?;
    let answer = agent.0.request_raw(flags, request.bytes.to_vec()).await;
    let RawFrame { id, flags, body } = answer.map_err(failed)?;
    Outcome { bytes: Bytes::from(body), ..Outcome::default() }.with_json(&AgentFrameHeader { id, flags })
}

/// `agent.stream`: sends a frame, and gives a stream of those that answer it.
pub async fn stream(request: Request) -> Result<Outcome, Error> {
    let AgentRequest { flags } = request.options()?;
    let agent = request.client.handles.get::<Agent>(request.handle)?;
    let begun = agent.0.stream_raw(flags, request.bytes.to_vec()).await;
    let (id, frames) = begun.map_err(failed)?;
    let answers = Answers { agent: Arc::clone(&agent.0), id, frames, has_ended: false };
    Outcome::resource(Stream::new(answers)).with_json(&AgentStreamInfo { id })
}

/// `agent.send`: sends another frame of an exchange that has begun.
pub async fn send(request: Request) -> Result<Outcome, Error> {
    let AgentFrameHeader { id, flags } = request.options()?;
    let agent = request.client.handles.get::<Agent>(request.handle)?;
    agent.0.send_raw(id, flags, &request.bytes).await.map_err(failed)?;
    Ok(Outcome::default())
}

/// `agent.close`: gives the handle back and ends the connection, with all that
/// waits for answers.
pub async fn close(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let agent = request.client.handles.get::<Agent>(request.handle)?;
    request.client.handles.remove(request.handle);
    agent.0.abort().await;
    Ok(Outcome::default())
}

/// The frames that answer one.
struct Answers {
    agent: Arc<AgentClient>,
    id: u32,
    frames: Receiver<RawFrame>,
    has_ended: bool,
}

impl Source for Answers {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Item>, Error>> {
        async {
            if self.has_ended {
                return Ok(None);
            }
            let Some(RawFrame { id, flags, body }) = self.frames.recv().await else {
                return Err(failed(AgentClientError::Closed));
            };
            self.has_ended = flags & FLAG_TERMINAL != 0;
            let json = encode(&AgentFrameHeader { id, flags })?;
            Ok(Some(Item { json, bytes: Bytes::from(body) }))
        }
        .boxed()
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        let (agent, id) = (Arc::clone(&self.agent), self.id);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { agent.forget_stream(id).await });
        }
    }
}

fn failed(error: AgentClientError) -> Error {
    match error {
        AgentClientError::ReaderClosed(_) | AgentClientError::Closed => Error::new(
            ErrorCode::AgentClientError,
            "The connection to the agent was closed, or the sandbox stopped, before it answered",
        ),
        error => CoreError::from(error).into(),
    }
}

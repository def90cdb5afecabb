//! What the guest's agent says about a file operation.

use boundary::error::{Error, ErrorCode};
use microsandbox::protocol::core::CoreError as AgentRefusal;
use microsandbox::protocol::fs::{FsResponse, FsResponseData};
use microsandbox::protocol::message::{Message, MessageType};
use microsandbox::{AgentClientError, MicrosandboxError as CoreError};

use super::failure::Failure;

/// What the agent says about a request.
pub fn answer(message: &Message) -> Result<Option<FsResponseData>, Failure> {
    match message.t {
        MessageType::FsResponse => {
            let response: FsResponse = decode(message)?;
            match response.error {
                None if response.ok => Ok(response.data),
                error => Err(Failure::from_agent(error.as_deref().unwrap_or("unknown error"))),
            }
        }
        // What stands between this program and the agent says no, because the
        // sandbox is paused, say.
        MessageType::CoreError => {
            let refusal: AgentRefusal = decode(message)?;
            Err(Failure::Other(Error::new(
                ErrorCode::RuntimeError,
                format!("The sandbox refused a file operation: {}", refusal.message),
            )))
        }
        other => Err(unexpected(other.as_str())),
    }
}

/// The content of a message.
pub fn decode<T: serde::de::DeserializeOwned>(message: &Message) -> Result<T, Failure> {
    message.payload().map_err(|error| Failure::Other(CoreError::from(error).into()))
}

/// The failure for a connection to the agent that did not hold.
pub fn broken(error: AgentClientError) -> Failure {
    match error {
        AgentClientError::ReaderClosed(_) | AgentClientError::Closed => lost(),
        error => Failure::Other(CoreError::from(error).into()),
    }
}

/// The failure for an agent that is gone.
pub fn lost() -> Failure {
    Failure::Other(Error::new(
        ErrorCode::SandboxNotRunning,
        "The sandbox stopped, or the connection to it was lost, during a file operation",
    ))
}

/// The failure for an answer that is none to what was asked.
pub fn unexpected(what: &str) -> Failure {
    Failure::Other(Error::new(
        ErrorCode::ProtocolError,
        format!("The agent answered a file operation with {what}"),
    ))
}

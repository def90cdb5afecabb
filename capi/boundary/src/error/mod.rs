//! Errors as the caller sees them: a stable code, a sentence that says what to
//! do, and details to branch on.

#[cfg(feature = "core")]
mod cloud;
mod code;
#[cfg(feature = "core")]
mod core;
#[cfg(feature = "core")]
mod image;
#[cfg(feature = "core")]
mod job;

use std::any::Any;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

pub use self::code::ErrorCode;
#[cfg(feature = "core")]
pub use self::core::without_api_key;
use crate::frame::{Frame, MsbFrameKind};

/// An error as the caller reads it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Failure {
    /// What went wrong, as a stable name.
    pub code: ErrorCode,
    /// What failed, with which value, and what to do next.
    pub message: String,
    /// What to branch on. `null` when there is nothing.
    #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
    pub details: Value,
}

/// A failed operation.
#[derive(Debug)]
pub struct Error {
    pub code: ErrorCode,
    /// What failed, with which value, and what to do next.
    pub message: String,
    /// What callers branch on. `Value::Null` when there is nothing.
    pub details: Value,
    /// What was produced before the failure.
    pub bytes: Bytes,
}

impl Error {
    /// An error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Value::Null, bytes: Bytes::new() }
    }

    /// The same error with details.
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// The same error with what was tried: its message says why that failed.
    pub fn about(mut self, action: &str) -> Self {
        self.message = format!("Cannot {action}: {}", self.message);
        self
    }

    /// The same error with what was tried on which image.
    pub fn about_image(self, action: &str, reference: &str) -> Self {
        let mut error = self.about(&format!("{action} {reference}"));
        match &mut error.details {
            Value::Object(details) => {
                details.entry("image").or_insert_with(|| json!(reference));
            }
            other => *other = json!({ "image": reference }),
        }
        error
    }

    /// The same error with what was produced before it.
    pub fn with_bytes(mut self, bytes: Bytes) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same error with the name of the sandbox that it is about, if it lacks
    /// one.
    pub fn about_sandbox(mut self, name: &str) -> Self {
        if self.code == ErrorCode::SandboxNotFound && self.details.is_null() {
            self.details = json!({ "name": name });
        }
        self
    }

    /// The same error with the operation that it says is not supported: its
    /// name is the caller's, whatever the core calls it.
    pub fn of_operation(mut self, name: Option<&str>) -> Self {
        if self.code == ErrorCode::Unsupported {
            match &mut self.details {
                Value::Object(details) => {
                    details.insert("operation".to_owned(), json!(name));
                }
                other => *other = json!({ "operation": name }),
            }
        }
        self
    }

    /// The error for a result that no frame can hold.
    pub fn too_large(length: usize) -> Self {
        Self::new(
            ErrorCode::ResultTooLarge,
            format!(
                "Cannot return a result of {length} bytes: a frame holds less than 4 GiB, so stream \
                 the data instead of collecting it"
            ),
        )
    }

    /// The completion of a request that was cancelled.
    pub fn cancelled() -> Self {
        Self::new(ErrorCode::Cancelled, "The request was cancelled")
    }

    /// The completion of a request whose operation panicked.
    pub fn panicked(operation: u32, panic: &(dyn Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Self::new(
            ErrorCode::Internal,
            format!(
                "Operation {operation} failed by a mistake in the library ({text}): \
                 please report it"
            ),
        )
    }

    /// The error without what was produced before it.
    pub fn failure(self) -> Failure {
        Failure { code: self.code, message: self.message, details: self.details }
    }

    /// Encodes the error as the completion of `request`.
    pub fn into_frame(mut self, request: u32) -> Frame {
        let bytes = std::mem::take(&mut self.bytes);
        let json = json!(self.failure()).to_string().into_bytes();
        Frame { request, kind: MsbFrameKind::Error, handle: 0, json, bytes }
    }

}

/// The core's messages start in lower case; ours are sentences.
pub fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

//! What is wrong with a layer, as the caller sees it.

use boundary::error::{Error, ErrorCode, capitalized};
use microsandbox_layers::resolve::Platform;
use microsandbox_layers::{LayerError, LayerErrorCode};
use serde_json::{Map, Value, json};

/// The error for what is wrong with a layer, or with the documents that lead to it.
pub fn from_layer(error: &LayerError) -> Error {
    let code = match error.code() {
        LayerErrorCode::Cancelled => return Error::cancelled(),
        LayerErrorCode::Io => ErrorCode::IoError,
        LayerErrorCode::Corrupt | LayerErrorCode::DigestMismatch => ErrorCode::ImageCorrupt,
        LayerErrorCode::PlatformUnavailable => ErrorCode::ImagePlatformUnavailable,
        LayerErrorCode::ArchiveInvalid
        | LayerErrorCode::CompressionUnsupported
        | LayerErrorCode::EntryRefused
        | LayerErrorCode::LimitExceeded
        | LayerErrorCode::NotALayer => ErrorCode::ImagePullFailed,
    };
    Error::new(code, capitalized(&error.to_string())).with_details(details(error))
}

fn details(error: &LayerError) -> Value {
    let mut details = Map::new();
    details.insert("reason".to_owned(), json!(error.code().name()));
    let places =
        [("layer", error.layer()), ("entry", error.entry()), ("limit", error.limit_name())];
    for (name, value) in places {
        if let Some(value) = value {
            details.insert(name.to_owned(), json!(value));
        }
    }
    if error.code() == LayerErrorCode::PlatformUnavailable {
        let host = Platform::linux(std::env::consts::ARCH);
        details.insert("os".to_owned(), json!(host.os));
        details.insert("architecture".to_owned(), json!(host.architecture));
    }
    if let Some(errno) = error.io_error().and_then(std::io::Error::raw_os_error) {
        details.insert("errno".to_owned(), json!(errno));
    }
    Value::Object(details)
}

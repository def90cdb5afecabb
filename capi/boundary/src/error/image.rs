//! What went wrong with an image or its registry, told apart so that callers
//! can say what to do about it.

use std::error::Error as StdError;
use std::io;

use microsandbox_image::ImageError;
use oci_client::errors::{DigestError, OciDistributionError, OciErrorCode};
use serde_json::{Value, json};

use super::ErrorCode;

/// The code and the details for an error of the core's image store.
pub fn classify(error: &ImageError) -> (ErrorCode, Value) {
    use ErrorCode as Code;
    match error {
        ImageError::Registry(error) => (registry_code(error), Value::Null),
        ImageError::PlatformNotFound { reference, os, arch } => (
            Code::ImagePlatformUnavailable,
            json!({ "image": reference, "os": os.to_string(), "architecture": arch.to_string() }),
        ),
        ImageError::DigestMismatch { digest, .. } => {
            (Code::ImageCorrupt, json!({ "digest": digest }))
        }
        ImageError::NotCached { reference } => (Code::ImageNotFound, json!({ "image": reference })),
        ImageError::InvalidCertificate(_) => (Code::InvalidConfig, Value::Null),
        ImageError::Cache { path, source } => (
            Code::IoError,
            json!({ "path": path.display().to_string(), "errno": source.raw_os_error() }),
        ),
        ImageError::Io(error) => {
            (transfer_code(error), json!({ "errno": error.raw_os_error() }))
        }
        ImageError::ManifestParse(_)
        | ImageError::SnapshotManifest(_)
        | ImageError::ConfigParse(_)
        | ImageError::Materialize { .. } => (Code::ImagePullFailed, Value::Null),
    }
}

/// What the caller can do about it.
pub fn remedy(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::ImageNotFound => "check the image's name and tag",
        ErrorCode::ImageCorrupt => {
            "what arrived is not what the image says it is made of, so the registry's copy is \
             damaged or was changed on its way; push the image again"
        }
        ErrorCode::ImagePlatformUnavailable => {
            "choose an image that is built for this machine's processor"
        }
        ErrorCode::RegistryUnauthorized => {
            "check the image's name, and give credentials that may pull it as registryAuth"
        }
        ErrorCode::RegistryTlsFailed => {
            "if the registry has a certificate of an authority of its own, give that one's as \
             registryCaCerts"
        }
        ErrorCode::RegistryPlainHttp => {
            "what answers there does not speak TLS; if the registry is meant to speak plain HTTP, \
             set registryInsecure"
        }
        ErrorCode::RegistryUnreachable => "check the registry's address and the network",
        ErrorCode::RegistryDisconnected => {
            "the registry ended the connection before everything was there; try again"
        }
        ErrorCode::RegistryRateLimited => "wait before you try again, or give credentials",
        _ => return None,
    })
}

fn registry_code(error: &OciDistributionError) -> ErrorCode {
    use ErrorCode as Code;
    use OciDistributionError as Oci;
    match error {
        // There is an index of manifests, and none of them is for this machine.
        Oci::ImageManifestNotFoundError(_) => Code::ImagePlatformUnavailable,
        Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => Code::RegistryUnauthorized,
        Oci::ServerError { code, .. } => match code {
            404 => Code::ImageNotFound,
            401 | 403 => Code::RegistryUnauthorized,
            429 => Code::RegistryRateLimited,
            _ => Code::ImagePullFailed,
        },
        Oci::RegistryError { envelope, .. } => envelope
            .errors
            .iter()
            .map(|error| match error.code {
                OciErrorCode::ManifestUnknown
                | OciErrorCode::NameUnknown
                | OciErrorCode::NotFound => Code::ImageNotFound,
                OciErrorCode::Unauthorized | OciErrorCode::Denied => Code::RegistryUnauthorized,
                OciErrorCode::Toomanyrequests => Code::RegistryRateLimited,
                OciErrorCode::BlobUnknown | OciErrorCode::ManifestBlobUnknown => Code::ImageCorrupt,
                _ => Code::ImagePullFailed,
            })
            .next()
            .unwrap_or(Code::ImagePullFailed),
        Oci::DigestError(_) => Code::ImageCorrupt,
        Oci::RequestError(error) => request_code(error),
        Oci::IoError(error) => transfer_code(error),
        _ => Code::ImagePullFailed,
    }
}

/// An error while a layer arrives, or while it is written down.
fn transfer_code(error: &io::Error) -> ErrorCode {
    if find::<DigestError>(error).is_some() {
        return ErrorCode::ImageCorrupt;
    }
    find::<reqwest::Error>(error).map_or(ErrorCode::IoError, request_code)
}

fn request_code(error: &reqwest::Error) -> ErrorCode {
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidMessage(_)) => ErrorCode::RegistryPlainHttp,
        Some(_) => ErrorCode::RegistryTlsFailed,
        None if error.is_connect() || error.is_timeout() => ErrorCode::RegistryUnreachable,
        None => ErrorCode::RegistryDisconnected,
    }
}

/// The error of type `E` among an error and its causes. An I/O error names
/// only the cause of what it wraps, so that is looked at too.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

//! Options as they come in, and results as they go out.

use serde::Serialize;
use serde_json::json;

use crate::error::{Error, ErrorCode};
use crate::reason::in_words;

/// Options of an operation that has none.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "Record<string, never>"))]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

/// Encodes a result. It fails only for types that JSON cannot hold, which
/// would be a mistake of ours.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("Cannot encode a result as JSON: {error}"))
    })
}

/// The error for options that are not what they should be.
pub fn invalid_option(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let inner = error.into_inner();
    let text = inner.to_string();
    // serde has no structured form of these two errors; their wording is
    // pinned by the tests below.
    let (code, path) = match text.split('`').collect::<Vec<_>>()[..] {
        ["unknown field ", key, ..] => (ErrorCode::UnknownOption, joined(&path, key)),
        ["missing field ", key, ..] => (ErrorCode::InvalidOption, joined(&path, key)),
        _ => (ErrorCode::InvalidOption, path),
    };
    // Callers know the options of a command by their own names.
    let path = path.strip_prefix("options.").unwrap_or(&path);
    // The position in the JSON text means nothing to whoever gave an object.
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let reason = in_words(reason, holds_secrets(path));
    Error::new(code, format!("Cannot use option {path}: {reason}"))
        .with_details(json!({ "path": path }))
}

/// Whether the values below an option are nobody else's business. What stands in
/// the place of all options may be anything.
fn holds_secrets(path: &str) -> bool {
    path == "."
        || ["secrets", "registryAuth", "apiKey", "hostKey"]
        .iter()
        .any(|name| path.split(['.', '[']).next() == Some(name))
}

/// serde reports the path of an unknown or missing key with or without the key
/// itself, depending on where it stands.
fn joined(path: &str, key: &str) -> String {
    if path == "." || path == key {
        key.to_owned()
    } else if path.ends_with(&format!(".{key}")) {
        path.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        cpus: u8,
    }

    fn refusal(json: &str) -> (ErrorCode, String, String) {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let error = serde_path_to_error::deserialize::<_, Outer>(&mut deserializer).unwrap_err();
        let error = invalid_option(error);
        let path = error.details["path"].as_str().unwrap().to_owned();
        (error.code, path, error.message)
    }

    #[test]
    fn an_unknown_key_is_named_at_any_depth() {
        let (code, path, message) = refusal(r#"{"iner": 1}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::UnknownOption, "iner"));
        assert_eq!(message, "Cannot use option iner: there is no such option; did you mean inner?");
        let (code, path, _) = refusal(r#"{"inner": {"cpu": 1}}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::UnknownOption, "inner.cpu"));
    }

    #[test]
    fn a_missing_key_is_named_at_any_depth() {
        let (code, path, message) = refusal(r#"{"inner": {}}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::InvalidOption, "inner.cpus"));
        assert_eq!(message, "Cannot use option inner.cpus: it is missing, and has to be given");
    }

    #[test]
    fn a_wrong_type_is_named_by_its_path() {
        let (code, path, message) = refusal(r#"{"inner": {"cpus": "two"}}"#);
        assert_eq!((code, path.as_str()), (ErrorCode::InvalidOption, "inner.cpus"));
        assert_eq!(
            message,
            "Cannot use option inner.cpus: it is the text \"two\", and has to be a whole number"
        );
    }
}

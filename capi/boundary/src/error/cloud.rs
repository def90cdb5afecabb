//! Errors of the cloud.

use microsandbox::{Operation, UnsupportedReason};

use super::ErrorCode;

/// The code for an HTTP status that the core has no error of its own for.
pub fn of_status(status: u16) -> ErrorCode {
    match status {
        401 => ErrorCode::CloudUnauthorized,
        403 => ErrorCode::CloudForbidden,
        409 => ErrorCode::CloudConflict,
        429 => ErrorCode::CloudRateLimited,
        500.. => ErrorCode::CloudUnavailable,
        _ => ErrorCode::CloudHttp,
    }
}

/// The code for what the core calls a failure of the runtime. That the agent's
/// WebSocket could not be opened, or that the cloud answered with 502, is told in
/// words only.
pub fn of_runtime(text: &str) -> ErrorCode {
    let starts_with = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    if starts_with(&["cloud agent ", "timed out connecting to cloud sandbox agent"]) {
        ErrorCode::AgentClientError
    } else if starts_with(&["GET /", "POST /", "DELETE /", "volume filesystem request: "]) {
        ErrorCode::CloudUnavailable
    } else {
        ErrorCode::RuntimeError
    }
}

/// The code for what the core does not classify. That an answer broke off is
/// told in words only.
pub fn of_custom(text: &str) -> ErrorCode {
    let is_answer = [": failed to decode body: ", "volume filesystem response", "cloud log "];
    match is_answer.iter().any(|part| text.contains(part)) {
        true => ErrorCode::CloudResponseInvalid,
        false => ErrorCode::MicrosandboxError,
    }
}

/// What the caller can do.
pub fn remedy(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::CloudUnauthorized => "check the API key, and that it is this cloud's",
        ErrorCode::CloudForbidden => "use a key that permits it",
        ErrorCode::CloudConflict => "look up what is there, and try again",
        ErrorCode::CloudRateLimited => "wait, and ask less often",
        ErrorCode::CloudUnavailable => "try again later",
        ErrorCode::CloudResponseInvalid => {
            "look up what became of it, and check that the URL is that of a cloud"
        }
        ErrorCode::HttpUnreachable => "check the URL and this machine's network",
        ErrorCode::HttpError | ErrorCode::HttpTimeout => "look up what became of it, and try again",
        _ => return None,
    })
}

/// The sentence for what a backend cannot do, with the names that callers know.
pub fn unsupported(operation: &Operation, reason: &UnsupportedReason) -> String {
    let remedy = match reason {
        UnsupportedReason::UseInstead(other) => format!("use {}", callers_name(other.api_path())),
        UnsupportedReason::ConfigField(field) => {
            format!("leave {} out", callers_name(field))
        }
        reason => reason.hint(),
    };
    format!("{} is not supported by this backend: {remedy}", callers_name(operation.api_path()))
}

/// `Sandbox::log_stream` as `Sandbox.logStream`.
fn callers_name(path: &str) -> String {
    let mut name = String::with_capacity(path.len());
    let mut is_upper = false;
    for character in path.replace("::", ".").chars() {
        if character == '_' {
            is_upper = true;
        } else if std::mem::take(&mut is_upper) {
            name.extend(character.to_uppercase());
        } else {
            name.push(character);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_supported_has_the_callers_names() {
        let stop = UnsupportedReason::UseInstead(Operation::SandboxStop);
        assert_eq!(
            unsupported(&Operation::SandboxKill, &stop),
            "Sandbox.kill is not supported by this backend: use Sandbox.stop"
        );
        let field = UnsupportedReason::ConfigField("max_cpus");
        assert_eq!(
            unsupported(&Operation::SandboxCreate, &field),
            "Sandbox.create is not supported by this backend: leave maxCpus out"
        );
        let follow = UnsupportedReason::UseInstead(Operation::SandboxLogStreamFollow);
        assert_eq!(
            unsupported(&Operation::SandboxLogs, &follow),
            "Sandbox.logs is not supported by this backend: use Sandbox.logStream(follow=true)"
        );
    }
}

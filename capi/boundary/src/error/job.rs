//! Errors of jobs.

use microsandbox::jobs::JobError;
use serde_json::json;

use super::{Error, ErrorCode, capitalized};

impl From<JobError> for Error {
    fn from(error: JobError) -> Self {
        use ErrorCode as Code;
        let message = error.to_string();
        let (code, message) = match error {
            JobError::Sandbox(error) => return error.into(),
            JobError::Io(_) => (Code::JobHistoryError, message),
            JobError::LaunchUnconfirmed { id, .. } => {
                return Self::new(Code::JobLaunchUnconfirmed, message)
                    .with_details(json!({ "id": id.to_string() }));
            }
            JobError::Operation { code, message } => {
                let code = match code.as_str() {
                    "sandbox_replaced" => Code::SandboxReplaced,
                    "sandbox_not_running" => Code::SandboxNotRunning,
                    "unsupported_feature" => Code::Unsupported,
                    "job_not_found" => Code::JobNotFound,
                    "job_not_running" => Code::JobNotRunning,
                    "job_lost" => Code::JobLost,
                    "exec_failed" => Code::ExecFailed,
                    "invalid_options" | "invalid_id" => Code::InvalidOption,
                    "invalid_cursor" => Code::InvalidCursor,
                    "output_gap" => Code::JobOutputGap,
                    "invalid_response" | "invalid_output" => Code::ProtocolError,
                    "read_only" => Code::JobReadOnly,
                    "attachment_closed" => Code::HandleClosed,
                    "input_busy" | "input_not_flushed" => Code::JobInputBusy,
                    "stdin_closed" => Code::StdinClosed,
                    "history_error" => Code::JobHistoryError,
                    _ => Code::MicrosandboxError,
                };
                (code, message)
            }
            _ => (Code::MicrosandboxError, message),
        };
        Self::new(code, capitalized(&message))
    }
}

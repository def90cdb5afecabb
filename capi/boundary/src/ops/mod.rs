//! Operations that need no core: echoes, and reading and acting on what has a
//! handle.

pub mod echo;
pub mod process;
pub mod stream;

use crate::operations;
use crate::request::Request;

/// The types in the table matter only to what is generated from it.
#[cfg(feature = "typescript")]
mod types {
    pub use crate::json::NoOptions;
    pub use crate::process::TerminalSize;
    pub use crate::process::signal::SignalOptions;
}

#[cfg(feature = "typescript")]
use types::*;

operations! {
    [<Context: Send + Sync + 'static>] Request<Context>, described if feature = "typescript";
    34 "process.read" (stream::ReadOptions) -> stream::ReadResult = memory [process::read];
    35 "process.write" (NoOptions) -> () = [process::write];
    36 "process.closeInput" (NoOptions) -> () = [process::close_input];
    37 "process.signal" (SignalOptions) -> () = [process::signal];
    38 "process.resize" (TerminalSize) -> () = [process::resize];
    39 "process.abandon" (NoOptions) -> () = [process::abandon];
    64 "stream.read" (stream::ReadOptions) -> stream::ReadResult = [stream::read];
    0xE000 "echo.call" (serde_json::Value) -> serde_json::Value = memory [echo::call];
    0xE001 "echo.delay" (echo::DelayOptions) -> () = [echo::delay];
    0xE002 "echo.fail" (echo::FailOptions) -> () = [echo::fail];
    0xE003 "echo.panic" (NoOptions) -> () = [echo::panic];
    0xE004 "echo.stream" (echo::StreamOptions) -> () = [echo::stream];
    0xE005 "echo.statistics" (NoOptions) -> echo::Statistics = [echo::statistics];
    0xE006 "echo.process" (echo::process::EchoProcessOptions) -> process::SpawnedProcess =
        [echo::process::process];
}

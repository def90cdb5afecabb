//! `msb`, which the core starts for each microVM. It has the two commands that
//! the core calls, `machine` and `__launch-protocol`; everything that people do
//! with sandboxes is in the library and its command line.

use std::hint::black_box;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use microsandbox_cli::log_args::{self, LogArgs};
use microsandbox_cli::machine_cmd::{self, MachineArgs};
use microsandbox_filesystem::agentd::initialize_agentd_payload;
use microsandbox_runtime::launch::LaunchCapabilities;
use microsandbox_runtime::logging::LogLevel;

/// The version, in the section in which the core looks for it.
#[used]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__TEXT,__msbver"))]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".msbver"))]
static VERSION: [u8; VERSION_TEXT.len()] = {
    let mut bytes = [0; VERSION_TEXT.len()];
    bytes.copy_from_slice(VERSION_TEXT.as_bytes());
    bytes
};

const VERSION_TEXT: &str = env!("CARGO_PKG_VERSION");

#[derive(Parser)]
#[command(name = "msb", about = "Runs one microVM for the microsandbox library, which starts it")]
struct Invocation {
    /// Prints the version.
    #[arg(long, short = 'V')]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a microVM.
    #[command(hide = true)]
    Machine(Box<Machine>),
    /// Prints what this program can do, as JSON.
    #[command(name = "__launch-protocol", hide = true)]
    LaunchProtocol,
}

#[derive(Args)]
struct Machine {
    #[command(flatten)]
    logs: LogArgs,
    #[command(flatten)]
    machine: MachineArgs,
}

fn main() -> ExitCode {
    match Invocation::parse() {
        Invocation { command: Some(Command::Machine(arguments)), .. } => run_machine(*arguments),
        Invocation { command: Some(Command::LaunchProtocol), .. } => print_capabilities(),
        Invocation { version: true, .. } => {
            // Read out of the section, so that the linker keeps it.
            println!("msb {}", str::from_utf8(black_box(&VERSION)).unwrap_or_default());
            ExitCode::SUCCESS
        }
        Invocation { command: None, .. } => {
            eprintln!(
                "msb runs microVMs for the microsandbox library, which starts it. \
                 Use the library's own command line instead."
            );
            ExitCode::from(2)
        }
    }
}

/// Becomes the microVM, and does not return once that has begun.
fn run_machine(Machine { logs, mut machine }: Machine) -> ExitCode {
    // What a microVM does is always logged: the log is all there is when it dies.
    machine.log_level = machine.log_level.or(logs.selected_level()).or(Some(LogLevel::Info));
    // Into a file, so without colours.
    log_args::init_tracing(machine.log_level, false);
    if let Err(error) = initialize_agentd_payload() {
        eprintln!("msb: cannot use the guest's agent: {error}");
        return ExitCode::FAILURE;
    }
    machine_cmd::run(machine)
}

fn print_capabilities() -> ExitCode {
    let capabilities = LaunchCapabilities {
        protocols: vec![2, 1],
        protected_guest_state: true,
        required_restore_backing: true,
        exec_limits: true,
        fs_state_limit: true,
        guest_clock: true,
        nested_virt: Some(microsandbox_runtime::nested_virt_supported().unwrap_or(false)),
        tcp_accept_queue_size: true,
        max_inbound_tcp_connections: true,
        http_connect_proxy: true,
        http_connect_proxy_auth: true,
        http_deny_json: true,
        http_deny_message: true,
    };
    match serde_json::to_string(&capabilities) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("msb: cannot print what it can do: {error}");
            ExitCode::FAILURE
        }
    }
}

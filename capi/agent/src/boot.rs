//! The steps from the kernel's hand-over to the first command.

use std::fs::File;
use std::process::exit;

use microsandbox_agentd::agent::{self, BootConsoleState, BoundBulkPort};
use microsandbox_agentd::{
    AgentdConfig, AgentdError, AgentdResult, BootParams, clock, handoff, init,
};
use tokio::runtime::{Builder, Runtime};

use crate::{accounts, kernel, root};

/// A step that failed, and why.
struct Failure {
    step: &'static str,
    error: AgentdError,
}

/// Names the step in which an error happened.
trait InStep<T> {
    fn in_step(self, step: &'static str) -> Result<T, Failure>;
}

impl<T> InStep<T> for AgentdResult<T> {
    fn in_step(self, step: &'static str) -> Result<T, Failure> {
        self.map_err(|error| Failure { step, error })
    }
}

/// A guest that is ready for commands.
struct Guest {
    config: AgentdConfig,
    init_ns: u64,
    bulk_port: Option<BoundBulkPort>,
    runtime: Runtime,
}

/// Prepares the guest, and runs commands until the host ends the microVM.
pub fn boot() -> ! {
    // Read first: this is how long the kernel took.
    let kernel_ns = clock::boottime_ns();
    accounts::read_files_only();
    let port = match init::prepare_bootstrap_console().and_then(|()| agent::open_serial_port()) {
        Ok(port) => port,
        Err(error) => exit_with(&format!("cannot open the host's console: {error}")),
    };
    let mut console = BootConsoleState::default();
    let Guest { config, init_ns, bulk_port, runtime } = match prepare(&port, &mut console) {
        Ok(guest) => guest,
        Err(Failure { step, error }) => {
            let message = format!("{step} failed: {error}");
            let report = agent::report_init_failure(&port, &mut console, &message, &error);
            if let Err(error) = report {
                eprintln!("agentd: cannot report a failure to the host: {error}");
            }
            exit_with(&message)
        }
    };
    let served = agent::run(kernel_ns, init_ns, &config, port, console, bulk_port);
    match runtime.block_on(served) {
        // At once: a runtime that is dropped waits for what still blocks.
        Ok(()) | Err(AgentdError::Shutdown) => exit(0),
        Err(error) => exit_with(&format!("cannot go on serving the host: {error}")),
    }
}

/// Says on the kernel's console why the microVM ends.
fn exit_with(message: &str) -> ! {
    eprintln!("agentd: {message}");
    exit(1)
}

/// Does every step up to the first command.
fn prepare(port: &File, console: &mut BootConsoleState) -> Result<Guest, Failure> {
    let (bootstrap, received) = agent::receive_bootstrap(port).in_step("bootstrap receive")?;
    *console = received;
    let settings = kernel::Settings::of(&bootstrap);
    let default_cwd = bootstrap.default_cwd.clone();
    let (mut parameters, config) =
        BootParams::from_bootstrap(bootstrap).in_step("bootstrap validation")?;
    config.install_default_env();
    let successor = parameters.take_handoff_init();

    let began = clock::boottime_ns();
    init::init(parameters, || {
        // The image's root is in place, and nothing has been written to it yet.
        root::mend();
        agent::report_init_context(port, console, config.user())
    })
    .in_step("init")?;
    if let Some(directory) = &default_cwd {
        root::make_directory(directory);
    }
    let init_ns = clock::boottime_ns() - began;

    match successor {
        // The new first process decides about cgroups itself.
        Some(successor) => handoff::do_handoff(successor).in_step("handoff")?,
        None => settings.apply(),
    }

    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AgentdError::from)
        .in_step("async runtime setup")?;
    let bulk_port = agent::open_and_bind_bulk_port().in_step("bulk transport binding")?;
    Ok(Guest { config, init_ns, bulk_port, runtime })
}

//! The first process of a microVM: prepares the guest, and then runs the
//! commands that the host asks for. Upstream's library does both; this program
//! puts it together and adds what images and the kernel need before a command
//! runs well.

#[cfg(target_os = "linux")]
mod accounts;
#[cfg(target_os = "linux")]
mod boot;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod root;

#[cfg(target_os = "linux")]
fn main() {
    boot::boot()
}

/// The workspace is built on machines of other kinds too, where the guest's
/// program comes from a Linux machine.
#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("agentd: runs in a Linux guest only");
    std::process::ExitCode::FAILURE
}

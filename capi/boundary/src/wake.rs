//! A descriptor that tells an event loop that frames are waiting.

use crate::status::MsbStatus;

/// The writing end of a socket pair whose reading ends belong to the caller.
///
/// A socket pair rather than an eventfd or a pipe: the standard library has it
/// on each unix system, its writing end can be made non-blocking without
/// `unsafe`, and dropping it ends a read that blocks on the other side.
#[cfg(not(microsandbox_loom))]
pub struct WakeDescriptor {
    #[cfg(unix)]
    writer: std::os::unix::net::UnixStream,
    #[cfg(unix)]
    reader: std::os::unix::net::UnixStream,
}

/// How long a read of the descriptor blocks. Whoever reads it on a thread of
/// its own, as Bun does, could otherwise not end that thread: Bun's workers
/// wait for their reads when they are terminated.
#[cfg(all(unix, not(microsandbox_loom)))]
const READ_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(all(unix, not(microsandbox_loom)))]
impl WakeDescriptor {
    /// Makes the pair.
    pub fn new() -> Result<Self, MsbStatus> {
        let (reader, writer) =
            std::os::unix::net::UnixStream::pair().map_err(|_| MsbStatus::Internal)?;
        writer.set_nonblocking(true).map_err(|_| MsbStatus::Internal)?;
        reader.set_read_timeout(Some(READ_TIMEOUT)).map_err(|_| MsbStatus::Internal)?;
        Ok(Self { writer, reader })
    }

    /// Makes one byte readable. When the buffer is full, thousands of bytes
    /// are readable already and nothing is lost.
    pub fn signal(&self) {
        use std::io::Write;
        let _ = (&self.writer).write(&[1]);
    }

    /// A descriptor of the reading end, which the caller closes.
    pub fn give_out(&self) -> Result<i32, MsbStatus> {
        use std::os::fd::IntoRawFd;
        let reader = self.reader.try_clone().map_err(|_| MsbStatus::Internal)?;
        Ok(reader.into_raw_fd())
    }
}

#[cfg(all(not(unix), not(microsandbox_loom)))]
impl WakeDescriptor {
    /// There is no descriptor that an event loop could read.
    pub fn new() -> Result<Self, MsbStatus> {
        Err(MsbStatus::Unsupported)
    }

    /// Never called: there is no value of this type.
    pub fn signal(&self) {}

    /// Never called: there is no value of this type.
    pub fn give_out(&self) -> Result<i32, MsbStatus> {
        Err(MsbStatus::Unsupported)
    }
}

/// A descriptor as loom can follow it: what would be a byte is a notice.
#[cfg(microsandbox_loom)]
pub struct WakeDescriptor(std::sync::Arc<loom::sync::Notify>);

#[cfg(microsandbox_loom)]
impl WakeDescriptor {
    /// Makes one.
    pub fn new() -> Result<Self, MsbStatus> {
        Ok(Self(std::sync::Arc::new(loom::sync::Notify::new())))
    }

    /// Makes a byte readable.
    pub fn signal(&self) {
        self.0.notify();
    }

    /// There is no number of a descriptor here.
    pub fn give_out(&self) -> Result<i32, MsbStatus> {
        Ok(-1)
    }

    /// The reading end.
    pub fn reader(&self) -> std::sync::Arc<loom::sync::Notify> {
        std::sync::Arc::clone(&self.0)
    }
}

/// The end of the file is readable too.
#[cfg(microsandbox_loom)]
impl Drop for WakeDescriptor {
    fn drop(&mut self) {
        self.0.notify();
    }
}

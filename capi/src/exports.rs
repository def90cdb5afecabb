//! The exported functions and the crate's only `unsafe` code.
//!
//! Each function checks its arguments, hands over to safe code, and turns a
//! panic into a status. What the functions promise their caller is written in
//! their comments, which become `include/microsandbox.h`.

#![allow(unsafe_code)] // Pointers of the caller, and names that it can link to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use boundary::status::MsbStatus;

use crate::client::{CLIENTS, Context};
use crate::operations::OPERATIONS;

/// The version of this interface. It changes whenever a program that was
/// written for another version could not use the library any more.
pub const MSB_ABI_VERSION: u32 = 1;

/// The timeout of `msb_wait` that never ends.
pub const MSB_WAIT_FOREVER: u32 = u32::MAX;

/// Returns the version of the interface that the library has.
///
/// Compare it with `MSB_ABI_VERSION` before the first other call: a library
/// of another version cannot be used. Cannot fail; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn msb_abi_version() -> u32 {
    MSB_ABI_VERSION
}

/// Opens a client and writes its number to `out_client`.
///
/// `config` is a JSON object, or has length 0 for the default backend, which
/// the environment and the configuration of microsandbox choose. It has at most
/// one key: `"home"`, the absolute path of the directory for sandboxes, images
/// and the runtime; or `"cloud"`, an object with `"url"` and `"apiKey"` or with
/// `"profile"`. Nothing is read from disk, started or sent until an operation
/// needs it, and what is wrong with the value of a key is that operation's
/// error. The caller owns the client and closes it with `msb_client_close`.
/// Does not block; any thread.
///
/// Returns `MSB_STATUS_INVALID_CONFIG` for a config that is not JSON, has a key
/// that is not one of these or has both, and `MSB_STATUS_INTERNAL` when no
/// threads can be started.
///
/// # Safety
///
/// `config` points to `config_length` readable bytes and `out_client` to a
/// writable `uint32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn msb_client_open(
    config: *const u8,
    config_length: u32,
    out_client: *mut u32,
) -> MsbStatus {
    guarded(|| {
        // SAFETY: the caller promises that the range is readable.
        let config = unsafe { input(config, config_length) }?;
        // SAFETY: the caller promises that the pointer is writable.
        let out_client = unsafe { output(out_client) }?;
        *out_client = CLIENTS.open(Context::read(config)?)?;
        Ok(MsbStatus::Ok)
    })
}

/// Closes a client.
///
/// Requests in flight are cancelled and frames that were not received are
/// dropped: no more completions arrive. Handles are released, which stops the
/// sandboxes that belong to them. Every `msb_wait` on the client returns, and
/// descriptors of `msb_wake_fd` reach their end of file. Returns before the
/// sandboxes have stopped; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn msb_client_close(client: u32) -> MsbStatus {
    guarded(|| {
        CLIENTS.close(client)?;
        Ok(MsbStatus::Ok)
    })
}

/// Starts an operation.
///
/// `request` is a number of the caller's choice that no request in flight
/// has; each frame of the operation carries it. `operation` is one of the
/// numbers that begin with `MSB_OPERATION_`. `handle` is the handle that
/// the operation works on, or 0. `options` is a JSON object (length 0 stands
/// for `{}`) and `bytes` is raw input; both are copied before the call returns.
///
/// `MSB_STATUS_OK` means that exactly one completion will arrive: a frame of
/// kind `MSB_FRAME_KIND_RESULT` or `MSB_FRAME_KIND_ERROR`. An operation,
/// handle or option that does not exist is the error in that frame. Any other
/// status means that nothing was started. Does not block; any thread.
///
/// # Safety
///
/// `options` and `bytes` point to as many readable bytes as their lengths say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn msb_submit(
    client: u32,
    request: u32,
    operation: u32,
    handle: u32,
    options: *const u8,
    options_length: u32,
    bytes: *const u8,
    bytes_length: u32,
) -> MsbStatus {
    guarded(|| {
        // SAFETY: the caller promises that the range is readable.
        let options = unsafe { input(options, options_length) }?;
        // SAFETY: the caller promises that the range is readable.
        let bytes = unsafe { input(bytes, bytes_length) }?;
        OPERATIONS.submit(CLIENTS.find(client)?, request, operation, handle, options, bytes)?;
        Ok(MsbStatus::Ok)
    })
}

/// Asks a request in flight to end.
///
/// Its one completion still arrives: an error with code `cancelled`, or the
/// result when that came first. Returns `MSB_STATUS_UNKNOWN_REQUEST` when the
/// request has completed already. Does not block; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn msb_cancel(client: u32, request: u32) -> MsbStatus {
    guarded(|| Ok(CLIENTS.find(client)?.cancel(request)))
}

/// Blocks until a frame can be received.
///
/// Returns `MSB_STATUS_OK` when one can, or one arrived since `msb_receive`
/// last had none and was received meanwhile; `MSB_STATUS_TIMEOUT` after
/// `timeout_ms` milliseconds (`MSB_WAIT_FOREVER` for no limit), and
/// `MSB_STATUS_INVALID_CLIENT` when the client is closed, also while it
/// waits. So `msb_receive` may have nothing to give after `MSB_STATUS_OK`. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn msb_wait(client: u32, timeout_ms: u32) -> MsbStatus {
    guarded(|| {
        let timeout = (timeout_ms != MSB_WAIT_FOREVER)
            .then(|| Duration::from_millis(timeout_ms.into()));
        Ok(CLIENTS.find(client)?.queue.wait(timeout))
    })
}

/// Moves frames into a buffer of the caller.
///
/// As many whole frames as fit are written to `out`, oldest first, and their
/// total length to `out_length`; 0 means that none is waiting. When not even
/// the first one fits, it is kept, the size that it needs is written to
/// `out_length`, and the status is `MSB_STATUS_BUFFER_TOO_SMALL`. Does not
/// block; any thread, but frames that two threads receive at once have no
/// order between them.
///
/// # Safety
///
/// `out` points to `capacity` writable bytes and `out_length` to a writable
/// `uint32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn msb_receive(
    client: u32,
    out: *mut u8,
    capacity: u32,
    out_length: *mut u32,
) -> MsbStatus {
    guarded(|| {
        // SAFETY: the caller promises that the range is writable.
        let out = unsafe { buffer(out, capacity) }?;
        // SAFETY: the caller promises that the pointer is writable.
        let out_length = unsafe { output(out_length) }?;
        let (length, status) = match CLIENTS.find(client)?.queue.receive(out) {
            Ok(written) => (written, MsbStatus::Ok),
            Err(needed) => (needed, MsbStatus::BufferTooSmall),
        };
        // Frames and buffers are both smaller than 4 GiB.
        *out_length = u32::try_from(length).map_err(|_| MsbStatus::Internal)?;
        Ok(status)
    })
}

/// Gives a handle back.
///
/// What it stands for is dropped in the background: a stream ends, and a
/// sandbox that belongs to the handle stops. Operations that are using it go
/// on. Returns `MSB_STATUS_INVALID_HANDLE` for a handle that was never given
/// out or was released before. Does not block; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn msb_release(client: u32, handle: u32) -> MsbStatus {
    guarded(|| Ok(CLIENTS.find(client)?.release(handle)))
}

/// Writes to `out_fd` a file descriptor that becomes readable when frames
/// arrive, for event loops.
///
/// Read some bytes from it, whatever they are, and then receive until nothing
/// is waiting: `msb_receive` with no frame to give is what has the next one
/// announced with a byte. A read blocks for a second at most, and then fails
/// with `EAGAIN`; `fcntl` with `O_NONBLOCK` has it fail at once. At the end of
/// file the client is closed. The caller owns the descriptor and closes it.
///
/// All descriptors of a client are one socket: a byte that one of them reads is
/// gone for the others, and `O_NONBLOCK` is set for all. Use one for a client.
///
/// Returns `MSB_STATUS_UNSUPPORTED` on Windows; wait on a thread there. Does
/// not block; any thread.
///
/// # Safety
///
/// `out_fd` points to a writable `int32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn msb_wake_fd(client: u32, out_fd: *mut i32) -> MsbStatus {
    guarded(|| {
        // SAFETY: the caller promises that the pointer is writable.
        let out_fd = unsafe { output(out_fd) }?;
        *out_fd = CLIENTS.find(client)?.queue.wake_descriptor()?;
        Ok(MsbStatus::Ok)
    })
}

/// Runs the body of an exported function. A panic must not unwind into the
/// caller, who does not speak Rust.
fn guarded(body: impl FnOnce() -> Result<MsbStatus, MsbStatus>) -> MsbStatus {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status) | Err(status)) => status,
        Err(_) => MsbStatus::Internal,
    }
}

/// The bytes behind a pointer that the caller lends for one call.
///
/// # Safety
///
/// `pointer` points to `length` readable bytes that nobody writes meanwhile.
unsafe fn input<'a>(pointer: *const u8, length: u32) -> Result<&'a [u8], MsbStatus> {
    match (pointer.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(MsbStatus::InvalidArgument),
        // SAFETY: as promised by the caller.
        (false, length) => Ok(unsafe { std::slice::from_raw_parts(pointer, length as usize) }),
    }
}

/// The buffer behind a pointer that the caller lends for one call.
///
/// # Safety
///
/// `pointer` points to `length` writable bytes that nobody else uses
/// meanwhile.
unsafe fn buffer<'a>(pointer: *mut u8, length: u32) -> Result<&'a mut [u8], MsbStatus> {
    match (pointer.is_null(), length) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(MsbStatus::InvalidArgument),
        // SAFETY: as promised by the caller.
        (false, length) => Ok(unsafe { std::slice::from_raw_parts_mut(pointer, length as usize) }),
    }
}

/// The value behind an output pointer.
///
/// # Safety
///
/// `pointer` is NULL or points to a writable value that nobody else uses
/// meanwhile.
unsafe fn output<'a, T>(pointer: *mut T) -> Result<&'a mut T, MsbStatus> {
    // SAFETY: as promised by the caller.
    unsafe { pointer.as_mut() }.ok_or(MsbStatus::InvalidArgument)
}

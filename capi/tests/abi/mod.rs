//! The exported functions as tests call them: with slices instead of pointers.

#![allow(unsafe_code)] // They are what C programs call.

use crate::*;

/// A frame that was received.
pub struct Frame {
    pub request: u32,
    pub kind: u32,
    pub handle: u32,
    pub json: Vec<u8>,
}

/// Opens a client.
pub fn open(config: &[u8]) -> Result<u32, MsbStatus> {
    let mut client = 0;
    // SAFETY: the pointers are those of a slice and of a variable.
    match unsafe { msb_client_open(config.as_ptr(), config.len() as u32, &mut client) } {
        MsbStatus::Ok => Ok(client),
        status => Err(status),
    }
}

/// Starts an operation.
pub fn submit(
    client: u32,
    request: u32,
    operation: u32,
    handle: u32,
    options: &[u8],
    bytes: &[u8],
) -> MsbStatus {
    // SAFETY: the pointers and lengths are those of slices.
    unsafe {
        msb_submit(
            client,
            request,
            operation,
            handle,
            options.as_ptr(),
            options.len() as u32,
            bytes.as_ptr(),
            bytes.len() as u32,
        )
    }
}

/// Receives what fits into `capacity` bytes, and says how much that is or has
/// to be.
pub fn receive(client: u32, capacity: usize) -> (MsbStatus, Vec<Frame>, usize) {
    let mut buffer = vec![0u8; capacity];
    let mut length = 0;
    // SAFETY: the pointers are those of a slice and of a variable.
    let status =
        unsafe { msb_receive(client, buffer.as_mut_ptr(), capacity as u32, &mut length) };
    let length = length as usize;
    let frames = match status {
        MsbStatus::Ok => frames(&buffer[..length]),
        _ => Vec::new(),
    };
    (status, frames, length)
}

fn frames(mut rest: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let field = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let end = MSB_FRAME_HEADER_LENGTH + field(12) as usize;
        frames.push(Frame {
            request: field(0),
            kind: field(4),
            handle: field(8),
            json: rest[MSB_FRAME_HEADER_LENGTH..end].to_vec(),
        });
        rest = &rest[end + field(16) as usize..];
    }
    frames
}

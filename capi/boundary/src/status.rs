//! The small integer that every exported function returns.

/// What an exported function answers at once.
///
/// A status says whether the call itself was accepted. How an operation went
/// is said later, by its completion frame.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MsbStatus {
    /// The call did what it says.
    Ok = 0,
    /// A pointer is NULL although its length is not zero, or a required output
    /// pointer is NULL.
    InvalidArgument = -1,
    /// No client with this number is open in this process: it was never
    /// opened, or it was closed.
    InvalidClient = -2,
    /// The client has no such handle: it was never given out, or it was
    /// released.
    InvalidHandle = -3,
    /// The client has no such request in flight: it was never submitted, or it
    /// has completed. After `msb_cancel` this is an ordinary answer.
    UnknownRequest = -4,
    /// A request with this number is still in flight. Its own completion is
    /// still to come; the new one was not started.
    DuplicateRequest = -5,
    /// The next frame is larger than the buffer. It is kept, and the size it
    /// needs was written to the output.
    BufferTooSmall = -6,
    /// Nothing could be received within the time given.
    Timeout = -7,
    /// This platform does not have the feature asked for.
    Unsupported = -8,
    /// The configuration given to `msb_client_open` is not a JSON object of
    /// the known keys.
    InvalidConfig = -9,
    /// The library failed in a way that is a mistake of its own. Please
    /// report it.
    Internal = -10,
}

/// Each status with its number, for the generated TypeScript table.
#[cfg(feature = "typescript")]
pub const STATUSES: &[(&str, MsbStatus)] = &[
    ("ok", MsbStatus::Ok),
    ("invalidArgument", MsbStatus::InvalidArgument),
    ("invalidClient", MsbStatus::InvalidClient),
    ("invalidHandle", MsbStatus::InvalidHandle),
    ("unknownRequest", MsbStatus::UnknownRequest),
    ("duplicateRequest", MsbStatus::DuplicateRequest),
    ("bufferTooSmall", MsbStatus::BufferTooSmall),
    ("timeout", MsbStatus::Timeout),
    ("unsupported", MsbStatus::Unsupported),
    ("invalidConfig", MsbStatus::InvalidConfig),
    ("internal", MsbStatus::Internal),
];

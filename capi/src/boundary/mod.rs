//! What the exported functions hand over and take: frames, statuses, and the
//! queue between the library's threads and the caller's.

pub mod frame;
pub mod queue;
pub mod status;
mod wake;

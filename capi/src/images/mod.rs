//! Images: how they come here.

pub mod progress;
pub mod pull;

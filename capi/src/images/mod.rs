//! Images: how they come here.

pub mod pull;

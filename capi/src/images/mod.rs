//! Images: how they come here.

mod downloads;
pub mod install;
mod layer_error;
pub mod load;
pub mod progress;
pub mod pull;
mod registry;

//! Whether a guest writes its disks back before they are captured.

use microsandbox::snapshot;
use serde::Deserialize;

/// Whether the guest writes back what it has not written to its disks yet.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum GuestFlush {
    /// Where the captured disks would be out of date otherwise: when the disks
    /// of a running sandbox are captured without its memory.
    #[default]
    Auto,
    /// Always; failing to do so is an error.
    Required,
    /// Never.
    Skip,
}

impl From<GuestFlush> for snapshot::GuestFlush {
    fn from(flush: GuestFlush) -> Self {
        match flush {
            GuestFlush::Auto => Self::Auto,
            GuestFlush::Required => Self::Required,
            GuestFlush::Skip => Self::Skip,
        }
    }
}

//! How far the core has read files that it says nothing about.

use std::path::PathBuf;
use std::time::Duration;

use boundary::error::Error;
use boundary::json::encode;
use boundary::stream::Item;
use boundary::task::polled;
use bytes::Bytes;
use serde::Serialize;

use crate::client::Request;

/// How far files have been read. An event of the request that reads them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadProgress {
    read_bytes: u64,
    total_bytes: u64,
}

/// A file that is read.
struct Reading {
    /// As the kernel names it.
    path: PathBuf,
    length: u64,
    read: u64,
}

/// Runs `work`, which reads these files in this process, and tells the caller
/// how far it is: now and then on Linux, whose kernel tells the position of open
/// files, and at the end everywhere.
pub async fn with_progress<T>(
    request: &Request,
    paths: &[PathBuf],
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    /// There is no event for it.
    const PACE: Duration = Duration::from_millis(250);

    let mut files: Vec<Reading> = paths.iter().filter_map(Reading::of).collect();
    let total_bytes = files.iter().map(|file| file.length).sum();
    let mut told = 0;
    let done = polled(work, PACE, || {
        let read_bytes = files.iter_mut().map(Reading::read_so_far).sum();
        if read_bytes <= told {
            return Ok(());
        }
        told = read_bytes;
        tell(request, read_bytes, total_bytes)
    })
    .await??;
    tell(request, total_bytes, total_bytes)?;
    Ok(done)
}

fn tell(request: &Request, read_bytes: u64, total_bytes: u64) -> Result<(), Error> {
    let json = encode(&ReadProgress { read_bytes, total_bytes })?;
    request.emit(Item { json, bytes: Bytes::new() });
    Ok(())
}

impl Reading {
    /// `None` for what is not there: whoever reads it says so.
    fn of(path: &PathBuf) -> Option<Self> {
        let path = std::fs::canonicalize(path).ok()?;
        let length = std::fs::metadata(&path).ok()?.len();
        Some(Self { path, length, read: 0 })
    }

    /// How much of it has been read. A file that was closed again counts as far
    /// as it was last seen.
    fn read_so_far(&mut self) -> u64 {
        let descriptors = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let position = descriptors
            .filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|file| file == self.path))
            .filter_map(|entry| {
                let number = entry.file_name().into_string().ok()?;
                let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
                text.strip_prefix("pos:")?.split_whitespace().next()?.parse::<u64>().ok()
            })
            .max();
        self.read = self.read.max(position.unwrap_or(0)).min(self.length);
        self.read
    }
}

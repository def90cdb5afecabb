//! The completion queue: frames go in on the runtime's threads and come out on
//! the caller's.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::frame::Frame;
use crate::status::MsbStatus;
use crate::wake::WakeDescriptor;

/// Frames in the order in which they were produced.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    not_empty: Condvar,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    wake: Option<WakeDescriptor>,
    closed: bool,
}

impl Queue {
    /// Appends a frame and wakes whoever waits. After [`Queue::close`] the
    /// frame is dropped.
    pub fn push(&self, frame: Frame) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        state.frames.push_back(frame);
        // A reader drains until the queue is empty, so only the step from
        // empty to not empty has to be announced.
        if state.frames.len() == 1 {
            if let Some(wake) = &state.wake {
                wake.signal();
            }
            self.not_empty.notify_all();
        }
    }

    /// Blocks until a frame can be received, at most for `timeout`.
    pub fn wait(&self, timeout: Option<Duration>) -> MsbStatus {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = self.lock();
        loop {
            if state.closed {
                return MsbStatus::InvalidClient;
            }
            if !state.frames.is_empty() {
                return MsbStatus::Ok;
            }
            state = match deadline {
                None => self.not_empty.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return MsbStatus::Timeout;
                    }
                    match self.not_empty.wait_timeout(state, left) {
                        Ok((state, _)) => state,
                        Err(poisoned) => poisoned.into_inner().0,
                    }
                }
            };
        }
    }

    /// Moves as many whole frames as fit into `out`.
    ///
    /// # Errors
    ///
    /// The size of the first frame, when not even that one fits. It is kept.
    pub fn receive(&self, out: &mut [u8]) -> Result<usize, usize> {
        let mut state = self.lock();
        let mut written = 0;
        while let Some(frame) = state.frames.front() {
            let length = frame.encoded_length();
            if length > out.len() - written {
                if written == 0 {
                    return Err(length);
                }
                break;
            }
            frame.write_to(&mut out[written..]);
            written += length;
            state.frames.pop_front();
        }
        Ok(written)
    }

    /// A new descriptor that becomes readable when frames arrive.
    pub fn wake_descriptor(&self) -> Result<i32, MsbStatus> {
        let mut state = self.lock();
        if state.closed {
            return Err(MsbStatus::InvalidClient);
        }
        let wake = match state.wake.take() {
            Some(wake) => wake,
            None => WakeDescriptor::new()?,
        };
        let descriptor = wake.give_out();
        if !state.frames.is_empty() {
            wake.signal();
        }
        state.wake = Some(wake);
        descriptor
    }

    /// Drops all frames, ends every wait and refuses further frames.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.frames = VecDeque::new();
        state.wake = None;
        self.not_empty.notify_all();
    }

    /// How many frames wait to be received.
    pub fn len(&self) -> usize {
        self.lock().frames.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of ours panics while it holds the lock, and the state is
        // consistent between statements, so a poisoned lock is still usable.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

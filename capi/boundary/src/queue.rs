//! The completion queue: frames go in on the runtime's threads and come out on
//! the caller's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frame::Frame;
use crate::status::MsbStatus;
use crate::sync::{Condvar, Mutex, MutexGuard, lock};
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
    /// Whether the reader has found nothing and not been told since then that
    /// there is something. One that is still receiving need not be told.
    is_reader_away: bool,
    /// Whether the reader was told, and no [`Queue::wait`] has returned since.
    /// It may receive the frame before it waits, and nothing may come after.
    is_announced: bool,
    /// How many threads are in [`Queue::wait`].
    waiting: usize,
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
        // To announce it takes system calls, which frames that arrive while
        // the reader is busy do not need.
        if std::mem::take(&mut state.is_reader_away) {
            state.is_announced = true;
            if let Some(wake) = &state.wake {
                wake.signal();
            }
            if state.waiting > 0 {
                self.not_empty.notify_all();
            }
        }
    }

    /// Blocks until a frame can be received, or could since the reader last
    /// found nothing; at most for `timeout`.
    pub fn wait(&self, timeout: Option<Duration>) -> MsbStatus {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut state = self.lock();
        loop {
            if state.closed {
                return MsbStatus::InvalidClient;
            }
            if std::mem::take(&mut state.is_announced) || !state.frames.is_empty() {
                return MsbStatus::Ok;
            }
            let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return MsbStatus::Timeout;
            }
            state.is_reader_away = true;
            state.waiting += 1;
            state = self.wait_for_push(state, left);
            state.waiting -= 1;
        }
    }

    fn wait_for_push<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        left: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match left {
            None => self.not_empty.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
            Some(left) => match self.not_empty.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            },
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
        state.is_reader_away = written == 0;
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
        if state.frames.is_empty() {
            state.is_reader_away = true;
        } else {
            wake.signal();
        }
        state.wake = Some(wake);
        descriptor
    }

    /// The reading end of the descriptor, which [`Queue::wake_descriptor`] makes.
    #[cfg(microsandbox_loom)]
    pub fn wake_reader(&self) -> Option<std::sync::Arc<loom::sync::Notify>> {
        self.lock().wake.as_ref().map(WakeDescriptor::reader)
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
        lock(&self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::MsbFrameKind;
    use bytes::Bytes;

    const NOW: Option<Duration> = Some(Duration::ZERO);

    fn frame(request: u32) -> Frame {
        Frame {
            request,
            kind: MsbFrameKind::Result,
            handle: 0,
            json: Vec::new(),
            bytes: Bytes::new(),
        }
    }

    #[test]
    fn a_frame_that_is_received_before_the_wait_ends_one_wait() {
        let queue = Queue::default();
        let mut out = [0; 100];
        assert_eq!(queue.receive(&mut out), Ok(0));
        queue.push(frame(1));
        assert_eq!(queue.receive(&mut out), Ok(20));
        // The reader may have decided to wait before the frame came.
        assert_eq!(queue.wait(NOW), MsbStatus::Ok);
        assert_eq!(queue.wait(NOW), MsbStatus::Timeout);
    }
}

//! Whatever a caller does with a client, it is answered with the status that
//! fits, every frame can be read, and each accepted request completes once.

#![no_main]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use microsandbox_boundary::client::{Client, Clients};
use microsandbox_boundary::frame::{MSB_FRAME_HEADER_LENGTH, MsbFrameKind};
use microsandbox_boundary::operations::Operations;
use microsandbox_boundary::ops;
use microsandbox_boundary::status::MsbStatus;

static CLIENTS: Clients<()> = Clients::new();
static OPERATIONS: Operations<()> =
    Operations { begin: ops::begin, begin_in_memory: ops::begin_in_memory, name: ops::name };

/// Those that neither wait for long nor panic, and one that does not exist.
const TRIED: [u32; 13] = [34, 35, 36, 37, 38, 39, 64, 0xE000, 0xE002, 0xE004, 0xE005, 0xE006, 999];

/// The most that a frame of these operations has.
const LARGEST: usize = 1 << 20;

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Submit { request: u8, operation: u8, handle: u8, options: &'a [u8], bytes: &'a [u8] },
    Cancel { request: u8 },
    Release { handle: u8 },
    Receive { capacity: u16 },
}

/// What a client was promised.
struct Caller {
    client: Arc<Client<()>>,
    /// How many completions each request number is still owed.
    owed: HashMap<u32, u32>,
}

impl Caller {
    fn make(&mut self, call: Call<'_>) {
        match call {
            Call::Submit { request, operation, handle, options, bytes } => {
                let request = u32::from(request % 8);
                let operation = TRIED[usize::from(operation) % TRIED.len()];
                // A stream or script as long as it likes only takes memory.
                if options.windows(4).any(|digits| digits.iter().all(u8::is_ascii_digit)) {
                    return;
                }
                let client = Arc::clone(&self.client);
                let handle = u32::from(handle % 8);
                match OPERATIONS.submit(client, request, operation, handle, options, bytes) {
                    // A number is free again when its request completes, which may be
                    // before the frame is received.
                    Ok(()) => *self.owed.entry(request).or_default() += 1,
                    Err(status) => assert_eq!(status, MsbStatus::DuplicateRequest),
                }
            }
            Call::Cancel { request } => {
                let request = u32::from(request % 8);
                let status = self.client.cancel(request);
                assert!(status == MsbStatus::UnknownRequest || self.is_owed(request));
            }
            Call::Release { handle } => drop(self.client.release(handle.into())),
            Call::Receive { capacity } => self.receive(capacity.into()),
        }
    }

    fn is_owed(&self, request: u32) -> bool {
        self.owed.get(&request).is_some_and(|owed| *owed > 0)
    }

    fn receive(&mut self, capacity: usize) {
        let mut buffer = vec![0; capacity];
        let Ok(length) = self.client.queue.receive(&mut buffer) else { return };
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let field = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let end = MSB_FRAME_HEADER_LENGTH + field(12) as usize;
            let json = &rest[MSB_FRAME_HEADER_LENGTH..end];
            assert!(json.is_empty() || serde_json::from_slice::<serde_json::Value>(json).is_ok());
            if field(4) != MsbFrameKind::Event as u32 {
                assert!(self.is_owed(field(0)), "{} completed twice", field(0));
                *self.owed.entry(field(0)).or_default() -= 1;
            }
            rest = &rest[end + field(16) as usize..];
        }
    }
}

fuzz_target!(|calls: Vec<Call<'_>>| {
    let number = CLIENTS.open(()).unwrap();
    let mut caller = Caller { client: CLIENTS.find(number).unwrap(), owed: HashMap::new() };
    for call in calls {
        caller.make(call);
    }
    // Processes may wait for input or for a signal that nobody sends.
    for request in 0..8 {
        let _ = caller.client.cancel(request);
    }
    while caller.owed.values().any(|owed| *owed > 0) {
        let waited = caller.client.queue.wait(Some(Duration::from_secs(10)));
        assert_eq!(waited, MsbStatus::Ok, "never completed: {:?}", caller.owed);
        caller.receive(LARGEST);
    }
    CLIENTS.close(number).unwrap();
});

//! Whatever a caller passes, the exported functions answer with a status or a
//! frame, and each accepted request completes once.
//!
//! `PROPTEST_CASES` sets how many cases are tried; the default keeps a run
//! within seconds.

use std::collections::HashMap;

use super::abi;
use crate::*;
use proptest::prelude::*;

/// One call of a hostile caller.
#[derive(Clone, Debug)]
enum Call {
    Submit { request: u32, operation: u32, handle: u32, options: Vec<u8>, bytes: Vec<u8> },
    Cancel { request: u32 },
    Release { handle: u32 },
    Receive { capacity: usize },
    Wait,
    WrongClient { client: u32 },
}

fn operation() -> impl Strategy<Value = u32> {
    // Everything but a delay, which would only make the test slow: the ones
    // that need a sandbox, the echo operations, and numbers without one.
    prop_oneof![0u32..70, 0xE000u32..0xE008, any::<u32>()]
        .prop_filter("delays take long", |operation| *operation != 0xE001)
}

fn options() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(b"{}".to_vec()),
        Just(br#"{"items":3,"itemLength":5}"#.to_vec()),
        Just(br#"{"credit":2}"#.to_vec()),
        Just(br#"{"name":"../../etc","image":"","cpus":-1}"#.to_vec()),
        Just(br#"{"name":"x","image":"y","imagee":1}"#.to_vec()),
        Just(vec![b'['; 10_000]),
        proptest::collection::vec(any::<u8>(), 0..40),
        "[{}\\[\\]\":,a-z0-9]{0,30}".prop_map(String::into_bytes),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => (0u32..6, operation(), 0u32..4, options(), proptest::collection::vec(any::<u8>(), 0..50))
            .prop_map(|(request, operation, handle, options, bytes)| {
                Call::Submit { request, operation, handle, options, bytes }
            }),
        1 => (0u32..6).prop_map(|request| Call::Cancel { request }),
        1 => (0u32..4).prop_map(|handle| Call::Release { handle }),
        2 => (0usize..300).prop_map(|capacity| Call::Receive { capacity }),
        1 => Just(Call::Wait),
        1 => any::<u32>().prop_map(|client| Call::WrongClient { client }),
    ]
}

/// A client with a home of its own, and what it was promised.
struct Caller {
    client: u32,
    home: tempfile::TempDir,
    accepted: HashMap<u32, u32>,
    completed: HashMap<u32, u32>,
}

impl Caller {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = serde_json::json!({ "home": home.path() }).to_string();
        let client = abi::open(config.as_bytes()).unwrap();
        Self { client, home, accepted: HashMap::new(), completed: HashMap::new() }
    }

    fn make(&mut self, call: Call) {
        match call {
            Call::Submit { request, operation, handle, options, bytes } => {
                let status =
                    abi::submit(self.client, request, operation, handle, &options, &bytes);
                match status {
                    MsbStatus::Ok => *self.accepted.entry(request).or_default() += 1,
                    status => assert_eq!(status, MsbStatus::DuplicateRequest),
                }
            }
            Call::Cancel { request } => {
                let status = msb_cancel(self.client, request);
                assert!(matches!(status, MsbStatus::Ok | MsbStatus::UnknownRequest));
            }
            Call::Release { handle } => {
                let status = msb_release(self.client, handle);
                assert!(matches!(status, MsbStatus::Ok | MsbStatus::InvalidHandle));
            }
            Call::Receive { capacity } => {
                self.receive(capacity);
            }
            Call::Wait => {
                let status = msb_wait(self.client, 0);
                assert!(matches!(status, MsbStatus::Ok | MsbStatus::Timeout));
            }
            Call::WrongClient { client } if client != self.client => {
                assert_eq!(msb_cancel(client, 1), MsbStatus::InvalidClient);
                assert_eq!(msb_client_close(client), MsbStatus::InvalidClient);
            }
            Call::WrongClient { .. } => {}
        }
    }

    fn receive(&mut self, capacity: usize) -> MsbStatus {
        let (status, frames, length) = abi::receive(self.client, capacity);
        if status == MsbStatus::BufferTooSmall {
            assert!(length > capacity);
            return status;
        }
        assert_eq!(status, MsbStatus::Ok);
        for abi::Frame { request, kind, json, .. } in frames {
            if kind == MsbFrameKind::Error as u32 {
                let error: serde_json::Value = serde_json::from_slice(&json).unwrap();
                assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
            }
            if kind != MsbFrameKind::Event as u32 {
                *self.completed.entry(request).or_default() += 1;
            }
        }
        status
    }

    /// Receives until everything that was accepted has completed.
    fn finish(mut self) {
        while self.completed != self.accepted {
            assert_eq!(msb_wait(self.client, 30_000), MsbStatus::Ok, "a completion is missing");
            assert_eq!(self.receive(1 << 20), MsbStatus::Ok);
        }
        assert_eq!(msb_client_close(self.client), MsbStatus::Ok);
        assert_eq!(msb_wait(self.client, 0), MsbStatus::InvalidClient);
        drop(self.home);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_are_answered(calls in proptest::collection::vec(call(), 1..60)) {
        let mut caller = Caller::new();
        for call in calls {
            caller.make(call);
        }
        caller.finish();
    }

    #[test]
    fn any_config_is_answered(config in options()) {
        match abi::open(&config) {
            Ok(client) => prop_assert_eq!(msb_client_close(client), MsbStatus::Ok),
            Err(status) => prop_assert_eq!(status, MsbStatus::InvalidConfig),
        }
    }
}

#[test]
fn calls_from_many_threads_are_answered() {
    const THREADS: u32 = if cfg!(miri) { 3 } else { 8 };
    const REQUESTS: u32 = if cfg!(miri) { 20 } else { 500 };
    let client = abi::open(b"").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for request in (0..REQUESTS).map(|request| thread * REQUESTS + request) {
                    assert_eq!(abi::submit(client, request, 0xE000, 0, b"", b""), MsbStatus::Ok);
                    msb_cancel(client, request);
                }
            });
        }
        scope.spawn(move || {
            let mut missing = (THREADS * REQUESTS) as usize;
            while missing > 0 {
                assert_eq!(msb_wait(client, 30_000), MsbStatus::Ok);
                let (status, frames, _) = abi::receive(client, 4096);
                assert_eq!(status, MsbStatus::Ok);
                missing -= frames.len();
            }
        });
    });
    assert_eq!(msb_client_close(client), MsbStatus::Ok);
}

#[test]
fn a_stream_gives_what_credit_is_given_for() {
    let client = abi::open(b"").unwrap();
    let call = |operation, handle, options: &[u8]| {
        assert_eq!(abi::submit(client, 1, operation, handle, options, b""), MsbStatus::Ok);
        let mut received = Vec::new();
        // The completion is the last frame of a request.
        while received.last().is_none_or(|last: &abi::Frame| last.kind == MsbFrameKind::Event as u32) {
            assert_eq!(msb_wait(client, 30_000), MsbStatus::Ok);
            received.extend(abi::receive(client, 4096).1);
        }
        received
    };
    let handle = call(0xE004, 0, br#"{"items":3,"itemLength":2}"#)[0].handle;
    assert_eq!(call(64, handle, br#"{"credit":2}"#).len(), 2 + 1);
    assert_eq!(call(64, handle, br#"{"credit":2}"#).len(), 1 + 1);
    assert_eq!(msb_release(client, handle), MsbStatus::Ok);
    assert_eq!(msb_release(client, handle), MsbStatus::InvalidHandle);
    let failed = call(0xE003, 0, b"");
    assert_eq!(failed[0].kind, MsbFrameKind::Error as u32, "a panic is a frame");
    assert_eq!(msb_client_close(client), MsbStatus::Ok);
}

#[test]
fn closing_ends_a_wait() {
    let client = abi::open(b"").unwrap();
    let waiting = std::thread::spawn(move || msb_wait(client, MSB_WAIT_FOREVER));
    assert_eq!(msb_client_close(client), MsbStatus::Ok);
    assert_eq!(waiting.join().unwrap(), MsbStatus::InvalidClient);
}

//! In whatever order threads run, each request completes once, who waits is
//! woken, and nothing comes after a close.
//!
//! loom tries the orders: `RUSTFLAGS="--cfg microsandbox_loom" cargo test
//! --test loom`. A thread that is never woken is a deadlock, which it reports.

#![cfg(microsandbox_loom)]

use std::sync::Arc;

use bytes::Bytes;
use loom::thread;
use microsandbox_boundary::client::Client;
use microsandbox_boundary::error::Error;
use microsandbox_boundary::frame::{Frame, MSB_FRAME_HEADER_LENGTH, MsbFrameKind};
use microsandbox_boundary::outcome::Outcome;
use microsandbox_boundary::queue::Queue;
use microsandbox_boundary::status::MsbStatus;

/// Tries the orders with at most so many switches away from a thread that could
/// go on. Mistakes in the order of locks need two or three.
fn model(work: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(work);
}

fn frame(request: u32) -> Frame {
    let (json, bytes) = (Vec::new(), Bytes::new());
    Frame { request, kind: MsbFrameKind::Result, handle: 0, json, bytes }
}

/// How many frames can be received now.
fn received(queue: &Queue) -> usize {
    let mut buffer = [0; 1024];
    let length = queue.receive(&mut buffer).expect("the buffer has room");
    let (mut at, mut count) = (0, 0);
    while at < length {
        let field = |offset: usize| {
            let bytes = &buffer[at + offset..at + offset + 4];
            u32::from_le_bytes(bytes.try_into().unwrap()) as usize
        };
        at += MSB_FRAME_HEADER_LENGTH + field(12) + field(16);
        count += 1;
    }
    count
}

#[test]
fn a_request_that_is_completed_twice_and_cancelled_completes_once() {
    model(|| {
        let client = Arc::new(Client::new(()));
        client.register(1).unwrap();
        let threads = [
            thread::spawn({
                let client = client.clone();
                move || client.complete(1, Ok(Outcome::default()))
            }),
            thread::spawn({
                let client = client.clone();
                move || client.complete(1, Err(Error::cancelled()))
            }),
            thread::spawn({
                let client = client.clone();
                move || {
                    let _ = client.cancel(1);
                }
            }),
        ];
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(client.cancel(1), MsbStatus::UnknownRequest);
        assert_eq!(received(&client.queue), 1);
        assert_eq!(received(&client.queue), 0);
    });
}

#[test]
fn nothing_comes_after_a_close() {
    model(|| {
        let client = Arc::new(Client::new(()));
        client.register(1).unwrap();
        let completing = thread::spawn({
            let client = client.clone();
            move || client.complete(1, Ok(Outcome::default()))
        });
        let registering = thread::spawn({
            let client = client.clone();
            move || client.register(2).map(|_| client.complete(2, Ok(Outcome::default())))
        });
        client.close();
        let after = received(&client.queue);
        completing.join().unwrap();
        let _ = registering.join().unwrap();
        assert_eq!(after, 0);
        assert_eq!(received(&client.queue), 0);
        assert_eq!(client.queue.wait(None), MsbStatus::InvalidClient);
        assert_eq!(client.requests_in_flight(), 0);
    });
}

#[test]
fn one_who_waits_sees_the_frames_of_two_producers() {
    model(|| {
        let queue = Arc::new(Queue::default());
        let producers = [1, 2].map(|request| {
            let queue = queue.clone();
            thread::spawn(move || queue.push(frame(request)))
        });
        let mut seen = received(&queue);
        while seen < 2 {
            assert_eq!(queue.wait(None), MsbStatus::Ok);
            seen += received(&queue);
        }
        for producer in producers {
            producer.join().unwrap();
        }
        assert_eq!(received(&queue), 0);
    });
}

#[test]
fn a_frame_that_is_received_before_a_wait_begins_ends_the_wait() {
    model(|| {
        let queue = Arc::new(Queue::default());
        assert_eq!(received(&queue), 0);
        let producer = thread::spawn({
            let queue = queue.clone();
            move || queue.push(frame(1))
        });
        // It was asked for when there was nothing, and begins some time later.
        let waiter = thread::spawn({
            let queue = queue.clone();
            move || queue.wait(None)
        });
        received(&queue);
        producer.join().unwrap();
        assert_eq!(waiter.join().unwrap(), MsbStatus::Ok);
    });
}

#[test]
fn the_descriptor_is_readable_for_the_frames_of_two_producers() {
    model(|| {
        let queue = Arc::new(Queue::default());
        queue.wake_descriptor().unwrap();
        let reader = queue.wake_reader().unwrap();
        let producers = [1, 2].map(|request| {
            let queue = queue.clone();
            thread::spawn(move || queue.push(frame(request)))
        });
        let mut seen = 0;
        while seen < 2 {
            reader.wait();
            // Until nothing is waiting, as the header says.
            loop {
                match received(&queue) {
                    0 => break,
                    more => seen += more,
                }
            }
        }
        for producer in producers {
            producer.join().unwrap();
        }
    });
}

#[test]
fn a_close_ends_a_wait_and_the_descriptor_while_a_producer_is_at_work() {
    model(|| {
        let queue = Arc::new(Queue::default());
        queue.wake_descriptor().unwrap();
        let reader = queue.wake_reader().unwrap();
        let producer = thread::spawn({
            let queue = queue.clone();
            move || queue.push(frame(1))
        });
        let waiter = thread::spawn({
            let queue = queue.clone();
            move || while queue.wait(None) == MsbStatus::Ok {
                received(&queue);
            }
        });
        queue.close();
        reader.wait();
        producer.join().unwrap();
        waiter.join().unwrap();
        assert_eq!(received(&queue), 0);
    });
}

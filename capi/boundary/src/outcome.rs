//! What an operation leaves when it succeeds.

use std::future::Future;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::error::Error;
use crate::handles::{AnyResource, Resource};
use crate::json::encode;

/// The most raw bytes that a result may have: a frame's length has 32 bits, and
/// its JSON takes some of them.
pub const MAXIMUM_PAYLOAD: usize = u32::MAX as usize - 1024 * 1024;

/// What an operation leaves when it succeeds.
#[derive(Default)]
pub struct Outcome {
    /// Something that the caller owns from now on.
    pub resource: Option<AnyResource>,
    /// The result as JSON. Empty means that there is none.
    pub json: Vec<u8>,
    /// The result's raw bytes.
    pub bytes: Bytes,
    /// Takes back what dropping the resource does not: it runs when the client
    /// was closed before the caller could learn of the result.
    pub undo: Option<BoxFuture<'static, ()>>,
}

impl Outcome {
    /// An outcome that is only a JSON value.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { json: encode(value)?, ..Self::default() })
    }

    /// An outcome that gives the caller a handle for `resource`.
    pub fn resource(resource: impl Resource) -> Self {
        Self { resource: Some(AnyResource::new(resource)), ..Self::default() }
    }

    /// The same outcome with what takes it back when nobody learns of it.
    pub fn or_undo(self, undo: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { undo: Some(undo.boxed()), ..self }
    }

    /// The same outcome with a JSON value.
    pub fn with_json(self, value: &impl Serialize) -> Result<Self, Error> {
        Ok(Self { json: encode(value)?, ..self })
    }
}

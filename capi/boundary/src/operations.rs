//! The table of operations, and the way from a request to its completion.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::client::Client;
use crate::error::{Error, ErrorCode};
use crate::outcome::Outcome;
use crate::request::Request;
use crate::status::MsbStatus;
use crate::task::runtime;

/// An operation that has begun.
pub type Work = BoxFuture<'static, Result<Outcome, Error>>;

/// Begins the operation of a number, or gives the request back when there is
/// none of that number.
pub type Begin<Context> = fn(u32, Request<Context>) -> Result<Work, Request<Context>>;

/// The operations of a library.
pub struct Operations<Context> {
    /// Begins any of them.
    pub begin: Begin<Context>,
    /// Begins one that looks at memory only until it first waits.
    pub begin_in_memory: Begin<Context>,
    /// The name of an operation.
    pub name: fn(u32) -> Option<&'static str>,
}

impl<Context: Send + Sync + 'static> Operations<Context> {
    /// Starts an operation. Its completion arrives in the client's queue.
    ///
    /// # Errors
    ///
    /// A status when nothing was started.
    pub fn submit(
        &'static self,
        client: Arc<Client<Context>>,
        id: u32,
        operation: u32,
        handle: u32,
        options: &[u8],
        bytes: &[u8],
    ) -> Result<(), MsbStatus> {
        let runtime = runtime()?;
        let cancel = client.register(id)?;
        let request = Request {
            client: Arc::clone(&client),
            id,
            handle,
            options: options.to_vec(),
            bytes: Bytes::copy_from_slice(bytes),
            cancel,
        };
        match (self.begin_in_memory)(operation, request) {
            Ok(work) => {
                let mut work = self.guarded(operation, work).boxed();
                // What is there already needs no other thread, and the two
                // switches are most of what a short call costs.
                let _entered = runtime.enter();
                match (&mut work).now_or_never() {
                    Some(result) => client.complete(id, result),
                    // The task asks once more, and is the one to be woken.
                    None => drop(runtime.spawn(async move { client.complete(id, work.await) })),
                }
            }
            Err(request) => drop(runtime.spawn(async move {
                // Each future is boxed where it begins, or each request would
                // carry around the room that the largest one needs.
                let work = (self.begin)(operation, request);
                let work = work.map_err(|_| unknown_operation(operation));
                let work = async move { work?.await };
                client.complete(id, self.guarded(operation, work).await);
            })),
        }
        Ok(())
    }

    /// The operation's result, or the error that stands for its panic.
    async fn guarded(
        &self,
        operation: u32,
        work: impl Future<Output = Result<Outcome, Error>>,
    ) -> Result<Outcome, Error> {
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        ended
            .unwrap_or_else(|panic| Err(Error::panicked(operation, panic.as_ref())))
            .map_err(|error| error.of_operation((self.name)(operation)))
    }
}

fn unknown_operation(id: u32) -> Error {
    Error::new(
        ErrorCode::UnknownOperation,
        format!(
            "Cannot run operation {id}: this library does not have it, so the library and the \
             program are of different versions"
        ),
    )
}

/// Declares operations once: the number, the name, the types of options and
/// result, and the function that runs each. The dispatch and everything that is
/// generated come from these lists.
///
/// A list begins with the generics and the type of its requests, and with when
/// its descriptions are compiled.
///
/// A function is dropped when its request is cancelled. One marked with `own`
/// has something to clean up then, so it watches `Request::cancel` itself. One
/// marked with `memory` looks at memory only until it first waits, so it may
/// begin on the caller's thread.
#[macro_export]
macro_rules! operations {
    (
        [$($generics:tt)*] $request:ty, described if $described:meta;
        $($id:literal $name:literal ($options:ty) -> $result:ty = $($kind:ident)? [$run:path];)*
    ) => {
        /// Begins the operation of this number.
        pub fn begin $($generics)* (
            id: u32,
            request: $request,
        ) -> Result<$crate::operations::Work, $request> {
            match id {
                $($id => Ok($crate::run!($($kind)? request, $run)),)*
                _ => Err(request),
            }
        }

        /// The same for operations that are marked with `memory`, and none of
        /// the others: their room on the stack is more than some callers have.
        pub fn begin_in_memory $($generics)* (
            id: u32,
            request: $request,
        ) -> Result<$crate::operations::Work, $request> {
            $($crate::run_in_memory!($($kind)? $id, id, request, $run);)*
            Err(request)
        }

        /// The name of the operation of this number.
        pub fn name(id: u32) -> Option<&'static str> {
            match id {
                $($id => Some($name),)*
                _ => None,
            }
        }

        /// Number, name, options type and result type of each operation, for
        /// what is generated.
        #[cfg($described)]
        pub fn descriptions(config: &ts_rs::Config) -> Vec<(u32, &'static str, String, String)> {
            use ts_rs::TS;
            vec![$(($id, $name, <$options>::name(config), <$result>::name(config)),)*]
        }

        /// Visits the options type and the result type of each operation, for
        /// what is generated.
        #[cfg($described)]
        pub fn visit_types(visitor: &mut impl ts_rs::TypeVisitor) {
            $(
                visitor.visit::<$options>();
                visitor.visit::<$result>();
            )*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! run_in_memory {
    (memory $expected:literal, $id:ident, $request:ident, $run:path) => {
        if $id == $expected {
            return Ok($crate::run!($request, $run));
        }
    };
    ($($own:ident)? $expected:literal, $id:ident, $request:ident, $run:path) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! run {
    (own $request:ident, $run:path) => {
        futures_util::FutureExt::boxed($run($request))
    };
    (memory $request:ident, $run:path) => {
        $crate::run!($request, $run)
    };
    ($request:ident, $run:path) => {{
        let cancel = $request.cancel.clone();
        let work = $run($request);
        futures_util::FutureExt::boxed(async move {
            $crate::task::until_cancelled(&cancel, work).await?
        })
    }};
}

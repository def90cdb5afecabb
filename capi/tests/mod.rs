//! Tests of the crate as its callers see it. They are compiled into it, and not
//! beside it: linking the core takes long, and so it is done once.

mod abi;
mod boundary;
mod cloud;
mod layers;
mod options;

//! All tests of the crate in one program, because each would link the core.

mod support;

mod apply;
mod archive;
mod compression;
mod corpus;
mod memory;
mod resolve;
mod store;
mod tar;
mod writers;

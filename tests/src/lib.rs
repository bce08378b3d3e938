//! What the tests of this package share.

pub mod client;
pub mod fill;
pub mod pretty;
pub mod server;

//! What the tests of this package share.

pub mod client;
pub mod fill;
pub mod go;
pub mod held;
pub mod memory;
pub mod pretty;
pub mod server;

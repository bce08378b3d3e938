//! What upstream does for single kinds and for no other.

pub mod namespaces;
pub mod pods;
pub mod secrets;

//! Cells that need to know their kind, by area.

pub mod cluster;
pub mod event;
pub mod pod;
pub mod policy;
pub mod storage;
pub mod workload;

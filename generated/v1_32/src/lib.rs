//! Kubernetes v1.32: every API type with its JSON and protobuf codecs, and the tables a server runs on.
//!
//! Modules follow upstream's packages: `io.k8s.api.core.v1.Pod` is `api::core::v1::Pod`. Each API group is a cargo
//! feature; `all` adds `RELEASE`, the table of everything the release has.

// Descriptions are upstream's prose, not rustdoc's markup.
#![allow(rustdoc::all)]

include!(concat!(env!("OUT_DIR"), "/lib.rs"));

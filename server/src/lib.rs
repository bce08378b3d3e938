//! What a generated Kubernetes API server stands on.
//!
//! A server knows its kinds from a [`Release`](kubeforge_machinery::release::Release): tables that a generated crate
//! hands over. Everything else is here, written once for every kind:
//!
//! - [`cli`], [`flags`] and [`config`] read a command line; [`instance`] puts a server together from it, with its
//!   [certificates](certs), [users](authn) and [kubeconfig].
//! - [`http`] takes requests off the network and brings answers back.
//! - [`handlers`] answers them, one handler per verb, with what [`registry`] knows of each resource.
//! - [`storage`] keeps objects.
//! - [`transcode`] brings objects from one format to another without a server.

pub mod authn;
pub mod bootstrap;
pub mod certs;
pub mod cli;
pub mod config;
pub mod convert;
pub mod discovery;
pub mod errors;
mod files;
pub mod flags;
pub mod handlers;
pub mod http;
pub mod instance;
pub mod kubeconfig;
pub mod meta;
pub mod namespaces;
pub mod negotiate;
pub mod openapi;
pub mod registry;
pub mod storage;
pub mod table;
pub mod transcode;

use std::process::ExitCode;

use kubeforge_machinery::release::Release;

use handlers::{Api, Config};

/// The whole program of a generated server: reads the command line, serves the release, gives the exit code.
pub fn main(release: &'static Release) -> ExitCode {
    cli::run(release, std::env::args_os(), |storage, address| {
        Api::new(release, storage, Config { address: address.to_string(), ..Config::of(release) })
    })
}

#[cfg(test)]
mod testing {
    use kubeforge_machinery::release::{Document, OpenApi, Release};

    const NO_DOCUMENT: Document = Document { gzip: &[], sha512: "" };

    /// A release without kinds.
    pub static RELEASE: Release = Release {
        name: "v1.36",
        git_version: "v1.36.0",
        groups: &[],
        kinds: &[],
        resources: &[],
        messages: &[],
        openapi: OpenApi { v2_json: NO_DOCUMENT, v2_proto: NO_DOCUMENT, v3_json: &[] },
    };
}

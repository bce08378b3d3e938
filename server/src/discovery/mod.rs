//! What the server serves, told to clients: groups, versions, resources and verbs.
//!
//! Every document is made once, from the release's tables. A document exists as the message that holds it, so that
//! JSON, YAML and protobuf are one; the aggregated form is KEP-3352.

mod aggregated;
mod documents;

use std::collections::HashMap;

use bytes::Bytes;
use kubeforge_machinery::release::{Gvk, Release, Resource};
use kubeforge_machinery::{Message, json};
use sha2::{Digest, Sha256, Sha512};

pub use aggregated::{AGGREGATED_GROUP, Aggregated};

/// Every discovery document of a release.
#[derive(Debug)]
pub struct Discovery {
    /// By path without trailing slash: `/api`, `/apis`, `/api/v1`, `/apis/apps`, `/apis/apps/v1`.
    documents: HashMap<String, Document>,
    /// Aggregated lists of `/api` and `/apis`, the newest version first.
    aggregated: Vec<Aggregated>,
}

/// One answer in all its forms.
#[derive(Debug)]
pub struct Document {
    pub kind: &'static str,
    /// Empty for the core group's documents, which upstream serves without version.
    pub api_version: &'static str,
    /// JSON with the fields in Go's order and a final newline.
    pub json: Bytes,
    /// The message for the other media types.
    pub message: Box<dyn Message>,
    /// SHA-512 of the JSON in upper-case hexadecimal.
    pub sha512: String,
}

impl Discovery {
    /// `address` is what clients are told to connect to, host and port.
    pub fn new(release: &'static Release, address: &str) -> Discovery {
        Discovery { documents: documents::all(release, address), aggregated: aggregated::all(release) }
    }

    /// The document at a path; a slash at its end does not matter.
    pub fn document(&self, path: &str) -> Option<&Document> {
        self.documents.get(path.strip_suffix('/').unwrap_or(path))
    }

    /// The paths of all documents.
    pub fn paths(&self) -> Vec<String> {
        self.documents.keys().cloned().collect()
    }

    /// The aggregated document of `/api` or `/apis` in this version of apidiscovery.k8s.io.
    pub fn aggregated(&self, path: &str, version: &str) -> Option<&Document> {
        let list = self.aggregated.iter().find(|list| list.version == version)?;
        match path.strip_suffix('/').unwrap_or(path) {
            "/api" => Some(&list.core),
            "/apis" => Some(&list.groups),
            _ => None,
        }
    }
}

impl Document {
    /// Reads `text`, JSON that fits `message`, into the message and writes it again as the release prints it.
    fn new(kind: &'static str, api_version: &'static str, text: &[u8], mut message: Box<dyn Message>) -> Document {
        let read = json::decode(text, message.as_mut());
        debug_assert!(read.is_ok(), "discovery documents fit their messages: {read:?}");
        let mut json = json::encode(message.as_ref());
        json.push(b'\n');
        let sha512 = hex_upper(&Sha512::digest(&json));
        Document { kind, api_version, json: json.into(), message, sha512 }
    }
}

/// The hash by which clients notice that a resource's storage version changed: the first 8 bytes of the SHA-256 of
/// `group/version/kind`, base64.
fn storage_version_hash(resource: &Resource) -> Option<String> {
    use base64::Engine as _;

    let storage = resource.storage.as_ref()?;
    let name = format!("{}/{}/{}", storage.group, storage.version, storage.kind);
    Some(base64::engine::general_purpose::STANDARD.encode(&Sha256::digest(name.as_bytes())[..8]))
}

/// `group/version`, or the bare version in the core group.
pub fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Group and version of a subresource's kind where they are not the resource's own.
fn foreign_group(resource: &Resource, kind: &Gvk) -> Option<(&'static str, &'static str)> {
    let own = kind.group == resource.group && kind.version == resource.version;
    (!own && !kind.version.is_empty()).then_some((kind.group, kind.version))
}

/// Resources of one group version, in the order of the tables.
fn resources_of(release: &'static Release, group: &str, version: &str) -> impl Iterator<Item = &'static Resource> {
    release.resources.iter().filter(move |r| r.group == group && r.version == version)
}

fn hex_upper(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

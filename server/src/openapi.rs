//! The OpenAPI documents of the release, as they are: compressed, with the digests that clients cache them by.

use std::io::Read;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::read::GzDecoder;
use kubeforge_machinery::release::{Document, Release};
use serde_json::{Map, json};

use crate::negotiate::clauses;

/// Media type of the protobuf form of version 2. Clients also spell it with `@` for the second last dot.
const V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The documents, each inflated at most once.
#[derive(Debug)]
pub struct OpenApi {
    release: &'static Release,
    /// The index of version 3 as JSON.
    index: Bytes,
    /// When the server started, as HTTP writes dates.
    modified: String,
    v2_json: OnceLock<Bytes>,
    v2_protobuf: OnceLock<Bytes>,
    v3: Vec<OnceLock<Bytes>>,
}

/// What to answer.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// No such document; empty.
    NotFound,
    /// No such path.
    NoSuchPage,
    NotAcceptable,
    /// The document has another hash.
    Moved {
        location: String,
        etag: String,
    },
    Index(Bytes),
    Document {
        body: Bytes,
        gzip: bool,
        content_type: &'static str,
        etag: String,
        immutable: bool,
    },
}

impl OpenApi {
    pub fn new(release: &'static Release) -> OpenApi {
        let documents = release.openapi.v3_json;
        let paths: Map<_, _> = documents
            .iter()
            .map(|(path, document)| (path.to_string(), json!({ "serverRelativeURL": url(path, document) })))
            .collect();
        OpenApi {
            release,
            index: format!("{}\n", json!({ "paths": paths })).into(),
            modified: jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            v2_json: OnceLock::new(),
            v2_protobuf: OnceLock::new(),
            v3: documents.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// Value of `Last-Modified`.
    pub fn modified(&self) -> &str {
        &self.modified
    }

    /// Answers a path under `/openapi/`; the other arguments are headers and the `hash` parameter.
    pub fn answer(
        &self,
        path: &str,
        accept: Option<&str>,
        hash: Option<&str>,
        accept_encoding: Option<&str>,
    ) -> Answer {
        let gzip = accept_encoding.is_some_and(|value| value.split(',').any(|e| media(e) == "gzip"));
        match path {
            "/openapi/v2" => self.version_2(accept, gzip),
            "/openapi/v3" | "/openapi/v3/" => Answer::Index(self.index.clone()),
            _ => match path.strip_prefix("/openapi/v3/") {
                Some(name) => self.version_3(name, accept, hash, gzip),
                None => Answer::NoSuchPage,
            },
        }
    }

    fn version_2(&self, accept: Option<&str>, gzip: bool) -> Answer {
        let openapi = &self.release.openapi;
        // Both forms have one tag, as both are one document.
        let etag = etag(&openapi.v2_json);
        let wanted = accept.filter(|value| !value.trim().is_empty()).unwrap_or("*/*");
        for clause in clauses(wanted) {
            let answer = |document, inflated, content_type| {
                let (body, gzip) = body(document, inflated, gzip);
                Answer::Document { body, gzip, content_type, etag: etag.clone(), immutable: false }
            };
            match (clause.kind, clause.subtype.replace('@', ".").as_str()) {
                ("application", "json" | "*") | ("*", "*") => {
                    return answer(&openapi.v2_json, &self.v2_json, "application/json");
                }
                ("application", "com.github.proto-openapi.spec.v2.v1.0+protobuf") => {
                    return answer(&openapi.v2_proto, &self.v2_protobuf, V2_PROTOBUF);
                }
                _ => {}
            }
        }
        Answer::NotAcceptable
    }

    fn version_3(&self, name: &str, accept: Option<&str>, hash: Option<&str>, gzip: bool) -> Answer {
        let documents = self.release.openapi.v3_json;
        let Ok(index) = documents.binary_search_by(|(path, _)| (*path).cmp(name)) else { return Answer::NotFound };
        let (path, document) = &documents[index];
        let wanted = accept.filter(|value| !value.trim().is_empty()).unwrap_or("*/*");
        if !clauses(wanted).iter().any(|c| matches!((c.kind, c.subtype), ("application", "json" | "*") | ("*", "*"))) {
            return Answer::NotAcceptable;
        }
        let hash = hash.filter(|hash| !hash.is_empty());
        if hash.is_some_and(|hash| hash != document.sha512) {
            return Answer::Moved { location: url(path, document), etag: etag(document) };
        }
        let (body, gzip) = body(document, &self.v3[index], gzip);
        let content_type = "application/json";
        Answer::Document { body, gzip, content_type, etag: etag(document), immutable: hash.is_some() }
    }
}

fn url(path: &str, document: &Document) -> String {
    format!("/openapi/v3/{path}?hash={}", document.sha512)
}

fn etag(document: &Document) -> String {
    format!("\"{}\"", document.sha512)
}

fn media(encoding: &str) -> &str {
    encoding.split(';').next().unwrap_or_default().trim()
}

/// The document's bytes, and whether they are compressed.
fn body(document: &Document, inflated: &OnceLock<Bytes>, gzip: bool) -> (Bytes, bool) {
    if gzip {
        return (Bytes::from_static(document.gzip), true);
    }
    let inflate = || {
        let mut text = Vec::new();
        match GzDecoder::new(document.gzip).read_to_end(&mut text) {
            Ok(_) => text.into(),
            Err(error) => {
                tracing::error!("a built-in OpenAPI document is broken: {error}");
                Bytes::new()
            }
        }
    };
    (inflated.get_or_init(inflate).clone(), false)
}

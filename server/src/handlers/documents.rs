//! Paths that are no resources: discovery and OpenAPI.

use super::encode::{self, TypeName};
use super::{Api, respond};
use crate::discovery::{AGGREGATED_GROUP, Document};
use crate::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, VARY,
};
use crate::http::{Method, Request, Response, Status, StatusCode};
use crate::negotiate::{Media, clauses};
use crate::openapi::Answer;

/// Parameters of a media type that ask for the aggregated document.
const AGGREGATED_KIND: &str = "APIGroupDiscoveryList";

impl Api {
    pub(super) fn document(&self, request: &Request) -> Result<Response, Status> {
        let path = request.path.as_str();
        if path.starts_with("/openapi/") {
            return Ok(self.openapi_answer(request));
        }
        if path == "/" {
            return Ok(self.root());
        }
        let Some(document) = self.discovery.document(path) else {
            let is_core = path.starts_with("/api/");
            let group = path.strip_prefix("/apis/").and_then(|rest| rest.split('/').next());
            let is_known = group.is_some_and(|name| self.registry.release.groups.iter().any(|g| g.name == name));
            return if is_core || is_known { Err(Status::no_such_resource()) } else { Ok(Response::page_not_found()) };
        };
        if request.method != Method::GET {
            return Err(Status::method_not_allowed());
        }
        if let Some((document, media, version)) = self.wanted_aggregate(request) {
            return Ok(aggregated(request, document, media, version));
        }
        let accept = respond::Output::negotiate_plain(request)?;
        let name = TypeName { api_version: document.api_version, kind: document.kind };
        accept.plain_object(name, document.message.clone_message(), StatusCode::OK)
    }

    /// The aggregated document, if the client prefers one that there is to the plain form.
    fn wanted_aggregate(&self, request: &Request) -> Option<(&Document, Media, &'static str)> {
        for clause in clauses(request.header("accept")?) {
            let media = match (clause.kind, clause.subtype) {
                ("application", "json") | ("*", "*") => Media::Json,
                ("application", "vnd.kubernetes.protobuf") => Media::Protobuf,
                _ => continue,
            };
            if clause.parameter("as").is_empty() {
                return None;
            }
            if clause.parameter("g") != AGGREGATED_GROUP || clause.parameter("as") != AGGREGATED_KIND {
                continue;
            }
            let version = match clause.parameter("v") {
                "v2" => "v2",
                "v2beta1" => "v2beta1",
                _ => continue,
            };
            if let Some(document) = self.discovery.aggregated(&request.path, version) {
                return Some((document, media, version));
            }
        }
        None
    }

    fn openapi_answer(&self, request: &Request) -> Response {
        let answer = self.openapi.answer(
            &request.path,
            request.header("accept"),
            request.parameter("hash"),
            request.header("accept-encoding"),
        );
        match answer {
            Answer::NotFound => Response::new(StatusCode::NOT_FOUND),
            Answer::NoSuchPage => Response::page_not_found(),
            Answer::NotAcceptable => varied(Response::new(StatusCode::NOT_ACCEPTABLE), &request.path),
            Answer::Moved { location, etag } => {
                let response = Response::full(StatusCode::MOVED_PERMANENTLY, "application/json", "");
                varied(with_text(with_text(response, LOCATION, &location), ETAG, &etag), &request.path)
            }
            Answer::Index(body) => {
                let response = Response::full(StatusCode::OK, "text/plain; charset=utf-8", body);
                with_text(response, LAST_MODIFIED, self.openapi.modified())
            }
            Answer::Document { body, gzip, content_type, etag, immutable } => {
                if is_known(request, &etag) {
                    return with_text(Response::new(StatusCode::NOT_MODIFIED), ETAG, &etag);
                }
                let response = with_text(Response::full(StatusCode::OK, content_type, body), ETAG, &etag);
                let mut response = varied(with_text(response, LAST_MODIFIED, self.openapi.modified()), &request.path);
                if gzip {
                    let encoding = HeaderValue::from_static("gzip");
                    response = response.with_header(crate::http::header::CONTENT_ENCODING, encoding);
                }
                if immutable {
                    let forever = HeaderValue::from_static("public, immutable");
                    response = response.with_header(CACHE_CONTROL, forever);
                }
                response
            }
        }
    }

    /// The paths there are.
    fn root(&self) -> Response {
        let mut paths = self.discovery.paths();
        paths.extend(["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"].map(str::to_owned));
        paths.sort();
        let text = serde_json::json!({ "paths": paths }).to_string();
        Response::full(StatusCode::OK, "application/json", encode::indent(text.as_bytes()))
    }
}

fn aggregated(request: &Request, document: &Document, media: Media, version: &str) -> Response {
    let etag = format!("\"{}\"", document.sha512);
    let response = if is_known(request, &etag) {
        Response::new(StatusCode::NOT_MODIFIED)
    } else {
        let body = match media {
            Media::Protobuf => {
                let name = TypeName { api_version: document.api_version, kind: document.kind };
                encode::object(media, name, document.message.clone_message().as_mut()).into()
            }
            _ => document.json.clone(),
        };
        let essence = media.content_type();
        let content_type = format!("{essence};g={AGGREGATED_GROUP};v={version};as={AGGREGATED_KIND}");
        with_text(Response::full(StatusCode::OK, essence, body), CONTENT_TYPE, &content_type)
    };
    with_text(response, ETAG, &etag)
        .with_header(VARY, vary())
        .with_header(CACHE_CONTROL, HeaderValue::from_static("public"))
}

/// Whether the client has this document already.
fn is_known(request: &Request, etag: &str) -> bool {
    let header = request.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.split(',').any(|known| known.trim().trim_start_matches("W/") == etag || known.trim() == "*")
}

fn with_text(response: Response, name: crate::http::header::HeaderName, text: &str) -> Response {
    match HeaderValue::from_str(text) {
        Ok(value) => response.with_header(name, value),
        Err(_) => response,
    }
}

fn vary() -> HeaderValue {
    HeaderValue::from_static("Accept")
}

/// Version 2 is one document in several encodings; those of version 3 differ in media type only.
fn varied(response: Response, path: &str) -> Response {
    let mut response = response;
    if path == "/openapi/v2" {
        response.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response.headers.append(VARY, vary());
    response
}

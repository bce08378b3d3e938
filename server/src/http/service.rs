//! The steps that every request takes before and behind its handler.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{HeaderMap, Method, StatusCode};
use kubeforge_machinery::release::Release;

use super::health::Health;
use super::request::{decode_path, decode_query};
use super::response::Outgoing;
use super::server::Busy;
use super::status::forbidden;
use super::{Handler, Request, RequestInfo, Response, ResponseBody, Shutdown, Status, gzip, version};
use crate::authn::{Authenticator, UserInfo};

/// Longest until a request is answered; bodies that stream may take longer.
const REQUEST_TIME: Duration = Duration::from_secs(60);

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
/// Longest audit id that is taken over from a request, as upstream.
const AUDIT_ID_LENGTH: usize = 64;

/// What a user without credentials may get.
const PUBLIC: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

/// Everything that requests of all connections share.
pub struct Front<H> {
    pub handler: H,
    pub authenticator: Authenticator,
    pub health: Health,
    pub release: &'static Release,
    pub shutdown: Shutdown,
}

impl<H: Handler> Front<H> {
    /// Answers one request of a connection whose client certificate names `certificate`.
    pub(super) async fn respond(
        &self,
        certificate: Option<Arc<UserInfo>>,
        request: hyper::Request<Incoming>,
        busy: Busy,
    ) -> hyper::Response<Outgoing> {
        let start = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (gzip, audit_id) = (gzip::accepts(request.headers()), audit_id(request.headers()));
        let answer = AssertUnwindSafe(self.answer(certificate, request, &audit_id)).catch_unwind();
        let response = match tokio::time::timeout(REQUEST_TIME, answer).await {
            Ok(Ok(response)) => response,
            Ok(Err(_panic)) => {
                tracing::error!("{method} {uri} panicked");
                let why = "Internal error occurred: this request made the server panic; its log says where";
                Response::from(&Status::internal(why))
            }
            Err(_elapsed) => {
                Response::from(&Status::timeout("request did not complete within the allotted timeout", 0))
            }
        };
        let response = gzip::compress(&method, gzip, response).await;
        tracing::debug!("{method} {uri} {} {:?}", response.status.as_u16(), start.elapsed());
        self.send(&method, response, &audit_id, busy)
    }

    async fn answer(
        &self,
        certificate: Option<Arc<UserInfo>>,
        request: hyper::Request<Incoming>,
        audit_id: &str,
    ) -> Response {
        let (head, body) = request.into_parts();
        let Some(path) = decode_path(head.uri.path()) else {
            return Response::text(StatusCode::BAD_REQUEST, "400 Bad Request: the path's escapes are not UTF-8\n");
        };
        if !path.starts_with('/') {
            return Response::page_not_found();
        }
        let query = decode_query(head.uri.query().unwrap_or_default());
        let info = RequestInfo::new(&head.method, &path, &query);
        let user = match self.admit(certificate, &head.headers, &path, &info) {
            Ok(user) => user,
            Err(status) => return self.refuse(&head.headers, &status),
        };
        if let Some(response) = self.health.respond(&path, &query).await {
            return response;
        }
        if path.trim_end_matches('/') == "/version" {
            return self.version(&head.method, &head.headers);
        }
        let uri = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let (method, headers, body, audit_id) = (head.method, head.headers, body.into(), audit_id.to_owned());
        self.handler.handle(Request { method, uri, path, query, headers, body, user, info, audit_id }).await
    }

    /// Finds out who asks and whether they may.
    fn admit(
        &self,
        certificate: Option<Arc<UserInfo>>,
        headers: &HeaderMap,
        path: &str,
        info: &RequestInfo,
    ) -> Result<Arc<UserInfo>, Status> {
        let user =
            self.authenticator.authenticate(certificate.as_ref(), headers).map_err(|_| Status::unauthorized())?;
        // To ignore these headers would be to act as somebody else than the client wants.
        if headers.keys().any(|name| name.as_str().starts_with("impersonate-")) {
            return Err(Status::failure(403, "Forbidden", "impersonation is not available"));
        }
        if !allowed(&user, path, info) {
            return Err(forbidden(&user, path, info));
        }
        Ok(user)
    }

    fn refuse(&self, headers: &HeaderMap, status: &Status) -> Response {
        let response = self.handler.error(headers, status);
        if status.code != 403 {
            return response;
        }
        response.with_header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
    }

    fn version(&self, method: &Method, headers: &HeaderMap) -> Response {
        if *method != Method::GET {
            return self.handler.error(headers, &Status::method_not_allowed());
        }
        version::response(self.release)
    }

    /// Adds what every response carries.
    fn send(&self, method: &Method, response: Response, audit_id: &str, busy: Busy) -> hyper::Response<Outgoing> {
        let Response { status, mut headers, mut body } = response;
        if let Ok(value) = HeaderValue::from_str(audit_id) {
            headers.insert(AUDIT_ID, value);
        }
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, private"));
        if *method == Method::HEAD {
            if let ResponseBody::Full(bytes) = &body {
                headers.insert(CONTENT_LENGTH, bytes.len().into());
            }
            body = ResponseBody::Full(Default::default());
        }
        let mut outgoing = hyper::Response::new(Outgoing::new(body, &self.shutdown, busy));
        *outgoing.status_mut() = status;
        *outgoing.headers_mut() = headers;
        outgoing
    }
}

/// Whether a user may do this: everybody who proved who they are may do all, others see the public paths.
fn allowed(user: &UserInfo, path: &str, info: &RequestInfo) -> bool {
    let below = |public: &str| path.strip_prefix(public).is_some_and(|rest| rest.is_empty() || rest == "/");
    user.is_authenticated() || (!info.is_resource && info.verb == "get" && PUBLIC.iter().any(|public| below(public)))
}

/// The request's own audit id if it has a usable one, else a random one.
fn audit_id(headers: &HeaderMap) -> String {
    let own = headers.get(AUDIT_ID).and_then(|value| value.to_str().ok());
    match own.filter(|id| !id.is_empty() && id.len() <= AUDIT_ID_LENGTH) {
        Some(id) => id.to_owned(),
        None => uuid::Uuid::new_v4().to_string(),
    }
}

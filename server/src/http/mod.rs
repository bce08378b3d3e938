//! HTTP and TLS: connections, request info, authentication's place in the path, and answers that need no objects.
//!
//! [`Server`] takes connections and brings each request through the same steps: audit id, authentication,
//! authorization, then either an answer of its own ([health], [version]) or the [`Handler`]'s. What a handler sees is
//! a [`Request`] whose body is not read yet; what it gives back is a [`Response`], whole or a stream.

mod gzip;
pub mod health;
mod info;
mod request;
mod response;
mod server;
mod service;
mod shutdown;
mod status;
mod tls;
pub mod version;

pub use hyper::header;
pub use hyper::{HeaderMap, Method, StatusCode};
pub use info::RequestInfo;
pub use kubeforge_machinery::status::Status;
pub use request::{BodyError, MAX_BODY, Request, RequestBody};
pub use response::{Response, ResponseBody};
pub use server::{GRACE, Server};
pub use service::Front;
pub use shutdown::Shutdown;
pub use status::code;
use std::future::Future;
pub use tls::{TlsError, server_config};

/// Answers requests that were authenticated and allowed.
///
/// A handler may be dropped at any await point, when its client goes away or its time is up (60 s until the response,
/// streams excepted). One that panics costs its client a 500 and nobody else anything.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. Health and version paths do not come here; every other path does, API or not.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Puts an error of the layers before the handler into the media type that the client accepts.
    fn error(&self, _headers: &HeaderMap, status: &Status) -> Response {
        Response::from(status)
    }
}

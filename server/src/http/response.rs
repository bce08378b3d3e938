//! An answer: status, headers, and a body that is whole or a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{HeaderMap, StatusCode};
use tokio::sync::mpsc;

use super::Shutdown;
use super::server::Busy;
use super::shutdown::Ended;

/// What a handler answers.
///
/// `Audit-Id`, `Cache-Control: no-cache, private` (unless set), `Content-Length` and compression are added behind it.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: ResponseBody,
}

#[derive(Debug)]
pub enum ResponseBody {
    Full(Bytes),
    /// Pieces that are sent as they come and flushed one by one. The body ends when the sender is dropped or the server
    /// shuts down; the sender learns that nobody listens any more from its own `closed()`.
    Stream(mpsc::Receiver<Bytes>),
}

impl Response {
    /// An empty answer without a content type.
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: ResponseBody::Full(Bytes::new()) }
    }

    /// A whole body.
    pub fn full(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let response = Self::new(status).with_header(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { body: ResponseBody::Full(body.into()), ..response }
    }

    /// Plain text, which browsers are told not to take for anything else.
    pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::full(status, "text/plain; charset=utf-8", body)
            .with_header(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
    }

    /// What paths outside of every API get.
    pub fn page_not_found() -> Self {
        Self::text(StatusCode::NOT_FOUND, "404 page not found\n")
    }

    /// A body that comes piece by piece, with status 200.
    pub fn stream(content_type: &'static str, pieces: mpsc::Receiver<Bytes>) -> Self {
        let response = Self::new(StatusCode::OK).with_header(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { body: ResponseBody::Stream(pieces), ..response }
    }

    /// Sets a header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds a `Warning: 299 - "text"` header (RFC 7234, section 5.5). Texts with control characters are left out, for
    /// no header can carry them.
    pub fn with_warning(mut self, text: &str) -> Self {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            self.headers.append(hyper::header::WARNING, value);
        }
        self
    }
}

/// A response's body on its way into a connection.
pub(super) struct Outgoing {
    content: Content,
    /// Keeps the connection from counting as idle.
    _busy: Busy,
}

enum Content {
    /// `None` once it is sent.
    Full(Option<Bytes>),
    Stream {
        pieces: mpsc::Receiver<Bytes>,
        ended: Ended,
    },
}

impl Outgoing {
    pub(super) fn new(body: ResponseBody, shutdown: &Shutdown, busy: Busy) -> Self {
        let content = match body {
            ResponseBody::Full(bytes) => Content::Full(Some(bytes).filter(|bytes| !bytes.is_empty())),
            ResponseBody::Stream(pieces) => Content::Stream { pieces, ended: Box::pin(shutdown.wait()) },
        };
        Self { content, _busy: busy }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let piece = match &mut self.content {
            Content::Full(bytes) => bytes.take(),
            // Pieces that are there already still go out when the server ends.
            Content::Stream { pieces, ended } => match pieces.poll_recv(context) {
                Poll::Ready(piece) => piece,
                Poll::Pending => match ended.as_mut().poll(context) {
                    Poll::Ready(()) => None,
                    Poll::Pending => return Poll::Pending,
                },
            },
        };
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Content::Stream { .. } => SizeHint::default(),
        }
    }
}

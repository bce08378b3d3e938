//! A request as handlers see it.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout_at};

use super::{RequestInfo, Status};
use crate::authn::UserInfo;

/// Most bytes of a request body, as upstream: 3 MiB.
pub const MAX_BODY: usize = 3 * 1024 * 1024;

/// Longest a client may take to send a body.
const BODY_TIME: Duration = Duration::from_secs(60);

/// A request after authentication, its body not yet read.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    /// Path and query as sent, such as `/api/v1/pods?limit=5`.
    pub uri: String,
    /// The path, percent-decoded.
    pub path: String,
    /// The query's pairs in order, decoded.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: RequestBody,
    pub user: Arc<UserInfo>,
    pub info: RequestInfo,
    /// What `Audit-Id` answers.
    pub audit_id: String,
}

impl Request {
    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    /// A header's text; `None` if it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The first value of a query parameter.
pub(super) fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Percent-decodes a path. `None` if an escape is not two hexadecimal digits or the result is not UTF-8.
pub(super) fn decode_path(raw: &str) -> Option<String> {
    whole_escapes(raw).then(|| percent_decode_str(raw).decode_utf8().ok().map(Into::into))?
}

/// Splits a query into decoded pairs; as in Go, pairs that cannot be decoded and pairs with `;` are left out.
pub(super) fn decode_query(raw: &str) -> Vec<(String, String)> {
    let pairs = raw.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
    pairs
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_component(key)?, decode_component(value)?))
        })
        .collect()
}

fn decode_component(raw: &str) -> Option<String> {
    decode_path(&raw.replace('+', " "))
}

fn whole_escapes(raw: &str) -> bool {
    raw.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

/// The body of a request: read once, with a limit.
#[derive(Debug)]
pub struct RequestBody(Source);

#[derive(Debug)]
enum Source {
    Network(Incoming),
    Whole(Bytes),
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("Request entity too large: limit is {0}")]
    TooLarge(usize),
    #[error("the request's body did not arrive within {} s", BODY_TIME.as_secs())]
    Slow,
    #[error("unable to read the request's body: {0}")]
    Broken(String),
}

impl RequestBody {
    /// Reads the whole body.
    ///
    /// # Errors
    /// If it is longer than `limit` bytes, stops arriving, or the connection breaks.
    pub async fn read(self, limit: usize) -> Result<Bytes, BodyError> {
        match self.0 {
            Source::Whole(bytes) if bytes.len() > limit => Err(BodyError::TooLarge(limit)),
            Source::Whole(bytes) => Ok(bytes),
            Source::Network(body) => read_network(body, limit).await,
        }
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Whole(bytes))
    }
}

impl From<Incoming> for RequestBody {
    fn from(body: Incoming) -> Self {
        Self(Source::Network(body))
    }
}

impl From<BodyError> for Status {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        match error {
            BodyError::TooLarge(limit) => Status::too_large(format_args!("limit is {limit}")),
            BodyError::Slow => Status::failure(408, "Timeout", message),
            BodyError::Broken(_) => Status::bad_request(message),
        }
    }
}

async fn read_network(mut body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let deadline = Instant::now() + BODY_TIME;
    if body.size_hint().lower() > limit as u64 {
        discard(body, limit, deadline).await;
        return Err(BodyError::TooLarge(limit));
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(data) = next_data(&mut body, deadline).await? {
        if first.len() + rest.len() + data.len() > limit {
            discard(body, limit, deadline).await;
            return Err(BodyError::TooLarge(limit));
        }
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    Ok([first, rest.freeze()].concat().into())
}

/// The next piece of data; `None` at the end.
async fn next_data(body: &mut Incoming, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
    loop {
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| BodyError::Slow)?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(BodyError::Broken(error.to_string())),
            // Trailers carry nothing that the API knows.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Throws away what still comes, up to a few times the limit: a client that is still sending would otherwise meet a
/// reset connection instead of the answer.
async fn discard(mut body: Incoming, limit: usize, deadline: Instant) {
    let mut left = limit.saturating_mul(8);
    while let Ok(Some(data)) = next_data(&mut body, deadline).await {
        left = left.saturating_sub(data.len());
        if left == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_decode_as_go_does() {
        assert_eq!(decode_path("/api/v1/a%2Fb").as_deref(), Some("/api/v1/a/b"));
        assert_eq!(decode_path("/a+b").as_deref(), Some("/a+b"));
        for bad in ["/%", "/%2", "/%zz", "/%ff"] {
            assert_eq!(decode_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn queries_keep_order_and_drop_what_cannot_be_read() {
        let pairs = decode_query("watch&labelSelector=a%3Db+c&x=%zz&y=1;z=2&exclude=a&exclude=b");
        let wanted = [("watch", ""), ("labelSelector", "a=b c"), ("exclude", "a"), ("exclude", "b")];
        assert_eq!(pairs, wanted.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    proptest! {
        #[test]
        fn no_text_panics(raw in ".*") {
            decode_path(&raw);
            decode_query(&raw);
        }
    }

    #[tokio::test]
    async fn a_body_at_the_limit_is_read_and_one_over_is_not() {
        let body = || RequestBody::from(Bytes::from_static(b"12345"));
        assert_eq!(body().read(5).await.unwrap(), "12345");
        let error = body().read(4).await.unwrap_err();
        assert_eq!(Status::from(error).message, "Request entity too large: limit is 4");
    }
}

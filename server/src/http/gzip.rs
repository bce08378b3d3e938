//! Compression of large answers.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue, VARY};
use hyper::{HeaderMap, Method, StatusCode};

use super::{Response, ResponseBody};

/// Smallest body worth the work, as upstream.
const THRESHOLD: usize = 128 * 1024;
/// Upstream's level since 1.26; before that it was 4, at about three times the time for a few per cent.
const LEVEL: Compression = Compression::new(1);

/// Compresses a whole, large, successful answer to a GET if the client takes gzip and nothing is compressed yet.
pub(super) async fn compress(method: &Method, accepted: bool, mut response: Response) -> Response {
    let ResponseBody::Full(body) = &response.body else { return response };
    let wanted = accepted && *method == Method::GET && response.status == StatusCode::OK && body.len() >= THRESHOLD;
    if !wanted || response.headers.contains_key(CONTENT_ENCODING) {
        return response;
    }
    let body = body.clone();
    // A list of many megabytes takes longer than other requests of this thread should wait.
    if let Ok(Ok(packed)) = tokio::task::spawn_blocking(move || pack(&body)).await {
        response.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
        response.body = ResponseBody::Full(packed);
    }
    response
}

/// Whether a request accepts gzip.
pub(super) fn accepts(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !is_zero_weight(parameters)
    })
}

fn is_zero_weight(parameters: &str) -> bool {
    parameters.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0)
}

fn pack(body: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), LEVEL);
    encoder.write_all(body)?;
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding() {
        for (value, wanted) in
            [("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("identity", false), ("", false)]
        {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(accepts(&headers), wanted, "{value}");
        }
    }
}

//! Continue tokens: where a list goes on, and at which revision.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use kubeforge_machinery::types::go::quote;
use serde::Deserialize;
use serde_json::Value;

use crate::http::Status;

/// As Go's decoder, without a look at the bits that are left over.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));
const VERSION: &str = "meta.k8s.io/v1";

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    v: String,
    #[serde(default)]
    rv: i64,
    #[serde(default)]
    start: String,
}

/// The token for the keys after `last`, which is under `prefix`, at `revision`.
pub fn encode(prefix: &str, last: &str, revision: u64) -> String {
    let after = last.strip_prefix(prefix).unwrap_or(last);
    let start = Value::String(format!("{after}\0"));
    BASE64.encode(format!(r#"{{"v":"{VERSION}","rv":{revision},"start":{start}}}"#))
}

/// First key and revision of a token; the revision is `None` if the token means the newest state.
///
/// # Errors
/// 400 for tokens that no server gave out.
pub fn decode(token: &str, prefix: &str) -> Result<(String, Option<u64>), Status> {
    let bad = |why: String| Status::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
    let bytes = BASE64
        .decode(token.trim_end_matches('='))
        .map_err(|_| bad("illegal base64 data at input byte 0".to_owned()))?;
    let token: Token = serde_json::from_slice(&bytes).map_err(|error| bad(syntax(&bytes, &error)))?;
    if token.v != VERSION {
        return Err(bad(format!("server does not recognize this encoded version {}", token.v)));
    }
    if token.start.is_empty() {
        return Err(bad("no start key provided".to_owned()));
    }
    let has_dots = token.start.split('/').any(|part| part == "..");
    if token.start.starts_with('/') || has_dots {
        return Err(bad(format!("{} contains invalid path elements", quote(&token.start))));
    }
    let revision = match token.rv {
        0 => return Err(bad("incorrect encoded start resourceVersion (version meta.k8s.io/v1)".to_owned())),
        rv => u64::try_from(rv).ok(),
    };
    Ok((format!("{prefix}{}", token.start), revision))
}

/// Go's words for bytes that are not JSON.
fn syntax(bytes: &[u8], error: &serde_json::Error) -> String {
    match bytes.first() {
        None => "unexpected end of JSON input".to_owned(),
        Some(&b) if !matches!(b, b'{' | b' ') => {
            format!("invalid character '{}' looking for beginning of value", char::from(b))
        }
        Some(_) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_upstreams() {
        let token = encode("/registry/configmaps/ns/", "/registry/configmaps/ns/o-2", 782);
        assert_eq!(token, "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NzgyLCJzdGFydCI6Im8tMlx1MDAwMCJ9");
        let (start, revision) = decode(&token, "/registry/configmaps/ns/").unwrap();
        assert_eq!((start.as_str(), revision), ("/registry/configmaps/ns/o-2\0", Some(782)));
    }

    #[test]
    fn bad_tokens_are_named() {
        let message = |token: &str| decode(token, "/registry/x/").unwrap_err().message;
        assert!(message("zzz").ends_with("invalid character '\u{cf}' looking for beginning of value"));
        let other = "eyJ2IjoibWV0YS5rOHMuaW8vdjkiLCJydiI6MSwic3RhcnQiOiJhIn0";
        assert!(message(other).ends_with("server does not recognize this encoded version meta.k8s.io/v9"));
    }
}

//! Types that carry JSON of any shape.

use super::{Form, special_type};
use crate::json::{JsonError, JsonParser, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// Defines a message `{bytes raw = 1}` whose JSON is the raw value itself.
macro_rules! raw_type {
    ($(#[$doc:meta])* $ty:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Eq)]
        pub struct $ty {
            /// The text as it was read; `None` for null.
            pub raw: Option<Vec<u8>>,
        }

        /// White space in JSON text makes no difference.
        impl PartialEq for $ty {
            fn eq(&self, other: &Self) -> bool {
                let compact = |ty: &Self| crate::json::encode(ty);
                let text = |ty: &Self| ty.raw.as_deref().is_some_and(|raw| json_text(raw).is_some());
                self.raw == other.raw || (text(self) && text(other) && compact(self) == compact(other))
            }
        }

        impl $ty {
            /// Holds a JSON value.
            pub fn from_value(value: &serde_json::Value) -> Self {
                $ty { raw: (!value.is_null()).then(|| value.to_string().into_bytes()) }
            }

            /// The JSON value; null if there is none, or if the bytes are an enveloped protobuf document.
            pub fn to_value(&self) -> serde_json::Value {
                self.raw.as_deref().and_then(|raw| serde_json::from_slice(raw).ok()).unwrap_or_default()
            }
        }

        impl Form for $ty {
            fn write_json(&self, w: &mut JsonWriter) {
                match self.raw.as_deref().and_then(json_text) {
                    Some(text) => write_compact(text, w),
                    None => w.raw("null"),
                }
            }

            fn write_proto(&self, w: &mut ProtoWriter) {
                if let Some(raw) = &self.raw {
                    w.bytes(1, raw);
                }
            }
        }

        impl Special for $ty {
            fn decode_json(&mut self, p: &mut JsonParser<'_>) -> Result<(), JsonError> {
                self.raw = if p.null()? { None } else { Some(p.raw()?.as_bytes().to_vec()) };
                Ok(())
            }

            fn decode_proto(&mut self, r: ProtoReader<'_>) -> Result<(), ProtoError> {
                self.raw = raw_field(r)?;
                Ok(())
            }
        }

        special_type!($ty, $name);
    };
}

raw_type!(
    /// An object of any kind: JSON text, or a whole protobuf document with its envelope.
    RawExtension,
    "io.k8s.apimachinery.pkg.runtime.RawExtension"
);
raw_type!(
    /// A set of field paths in the tree form of server-side apply (KEP-555).
    FieldsV1,
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
);
raw_type!(
    /// Any JSON value, as schemas have them for defaults, enums and examples.
    Json,
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON"
);

/// The body of a PATCH request. It exists as a schema only; the value is never stored or sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {}

impl Form for Patch {
    fn write_json(&self, w: &mut JsonWriter) {
        w.raw("{}");
    }

    fn write_proto(&self, _: &mut ProtoWriter) {}
}

impl Special for Patch {
    fn decode_json(&mut self, p: &mut JsonParser<'_>) -> Result<(), JsonError> {
        p.skip()
    }

    fn decode_proto(&mut self, _: ProtoReader<'_>) -> Result<(), ProtoError> {
        Ok(())
    }
}

special_type!(Patch, "io.k8s.apimachinery.pkg.apis.meta.v1.Patch");

/// First bytes of a protobuf document with an envelope.
const ENVELOPE: &[u8] = b"k8s\0";

/// Field 1. Bytes that are neither JSON nor an envelope are refused here, since they could never be shown.
fn raw_field(mut r: ProtoReader<'_>) -> Result<Option<Vec<u8>>, ProtoError> {
    let mut raw = None;
    while let Some((tag, wire)) = r.next_field()? {
        if tag == 1 {
            raw = Some(wire.as_bytes()?);
        }
    }
    match raw {
        Some(bytes) if !bytes.is_empty() && !bytes.starts_with(ENVELOPE) => {
            check_json(bytes).map_err(|error| ProtoError::Custom(format!("raw is not JSON: {error}")))?;
        }
        _ => {}
    }
    Ok(raw.map(<[u8]>::to_vec))
}

fn check_json(bytes: &[u8]) -> Result<(), JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::custom(error.to_string()))?;
    let mut parser = JsonParser::new(text);
    parser.skip()?;
    parser.end()
}

fn json_text(raw: &[u8]) -> Option<&str> {
    if raw.is_empty() || raw.starts_with(ENVELOPE) { None } else { std::str::from_utf8(raw).ok() }
}

/// Writes JSON text without white space and with what Go escapes for HTML escaped.
fn write_compact(text: &str, w: &mut JsonWriter) {
    let mut in_string = false;
    let mut escaped = false;
    let mut plain = 0;
    for (i, c) in text.char_indices() {
        let replacement = match c {
            ' ' | '\n' | '\r' | '\t' if !in_string => "",
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            _ => {
                if c == '"' && !escaped {
                    in_string = !in_string;
                }
                escaped = c == '\\' && !escaped;
                continue;
            }
        };
        escaped = false;
        w.raw(&text[plain..i]);
        w.raw(replacement);
        plain = i + c.len_utf8();
    }
    w.raw(&text[plain..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, proto};

    #[test]
    fn text_is_kept_and_printed_compact() {
        let mut raw = RawExtension::default();
        let text = "{ \"a\": \"x \\\" <y>\\\\\" , \"b\" :[ 1 ] }";
        json::decode(text.as_bytes(), &mut raw).unwrap();
        assert_eq!(raw.raw.as_deref(), Some(text.as_bytes()));
        let compact = "{\"a\":\"x \\\" \\u003cy\\u003e\\\\\",\"b\":[1]}";
        assert_eq!(String::from_utf8(json::encode(&raw)).unwrap(), compact);
        json::decode(b"null", &mut raw).unwrap();
        assert_eq!(raw, RawExtension::default());
        assert_eq!(json::encode(&raw), b"null");
        assert_eq!(proto::encode(&raw), b"");
    }

    #[test]
    fn protobuf_holds_json_or_an_envelope() {
        let mut raw = FieldsV1::default();
        proto::decode(b"\x0a\x02{}", &mut raw).unwrap();
        assert_eq!((json::encode(&raw), proto::encode(&raw)), (b"{}".to_vec(), b"\x0a\x02{}".to_vec()));
        proto::decode(b"\x0a\x05k8s\0x", &mut raw).unwrap();
        assert_eq!((json::encode(&raw), proto::encode(&raw)), (b"null".to_vec(), b"\x0a\x05k8s\0x".to_vec()));
        assert!(proto::decode(b"\x0a\x02{x", &mut raw).is_err());
        assert!(proto::decode(b"\x0a\x01\xff", &mut raw).is_err());
    }
}

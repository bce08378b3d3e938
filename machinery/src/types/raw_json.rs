//! Types that carry JSON of any shape.

use std::borrow::Cow;

use super::{Form, lossy, special_type};
use crate::bytes::{self, Block};
use crate::envelope;
use crate::json::{JsonError, JsonParser, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// Bytes that stand for a JSON value.
#[derive(Clone, Debug, Default)]
enum Raw {
    #[default]
    Null,
    /// Text that was read as JSON.
    Json(Box<str>),
    /// What protobuf held: JSON text, an enveloped document, or neither. Looked into when somebody wants JSON of it.
    Bytes(Box<[u8]>),
}

impl Raw {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Raw::Null => None,
            Raw::Json(text) => Some(text.as_bytes()),
            Raw::Bytes(bytes) => Some(bytes),
        }
    }

    fn json(&self) -> Option<Cow<'_, str>> {
        match self {
            Raw::Null => None,
            Raw::Json(text) => Some(Cow::Borrowed(text)),
            Raw::Bytes(bytes) => json_text(bytes),
        }
    }

    fn value(&self) -> serde_json::Value {
        self.json().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    fn write(&self, w: &mut JsonWriter) {
        match self.json() {
            Some(text) => write_compact(&text, w),
            None => w.raw("null"),
        }
    }
}

/// White space in JSON text makes no difference.
impl PartialEq for Raw {
    fn eq(&self, other: &Raw) -> bool {
        let compact = |raw: &Raw| {
            let mut w = JsonWriter::default();
            raw.json().map(|text| write_compact(&text, &mut w)).map(|()| w.into_bytes())
        };
        self.bytes() == other.bytes() || compact(self).is_some_and(|text| compact(other) == Some(text))
    }
}

impl Eq for Raw {}

/// Defines a message `{bytes raw = 1}` whose JSON is the raw value itself.
macro_rules! raw_type {
    ($(#[$doc:meta])* $ty:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $ty(Raw);

        impl $ty {
            /// Holds a JSON value.
            pub fn from_value(value: &serde_json::Value) -> Self {
                $ty(if value.is_null() { Raw::Null } else { Raw::Json(value.to_string().into()) })
            }

            /// The JSON value; null if there is none, or if the bytes are an enveloped protobuf object.
            pub fn to_value(&self) -> serde_json::Value {
                self.0.value()
            }

            /// Holds bytes as protobuf has them: JSON text, or an enveloped document. Others print as `null`.
            pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
                $ty(Raw::Bytes(bytes.into()))
            }

            /// The bytes as protobuf has them; `None` for null.
            pub fn as_bytes(&self) -> Option<&[u8]> {
                self.0.bytes()
            }
        }

        impl Form for $ty {
            fn write_json(&self, w: &mut JsonWriter) {
                self.0.write(w);
            }

            fn write_proto(&self, w: &mut ProtoWriter) {
                if let Some(raw) = self.0.bytes() {
                    w.bytes(1, raw);
                }
            }
        }

        impl Special for $ty {
            fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
                self.0 = if p.null()? { Raw::Null } else { Raw::Json(p.raw()?.into()) };
                Ok(())
            }

            fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
                self.0 = Raw::Null;
                while let Some((tag, wire)) = r.next_field()? {
                    if tag == 1 {
                        self.0 = Raw::Bytes(wire.as_bytes()?.into());
                    }
                }
                Ok(())
            }
        }

        special_type!($ty, $name);
    };
}

raw_type!(
    /// An object of any kind: JSON text, or a whole document with its protobuf envelope.
    ///
    /// Of a document with an envelope, JSON inside of it prints as JSON. A protobuf object prints as `null`: what it
    /// means depends on a release's kinds, of which this type knows nothing. Upstream prints neither, but fails.
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
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        p.skip()
    }

    fn decode_proto(&mut self, _: ProtoReader<'_>) -> Result<(), ProtoError> {
        Ok(())
    }
}

special_type!(Patch, "io.k8s.apimachinery.pkg.apis.meta.v1.Patch");

/// Writes raw bytes that should be JSON; `null` if they are not.
pub(super) fn write(raw: Option<&[u8]>, w: &mut JsonWriter) {
    match raw.and_then(json_text) {
        Some(text) => write_compact(&text, w),
        None => w.raw("null"),
    }
}

fn check_json(text: &str) -> Result<(), JsonError> {
    let mut parser = JsonParser::new(text);
    parser.skip()?;
    parser.end()
}

/// The JSON in raw bytes, if that is what they hold.
fn json_text(raw: &[u8]) -> Option<Cow<'_, str>> {
    let text = if raw.starts_with(envelope::MAGIC) {
        let unknown = envelope::decode(raw).ok()?;
        (unknown.content_type == "application/json").then_some(lossy(unknown.raw))?
    } else {
        lossy(raw)
    };
    check_json(&text).is_ok().then_some(text)
}

/// Bytes that compact text for HTML may not have as they are.
struct Loose;

impl bytes::Special for Loose {
    #[inline(always)]
    fn block(block: Block) -> u32 {
        let less_or_greater = block.is_either(b'<', b'<' ^ b'>');
        block.at_most(b' ').or(less_or_greater).or(block.is(b'&')).or(block.is(0xe2)).bits()
    }

    #[inline(always)]
    fn byte(byte: u8) -> bool {
        matches!(byte, 0..=b' ' | b'<' | b'>' | b'&' | 0xe2)
    }
}

/// Writes JSON text without white space and with what Go escapes for HTML escaped.
fn write_compact(text: &str, w: &mut JsonWriter) {
    if bytes::run::<Loose>(text.as_bytes()) == text.len() {
        return w.raw(text);
    }
    let bytes = text.as_bytes();
    let (mut in_string, mut plain, mut at) = (false, 0, 0);
    while let Some(&b) = bytes.get(at) {
        let (replacement, len) = match b {
            b' ' | b'\n' | b'\r' | b'\t' if !in_string => ("", 1),
            b'"' => {
                in_string = !in_string;
                at += 1;
                continue;
            }
            // The character behind it, too, which may be a quote.
            b'\\' => {
                at += 2;
                continue;
            }
            b'<' => ("\\u003c", 1),
            b'>' => ("\\u003e", 1),
            b'&' => ("\\u0026", 1),
            0xe2 if bytes[at..].starts_with("\u{2028}".as_bytes()) => ("\\u2028", 3),
            0xe2 if bytes[at..].starts_with("\u{2029}".as_bytes()) => ("\\u2029", 3),
            _ => {
                at += 1;
                continue;
            }
        };
        w.raw(&text[plain..at]);
        w.raw(replacement);
        at += len;
        plain = at;
    }
    w.raw(&text[plain..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{json, proto};

    #[test]
    fn text_is_kept_and_printed_compact() {
        let mut raw = RawExtension::default();
        let text = "{ \"a\": \"x \\\" <y>\\\\\" , \"b\" :[ 1 ] }";
        json::decode(text.as_bytes(), &mut raw).unwrap();
        assert_eq!(raw.as_bytes(), Some(text.as_bytes()));
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
        for neither in [b"\x0a\x02{x", b"\x0a\x02\xff\xff"] {
            proto::decode(neither, &mut raw).unwrap();
            assert_eq!((json::encode(&raw), proto::encode(&raw)), (b"null".to_vec(), neither.to_vec()));
        }
        // Bytes that are no UTF-8 are kept in strings, but print as U+FFFD.
        proto::decode(b"\x0a\x04\"\xe2\x82\"", &mut raw).unwrap();
        assert_eq!(json::encode(&raw), "\"\u{fffd}\u{fffd}\"".as_bytes());
        assert_eq!(proto::encode(&raw), b"\x0a\x04\"\xe2\x82\"");
    }

    #[test]
    fn no_bytes_are_not_none() {
        let mut raw = RawExtension::default();
        proto::decode(b"\x0a\x00", &mut raw).unwrap();
        assert_eq!((json::encode(&raw), proto::encode(&raw)), (b"null".to_vec(), b"\x0a\x00".to_vec()));
        proto::decode(b"", &mut raw).unwrap();
        assert_eq!((raw.as_bytes(), proto::encode(&raw)), (None, Vec::new()));
    }

    #[test]
    fn json_in_an_envelope_is_printed() {
        let enveloped = |raw: &[u8], content_type: &str| {
            let mut w = ProtoWriter::with_capacity(64);
            w.str(4, content_type);
            w.nested(2, |w| w.raw(raw));
            w.raw(envelope::MAGIC);
            RawExtension::from_bytes(w.into_bytes())
        };
        let json = enveloped(b"{ \"a\": \"<\" }", "application/json");
        assert_eq!(json::encode(&json), b"{\"a\":\"\\u003c\"}");
        assert_eq!(json.to_value(), serde_json::json!({"a": "<"}));
        for (raw, content_type) in [(&b"{}"[..], ""), (b"{}", "application/yaml"), (b"{", "application/json")] {
            let other = enveloped(raw, content_type);
            assert_eq!((json::encode(&other), other.to_value()), (b"null".to_vec(), serde_json::Value::Null));
        }
    }

    proptest! {
        #[test]
        fn compact_text_is_the_same_value(value in "[a\\PC<>&\u{2028}\u{2029}\" \\\\\n]{0,20}", depth in 0usize..4) {
            let mut value = serde_json::json!({"k &": [value, 1, null]});
            for _ in 0..depth {
                value = serde_json::json!([value, {}]);
            }
            let pretty = RawExtension::from_bytes(serde_json::to_vec_pretty(&value).unwrap());
            let text = String::from_utf8(json::encode(&pretty)).unwrap();
            prop_assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{}", text);
            prop_assert!(text.len() >= value.to_string().len());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        }
    }
}

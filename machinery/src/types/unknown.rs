//! An object in encoded form, with its kind beside it.

use super::{Form, SmallStr, raw_json, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// Upstream's `runtime.Unknown`. Its JSON is the document itself, or `null` if that is no JSON; in protobuf it is what
/// the `k8s\0` envelope holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    pub api_version: SmallStr,
    pub kind: SmallStr,
    /// The document, in the encoding that the media type says; `None` if there is none.
    pub raw: Option<Vec<u8>>,
    pub content_encoding: SmallStr,
    /// Media type; empty where it goes without saying.
    pub content_type: SmallStr,
}

const JSON: &str = "application/json";

impl Form for Unknown {
    fn write_json(&self, w: &mut JsonWriter) {
        let json = self.content_type.is_empty() || self.content_type == JSON;
        raw_json::write(self.raw.as_deref().filter(|_| json), w);
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.str(4, &self.content_type);
        w.str(3, &self.content_encoding);
        if let Some(raw) = &self.raw {
            w.bytes(2, raw);
        }
        w.nested(1, |w| {
            w.str(2, &self.kind);
            w.str(1, &self.api_version);
        });
    }
}

impl Special for Unknown {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        let raw = p.raw()?;
        *self = Unknown { raw: Some(raw.as_bytes().to_vec()), content_type: JSON.into(), ..Unknown::default() };
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => self.type_meta(r.nested(wire.as_bytes()?)?)?,
                2 => self.raw = Some(wire.as_bytes()?.to_vec()),
                3 => self.content_encoding = SmallStr::from(&*wire.as_str()?),
                4 => self.content_type = SmallStr::from(&*wire.as_str()?),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Unknown {
    fn type_meta(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => self.api_version = SmallStr::from(&*wire.as_str()?),
                2 => self.kind = SmallStr::from(&*wire.as_str()?),
                _ => {}
            }
        }
        Ok(())
    }
}

special_type!(Unknown, "io.k8s.apimachinery.pkg.runtime.Unknown");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, proto};

    #[test]
    fn codecs() {
        let mut unknown = Unknown::default();
        assert_eq!(json::encode(&unknown), b"null");
        json::decode(b"{\"a\": 1}", &mut unknown).unwrap();
        assert_eq!(unknown.content_type, JSON);
        assert_eq!(json::encode(&unknown), b"{\"a\":1}");
        (unknown.kind, unknown.content_encoding) = ("Pod".into(), "gzip".into());
        let mut again = Unknown::default();
        proto::decode(&proto::encode(&unknown), &mut again).unwrap();
        assert_eq!(again, unknown);
        let protobuf = Unknown { content_type: "application/vnd.kubernetes.protobuf".into(), ..unknown };
        assert_eq!(json::encode(&protobuf), b"null");
    }
}

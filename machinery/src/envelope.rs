//! The `k8s\0` envelope around protobuf objects: `runtime.Unknown` with the object's kind and its bytes.

use crate::Message;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// What every enveloped document begins with.
pub const MAGIC: &[u8; 4] = b"k8s\0";

/// `runtime.Unknown`: an object's kind and its encoded form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unknown<'a> {
    pub api_version: String,
    pub kind: String,
    pub raw: &'a [u8],
    pub content_encoding: String,
    /// Media type of `raw`; empty means protobuf.
    pub content_type: String,
}

/// The message as an enveloped document.
pub fn encode(message: &dyn Message, api_version: &str, kind: &str) -> Vec<u8> {
    let mut w = ProtoWriter::with_capacity(1024);
    wrap(&mut w, api_version, kind, |w| message.encode_proto(w));
    w.into_bytes()
}

/// Writes an enveloped document whose body `body` writes, both from the end to the front.
pub fn wrap(w: &mut ProtoWriter, api_version: &str, kind: &str, body: impl FnOnce(&mut ProtoWriter)) {
    w.str(4, "");
    w.str(3, "");
    w.nested(2, body);
    w.nested(1, |w| {
        w.str(2, kind);
        w.str(1, api_version);
    });
    w.raw(MAGIC);
}

/// Opens an enveloped document.
pub fn decode(bytes: &[u8]) -> Result<Unknown<'_>, ProtoError> {
    let body = bytes.strip_prefix(MAGIC).ok_or_else(|| {
        ProtoError::custom("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    })?;
    let mut unknown = Unknown::default();
    let mut reader = ProtoReader::new(body);
    while let Some((tag, wire)) = reader.next_field()? {
        match tag {
            1 => type_meta(&mut unknown, reader.nested(wire.as_bytes()?)?)?,
            2 => unknown.raw = wire.as_bytes()?,
            3 => unknown.content_encoding = wire.as_str()?.into_owned(),
            4 => unknown.content_type = wire.as_str()?.into_owned(),
            _ => {}
        }
    }
    Ok(unknown)
}

fn type_meta(unknown: &mut Unknown<'_>, mut reader: ProtoReader<'_>) -> Result<(), ProtoError> {
    while let Some((tag, wire)) = reader.next_field()? {
        match tag {
            1 => unknown.api_version = wire.as_str()?.into_owned(),
            2 => unknown.kind = wire.as_str()?.into_owned(),
            _ => {}
        }
    }
    Ok(())
}

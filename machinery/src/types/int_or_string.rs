//! A number or a text, such as a port or `25%`.

use std::fmt;

use super::{Form, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::Special;
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};

/// Either a number or a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    Int(i32),
    Str(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}

impl From<i32> for IntOrString {
    fn from(value: i32) -> Self {
        IntOrString::Int(value)
    }
}

impl From<&str> for IntOrString {
    fn from(value: &str) -> Self {
        IntOrString::Str(value.to_owned())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(value) => value.fmt(f),
            IntOrString::Str(value) => value.fmt(f),
        }
    }
}

impl Form for IntOrString {
    fn write_json(&self, w: &mut JsonWriter) {
        match self {
            IntOrString::Int(value) => w.integer((*value).into()),
            IntOrString::Str(value) => w.string(value),
        }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        let (kind, int, text) = match self {
            IntOrString::Int(value) => (0, *value, ""),
            IntOrString::Str(value) => (1, 0, value.as_str()),
        };
        w.str(3, text);
        w.i32(2, int);
        w.i64(1, kind);
    }
}

impl Special for IntOrString {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = match p.peek() {
            Some(b'"') => IntOrString::Str(p.string()?.into_owned()),
            _ if p.null()? => IntOrString::Int(0),
            _ => IntOrString::Int(p.integer("int32")?),
        };
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        // A second part of the message adds to the first.
        let (mut kind, mut int, mut text) = match std::mem::take(self) {
            IntOrString::Int(value) => (0, value, String::new()),
            IntOrString::Str(value) => (1, 0, value),
        };
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => kind = wire.as_varint()?,
                2 => int = wire.as_varint()? as i32,
                3 => text = wire.as_str()?.into_owned(),
                _ => {}
            }
        }
        *self = match kind {
            0 => IntOrString::Int(int),
            1 => IntOrString::Str(text),
            other => return Err(ProtoError::custom(format!("impossible IntOrString.Type: {other}"))),
        };
        Ok(())
    }
}

special_type!(IntOrString, "io.k8s.apimachinery.pkg.util.intstr.IntOrString");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, proto};

    #[test]
    fn codecs() {
        for (text, wire) in [("80", &b"\x08\x00\x10\x50\x1a\x00"[..]), ("\"25%\"", b"\x08\x01\x10\x00\x1a\x0325%")] {
            let (mut a, mut b) = (IntOrString::default(), IntOrString::default());
            json::decode(text.as_bytes(), &mut a).unwrap();
            assert_eq!((json::encode(&a), proto::encode(&a)), (text.as_bytes().to_vec(), wire.to_vec()));
            proto::decode(wire, &mut b).unwrap();
            assert_eq!(a, b);
        }
        let mut value = IntOrString::from("x");
        json::decode(b"null", &mut value).unwrap();
        assert_eq!(value, IntOrString::Int(0));
        for (text, found) in [
            ("2147483648", "number 2147483648"),
            ("1.5", "number 1.5"),
            ("1e2", "number 1e2"),
            ("true", "bool"),
            ("{}", "object"),
            ("[1]", "array"),
        ] {
            let error = json::decode(text.as_bytes(), &mut value).unwrap_err().to_string();
            assert_eq!(error, format!("json: cannot unmarshal {found} into Go value of type int32"));
        }
    }

    #[test]
    fn protobuf_fields_may_be_missing() {
        for (wire, expected) in [
            (&b""[..], IntOrString::Int(0)),
            (b"\x10\x05", IntOrString::Int(5)),
            (b"\x08\x01", IntOrString::from("")),
            (b"\x1a\x01x\x08\x01\x10\x05", IntOrString::from("x")),
            (b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", IntOrString::Int(-1)),
        ] {
            let mut value = IntOrString::default();
            proto::decode(wire, &mut value).unwrap();
            assert_eq!(value, expected);
        }
        let error = proto::decode(b"\x08\x02", &mut IntOrString::default()).unwrap_err().to_string();
        assert_eq!(error, "impossible IntOrString.Type: 2");
    }
}

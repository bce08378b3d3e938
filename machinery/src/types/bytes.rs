//! `[]byte`: base64 in JSON.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of any value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByteString(pub Vec<u8>);

/// Where base64 text breaks off, in Go's words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("illegal base64 data at input byte {0}")]
pub struct Base64Error(pub usize);

/// Go asks for padding but not for zero bits under it.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

impl ByteString {
    /// Reads standard base64 with padding; line breaks are passed over.
    pub fn from_base64(text: &str) -> Result<ByteString, Base64Error> {
        let is_break = |b: &u8| matches!(b, b'\r' | b'\n');
        if !text.as_bytes().iter().any(is_break) {
            return decode(text.as_bytes());
        }
        let (positions, bytes): (Vec<usize>, Vec<u8>) = text.bytes().enumerate().filter(|(_, b)| !is_break(b)).unzip();
        decode(&bytes).map_err(|e| Base64Error(positions.get(e.0).copied().unwrap_or(text.len())))
    }

    /// Standard base64 with padding.
    pub fn to_base64(&self) -> String {
        LENIENT.encode(&self.0)
    }
}

fn decode(bytes: &[u8]) -> Result<ByteString, Base64Error> {
    use base64::DecodeError::{InvalidByte, InvalidLastSymbol};
    LENIENT.decode(bytes).map(ByteString).map_err(|error| match error {
        InvalidByte(at, _) => Base64Error(at),
        InvalidLastSymbol { .. } => Base64Error(bytes.len()),
        // A group that is not full: Go points at its beginning.
        _ => Base64Error(bytes.len() / 4 * 4),
    })
}

impl fmt::Display for ByteString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl From<Vec<u8>> for ByteString {
    fn from(bytes: Vec<u8>) -> Self {
        ByteString(bytes)
    }
}

impl Serialize for ByteString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        ByteString::from_base64(&text).map_err(serde::de::Error::custom)
    }
}

/// Text of bytes; what is not UTF-8 becomes U+FFFD. Valid input, nearly all there is, is checked the fast way.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_go_reads_it() {
        for (text, expected) in [("", ""), ("aGk=", "hi"), ("aG\r\nk=\n", "hi"), ("aGl=", "hi")] {
            assert_eq!(ByteString::from_base64(text), Ok(ByteString(expected.into())), "{text}");
        }
        for (text, at) in [("a b=", 1), ("aGk", 0), ("aGkhaGk", 4), ("a\n?b=", 2), ("!", 0)] {
            assert_eq!(ByteString::from_base64(text), Err(Base64Error(at)), "{text}");
        }
        assert_eq!(serde_json::to_string(&ByteString(vec![0xff])).unwrap(), "\"/w==\"");
        assert_eq!(serde_json::from_str::<ByteString>("\"/w==\"").unwrap().0, [0xff]);
    }
}

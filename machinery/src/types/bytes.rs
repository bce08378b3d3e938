//! `[]byte`: base64 in JSON.

use crate::bytes::ascii;
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
        if let Ok(bytes) = LENIENT.decode(text) {
            return Ok(ByteString(bytes));
        }
        let unbroken = || text.bytes().filter(|b| !is_break(b)).collect::<Vec<u8>>();
        if text.as_bytes().iter().any(is_break)
            && let Ok(bytes) = LENIENT.decode(unbroken())
        {
            return Ok(ByteString(bytes));
        }
        Err(Base64Error(corrupt_at(text.as_bytes())))
    }

    /// Standard base64 with padding.
    pub fn to_base64(&self) -> String {
        LENIENT.encode(&self.0)
    }
}

/// The byte to which Go points in base64 text that cannot be read.
fn corrupt_at(text: &[u8]) -> usize {
    let past_breaks = |at: usize| at + text[at..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let (mut at, mut in_group) = (0, 0);
    loop {
        at = past_breaks(at);
        match text.get(at) {
            // The first of what stands in a group that is not full.
            None => return at - in_group,
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/') => {
                in_group = (in_group + 1) % 4;
                at += 1;
            }
            Some(b'=') if in_group == 2 => {
                let second = past_breaks(at + 1);
                return match text.get(second) {
                    None => text.len(),
                    Some(b'=') => past_breaks(second + 1),
                    Some(_) => second - 1,
                };
            }
            Some(b'=') if in_group == 3 => return past_breaks(at + 1),
            Some(_) => return at,
        }
    }
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

/// Text of bytes; as in Go, each byte that belongs to no UTF-8 character becomes U+FFFD. Valid input, nearly all there
/// is, is only checked.
#[inline]
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match ascii(bytes) {
        Some(text) => Cow::Borrowed(text),
        None => replaced(bytes),
    }
}

fn replaced(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n(char::REPLACEMENT_CHARACTER, chunk.invalid().len()));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_as_go_reads_it() {
        for (text, expected) in [("", ""), ("aGk=", "hi"), ("aG\r\nk=\n", "hi"), ("aGl=", "hi")] {
            assert_eq!(ByteString::from_base64(text), Ok(ByteString(expected.into())), "{text}");
        }
        for (text, at) in [
            ("a b=", 1),
            ("aGk", 0),
            ("aGkhaGk", 4),
            ("a\n?b=", 2),
            ("!", 0),
            ("====", 0),
            ("x===", 1),
            ("AA=A", 2),
            ("AA==A", 4),
            ("AAA=AAAA", 4),
            ("AAAAA=", 5),
            ("AA=", 3),
            ("AA=\n", 4),
            ("AA=\nA", 3),
            ("A\nA=\n=\nA", 7),
            ("AAAA\nA", 5),
            ("A\nA", 1),
            ("é", 0),
        ] {
            assert_eq!(ByteString::from_base64(text), Err(Base64Error(at)), "{text}");
        }
        assert_eq!(serde_json::to_string(&ByteString(vec![0xff])).unwrap(), "\"/w==\"");
        assert_eq!(serde_json::from_str::<ByteString>("\"/w==\"").unwrap().0, [0xff]);
    }

    #[test]
    fn each_byte_that_is_no_utf8_is_replaced() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"\xe2\x82", "\u{fffd}\u{fffd}"),
            (b"\xf0\x9f\x92A", "\u{fffd}\u{fffd}\u{fffd}A"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\xc0\x80\xc3\xa9", "\u{fffd}\u{fffd}é"),
        ] {
            assert_eq!(lossy(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn broken_lines_make_no_difference(bytes: Vec<u8>, every in 1usize..9) {
            let text = ByteString(bytes.clone()).to_base64();
            let lines: Vec<_> = text.as_bytes().chunks(every).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
            prop_assert_eq!(ByteString::from_base64(&lines.join("\r\n")), Ok(ByteString(bytes)));
        }

        #[test]
        fn errors_point_into_the_text(text in "[A-Za-z+/=\r\n!é]{0,12}") {
            if let Err(Base64Error(at)) = ByteString::from_base64(&text) {
                prop_assert!(at <= text.len());
            }
        }
    }
}

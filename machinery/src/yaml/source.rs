//! Bytes to text: encodings, and characters that YAML does not allow.

use std::borrow::Cow;

/// A text as far as it can be read.
pub(super) struct Source<'a> {
    pub text: Cow<'a, str>,
    /// What is wrong behind the text's end. It shows once somebody reads that far.
    pub failure: Option<&'static str>,
}

/// What upstream reads at a time. Of a piece with an error nothing is seen.
const PIECE: usize = 512;

const CONTROL: &str = "control characters are not allowed";

/// UTF-8, or UTF-16 with a byte order mark.
pub(super) fn read(bytes: &[u8]) -> Source<'_> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => from_utf8(rest, 3),
        _ => from_utf8(bytes, 0),
    }
}

fn from_utf8(bytes: &[u8], mark: usize) -> Source<'_> {
    let (text, failure) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), Some(utf8_problem(rest)))
        }
    };
    let (end, failure) = match forbidden(text) {
        Some(at) => (at, Some(CONTROL)),
        None => (text.len(), failure),
    };
    let end = if failure.is_some() { piece_of(text, end, mark) } else { end };
    Source { text: Cow::Borrowed(&text[..end]), failure }
}

/// Beginning of the piece that a byte belongs to. `mark` bytes were in front of the text.
fn piece_of(text: &str, at: usize, mark: usize) -> usize {
    let (mut start, mut end) = (0, PIECE - mark);
    while end <= at {
        start = text.floor_char_boundary(end);
        end = start + PIECE;
    }
    start
}

fn utf8_problem(bytes: &[u8]) -> &'static str {
    let width = match bytes[0] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(character) = bytes.get(..width) else { return "incomplete UTF-8 octet sequence" };
    if character[1..].iter().any(|b| b & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    match character {
        [0xc0 | 0xc1, ..] | [0xe0, ..0xa0, ..] | [0xf0, ..0x90, ..] => "invalid length of a UTF-8 sequence",
        _ => "invalid Unicode character",
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Source<'static> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut failure = (!rest.is_empty()).then_some("incomplete UTF-16 character");
    let mut units = pairs.iter().map(|pair| unit(*pair)).peekable();
    while let Some(first) = units.next() {
        let next = if first & 0xfc00 == 0xd800 { units.next() } else { None };
        let character = char::decode_utf16([Some(first), next].into_iter().flatten()).next();
        match character {
            Some(Ok(c)) if is_allowed(c) => text.push(c),
            Some(Ok(_)) => {
                failure = Some(CONTROL);
                break;
            }
            _ => {
                failure = Some(match (first & 0xfc00, next) {
                    (0xdc00, _) => "unexpected low surrogate area",
                    (_, None) => "incomplete UTF-16 surrogate pair",
                    _ => "expected low surrogate area",
                });
                break;
            }
        }
    }
    Source { text: Cow::Owned(text), failure }
}

/// Where the first character stands that is not allowed.
fn forbidden(text: &str) -> Option<usize> {
    let suspect = |b: u8| matches!(b, 0..=0x1f | 0x7f | 0xc2 | 0xef) && !matches!(b, b'\t' | b'\n' | b'\r');
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|b| suspect(*b)) {
        from += found;
        match text[from..].chars().next() {
            Some(c) if is_allowed(c) => from += c.len_utf8(),
            _ => return Some(from),
        }
    }
    None
}

fn is_allowed(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}

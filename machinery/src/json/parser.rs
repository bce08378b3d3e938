//! A pull parser over text: the caller says what it wants next.
//!
//! The text is valid UTF-8 from the start, so that slices of it become strings without another check. Syntax errors
//! are worded as Go's scanner words them.

use std::borrow::Cow;

use super::JsonError;
use crate::bytes::{Block, Special, run};
use crate::types::SmallStr;

/// Deepest nesting of messages that is read: each level takes room on the thread's stack.
const MAX_DEPTH: usize = 200;

/// Deepest nesting of values that are passed over or kept as text, as in Go.
const MAX_SKIPPED_DEPTH: usize = 10_000;

/// A place in a JSON text.
pub struct JsonParser<'a> {
    text: &'a str,
    pos: usize,
    depth: u32,
    /// The last string that had escapes, without them.
    unescaped: String,
}

/// A place to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pos: usize,
    depth: u32,
}

impl<'a> JsonParser<'a> {
    pub fn new(text: &'a str) -> Self {
        JsonParser { text, pos: 0, depth: 0, unescaped: String::new() }
    }

    /// Remembers the place, to read the next value in another way.
    pub(crate) fn mark(&self) -> Mark {
        Mark { pos: self.pos, depth: self.depth }
    }

    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.pos = mark.pos;
        self.depth = mark.depth;
    }

    /// First byte of the next token; white space before it is passed over.
    #[inline(always)]
    pub fn peek(&mut self) -> Option<u8> {
        match self.text.as_bytes().get(self.pos) {
            Some(&b) if b > b' ' => Some(b),
            _ => self.peek_behind_space(),
        }
    }

    fn peek_behind_space(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(&b) = bytes.get(self.pos) {
            if !matches!(b, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(b);
            }
            self.pos += 1;
        }
        None
    }

    /// Takes `null` if it is next.
    #[inline(always)]
    pub fn null(&mut self) -> Result<bool, JsonError> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.literal("null")?;
        Ok(true)
    }

    /// A boolean; a mismatch error for anything else.
    pub fn bool(&mut self) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.mismatch("bool")),
        }
    }

    /// A string; a mismatch error for anything else.
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.mismatch("string"));
        }
        self.string_body()
    }

    /// As [`string`](Self::string), with memory of its own.
    pub fn small_string(&mut self) -> Result<SmallStr, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.mismatch("string"));
        }
        match self.plain_string_body() {
            Ok(text) => Ok(SmallStr::from(text)),
            Err(start) => self.unescape(start).map(SmallStr::from),
        }
    }

    /// The text of a number; a mismatch error for anything else.
    pub fn number(&mut self) -> Result<&'a str, JsonError> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number_body(),
            _ => Err(self.mismatch("float64")),
        }
    }

    /// A whole number; a mismatch error naming `go_type` for anything else.
    pub fn integer<T: std::str::FromStr>(&mut self, go_type: &'static str) -> Result<T, JsonError> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.mismatch(go_type));
        }
        let number = self.number_body()?;
        number.parse().map_err(|_| JsonError::mismatch(format!("number {number}"), go_type))
    }

    /// A float64; a mismatch error for anything else and for what is too large.
    pub fn float(&mut self) -> Result<f64, JsonError> {
        let number = self.number()?;
        let value = number.parse().unwrap_or(f64::INFINITY);
        if value.is_infinite() {
            return Err(JsonError::mismatch(format!("number {number}"), "float64"));
        }
        Ok(value)
    }

    /// Passes over the next value, whatever it is.
    pub fn skip(&mut self) -> Result<(), JsonError> {
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.pos += 1;
                    match self.peek() {
                        Some(b'}') => self.pos += 1,
                        _ => {
                            self.key()?;
                            open.push(b'{');
                            self.check_depth(open.len(), MAX_SKIPPED_DEPTH)?;
                            continue;
                        }
                    }
                }
                Some(b'[') => {
                    self.pos += 1;
                    match self.peek() {
                        Some(b']') => self.pos += 1,
                        _ => {
                            open.push(b'[');
                            self.check_depth(open.len(), MAX_SKIPPED_DEPTH)?;
                            continue;
                        }
                    }
                }
                Some(b'"') => self.skip_string()?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                Some(b'-' | b'0'..=b'9') => drop(self.number_body()?),
                _ => return Err(self.unexpected("looking for beginning of value")),
            }
            loop {
                match open.last() {
                    None => return Ok(()),
                    Some(b'{') => {
                        if self.after_member()? {
                            self.key()?;
                            break;
                        }
                    }
                    Some(_) => {
                        if self.after_element()? {
                            break;
                        }
                    }
                }
                open.pop();
            }
        }
    }

    /// The text of the next value.
    pub fn raw(&mut self) -> Result<&'a str, JsonError> {
        self.peek();
        let start = self.pos;
        self.skip()?;
        Ok(&self.text[start..self.pos])
    }

    /// Enters an object: whether it has a member. A mismatch error naming `go_type` if the next value is no object.
    pub fn begin_object(&mut self, go_type: &str) -> Result<bool, JsonError> {
        self.open(b'{', b'}', go_type)
    }

    /// A member's name and the colon after it.
    #[inline]
    pub fn key(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string_body()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.pos += 1;
        Ok(key)
    }

    /// After a member: whether another follows. Leaves the object if not.
    #[inline]
    pub fn next_member(&mut self) -> Result<bool, JsonError> {
        let more = self.after_member()?;
        if !more {
            self.depth -= 1;
        }
        Ok(more)
    }

    /// Enters an array: whether it has an element. A mismatch error naming `go_type` if the next value is no array.
    pub fn begin_array(&mut self, go_type: &str) -> Result<bool, JsonError> {
        self.open(b'[', b']', go_type)
    }

    /// After an element: whether another follows. Leaves the array if not.
    pub fn next_element(&mut self) -> Result<bool, JsonError> {
        let more = self.after_element()?;
        if !more {
            self.depth -= 1;
        }
        Ok(more)
    }

    /// Fails if anything but white space follows.
    pub fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    /// The error for a value that is no `go_type`. A syntax error if what follows is no value at all.
    pub fn mismatch(&mut self, go_type: &str) -> JsonError {
        let found = match self.peek() {
            Some(b'{') => "object",
            Some(b'[') => "array",
            Some(b'"') => "string",
            Some(b't' | b'f') => "bool",
            Some(b'-' | b'0'..=b'9') => "number",
            Some(b'n') => "null",
            _ => return self.unexpected("looking for beginning of value"),
        };
        JsonError::mismatch(found, go_type)
    }

    fn open(&mut self, open: u8, close: u8, go_type: &str) -> Result<bool, JsonError> {
        if self.peek() != Some(open) {
            return Err(self.mismatch(go_type));
        }
        self.pos += 1;
        if self.peek() == Some(close) {
            self.pos += 1;
            return Ok(false);
        }
        self.depth += 1;
        self.check_depth(0, MAX_DEPTH)?;
        Ok(true)
    }

    fn check_depth(&self, more: usize, limit: usize) -> Result<(), JsonError> {
        if self.depth as usize + more > limit {
            return Err(JsonError::syntax("exceeded max depth"));
        }
        Ok(())
    }

    fn after_member(&mut self) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b',') => {
                self.pos += 1;
                Ok(true)
            }
            Some(b'}') => {
                self.pos += 1;
                Ok(false)
            }
            _ => Err(self.unexpected("after object key:value pair")),
        }
    }

    fn after_element(&mut self) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b',') => {
                self.pos += 1;
                Ok(true)
            }
            Some(b']') => {
                self.pos += 1;
                Ok(false)
            }
            _ => Err(self.unexpected("after array element")),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JsonError> {
        let bytes = self.text.as_bytes();
        for (i, expected) in word.bytes().enumerate() {
            if bytes.get(self.pos) != Some(&expected) {
                debug_assert!(i > 0, "callers look at the first byte");
                return Err(self.unexpected(&format!("in literal {word} (expecting '{}')", expected as char)));
            }
            self.pos += 1;
        }
        Ok(())
    }

    fn number_body(&mut self) -> Result<&'a str, JsonError> {
        let bytes = self.text.as_bytes();
        let start = self.pos;
        let digits = |pos: &mut usize| {
            let from = *pos;
            while bytes.get(*pos).is_some_and(u8::is_ascii_digit) {
                *pos += 1;
            }
            *pos > from
        };
        if bytes[self.pos] == b'-' {
            self.pos += 1;
        }
        if bytes.get(self.pos) == Some(&b'0') {
            self.pos += 1;
        } else if !digits(&mut self.pos) {
            return Err(self.unexpected("in numeric literal"));
        }
        if bytes.get(self.pos) == Some(&b'.') {
            self.pos += 1;
            if !digits(&mut self.pos) {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
        }
        if matches!(bytes.get(self.pos), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(bytes.get(self.pos), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            if !digits(&mut self.pos) {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
        }
        Ok(&self.text[start..self.pos])
    }

    fn string_body(&mut self) -> Result<Cow<'a, str>, JsonError> {
        match self.plain_string_body() {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(start) => self.unescape(start).map(|text| Cow::Owned(text.to_owned())),
        }
    }

    /// A string without escapes, or where it begins if something stands in it at the present place.
    #[inline]
    fn plain_string_body(&mut self) -> Result<&'a str, usize> {
        self.pos += 1;
        let start = self.pos;
        self.plain_run();
        if self.text.as_bytes().get(self.pos) != Some(&b'"') {
            return Err(start);
        }
        let text = &self.text[start..self.pos];
        self.pos += 1;
        Ok(text)
    }

    /// The string that begins at `start` and is plain up to here.
    fn unescape(&mut self, start: usize) -> Result<&str, JsonError> {
        let mut unescaped = std::mem::take(&mut self.unescaped);
        unescaped.clear();
        let mut from = start;
        loop {
            unescaped.push_str(&self.text[from..self.pos]);
            match self.text.as_bytes().get(self.pos) {
                Some(b'"') => break,
                Some(b'\\') => unescaped.push(self.escape()?),
                _ => return Err(self.unexpected("in string literal")),
            }
            from = self.pos;
            self.plain_run();
        }
        self.pos += 1;
        self.unescaped = unescaped;
        Ok(&self.unescaped)
    }

    fn skip_string(&mut self) -> Result<(), JsonError> {
        self.string_body().map(drop)
    }

    /// Moves to the next quote, backslash or control character.
    #[inline(always)]
    fn plain_run(&mut self) {
        self.pos += run::<Delimiter>(&self.text.as_bytes()[self.pos..]);
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.pos += 1;
        let c = match self.text.as_bytes().get(self.pos) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.pos += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.pos += 1;
        Ok(c)
    }

    /// The four digits after `\u`, and a second escape if the two make a pair. Lone surrogates become U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let high = self.hex4()?;
        if let Some(c) = char::from_u32(high) {
            return Ok(c);
        }
        if high < 0xdc00 && self.text.as_bytes()[self.pos..].starts_with(b"\\u") {
            let back = self.pos;
            self.pos += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.pos = back;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.text.as_bytes().get(self.pos).and_then(|&b| (b as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            value = value * 16 + digit;
            self.pos += 1;
        }
        Ok(value)
    }

    #[cold]
    fn unexpected(&self, context: &str) -> JsonError {
        match self.text[self.floor()..].chars().next() {
            None => JsonError::syntax("unexpected end of JSON input"),
            Some(c) => JsonError::syntax(format!("invalid character {} {context}", quote_char(c))),
        }
    }

    fn floor(&self) -> usize {
        self.text.floor_char_boundary(self.pos)
    }
}

/// Bytes that end a run of plain text in a string.
struct Delimiter;

impl Special for Delimiter {
    #[inline(always)]
    fn block(block: Block) -> u32 {
        block.at_most(0x1f).or(block.is(b'"')).or(block.is(b'\\')).bits()
    }

    #[inline(always)]
    fn byte(byte: u8) -> bool {
        matches!(byte, b'"' | b'\\' | 0..=0x1f)
    }
}

/// A character as Go's scanner quotes it; Go looks at bytes, so others than ASCII show as their first byte.
fn quote_char(c: char) -> String {
    match c {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        '\n' => r"'\n'".to_owned(),
        '\r' => r"'\r'".to_owned(),
        '\t' => r"'\t'".to_owned(),
        '\\' => r"'\\'".to_owned(),
        ' '..='~' => format!("'{c}'"),
        '\0'..='\x7f' => format!(r"'\x{:02x}'", c as u32),
        _ => {
            let mut utf8 = [0; 4];
            c.encode_utf8(&mut utf8);
            format!("'{}'", utf8[0] as char)
        }
    }
}

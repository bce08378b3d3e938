//! JSON text as Go's `encoding/json` writes it.
//!
//! Every member is written with a leading comma; closing an object turns the first comma into the brace. So no member
//! needs to know whether it is the first.

use std::collections::BTreeMap;

use base64::Engine;

use crate::Message;
use crate::message::{MessageList, MessageMap};
use crate::types::ByteString;

/// A growing JSON text.
#[derive(Default)]
pub struct JsonWriter {
    out: Vec<u8>,
}

/// Members of an object. `key` is a literal with its comma, quotes and colon, such as `,"name":`.
impl JsonWriter {
    pub fn null(&mut self, key: &str) {
        self.raw(key);
        self.raw("null");
    }

    pub fn bool(&mut self, key: &str, value: bool) {
        self.raw(key);
        self.raw(if value { "true" } else { "false" });
    }

    pub fn i32(&mut self, key: &str, value: i32) {
        self.i64(key, value.into());
    }

    pub fn i64(&mut self, key: &str, value: i64) {
        self.raw(key);
        self.integer(value);
    }

    pub fn f64(&mut self, key: &str, value: f64) {
        self.raw(key);
        self.float(value);
    }

    pub fn str(&mut self, key: &str, value: &str) {
        self.raw(key);
        self.string(value);
    }

    pub fn bytes(&mut self, key: &str, value: &ByteString) {
        self.raw(key);
        self.base64(&value.0);
    }

    pub fn bools(&mut self, key: &str, values: &[bool]) {
        self.array(key, values, |w, v| w.raw(if *v { "true" } else { "false" }));
    }

    pub fn i32s(&mut self, key: &str, values: &[i32]) {
        self.array(key, values, |w, v| w.integer((*v).into()));
    }

    pub fn i64s(&mut self, key: &str, values: &[i64]) {
        self.array(key, values, |w, v| w.integer(*v));
    }

    pub fn strs(&mut self, key: &str, values: &[String]) {
        self.array(key, values, |w, v| w.string(v));
    }

    pub fn str_map(&mut self, key: &str, values: &BTreeMap<String, String>) {
        self.raw(key);
        let start = self.begin_object();
        for (k, v) in values {
            self.key(k);
            self.string(v);
        }
        self.end_object(start);
    }

    pub fn bytes_map(&mut self, key: &str, values: &BTreeMap<String, ByteString>) {
        self.raw(key);
        let start = self.begin_object();
        for (k, v) in values {
            self.key(k);
            self.base64(&v.0);
        }
        self.end_object(start);
    }

    pub fn message(&mut self, key: &str, value: &dyn Message) {
        self.raw(key);
        value.encode_json(self);
    }

    pub fn list(&mut self, key: &str, values: &dyn MessageList) {
        self.raw(key);
        let start = self.begin_array();
        for value in (0..values.len()).filter_map(|i| values.get(i)) {
            self.raw(",");
            value.encode_json(self);
        }
        self.end_array(start);
    }

    pub fn map(&mut self, key: &str, values: &dyn MessageMap) {
        self.raw(key);
        let start = self.begin_object();
        for (k, v) in values.entries() {
            self.key(k);
            v.encode_json(self);
        }
        self.end_object(start);
    }

    fn array<T>(&mut self, key: &str, values: &[T], write: impl Fn(&mut Self, &T)) {
        self.raw(key);
        let start = self.begin_array();
        for value in values {
            self.raw(",");
            write(self, value);
        }
        self.end_array(start);
    }
}

/// Values and brackets.
impl JsonWriter {
    pub fn with_capacity(bytes: usize) -> Self {
        JsonWriter { out: Vec::with_capacity(bytes) }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// The text so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// Starts an object, to be closed by [`JsonWriter::end_object`] with what this returns.
    pub fn begin_object(&mut self) -> usize {
        self.out.len()
    }

    pub fn end_object(&mut self, start: usize) {
        self.close(start, b'{', b'}');
    }

    /// Starts an array whose elements are each written with a leading comma.
    pub fn begin_array(&mut self) -> usize {
        self.out.len()
    }

    pub fn end_array(&mut self, start: usize) {
        self.close(start, b'[', b']');
    }

    /// Text that is JSON already.
    pub fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A member's name that is not known at compile time, with its comma and colon.
    pub fn key(&mut self, key: &str) {
        self.out.push(b',');
        self.string(key);
        self.out.push(b':');
    }

    /// A quoted string.
    pub fn string(&mut self, value: &str) {
        self.out.push(b'"');
        let bytes = value.as_bytes();
        let mut plain = 0;
        for (i, &b) in bytes.iter().enumerate() {
            if PLAIN[b as usize] {
                continue;
            }
            // U+2028 and U+2029 are E2 80 A8 and E2 80 A9; every other E2 stays.
            if b == 0xe2 && !matches!(bytes.get(i + 1..i + 3), Some([0x80, 0xa8 | 0xa9])) {
                continue;
            }
            self.out.extend_from_slice(&bytes[plain..i]);
            plain = i + self.escape(b, bytes.get(i + 2));
        }
        self.out.extend_from_slice(&bytes[plain..]);
        self.out.push(b'"');
    }

    /// A whole number.
    pub fn integer(&mut self, value: i64) {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.out.push(b'-');
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    /// A number as Go prints a float64: shortest digits, with an exponent below 1e-6 and from 1e21.
    pub fn float(&mut self, value: f64) {
        let size = value.abs();
        let text = if size != 0.0 && !(1e-6..1e21).contains(&size) {
            let text = format!("{value:e}");
            match text.split_once('e') {
                Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
                _ => text,
            }
        } else {
            format!("{value}")
        };
        self.raw(&text);
    }

    /// A quoted string of standard base64 with padding.
    pub fn base64(&mut self, value: &[u8]) {
        self.out.push(b'"');
        let text = base64::engine::general_purpose::STANDARD.encode(value);
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    fn close(&mut self, start: usize, open: u8, close: u8) {
        match self.out.get_mut(start) {
            Some(first) => *first = open,
            None => self.out.push(open),
        }
        self.out.push(close);
    }

    /// Writes the escape of a byte that is not plain; returns how many bytes of the input it stands for.
    #[cold]
    fn escape(&mut self, byte: u8, third: Option<&u8>) -> usize {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            b'\r' => self.raw("\\r"),
            b'\t' => self.raw("\\t"),
            0xe2 => {
                self.raw(if third == Some(&0xa8) { "\\u2028" } else { "\\u2029" });
                return 3;
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                self.raw("\\u00");
                self.out.push(HEX[usize::from(byte >> 4)]);
                self.out.push(HEX[usize::from(byte & 15)]);
            }
        }
        1
    }
}

/// Bytes that stand for themselves. `<`, `>` and `&` do not: Go escapes them for HTML.
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut i = 0;
    while i < 0x20 {
        plain[i] = false;
        i += 1;
    }
    let special = *b"\"\\<>&\xe2";
    let mut i = 0;
    while i < special.len() {
        plain[special[i] as usize] = false;
        i += 1;
    }
    plain
};

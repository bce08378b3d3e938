//! JSON text as Go's `encoding/json` writes it.
//!
//! Every member is written with a leading comma; closing an object turns the first comma into the brace. So no member
//! needs to know whether it is the first.

use std::collections::BTreeMap;

use base64::Engine;

use crate::Message;
use crate::bytes::{Block, Special, copy, run};
use crate::message::presence::absent;
use crate::message::{FieldRef, MessageList, MessageMap};
use crate::types::{ByteString, SmallStr};

/// A growing JSON text.
#[derive(Default)]
pub struct JsonWriter {
    /// The text, and room behind it.
    buffer: Vec<u8>,
    len: usize,
}

/// Largest buffer that a thread keeps between documents.
const KEPT: usize = 256 << 10;

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
        if plain_run(value.as_bytes()) < value.len() {
            self.raw(key);
            return self.escaped_string(value);
        }
        let room = self.room(key.len() + value.len() + 2);
        let (before, room) = room.split_at_mut(key.len());
        copy(before, key.as_bytes());
        quoted(room, value.as_bytes());
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

    pub fn strs(&mut self, key: &str, values: &[SmallStr]) {
        self.array(key, values, |w, v| w.string(v));
    }

    pub fn str_map(&mut self, key: &str, values: &BTreeMap<SmallStr, SmallStr>) {
        self.raw(key);
        let start = self.begin_object();
        for (k, v) in values {
            self.key(k);
            self.string(v);
        }
        self.end_object(start);
    }

    pub fn bytes_map(&mut self, key: &str, values: &BTreeMap<SmallStr, ByteString>) {
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

    /// A field's value, `null` if it is absent.
    pub(crate) fn value(&mut self, value: &FieldRef<'_>) {
        match value {
            value if absent(value) => self.raw("null"),
            FieldRef::Bool(v) | FieldRef::OptBool(Some(v)) => self.bool("", *v),
            FieldRef::I32(v) | FieldRef::OptI32(Some(v)) => self.i32("", *v),
            FieldRef::I64(v) | FieldRef::OptI64(Some(v)) => self.i64("", *v),
            FieldRef::Str(v) | FieldRef::OptStr(Some(v)) => self.string(v),
            FieldRef::OptF64(Some(v)) => self.float(*v),
            FieldRef::OptBytes(Some(v)) => self.base64(&v.0),
            FieldRef::Bools(v) => self.bools("", v),
            FieldRef::I32s(v) => self.i32s("", v),
            FieldRef::I64s(v) => self.i64s("", v),
            FieldRef::Strs(v) => self.strs("", v),
            FieldRef::StrMap(v) => self.str_map("", v),
            FieldRef::BytesMap(v) => self.bytes_map("", v),
            FieldRef::Message(v) | FieldRef::OptMessage(Some(v)) => v.encode_json(self),
            FieldRef::List(v) => self.list("", *v),
            FieldRef::Map(v) => self.map("", *v),
            _ => {}
        }
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
        JsonWriter { buffer: vec![0; bytes], len: 0 }
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        self.buffer.truncate(self.len);
        self.buffer
    }

    /// What was written, in a buffer that fits it; the writer is empty then. Small buffers are kept to be filled again:
    /// copying out of one costs less than growing a new one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        if self.len > KEPT {
            return std::mem::take(self).into_bytes();
        }
        let text = self.as_bytes().to_vec();
        self.len = 0;
        text
    }

    /// The text so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    /// Starts an object, to be closed by [`JsonWriter::end_object`] with what this returns.
    pub fn begin_object(&mut self) -> usize {
        self.len
    }

    pub fn end_object(&mut self, start: usize) {
        self.close(start, b'{', b'}');
    }

    /// Starts an array whose elements are each written with a leading comma.
    pub fn begin_array(&mut self) -> usize {
        self.len
    }

    pub fn end_array(&mut self, start: usize) {
        self.close(start, b'[', b']');
    }

    /// Text that is JSON already.
    pub fn raw(&mut self, text: &str) {
        copy(self.room(text.len()), text.as_bytes());
    }

    /// A member's name that is not known at compile time, with its comma and colon.
    pub fn key(&mut self, key: &str) {
        self.str(",", key);
        self.raw(":");
    }

    /// A quoted string.
    pub fn string(&mut self, value: &str) {
        self.str("", value);
    }

    /// A quoted string with at least one escape.
    fn escaped_string(&mut self, value: &str) {
        self.raw("\"");
        let mut rest = value.as_bytes();
        loop {
            let (plain, behind) = rest.split_at(plain_run(rest));
            copy(self.room(plain.len()), plain);
            let Some((&byte, behind)) = behind.split_first() else { break };
            rest = match byte {
                // U+2028 and U+2029 are E2 80 A8 and E2 80 A9; every other E2 stays.
                0xe2 => match behind.split_at_checked(2) {
                    Some(([0x80, 0xa8], behind)) => self.escaped("\\u2028", behind),
                    Some(([0x80, 0xa9], behind)) => self.escaped("\\u2029", behind),
                    _ => {
                        self.room(1)[0] = byte;
                        behind
                    }
                },
                _ => self.escaped(ESCAPES[usize::from(byte)], behind),
            };
        }
        self.raw("\"");
    }

    fn escaped<'a>(&mut self, escape: &str, behind: &'a [u8]) -> &'a [u8] {
        self.raw(escape);
        behind
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
            self.raw("-");
        }
        copy(self.room(digits.len() - at), &digits[at..]);
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
        let size = value.len().div_ceil(3) * 4;
        let room = self.room(size + 2);
        room[0] = b'"';
        room[size + 1] = b'"';
        let written = base64::engine::general_purpose::STANDARD.encode_slice(value, &mut room[1..=size]);
        debug_assert_eq!(written, Ok(size));
    }

    fn close(&mut self, start: usize, open: u8, close: u8) {
        if self.len == start {
            self.room(1);
        }
        self.buffer[start] = open;
        self.room(1)[0] = close;
    }

    /// The next bytes of the text, to be written.
    #[inline(always)]
    fn room(&mut self, size: usize) -> &mut [u8] {
        let start = self.len;
        self.len += size;
        if self.len > self.buffer.len() {
            self.grow();
        }
        &mut self.buffer[start..self.len]
    }

    #[cold]
    fn grow(&mut self) {
        self.buffer.resize((2 * self.len).max(512), 0);
    }
}

/// The text in quotes; `to` has just the room for it.
#[inline(always)]
fn quoted(to: &mut [u8], text: &[u8]) {
    if let [first, between @ .., last] = to {
        *first = b'"';
        copy(between, text);
        *last = b'"';
    }
}

/// Length of the text up to the first byte that may need an escape.
#[inline(always)]
fn plain_run(text: &[u8]) -> usize {
    run::<Escaped>(text)
}

/// Bytes that may need an escape.
struct Escaped;

impl Special for Escaped {
    #[inline(always)]
    fn block(block: Block) -> u32 {
        let quote_or_and = block.is_either(b'"', b'"' ^ b'&');
        let less_or_greater = block.is_either(b'<', b'<' ^ b'>');
        block.at_most(0x1f).or(quote_or_and).or(less_or_greater).or(block.is(b'\\')).or(block.is(0xe2)).bits()
    }

    #[inline(always)]
    fn byte(byte: u8) -> bool {
        byte == 0xe2 || !ESCAPES[usize::from(byte)].is_empty()
    }
}

/// What stands for a byte; nothing where it stands for itself. `<`, `>` and `&` do not: Go escapes them for HTML.
static ESCAPES: [&str; 256] = {
    let mut escapes = [""; 256];
    let mut i = 0;
    while i < CONTROLS.len() {
        escapes[i] = CONTROLS[i];
        i += 1;
    }
    escapes[b'"' as usize] = "\\\"";
    escapes[b'\\' as usize] = "\\\\";
    escapes[b'<' as usize] = "\\u003c";
    escapes[b'>' as usize] = "\\u003e";
    escapes[b'&' as usize] = "\\u0026";
    escapes
};

const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007", "\\u0008", "\\t", "\\n",
    "\\u000b", "\\u000c", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014",
    "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e",
    "\\u001f",
];

//! A buffer that is filled from its end.
//!
//! A message's length stands before it, so writing the last field first means that lengths are known when they are
//! needed: no pass that only measures. Callers write the highest tag first and walk lists and maps in reverse.

use std::collections::BTreeMap;

use crate::Message;
use crate::message::{MessageList, MessageMap};
use crate::types::ByteString;

/// A protobuf message growing from its end.
#[derive(Default)]
pub struct ProtoWriter {
    buffer: Vec<u8>,
    /// Where the written bytes begin.
    start: usize,
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;

/// Fields. Each writes value, then length, then tag, from the end to the front.
impl ProtoWriter {
    pub fn bool(&mut self, tag: u32, value: bool) {
        self.varint(value.into());
        self.key(tag, VARINT);
    }

    pub fn i32(&mut self, tag: u32, value: i32) {
        self.i64(tag, value.into());
    }

    pub fn i64(&mut self, tag: u32, value: i64) {
        self.varint(value as u64);
        self.key(tag, VARINT);
    }

    pub fn f64(&mut self, tag: u32, value: f64) {
        self.raw(&value.to_le_bytes());
        self.key(tag, FIXED64);
    }

    pub fn str(&mut self, tag: u32, value: &str) {
        self.bytes(tag, value.as_bytes());
    }

    pub fn bytes(&mut self, tag: u32, value: &[u8]) {
        self.raw(value);
        self.varint(value.len() as u64);
        self.key(tag, BYTES);
    }

    pub fn bools(&mut self, tag: u32, values: &[bool]) {
        values.iter().rev().for_each(|v| self.bool(tag, *v));
    }

    pub fn i32s(&mut self, tag: u32, values: &[i32]) {
        values.iter().rev().for_each(|v| self.i32(tag, *v));
    }

    pub fn i64s(&mut self, tag: u32, values: &[i64]) {
        values.iter().rev().for_each(|v| self.i64(tag, *v));
    }

    pub fn strs(&mut self, tag: u32, values: &[String]) {
        values.iter().rev().for_each(|v| self.str(tag, v));
    }

    pub fn str_map(&mut self, tag: u32, values: &BTreeMap<String, String>) {
        for (key, value) in values.iter().rev() {
            self.entry(tag, key, |w| w.str(2, value));
        }
    }

    pub fn bytes_map(&mut self, tag: u32, values: &BTreeMap<String, ByteString>) {
        for (key, value) in values.iter().rev() {
            self.entry(tag, key, |w| w.bytes(2, &value.0));
        }
    }

    pub fn message(&mut self, tag: u32, value: &dyn Message) {
        self.nested(tag, |w| value.encode_proto(w));
    }

    pub fn list(&mut self, tag: u32, values: &dyn MessageList) {
        for value in (0..values.len()).rev().filter_map(|i| values.get(i)) {
            self.message(tag, value);
        }
    }

    pub fn map(&mut self, tag: u32, values: &dyn MessageMap) {
        for (key, value) in values.entries().rev() {
            self.entry(tag, key, |w| w.message(2, value));
        }
    }

    /// A field whose bytes `write` writes, also from the end to the front.
    pub fn nested(&mut self, tag: u32, write: impl FnOnce(&mut Self)) {
        let end = self.len();
        write(self);
        self.varint((self.len() - end) as u64);
        self.key(tag, BYTES);
    }

    fn entry(&mut self, tag: u32, key: &str, value: impl FnOnce(&mut Self)) {
        self.nested(tag, |w| {
            value(w);
            w.str(1, key);
        });
    }
}

/// Bytes.
impl ProtoWriter {
    pub fn with_capacity(bytes: usize) -> Self {
        ProtoWriter { buffer: vec![0; bytes], start: bytes }
    }

    /// How much is written.
    pub fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        self.buffer.drain(..self.start);
        self.buffer
    }

    /// Bytes as they are, in front of what is written.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.start -= bytes.len();
        self.buffer[self.start..self.start + bytes.len()].copy_from_slice(bytes);
    }

    fn key(&mut self, tag: u32, wire_type: u32) {
        self.varint(u64::from(tag << 3 | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
        if value < 0x80 {
            return self.raw(&[value as u8]);
        }
        let mut bytes = [0; 10];
        let mut len = 0;
        while value >= 0x80 {
            bytes[len] = value as u8 | 0x80;
            value >>= 7;
            len += 1;
        }
        bytes[len] = value as u8;
        self.raw(&bytes[..=len]);
    }

    fn reserve(&mut self, more: usize) {
        if self.start < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let written = self.len();
        let size = (2 * self.buffer.len()).max(written + more).max(64);
        let mut buffer = vec![0; size];
        buffer[size - written..].copy_from_slice(self.as_bytes());
        self.buffer = buffer;
        self.start = size - written;
    }
}

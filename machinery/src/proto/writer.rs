//! A buffer that is filled from its end.
//!
//! A message's length stands before it, so writing the last field first means that lengths are known when they are
//! needed: no pass that only measures. Callers write the highest tag first and walk lists and maps in reverse.

use std::collections::BTreeMap;

use crate::Message;
use crate::bytes::copy;
use crate::message::{FieldRef, MessageList, MessageMap};
use crate::types::{ByteString, SmallStr};

/// A protobuf message growing from its end.
#[derive(Default)]
pub struct ProtoWriter {
    buffer: Vec<u8>,
    /// Where the written bytes begin.
    start: usize,
}

/// Largest buffer that a thread keeps between messages.
const KEPT: usize = 256 << 10;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;

/// Fields. Each writes value, then length, then tag, from the end to the front.
impl ProtoWriter {
    pub fn bool(&mut self, tag: u32, value: bool) {
        self.i64(tag, value.into());
    }

    pub fn i32(&mut self, tag: u32, value: i32) {
        self.i64(tag, value.into());
    }

    pub fn i64(&mut self, tag: u32, value: i64) {
        match (short_key(tag, VARINT), u8::try_from(value)) {
            (Some(key), Ok(value @ 0..0x80)) => self.room(2).copy_from_slice(&[key, value]),
            _ => {
                self.varint(value as u64);
                self.key(tag, VARINT);
            }
        }
    }

    pub fn f64(&mut self, tag: u32, value: f64) {
        self.raw(&value.to_le_bytes());
        self.key(tag, FIXED64);
    }

    pub fn str(&mut self, tag: u32, value: &str) {
        self.bytes(tag, value.as_bytes());
    }

    pub fn bytes(&mut self, tag: u32, value: &[u8]) {
        // One step for what most fields are: a tag and a length of one byte each.
        match short_key(tag, BYTES) {
            Some(key) if value.len() < 0x80 => {
                if let [k, len, room @ ..] = self.room(value.len() + 2) {
                    (*k, *len) = (key, value.len() as u8);
                    copy(room, value);
                }
            }
            _ => {
                self.raw(value);
                self.header(tag, value.len());
            }
        }
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

    pub fn strs(&mut self, tag: u32, values: &[SmallStr]) {
        values.iter().rev().for_each(|v| self.str(tag, v));
    }

    pub fn str_map(&mut self, tag: u32, values: &BTreeMap<SmallStr, SmallStr>) {
        for (key, value) in values.iter().rev() {
            self.entry(tag, key, |w| w.str(2, value));
        }
    }

    pub fn bytes_map(&mut self, tag: u32, values: &BTreeMap<SmallStr, ByteString>) {
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

    /// A field's value, nothing if it is absent.
    pub(crate) fn value(&mut self, tag: u32, value: &FieldRef<'_>) {
        match value {
            FieldRef::Bool(v) | FieldRef::OptBool(Some(v)) => self.bool(tag, *v),
            FieldRef::I32(v) | FieldRef::OptI32(Some(v)) => self.i32(tag, *v),
            FieldRef::I64(v) | FieldRef::OptI64(Some(v)) => self.i64(tag, *v),
            FieldRef::Str(v) | FieldRef::OptStr(Some(v)) => self.str(tag, v),
            FieldRef::OptF64(Some(v)) => self.f64(tag, *v),
            FieldRef::OptBytes(Some(v)) => self.bytes(tag, &v.0),
            FieldRef::Bools(v) => self.bools(tag, v),
            FieldRef::I32s(v) => self.i32s(tag, v),
            FieldRef::I64s(v) => self.i64s(tag, v),
            FieldRef::Strs(v) => self.strs(tag, v),
            FieldRef::StrMap(v) => self.str_map(tag, v),
            FieldRef::BytesMap(v) => self.bytes_map(tag, v),
            FieldRef::Message(v) | FieldRef::OptMessage(Some(v)) => self.message(tag, *v),
            FieldRef::List(v) => self.list(tag, *v),
            FieldRef::Map(v) => self.map(tag, *v),
            FieldRef::OptBool(None)
            | FieldRef::OptI32(None)
            | FieldRef::OptI64(None)
            | FieldRef::OptF64(None)
            | FieldRef::OptStr(None)
            | FieldRef::OptBytes(None)
            | FieldRef::OptMessage(None) => {}
        }
    }

    /// A field whose bytes `write` writes, also from the end to the front.
    pub fn nested(&mut self, tag: u32, write: impl FnOnce(&mut Self)) {
        let end = self.len();
        write(self);
        self.header(tag, self.len() - end);
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

    /// What was written, in a buffer that fits it; the writer is empty then. Small buffers are kept to be filled again:
    /// copying out of one costs less than growing a new one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        if self.len() > KEPT {
            return std::mem::take(self).into_bytes();
        }
        let bytes = self.as_bytes().to_vec();
        self.start = self.buffer.len();
        bytes
    }

    /// Bytes as they are, in front of what is written.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
    }

    /// Tag and length of what was just written.
    #[inline]
    fn header(&mut self, tag: u32, len: usize) {
        match short_key(tag, BYTES) {
            Some(key) if len < 0x80 => self.room(2).copy_from_slice(&[key, len as u8]),
            _ => {
                self.varint(len as u64);
                self.key(tag, BYTES);
            }
        }
    }

    fn key(&mut self, tag: u32, wire_type: u32) {
        self.varint(u64::from(tag << 3 | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
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

    /// The bytes in front of what is written, to be filled.
    #[inline(always)]
    fn room(&mut self, size: usize) -> &mut [u8] {
        if self.start < size {
            self.grow(size);
        }
        let end = self.start;
        self.start = end - size;
        &mut self.buffer[self.start..end]
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

/// The key of a field if it has one byte.
#[inline(always)]
fn short_key(tag: u32, wire_type: u32) -> Option<u8> {
    (tag < 16).then_some((tag << 3 | wire_type) as u8)
}

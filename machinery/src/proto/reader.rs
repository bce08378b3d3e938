//! Tags and values of the wire format.

use std::borrow::Cow;
use std::fmt;

use crate::types::lossy;

/// Reads the fields of one message in the order in which they stand.
#[derive(Clone, Copy)]
pub struct ProtoReader<'a> {
    bytes: &'a [u8],
    /// How many messages are around this one.
    depth: u32,
}

/// How a field's value is laid out: the low three bits of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// A field's value as the wire knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Why bytes are no such message. One boxed pointer, so that results stay small.
#[derive(Debug, PartialEq)]
pub struct ProtoError(Box<Kind>);

#[derive(Debug, PartialEq)]
enum Kind {
    UnexpectedEnd,
    Overflow,
    IllegalTag(u64),
    IllegalWireType(u8),
    WrongWireType { found: WireType, field: String },
    TooDeep,
    Custom(String),
}

/// Deepest nesting that is read.
const MAX_DEPTH: u32 = 200;

impl<'a> ProtoReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        ProtoReader { bytes, depth: 0 }
    }

    /// The next field's tag and value; `None` at the end.
    pub fn next_field(&mut self) -> Result<Option<(u32, Wire<'a>)>, ProtoError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let (tag, wire_type) = self.key()?;
        let wire = match wire_type {
            WireType::Varint => Wire::Varint(self.varint()?),
            WireType::Fixed64 => Wire::Fixed64(self.fixed64()?),
            WireType::Bytes => Wire::Bytes(self.bytes()?),
            WireType::Fixed32 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
        };
        Ok(Some((tag, wire)))
    }

    /// The next field's tag and layout.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<(u32, WireType), ProtoError> {
        let key = self.varint()?;
        let tag = key >> 3;
        if tag == 0 || tag >= 1 << 29 {
            return Err(ProtoError::new(Kind::IllegalTag(tag)));
        }
        let wire_type = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            5 => WireType::Fixed32,
            other => return Err(ProtoError::new(Kind::IllegalWireType(other as u8))),
        };
        Ok((tag as u32, wire_type))
    }

    /// Passes over the value of an unknown field.
    pub(super) fn skip(&mut self, wire_type: WireType) -> Result<(), ProtoError> {
        match wire_type {
            WireType::Varint => self.varint().map(drop),
            WireType::Fixed64 => self.array::<8>().map(drop),
            WireType::Bytes => self.bytes().map(drop),
            WireType::Fixed32 => self.array::<4>().map(drop),
        }
    }

    /// How many more fields like the one just read follow at once, each of `tag` and with a length.
    pub(super) fn repeated(&self, tag: u32) -> usize {
        let mut rest = *self;
        let mut count = 0;
        while let Ok((next, WireType::Bytes)) = rest.key()
            && next == tag
            && rest.bytes().is_ok()
        {
            count += 1;
        }
        count
    }

    /// A reader for a message inside this one.
    #[inline]
    pub fn nested<'b>(&self, bytes: &'b [u8]) -> Result<ProtoReader<'b>, ProtoError> {
        if self.depth >= MAX_DEPTH {
            return Err(ProtoError::new(Kind::TooDeep));
        }
        Ok(ProtoReader { bytes, depth: self.depth + 1 })
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A bare varint, as packed lists hold them.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, ProtoError> {
        // Tags and most values have one byte.
        if let Some((&byte, rest)) = self.bytes.split_first()
            && byte < 0x80
        {
            self.bytes = rest;
            return Ok(byte.into());
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, ProtoError> {
        let mut value = 0u64;
        for (i, &byte) in self.bytes.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.bytes = &self.bytes[i + 1..];
                return Ok(value);
            }
        }
        Err(ProtoError::new(if self.bytes.len() < 10 { Kind::UnexpectedEnd } else { Kind::Overflow }))
    }

    /// Bytes behind their length.
    #[inline(always)]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], ProtoError> {
        let len = self.varint()?;
        match usize::try_from(len).ok().and_then(|len| self.bytes.split_at_checked(len)) {
            Some((head, rest)) => {
                self.bytes = rest;
                Ok(head)
            }
            None => Err(ProtoError::new(Kind::UnexpectedEnd)),
        }
    }

    pub(super) fn fixed64(&mut self) -> Result<u64, ProtoError> {
        self.array().map(u64::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtoError> {
        let Some((head, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(ProtoError::new(Kind::UnexpectedEnd));
        };
        self.bytes = rest;
        Ok(*head)
    }
}

impl<'a> Wire<'a> {
    pub fn as_varint(self) -> Result<u64, ProtoError> {
        match self {
            Wire::Varint(value) => Ok(value),
            _ => Err(self.wrong()),
        }
    }

    pub fn as_bytes(self) -> Result<&'a [u8], ProtoError> {
        match self {
            Wire::Bytes(value) => Ok(value),
            _ => Err(self.wrong()),
        }
    }

    /// Text; what is not UTF-8 becomes U+FFFD.
    pub fn as_str(self) -> Result<Cow<'a, str>, ProtoError> {
        self.as_bytes().map(lossy)
    }

    fn wrong(self) -> ProtoError {
        ProtoError::wrong_wire_type(match self {
            Wire::Varint(_) => WireType::Varint,
            Wire::Fixed64(_) => WireType::Fixed64,
            Wire::Bytes(_) => WireType::Bytes,
            Wire::Fixed32(_) => WireType::Fixed32,
        })
    }
}

impl ProtoError {
    /// Bytes that are not in the form of a type with a form of its own.
    pub fn custom(text: impl Into<String>) -> ProtoError {
        ProtoError::new(Kind::Custom(text.into()))
    }

    /// A known field laid out as its type never is; the field is named by [`ProtoError::in_field`].
    #[cold]
    pub(super) fn wrong_wire_type(found: WireType) -> ProtoError {
        ProtoError::new(Kind::WrongWireType { found, field: String::new() })
    }

    /// Completes the error with the field, unless it has one.
    #[cold]
    pub(super) fn in_field(mut self, name: impl FnOnce() -> String) -> ProtoError {
        if let Kind::WrongWireType { field, .. } = &mut *self.0
            && field.is_empty()
        {
            *field = name();
        }
        self
    }

    #[cold]
    fn new(kind: Kind) -> ProtoError {
        ProtoError(Box::new(kind))
    }
}

impl fmt::Display for ProtoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::UnexpectedEnd => f.write_str("unexpected EOF"),
            Kind::Overflow => f.write_str("proto: integer overflow"),
            Kind::IllegalTag(tag) => write!(f, "proto: illegal tag {tag}"),
            Kind::IllegalWireType(wire_type) => write!(f, "proto: illegal wireType {wire_type}"),
            Kind::WrongWireType { found, field } => {
                write!(f, "proto: wrong wireType = {} for field {field}", *found as u8)
            }
            Kind::TooDeep => f.write_str("proto: exceeded max depth"),
            Kind::Custom(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ProtoError {}

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

/// A field's value as the wire knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Why bytes are no such message.
#[derive(Debug, PartialEq)]
pub enum ProtoError {
    /// The input ends inside a field.
    UnexpectedEnd,
    /// More than ten bytes of varint.
    Overflow,
    /// Tag 0 or above 2^29-1.
    IllegalTag(u64),
    /// A group, or a wire type that does not exist.
    IllegalWireType(u8),
    /// A known field with a wire type that its type never has.
    WrongWireType { wire_type: u8, field: String },
    /// Messages inside messages beyond any real object.
    TooDeep,
    /// Not the form of a type with a form of its own.
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
        let key = self.varint()?;
        let tag = key >> 3;
        if tag == 0 || tag >= 1 << 29 {
            return Err(ProtoError::IllegalTag(tag));
        }
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| ProtoError::UnexpectedEnd)?;
                Wire::Bytes(self.take(len)?)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            other => return Err(ProtoError::IllegalWireType(other as u8)),
        };
        Ok(Some((tag as u32, wire)))
    }

    /// A reader for a message inside this one.
    pub fn nested<'b>(&self, bytes: &'b [u8]) -> Result<ProtoReader<'b>, ProtoError> {
        if self.depth >= MAX_DEPTH {
            return Err(ProtoError::TooDeep);
        }
        Ok(ProtoReader { bytes, depth: self.depth + 1 })
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A bare varint, as packed lists hold them.
    #[inline]
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
        Err(if self.bytes.len() < 10 { ProtoError::UnexpectedEnd } else { ProtoError::Overflow })
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], ProtoError> {
        let (head, rest) = self.bytes.split_at_checked(len).ok_or(ProtoError::UnexpectedEnd)?;
        self.bytes = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtoError> {
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(ProtoError::UnexpectedEnd)?;
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

    pub fn as_f64(self) -> Result<f64, ProtoError> {
        match self {
            Wire::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.wrong()),
        }
    }

    /// The field is named by the caller, who knows it.
    fn wrong(self) -> ProtoError {
        let wire_type = match self {
            Wire::Varint(_) => 0,
            Wire::Fixed64(_) => 1,
            Wire::Bytes(_) => 2,
            Wire::Fixed32(_) => 5,
        };
        ProtoError::WrongWireType { wire_type, field: String::new() }
    }
}

impl fmt::Display for ProtoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtoError::UnexpectedEnd => f.write_str("unexpected EOF"),
            ProtoError::Overflow => f.write_str("proto: integer overflow"),
            ProtoError::IllegalTag(tag) => write!(f, "proto: illegal tag {tag}"),
            ProtoError::IllegalWireType(wire_type) => write!(f, "proto: illegal wireType {wire_type}"),
            ProtoError::WrongWireType { wire_type, field } => {
                write!(f, "proto: wrong wireType = {wire_type} for field {field}")
            }
            ProtoError::TooDeep => f.write_str("proto: exceeded max depth"),
            ProtoError::Custom(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ProtoError {}

//! The one protobuf decoder: fills any message by its descriptor.

use super::reader::WireType;
use super::{ProtoError, ProtoReader};
use crate::Message;
use crate::descriptor::Shape;
use crate::message::{FieldMut, MessageList, MessageMap};
use crate::types::{ByteString, SmallStr, lossy};

/// Reads a message's bytes, without envelope, into `message`. On failure the message is half filled.
pub fn decode(bytes: &[u8], message: &mut dyn Message) -> Result<(), ProtoError> {
    decode_message(message, ProtoReader::new(bytes))
}

/// As [`decode`], for a message inside another.
pub fn decode_message(message: &mut dyn Message, mut reader: ProtoReader<'_>) -> Result<(), ProtoError> {
    let mut fields = message.fields_mut();
    let descriptor = fields.descriptor();
    if descriptor.shape == Shape::Special {
        return special(message, reader);
    }
    while !reader.is_empty() {
        let (tag, wire_type) = reader.key()?;
        match descriptor.tagged_field(tag) {
            None => reader.skip(wire_type)?,
            Some(index) => {
                if let Err(error) = field(fields.get(index), tag, wire_type, &mut reader) {
                    let name = || format!("{}.{}", descriptor.go_name(), descriptor.fields[index].json);
                    return Err(error.in_field(name));
                }
            }
        }
    }
    Ok(())
}

fn special(message: &mut dyn Message, reader: ProtoReader<'_>) -> Result<(), ProtoError> {
    message.special_mut().map_or(Ok(()), |special| special.decode_proto(reader))
}

#[inline(always)]
fn field(field: FieldMut<'_>, tag: u32, found: WireType, r: &mut ProtoReader<'_>) -> Result<(), ProtoError> {
    match field {
        FieldMut::Bool(value) => *value = varint(found, r)? != 0,
        FieldMut::I32(value) => *value = varint(found, r)? as i32,
        FieldMut::I64(value) => *value = varint(found, r)? as i64,
        FieldMut::Str(value) => *value = string(found, r)?,
        FieldMut::OptBool(value) => *value = Some(varint(found, r)? != 0),
        FieldMut::OptI32(value) => *value = Some(varint(found, r)? as i32),
        FieldMut::OptI64(value) => *value = Some(varint(found, r)? as i64),
        FieldMut::OptF64(value) => *value = Some(float(found, r)?),
        FieldMut::OptStr(value) => *value = Some(string(found, r)?),
        FieldMut::OptBytes(value) => *value = Some(ByteString(bytes(found, r)?.to_vec())),
        FieldMut::Bools(values) => varints(values, found, r, |v| v != 0)?,
        FieldMut::I32s(values) => varints(values, found, r, |v| v as i32)?,
        FieldMut::I64s(values) => varints(values, found, r, |v| v as i64)?,
        FieldMut::Strs(values) => {
            let value = string(found, r)?;
            if values.is_empty() {
                values.reserve_exact(1 + r.repeated(tag));
            }
            values.push(value);
        }
        FieldMut::StrMap(map) => {
            let (key, value) = entry(found, r, string)?;
            map.insert(key, value);
        }
        FieldMut::BytesMap(map) => {
            let (key, value) = entry(found, r, |found, r| bytes(found, r).map(<[u8]>::to_vec))?;
            map.insert(key, ByteString(value));
        }
        FieldMut::Message(message) => decode_message(message, nested(found, r)?)?,
        FieldMut::OptMessage(slot) => decode_message(slot.get_or_insert(), nested(found, r)?)?,
        FieldMut::List(list) => list_item(list, tag, found, r)?,
        FieldMut::Map(map) => map_entry(map, found, r)?,
    }
    Ok(())
}

fn list_item(list: &mut dyn MessageList, tag: u32, found: WireType, r: &mut ProtoReader<'_>) -> Result<(), ProtoError> {
    let item = nested(found, r)?;
    let more = if list.is_empty() { r.repeated(tag) } else { 0 };
    decode_message(list.push_expecting(more), item)
}

fn map_entry(map: &mut dyn MessageMap, found: WireType, r: &mut ProtoReader<'_>) -> Result<(), ProtoError> {
    let reader = *r;
    let (key, value) = entry(found, r, bytes)?;
    decode_message(map.entry(key), reader.nested(value)?)
}

/// Key (field 1) and value (field 2) of a map entry; what is absent is empty.
fn entry<'a, T: Default>(
    found: WireType,
    r: &mut ProtoReader<'a>,
    read: impl Fn(WireType, &mut ProtoReader<'a>) -> Result<T, ProtoError>,
) -> Result<(SmallStr, T), ProtoError> {
    let mut r = ProtoReader::new(bytes(found, r)?);
    let (mut key, mut value) = (SmallStr::default(), T::default());
    while !r.is_empty() {
        match r.key()? {
            (1, found) => key = string(found, &mut r)?,
            (2, found) => value = read(found, &mut r)?,
            (_, unknown) => r.skip(unknown)?,
        }
    }
    Ok((key, value))
}

/// A repeated number: one value, or many packed ones, which Go reads as well.
fn varints<T>(
    values: &mut Vec<T>,
    found: WireType,
    r: &mut ProtoReader<'_>,
    convert: impl Fn(u64) -> T,
) -> Result<(), ProtoError> {
    if found == WireType::Bytes {
        let mut packed = ProtoReader::new(r.bytes()?);
        while !packed.is_empty() {
            values.push(convert(packed.varint()?));
        }
        return Ok(());
    }
    values.push(convert(varint(found, r)?));
    Ok(())
}

#[inline]
fn nested<'a>(found: WireType, r: &mut ProtoReader<'a>) -> Result<ProtoReader<'a>, ProtoError> {
    let bytes = bytes(found, r)?;
    r.nested(bytes)
}

/// Text; what is not UTF-8 becomes U+FFFD.
#[inline]
fn string(found: WireType, r: &mut ProtoReader<'_>) -> Result<SmallStr, ProtoError> {
    bytes(found, r).map(|bytes| SmallStr::from(&*lossy(bytes)))
}

#[inline]
fn varint(found: WireType, r: &mut ProtoReader<'_>) -> Result<u64, ProtoError> {
    if found != WireType::Varint {
        return Err(ProtoError::wrong_wire_type(found));
    }
    r.varint()
}

fn float(found: WireType, r: &mut ProtoReader<'_>) -> Result<f64, ProtoError> {
    if found != WireType::Fixed64 {
        return Err(ProtoError::wrong_wire_type(found));
    }
    let value = f64::from_bits(r.fixed64()?);
    // JSON has no form for the others.
    if value.is_finite() { Ok(value) } else { Err(ProtoError::custom(format!("{value} is no number"))) }
}

#[inline]
fn bytes<'a>(found: WireType, r: &mut ProtoReader<'a>) -> Result<&'a [u8], ProtoError> {
    if found != WireType::Bytes {
        return Err(ProtoError::wrong_wire_type(found));
    }
    r.bytes()
}

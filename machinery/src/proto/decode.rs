//! The one protobuf decoder: fills any message by its descriptor.

use super::{ProtoError, ProtoReader, Wire};
use crate::Message;
use crate::message::{FieldMut, MessageMap};
use crate::types::ByteString;

/// Reads a message's bytes, without envelope, into `message`. On failure the message is half filled.
pub fn decode(bytes: &[u8], message: &mut dyn Message) -> Result<(), ProtoError> {
    decode_message(message, ProtoReader::new(bytes))
}

/// As [`decode`], for a message inside another.
pub fn decode_message(message: &mut dyn Message, mut reader: ProtoReader<'_>) -> Result<(), ProtoError> {
    if let Some(special) = message.special_mut() {
        return special.decode_proto(reader);
    }
    while let Some((tag, wire)) = reader.next_field()? {
        let Some(index) = message.descriptor().tagged_field(tag) else { continue };
        if let Err(error) = field(message.field_mut(index), wire, reader) {
            return Err(named(error, message, index));
        }
    }
    Ok(())
}

fn field(field: FieldMut<'_>, wire: Wire<'_>, reader: ProtoReader<'_>) -> Result<(), ProtoError> {
    match field {
        FieldMut::Bool(value) => *value = wire.as_varint()? != 0,
        FieldMut::I32(value) => *value = wire.as_varint()? as i32,
        FieldMut::I64(value) => *value = wire.as_varint()? as i64,
        FieldMut::Str(value) => *value = wire.as_str()?.into_owned(),
        FieldMut::OptBool(value) => *value = Some(wire.as_varint()? != 0),
        FieldMut::OptI32(value) => *value = Some(wire.as_varint()? as i32),
        FieldMut::OptI64(value) => *value = Some(wire.as_varint()? as i64),
        FieldMut::OptF64(value) => *value = Some(wire.as_f64()?),
        FieldMut::OptStr(value) => *value = Some(wire.as_str()?.into_owned()),
        FieldMut::OptBytes(value) => *value = Some(ByteString(wire.as_bytes()?.to_vec())),
        FieldMut::Bools(values) => varints(values, wire, |v| v != 0)?,
        FieldMut::I32s(values) => varints(values, wire, |v| v as i32)?,
        FieldMut::I64s(values) => varints(values, wire, |v| v as i64)?,
        FieldMut::Strs(values) => values.push(wire.as_str()?.into_owned()),
        FieldMut::StrMap(map) => {
            let (key, value) = entry(wire, reader)?;
            map.insert(key, value.map_or(Ok(String::new()), |w| w.as_str().map(Into::into))?);
        }
        FieldMut::BytesMap(map) => {
            let (key, value) = entry(wire, reader)?;
            map.insert(key, ByteString(value.map_or(Ok(&[][..]), Wire::as_bytes)?.to_vec()));
        }
        FieldMut::Message(message) => decode_message(message, reader.nested(wire.as_bytes()?)?)?,
        FieldMut::OptMessage(slot) => decode_message(slot.get_or_insert(), reader.nested(wire.as_bytes()?)?)?,
        FieldMut::List(list) => decode_message(list.push(), reader.nested(wire.as_bytes()?)?)?,
        FieldMut::Map(map) => message_entry(map, wire, reader)?,
    }
    Ok(())
}

/// A repeated number: one value, or many packed ones, which Go reads as well.
fn varints<T>(values: &mut Vec<T>, wire: Wire<'_>, convert: impl Fn(u64) -> T) -> Result<(), ProtoError> {
    if let Wire::Bytes(packed) = wire {
        let mut packed = ProtoReader::new(packed);
        while !packed.is_empty() {
            values.push(convert(packed.varint()?));
        }
        return Ok(());
    }
    values.push(convert(wire.as_varint()?));
    Ok(())
}

fn message_entry(map: &mut dyn MessageMap, wire: Wire<'_>, reader: ProtoReader<'_>) -> Result<(), ProtoError> {
    let (key, value) = entry(wire, reader)?;
    let message = map.entry(key);
    match value {
        Some(value) => decode_message(message, reader.nested(value.as_bytes()?)?),
        None => Ok(()),
    }
}

/// Key (field 1) and value (field 2) of a map entry; an absent key is empty.
fn entry<'a>(wire: Wire<'a>, reader: ProtoReader<'_>) -> Result<(String, Option<Wire<'a>>), ProtoError> {
    let mut reader = reader.nested(wire.as_bytes()?)?;
    let (mut key, mut value) = (String::new(), None);
    while let Some((tag, wire)) = reader.next_field()? {
        match tag {
            1 => key = wire.as_str()?.into_owned(),
            2 => value = Some(wire),
            _ => {}
        }
    }
    Ok((key, value))
}

fn named(error: ProtoError, message: &dyn Message, index: usize) -> ProtoError {
    match error {
        ProtoError::WrongWireType { wire_type, field } if field.is_empty() => {
            let descriptor = message.descriptor();
            ProtoError::WrongWireType {
                wire_type,
                field: format!("{}.{}", descriptor.go_name(), descriptor.fields[index].json),
            }
        }
        error => error,
    }
}

//! What one does with whole messages: copy, compare, print, encode, look inside. One walk over fields serves every type.

use std::any::Any;
use std::fmt;

use super::{FieldMut, FieldRef, Message};
use crate::json::JsonWriter;
use crate::types::SmallStr;
use crate::{Field, Type};

impl dyn Message {
    pub fn clone_message(&self) -> Box<dyn Message> {
        let mut copy = self.descriptor().new_message();
        copy.assign(self);
        copy
    }

    /// Becomes a copy of `from`, a message of the same type.
    pub fn assign(&mut self, from: &dyn Message) {
        if let Some(special) = self.special_mut() {
            return special.assign(from);
        }
        for index in own_fields(from) {
            self.field_mut(index).assign(from.field(index));
        }
    }

    /// Whether `other` is of the same type and equal.
    pub fn equals(&self, other: &dyn Message) -> bool {
        match self.special() {
            Some(special) => special.is_equal(other),
            None => {
                self.as_any().type_id() == other.as_any().type_id()
                    && own_fields(self).all(|index| self.field(index).equals(&other.field(index)))
            }
        }
    }

    /// Writes the JSON value.
    pub fn encode_json(&self, w: &mut JsonWriter) {
        let start = w.begin_object();
        self.encode_members(w);
        // Members begin with a comma; no value of a special type does.
        if w.as_bytes().get(start).is_none_or(|first| *first == b',') {
            w.end_object(start);
        }
    }

    pub fn as_any(&self) -> &dyn Any {
        self
    }

    pub fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    pub fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Indices of the fields but for inlined structs, whose own fields are listed too.
fn own_fields(message: &dyn Message) -> impl Iterator<Item = usize> {
    let inlined = |field: &Field| field.json.is_empty() && matches!(field.ty, Type::Message(_));
    message.descriptor().fields.iter().enumerate().filter(move |(_, field)| !inlined(field)).map(|(index, _)| index)
}

impl FieldMut<'_> {
    /// Becomes a copy of `from`, the same field of a message of the same type; a field of another type changes nothing.
    pub fn assign(self, from: FieldRef<'_>) {
        match (self, from) {
            (FieldMut::Bool(to), FieldRef::Bool(from)) => *to = from,
            (FieldMut::I32(to), FieldRef::I32(from)) => *to = from,
            (FieldMut::I64(to), FieldRef::I64(from)) => *to = from,
            (FieldMut::Str(to), FieldRef::Str(from)) => *to = from.into(),
            (FieldMut::OptBool(to), FieldRef::OptBool(from)) => *to = from,
            (FieldMut::OptI32(to), FieldRef::OptI32(from)) => *to = from,
            (FieldMut::OptI64(to), FieldRef::OptI64(from)) => *to = from,
            (FieldMut::OptF64(to), FieldRef::OptF64(from)) => *to = from,
            (FieldMut::OptStr(to), FieldRef::OptStr(from)) => *to = from.map(SmallStr::from),
            (FieldMut::OptBytes(to), FieldRef::OptBytes(from)) => *to = from.cloned(),
            (FieldMut::Bools(to), FieldRef::Bools(from)) => from.clone_into(to),
            (FieldMut::I32s(to), FieldRef::I32s(from)) => from.clone_into(to),
            (FieldMut::I64s(to), FieldRef::I64s(from)) => from.clone_into(to),
            (FieldMut::Strs(to), FieldRef::Strs(from)) => from.clone_into(to),
            (FieldMut::StrMap(to), FieldRef::StrMap(from)) => to.clone_from(from),
            (FieldMut::BytesMap(to), FieldRef::BytesMap(from)) => to.clone_from(from),
            (FieldMut::Message(to), FieldRef::Message(from)) => to.assign(from),
            (FieldMut::OptMessage(to), FieldRef::OptMessage(None)) => to.clear(),
            (FieldMut::OptMessage(to), FieldRef::OptMessage(Some(from))) => to.get_or_insert().assign(from),
            (FieldMut::List(to), FieldRef::List(from)) => {
                to.truncate(0);
                for item in (0..from.len()).filter_map(|index| from.get(index)) {
                    to.push().assign(item);
                }
            }
            (FieldMut::Map(to), FieldRef::Map(from)) => {
                to.clear();
                for (key, value) in from.entries() {
                    to.entry(key.into()).assign(value);
                }
            }
            _ => {}
        }
    }
}

impl FieldRef<'_> {
    /// Whether both are of the same type and equal.
    pub fn equals(&self, other: &FieldRef<'_>) -> bool {
        match (self, other) {
            (FieldRef::Bool(a), FieldRef::Bool(b)) => a == b,
            (FieldRef::I32(a), FieldRef::I32(b)) => a == b,
            (FieldRef::I64(a), FieldRef::I64(b)) => a == b,
            (FieldRef::Str(a), FieldRef::Str(b)) => a == b,
            (FieldRef::OptBool(a), FieldRef::OptBool(b)) => a == b,
            (FieldRef::OptI32(a), FieldRef::OptI32(b)) => a == b,
            (FieldRef::OptI64(a), FieldRef::OptI64(b)) => a == b,
            (FieldRef::OptF64(a), FieldRef::OptF64(b)) => a == b,
            (FieldRef::OptStr(a), FieldRef::OptStr(b)) => a == b,
            (FieldRef::OptBytes(a), FieldRef::OptBytes(b)) => a == b,
            (FieldRef::Bools(a), FieldRef::Bools(b)) => a == b,
            (FieldRef::I32s(a), FieldRef::I32s(b)) => a == b,
            (FieldRef::I64s(a), FieldRef::I64s(b)) => a == b,
            (FieldRef::Strs(a), FieldRef::Strs(b)) => a == b,
            (FieldRef::StrMap(a), FieldRef::StrMap(b)) => a == b,
            (FieldRef::BytesMap(a), FieldRef::BytesMap(b)) => a == b,
            (FieldRef::Message(a), FieldRef::Message(b)) => a.equals(*b),
            (FieldRef::OptMessage(None), FieldRef::OptMessage(None)) => true,
            (FieldRef::OptMessage(Some(a)), FieldRef::OptMessage(Some(b))) => a.equals(*b),
            (FieldRef::List(a), FieldRef::List(b)) => {
                let item = |index| Some(a.get(index)?.equals(b.get(index)?));
                a.len() == b.len() && (0..a.len()).all(|index| item(index) == Some(true))
            }
            (FieldRef::Map(a), FieldRef::Map(b)) => {
                let same = |((k, v), (l, w)): ((&str, &dyn Message), (&str, &dyn Message))| k == l && v.equals(w);
                a.len() == b.len() && a.entries().zip(b.entries()).all(same)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for dyn Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(special) = self.special() {
            return special.fmt(f);
        }
        let descriptor = self.descriptor();
        let mut fields = f.debug_struct(descriptor.go_name());
        for index in own_fields(self) {
            fields.field(&descriptor.fields[index].json, &self.field(index));
        }
        fields.finish()
    }
}

impl fmt::Debug for FieldRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldRef::Bool(value) => value.fmt(f),
            FieldRef::I32(value) => value.fmt(f),
            FieldRef::I64(value) => value.fmt(f),
            FieldRef::Str(value) => value.fmt(f),
            FieldRef::OptBool(value) => value.fmt(f),
            FieldRef::OptI32(value) => value.fmt(f),
            FieldRef::OptI64(value) => value.fmt(f),
            FieldRef::OptF64(value) => value.fmt(f),
            FieldRef::OptStr(value) => value.fmt(f),
            FieldRef::OptBytes(value) => value.fmt(f),
            FieldRef::Bools(values) => values.fmt(f),
            FieldRef::I32s(values) => values.fmt(f),
            FieldRef::I64s(values) => values.fmt(f),
            FieldRef::Strs(values) => values.fmt(f),
            FieldRef::StrMap(map) => map.fmt(f),
            FieldRef::BytesMap(map) => map.fmt(f),
            FieldRef::Message(message) => message.fmt(f),
            FieldRef::OptMessage(message) => message.fmt(f),
            FieldRef::List(list) => {
                f.debug_list().entries((0..list.len()).filter_map(|index| list.get(index))).finish()
            }
            FieldRef::Map(map) => f.debug_map().entries(map.entries()).finish(),
        }
    }
}

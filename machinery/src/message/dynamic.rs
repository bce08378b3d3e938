//! Messages whose schema came at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::presence::left_out;
use super::{Encode, FieldMut, FieldRef, Message, MessageList, MessageMap, MessageSlot};
use crate::descriptor::{Descriptor, DescriptorRef, Field, Flags, NO_FIELD, Shape, Type};
use crate::json::JsonWriter;
use crate::proto::ProtoWriter;
use crate::types::{ByteString, SmallStr};

/// A message of a descriptor that was [built at run time](Descriptor::shared), such as a custom resource's. Every walk
/// that serves generated structs serves it as well.
#[derive(Clone)]
pub struct DynamicMessage {
    descriptor: Arc<Descriptor>,
    values: Box<[Value]>,
}

/// One variant per variant of [`FieldMut`].
#[derive(Clone)]
enum Value {
    Bool(bool),
    I32(i32),
    I64(i64),
    Str(SmallStr),
    OptBool(Option<bool>),
    OptI32(Option<i32>),
    OptI64(Option<i64>),
    OptF64(Option<f64>),
    OptStr(Option<SmallStr>),
    OptBytes(Option<ByteString>),
    Bools(Vec<bool>),
    I32s(Vec<i32>),
    I64s(Vec<i64>),
    Strs(Vec<SmallStr>),
    StrMap(BTreeMap<SmallStr, SmallStr>),
    BytesMap(BTreeMap<SmallStr, ByteString>),
    Message(Box<dyn Message>),
    OptMessage(Slot),
    List(List),
    Map(Map),
}

#[derive(Clone)]
struct Slot {
    of: DescriptorRef,
    message: Option<Box<dyn Message>>,
}

#[derive(Clone)]
struct List {
    of: DescriptorRef,
    items: Vec<Box<dyn Message>>,
}

#[derive(Clone)]
struct Map {
    of: DescriptorRef,
    entries: BTreeMap<SmallStr, Box<dyn Message>>,
}

impl DynamicMessage {
    /// An empty message. Panics if the descriptor is of a generated struct: its fields are elsewhere.
    pub fn new(descriptor: Arc<Descriptor>) -> DynamicMessage {
        let dynamic = descriptor.fields.iter().enumerate().all(|(index, field)| field.place.is_value(index));
        assert!(dynamic && descriptor.shape == Shape::Struct, "{} is not a run-time descriptor", descriptor.name);
        let values = descriptor.fields.iter().map(empty).collect();
        DynamicMessage { descriptor, values }
    }

    pub(super) fn value(&self, index: usize) -> FieldRef<'_> {
        match &self.values[index] {
            Value::Bool(value) => FieldRef::Bool(*value),
            Value::I32(value) => FieldRef::I32(*value),
            Value::I64(value) => FieldRef::I64(*value),
            Value::Str(value) => FieldRef::Str(value),
            Value::OptBool(value) => FieldRef::OptBool(*value),
            Value::OptI32(value) => FieldRef::OptI32(*value),
            Value::OptI64(value) => FieldRef::OptI64(*value),
            Value::OptF64(value) => FieldRef::OptF64(*value),
            Value::OptStr(value) => FieldRef::OptStr(value.as_deref()),
            Value::OptBytes(value) => FieldRef::OptBytes(value.as_ref()),
            Value::Bools(values) => FieldRef::Bools(values),
            Value::I32s(values) => FieldRef::I32s(values),
            Value::I64s(values) => FieldRef::I64s(values),
            Value::Strs(values) => FieldRef::Strs(values),
            Value::StrMap(map) => FieldRef::StrMap(map),
            Value::BytesMap(map) => FieldRef::BytesMap(map),
            Value::Message(message) => FieldRef::Message(&**message),
            Value::OptMessage(slot) => FieldRef::OptMessage(slot.get()),
            Value::List(list) => FieldRef::List(list),
            Value::Map(map) => FieldRef::Map(map),
        }
    }

    pub(super) fn value_mut(&mut self, index: usize) -> FieldMut<'_> {
        match &mut self.values[index] {
            Value::Bool(value) => FieldMut::Bool(value),
            Value::I32(value) => FieldMut::I32(value),
            Value::I64(value) => FieldMut::I64(value),
            Value::Str(value) => FieldMut::Str(value),
            Value::OptBool(value) => FieldMut::OptBool(value),
            Value::OptI32(value) => FieldMut::OptI32(value),
            Value::OptI64(value) => FieldMut::OptI64(value),
            Value::OptF64(value) => FieldMut::OptF64(value),
            Value::OptStr(value) => FieldMut::OptStr(value),
            Value::OptBytes(value) => FieldMut::OptBytes(value),
            Value::Bools(values) => FieldMut::Bools(values),
            Value::I32s(values) => FieldMut::I32s(values),
            Value::I64s(values) => FieldMut::I64s(values),
            Value::Strs(values) => FieldMut::Strs(values),
            Value::StrMap(map) => FieldMut::StrMap(map),
            Value::BytesMap(map) => FieldMut::BytesMap(map),
            Value::Message(message) => FieldMut::Message(&mut **message),
            Value::OptMessage(slot) => FieldMut::OptMessage(slot),
            Value::List(list) => FieldMut::List(list),
            Value::Map(map) => FieldMut::Map(map),
        }
    }
}

fn empty(field: &Field) -> Value {
    let pointer = field.flags.has(Flags::POINTER);
    match &field.ty {
        Type::Bool if pointer => Value::OptBool(None),
        Type::Bool => Value::Bool(false),
        Type::I32 if pointer => Value::OptI32(None),
        Type::I32 => Value::I32(0),
        Type::I64 if pointer => Value::OptI64(None),
        Type::I64 => Value::I64(0),
        Type::F64 => Value::OptF64(None),
        Type::Str if pointer => Value::OptStr(None),
        Type::Str => Value::Str(SmallStr::default()),
        Type::Bytes => Value::OptBytes(None),
        Type::Bools => Value::Bools(Vec::new()),
        Type::I32s => Value::I32s(Vec::new()),
        Type::I64s => Value::I64s(Vec::new()),
        Type::Strs => Value::Strs(Vec::new()),
        Type::StrMap => Value::StrMap(BTreeMap::new()),
        Type::BytesMap => Value::BytesMap(BTreeMap::new()),
        Type::Message(of) if pointer => Value::OptMessage(Slot { of: of.clone(), message: None }),
        Type::Message(of) => Value::Message(of.new_message()),
        Type::List(of) => Value::List(List { of: of.clone(), items: Vec::new() }),
        Type::Map(of) => Value::Map(Map { of: of.clone(), entries: BTreeMap::new() }),
    }
}

// SAFETY: the descriptor is shared and stays; `new` saw to it that each of its places is a value of this type.
#[allow(unsafe_code)]
unsafe impl Message for DynamicMessage {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

impl Encode for DynamicMessage {
    fn encode_members(&self, w: &mut JsonWriter) {
        for (index, field) in self.descriptor.fields.iter().enumerate() {
            let value = self.value(index);
            if !left_out(field, &value) {
                w.key(&field.json);
                w.value(&value);
            }
        }
    }

    fn encode_proto(&self, w: &mut ProtoWriter) {
        for (tag, &index) in self.descriptor.tags.iter().enumerate().rev() {
            if index != NO_FIELD {
                w.value(tag as u32, &self.value(index.into()));
            }
        }
    }
}

impl MessageSlot for Slot {
    fn get(&self) -> Option<&dyn Message> {
        self.message.as_deref()
    }

    fn get_or_insert(&mut self) -> &mut dyn Message {
        &mut **self.message.get_or_insert_with(|| self.of.new_message())
    }

    fn get_mut(&mut self) -> Option<&mut dyn Message> {
        self.message.as_deref_mut()
    }

    fn clear(&mut self) {
        self.message = None;
    }
}

impl MessageList for List {
    fn len(&self) -> usize {
        self.items.len()
    }

    fn get(&self, index: usize) -> Option<&dyn Message> {
        self.items.get(index).map(|item| &**item)
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut dyn Message> {
        self.items.get_mut(index).map(|item| &mut **item)
    }

    fn push_expecting(&mut self, more: usize) -> &mut dyn Message {
        self.items.reserve(1 + more);
        &mut **self.items.push_mut(self.of.new_message())
    }

    fn truncate(&mut self, len: usize) {
        self.items.truncate(len);
    }
}

impl MessageMap for Map {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn get(&self, key: &str) -> Option<&dyn Message> {
        self.entries.get(key).map(|message| &**message)
    }

    fn entries(&self) -> std::vec::IntoIter<(&str, &dyn Message)> {
        let entries: Vec<_> = self.entries.iter().map(|(key, message)| (key.as_str(), &**message)).collect();
        entries.into_iter()
    }

    fn entry(&mut self, key: SmallStr) -> &mut dyn Message {
        &mut **self.entries.entry(key).insert_entry(self.of.new_message()).into_mut()
    }

    fn clear(&mut self) {
        self.entries.clear();
    }
}

impl Clone for Box<dyn Message> {
    fn clone(&self) -> Self {
        self.clone_message()
    }
}

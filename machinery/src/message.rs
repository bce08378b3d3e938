//! The two things a message can do besides describing itself: hand out its fields, and encode itself.
//!
//! Decoding, patching, selecting and every other walk goes through [`FieldRef`] and [`FieldMut`]; encoding is straight
//! code per message, which the measurements in `docs/decisions/` show to be worth its compile time.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::descriptor::Descriptor;
use crate::json::{JsonError, JsonParser, JsonWriter};
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};
use crate::types::ByteString;

/// A generated struct, a special type, or an object whose schema came at run time.
pub trait Message: Any + Debug + Send + Sync {
    fn descriptor(&self) -> &Descriptor;

    /// The field at `index` in [`Descriptor::fields`]. Panics if there is none.
    fn field(&self, index: usize) -> FieldRef<'_>;

    /// As [`Message::field`], to change it.
    fn field_mut(&mut self, index: usize) -> FieldMut<'_>;

    /// Writes the members of the JSON object, each with a leading comma.
    fn encode_members(&self, w: &mut JsonWriter);

    /// Writes the JSON value.
    fn encode_json(&self, w: &mut JsonWriter) {
        let start = w.begin_object();
        self.encode_members(w);
        w.end_object(start);
    }

    /// Writes the protobuf fields, the highest tag first: the writer works backwards.
    fn encode_proto(&self, w: &mut ProtoWriter);

    /// The codecs of a type whose JSON is not its protobuf shape; `None` for structs.
    fn special_mut(&mut self) -> Option<&mut dyn Special> {
        None
    }

    fn clone_message(&self) -> Box<dyn Message>;

    /// Whether `other` is of the same type and equal.
    fn equals(&self, other: &dyn Message) -> bool;

    fn as_any(&self) -> &dyn Any;

    fn as_any_mut(&mut self) -> &mut dyn Any;

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// Decoding of a type with forms of its own.
pub trait Special {
    /// Reads a JSON value, `null` included. Returns an error without position; the caller adds the path.
    fn decode_json(&mut self, p: &mut JsonParser<'_>) -> Result<(), JsonError>;

    /// Reads the body of the protobuf message.
    fn decode_proto(&mut self, r: ProtoReader<'_>) -> Result<(), ProtoError>;
}

/// A field to read.
pub enum FieldRef<'a> {
    Bool(bool),
    I32(i32),
    I64(i64),
    Str(&'a str),
    OptBool(Option<bool>),
    OptI32(Option<i32>),
    OptI64(Option<i64>),
    OptF64(Option<f64>),
    OptStr(Option<&'a str>),
    OptBytes(Option<&'a ByteString>),
    Bools(&'a [bool]),
    I32s(&'a [i32]),
    I64s(&'a [i64]),
    Strs(&'a [String]),
    StrMap(&'a BTreeMap<String, String>),
    BytesMap(&'a BTreeMap<String, ByteString>),
    Message(&'a dyn Message),
    OptMessage(Option<&'a dyn Message>),
    List(&'a dyn MessageList),
    Map(&'a dyn MessageMap),
}

/// A field to change.
pub enum FieldMut<'a> {
    Bool(&'a mut bool),
    I32(&'a mut i32),
    I64(&'a mut i64),
    Str(&'a mut String),
    OptBool(&'a mut Option<bool>),
    OptI32(&'a mut Option<i32>),
    OptI64(&'a mut Option<i64>),
    OptF64(&'a mut Option<f64>),
    OptStr(&'a mut Option<String>),
    OptBytes(&'a mut Option<ByteString>),
    Bools(&'a mut Vec<bool>),
    I32s(&'a mut Vec<i32>),
    I64s(&'a mut Vec<i64>),
    Strs(&'a mut Vec<String>),
    StrMap(&'a mut BTreeMap<String, String>),
    BytesMap(&'a mut BTreeMap<String, ByteString>),
    Message(&'a mut dyn Message),
    OptMessage(&'a mut dyn MessageSlot),
    List(&'a mut dyn MessageList),
    Map(&'a mut dyn MessageMap),
}

/// `Option<Box<M>>`, or `Option` of a special type.
pub trait MessageSlot {
    fn get(&self) -> Option<&dyn Message>;
    /// The message, made if it is not there.
    fn get_or_insert(&mut self) -> &mut dyn Message;
    fn get_mut(&mut self) -> Option<&mut dyn Message>;
    fn clear(&mut self);
}

/// `Vec<M>`
pub trait MessageList {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn get(&self, index: usize) -> Option<&dyn Message>;
    fn get_mut(&mut self, index: usize) -> Option<&mut dyn Message>;
    /// Appends an empty message.
    fn push(&mut self) -> &mut dyn Message;
    fn truncate(&mut self, len: usize);
}

/// `BTreeMap<String, M>`
pub trait MessageMap {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn get(&self, key: &str) -> Option<&dyn Message>;
    fn get_mut(&mut self, key: &str) -> Option<&mut dyn Message>;
    fn entries<'a>(&'a self) -> Box<dyn DoubleEndedIterator<Item = (&'a str, &'a dyn Message)> + 'a>;
    /// The message of the key, made if it is not there.
    fn entry(&mut self, key: String) -> &mut dyn Message;
    fn remove(&mut self, key: &str);
    fn clear(&mut self);
}

impl<M: Message + Default> MessageSlot for Option<Box<M>> {
    fn get(&self) -> Option<&dyn Message> {
        self.as_deref().map(|m| m as &dyn Message)
    }

    fn get_or_insert(&mut self) -> &mut dyn Message {
        &mut **self.get_or_insert_with(Default::default)
    }

    fn get_mut(&mut self) -> Option<&mut dyn Message> {
        self.as_deref_mut().map(|m| m as &mut dyn Message)
    }

    fn clear(&mut self) {
        *self = None;
    }
}

impl<M: Message + Default> MessageList for Vec<M> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<&dyn Message> {
        <[M]>::get(self, index).map(|m| m as &dyn Message)
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut dyn Message> {
        <[M]>::get_mut(self, index).map(|m| m as &mut dyn Message)
    }

    fn push(&mut self) -> &mut dyn Message {
        Vec::push(self, M::default());
        self.last_mut().expect("just pushed")
    }

    fn truncate(&mut self, len: usize) {
        Vec::truncate(self, len);
    }
}

impl<M: Message + Default> MessageMap for BTreeMap<String, M> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, key: &str) -> Option<&dyn Message> {
        BTreeMap::get(self, key).map(|m| m as &dyn Message)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut dyn Message> {
        BTreeMap::get_mut(self, key).map(|m| m as &mut dyn Message)
    }

    fn entries<'a>(&'a self) -> Box<dyn DoubleEndedIterator<Item = (&'a str, &'a dyn Message)> + 'a> {
        Box::new(self.iter().map(|(k, m)| (k.as_str(), m as &dyn Message)))
    }

    fn entry(&mut self, key: String) -> &mut dyn Message {
        BTreeMap::entry(self, key).or_default()
    }

    fn remove(&mut self, key: &str) {
        BTreeMap::remove(self, key);
    }

    fn clear(&mut self) {
        BTreeMap::clear(self);
    }
}

/// `apiVersion` and `kind` of an object; empty where the message has none.
pub fn type_meta(message: &dyn Message) -> (&str, &str) {
    let text = |name| match own_field(message, name).map(|i| message.field(i)) {
        Some(FieldRef::Str(value)) => value,
        _ => "",
    };
    (text("apiVersion"), text("kind"))
}

/// Sets `apiVersion` and `kind` if the message has them.
pub fn set_type_meta(message: &mut dyn Message, api_version: &str, kind: &str) {
    for (name, value) in [("apiVersion", api_version), ("kind", kind)] {
        if let Some(FieldMut::Str(field)) = own_field(message, name).map(|i| message.field_mut(i)) {
            value.clone_into(field);
        }
    }
}

/// A field of the object's type meta, which is not on the wire; one with a tag is of something else, say a reference.
fn own_field(message: &dyn Message, name: &str) -> Option<usize> {
    message.descriptor().fields.iter().position(|f| f.json == name && f.tag == 0)
}

/// For the last arm of generated accessors.
#[cold]
pub fn no_field(index: usize) -> ! {
    panic!("no field {index} in this message: indices come from its own descriptor")
}

/// The parts of [`Message`] that are the same for every type. For use inside `impl Message for T`.
#[macro_export]
macro_rules! message_boilerplate {
    () => {
        fn clone_message(&self) -> ::std::boxed::Box<dyn $crate::Message> {
            ::std::boxed::Box::new(::std::clone::Clone::clone(self))
        }
        fn equals(&self, other: &dyn $crate::Message) -> bool {
            other.as_any().downcast_ref::<Self>() == ::std::option::Option::Some(self)
        }
        fn as_any(&self) -> &dyn ::std::any::Any {
            self
        }
        fn as_any_mut(&mut self) -> &mut dyn ::std::any::Any {
            self
        }
        fn into_any(self: ::std::boxed::Box<Self>) -> ::std::boxed::Box<dyn ::std::any::Any> {
            self
        }
    };
}

//! The two things a message can do: describe itself, and encode itself.
//!
//! Decoding, patching, selecting and every other walk goes through [`FieldRef`] and [`FieldMut`], which are found by the
//! descriptor's [`Place`]s; encoding is straight code per message, which the measurements in `docs/decisions/` show to
//! be worth its compile time.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::descriptor::Descriptor;
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::proto::{ProtoError, ProtoReader, ProtoWriter};
use crate::types::{ByteString, SmallStr};

mod dynamic;
mod place;
pub(crate) mod presence;
mod whole;

pub use dynamic::DynamicMessage;
pub use place::{FieldValue, Fields, Kind, Place};

/// A generated struct, a special type, or an object whose schema came at run time.
///
/// What is the same for every type, such as finding fields, copying and comparing, are methods of `dyn Message`: each
/// method here is compiled a thousand times.
///
/// # Safety
/// The descriptor is the type's own: a value of the right type is at each of its places. It stands outside the message,
/// in a static or shared, and stays the same as long as the message does. [`message!`](crate::message!) sees to both.
#[allow(unsafe_code)]
pub unsafe trait Message: Encode + Any + Send + Sync {
    fn descriptor(&self) -> &Descriptor;

    /// What only a special type can do itself; `None` for structs.
    fn special(&self) -> Option<&dyn Special> {
        None
    }

    /// As [`Message::special`], to change it.
    fn special_mut(&mut self) -> Option<&mut dyn Special> {
        None
    }
}

/// A type whose descriptor is known at compile time.
pub trait Described: Message + Default {
    fn described() -> &'static Descriptor;
}

/// The writing half of a message, which is what is generated for each struct.
pub trait Encode {
    /// Writes the members of the JSON object, each with a leading comma; a special type writes its whole value.
    fn encode_members(&self, w: &mut JsonWriter);

    /// Writes the protobuf fields, the highest tag first: the writer works backwards.
    fn encode_proto(&self, w: &mut ProtoWriter);
}

/// What a type with forms of its own does in place of the walk over fields.
pub trait Special: Value {
    /// Reads a JSON value, `null` included. Returns an error without position; the caller adds the path.
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError>;

    /// Reads the body of the protobuf message.
    fn decode_proto(&mut self, r: ProtoReader<'_>) -> Result<(), ProtoError>;
}

/// What a special type has from its derives.
pub trait Value: Debug {
    /// Becomes a copy of `from`, which is of the same type; another type changes nothing.
    fn assign(&mut self, from: &dyn Message);

    /// Whether `other` is of the same type and equal.
    fn is_equal(&self, other: &dyn Message) -> bool;
}

impl<T: Any + Clone + Debug + PartialEq> Value for T {
    fn assign(&mut self, from: &dyn Message) {
        if let Some(from) = from.as_any().downcast_ref::<T>() {
            self.clone_from(from);
        }
    }

    fn is_equal(&self, other: &dyn Message) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }
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
    Strs(&'a [SmallStr]),
    StrMap(&'a BTreeMap<SmallStr, SmallStr>),
    BytesMap(&'a BTreeMap<SmallStr, ByteString>),
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
    Str(&'a mut SmallStr),
    OptBool(&'a mut Option<bool>),
    OptI32(&'a mut Option<i32>),
    OptI64(&'a mut Option<i64>),
    OptF64(&'a mut Option<f64>),
    OptStr(&'a mut Option<SmallStr>),
    OptBytes(&'a mut Option<ByteString>),
    Bools(&'a mut Vec<bool>),
    I32s(&'a mut Vec<i32>),
    I64s(&'a mut Vec<i64>),
    Strs(&'a mut Vec<SmallStr>),
    StrMap(&'a mut BTreeMap<SmallStr, SmallStr>),
    BytesMap(&'a mut BTreeMap<SmallStr, ByteString>),
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
    fn push(&mut self) -> &mut dyn Message {
        self.push_expecting(0)
    }
    /// As [`push`](Self::push), and makes room for as many `more` if the list was empty.
    fn push_expecting(&mut self, more: usize) -> &mut dyn Message;
    fn truncate(&mut self, len: usize);
}

/// `BTreeMap<SmallStr, M>`
pub trait MessageMap {
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn get(&self, key: &str) -> Option<&dyn Message>;
    /// Keys and messages, sorted by key.
    fn entries(&self) -> std::vec::IntoIter<(&str, &dyn Message)>;
    /// An empty message under the key, in place of one that is there.
    fn entry(&mut self, key: SmallStr) -> &mut dyn Message;
    fn clear(&mut self);
}

impl<M: Message + Default> MessageSlot for Option<Box<M>> {
    fn get(&self) -> Option<&dyn Message> {
        self.as_deref().map(|m| m as &dyn Message)
    }

    fn get_or_insert(&mut self) -> &mut dyn Message {
        &mut **self.get_or_insert_with(new_box)
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

    fn push_expecting(&mut self, more: usize) -> &mut dyn Message {
        if self.is_empty() {
            self.reserve_exact(1 + more);
        }
        self.push_mut(empty())
    }

    fn truncate(&mut self, len: usize) {
        Vec::truncate(self, len);
    }
}

impl<M: Message + Default> MessageMap for BTreeMap<SmallStr, M> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, key: &str) -> Option<&dyn Message> {
        BTreeMap::get(self, key).map(|m| m as &dyn Message)
    }

    fn entries(&self) -> std::vec::IntoIter<(&str, &dyn Message)> {
        let mut entries = Vec::with_capacity(self.len());
        for (key, message) in self {
            entries.push((key.as_str(), message as &dyn Message));
        }
        entries.into_iter()
    }

    fn entry(&mut self, key: SmallStr) -> &mut dyn Message {
        BTreeMap::entry(self, key).insert_entry(empty()).into_mut()
    }

    fn clear(&mut self) {
        *self = BTreeMap::new();
    }
}

/// The default, compiled once for each type: left alone, every use above would have its own copy.
#[inline(never)]
fn empty<M: Default>() -> M {
    M::default()
}

/// [`Descriptor::new`] of generated tables.
pub fn boxed<M: Message + Default>() -> Box<dyn Message> {
    new_box::<M>()
}

#[inline(never)]
fn new_box<M: Default>() -> Box<M> {
    Box::write(Box::new_uninit(), empty())
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
            *field = value.into();
        }
    }
}

/// A field of the object's type meta, which is not on the wire; one with a tag is of something else, say a reference.
fn own_field(message: &dyn Message, name: &str) -> Option<usize> {
    message.descriptor().fields.iter().position(|f| f.json == name && f.tag == 0)
}

/// Makes a generated struct a [`Message`]: its descriptor, `$table`, its places, and traits of other crates, all by
/// walks that are compiled once; derived ones are checked and compiled for each struct.
///
/// Each field is its JSON name, protobuf tag, flags, Go type, merge semantics and path in the struct.
#[macro_export]
macro_rules! message {
    (
        $message:ident, $table:ident, $name:literal, $tags:expr;
        $($json:literal, $tag:literal, $flags:literal, $go_type:literal, $merge:path, $first:ident $(. $rest:ident)*: $ty:ty;)*
    ) => {
        pub(crate) static $table: $crate::Descriptor = {
            static FIELDS: &[$crate::Field] = &[$(
                // SAFETY: the compiler says where the field is; that it is of this type is seen to below.
                unsafe {
                    let offset = ::std::mem::offset_of!($message, $first $(. $rest)*);
                    $crate::Field::new::<$ty>($json, $tag, $flags, $go_type, &$merge, offset)
                },
            )*];
            const _: fn(&$message) = |_m| {
                // Pointers: a reference would take a `Box` for what is in it.
                $(let _: *const $ty = &raw const _m.$first $(. $rest)*;)*
            };
            $crate::Descriptor::new($name, FIELDS, $tags, $crate::message::boxed::<$message>)
        };
        // SAFETY: the static above is made of this struct's fields.
        unsafe impl $crate::Message for $message {
            fn descriptor(&self) -> &$crate::Descriptor {
                &$table
            }
        }
        impl $crate::message::Described for $message {
            fn described() -> &'static $crate::Descriptor {
                &$table
            }
        }
        impl ::std::fmt::Debug for $message {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self as &dyn $crate::Message, f)
            }
        }
        impl ::std::cmp::PartialEq for $message {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                (self as &dyn $crate::Message).equals(other)
            }
        }
        impl $crate::__private::serde::Serialize for $message {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::serde::serialize(self, serializer)
            }
        }
        impl<'de> $crate::__private::serde::Deserialize<'de> for $message {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let mut message = <$message as ::std::default::Default>::default();
                $crate::serde::deserialize(&mut message, deserializer)?;
                ::std::result::Result::Ok(message)
            }
        }
    };
}

//! Types whose JSON is not the shape of their protobuf message: each has codecs of its own.
//!
//! Generated crates re-export them under their upstream names. `TYPE::DESCRIPTOR` is what a generated table refers to.

use crate::json::JsonWriter;
use crate::message::Special;
use crate::proto::ProtoWriter;

mod bytes;
mod duration;
pub mod go;
mod group_version;
mod int_or_string;
mod quantity;
mod raw_json;
mod schema_or;
mod string_list;
mod time;
mod unknown;

pub(crate) use bytes::lossy;
/// Text of a field: up to 24 bytes stand in place, longer ones on the heap.
pub use compact_str::CompactString as SmallStr;

pub use bytes::{Base64Error, ByteString};
pub use duration::{Duration, DurationError};
pub use group_version::GroupVersion;
pub use int_or_string::IntOrString;
pub use quantity::{Format, Quantity, QuantityError};
pub use raw_json::{FieldsV1, Json, Patch, RawExtension};
pub use schema_or::{JsonSchemaPropsOrArray, JsonSchemaPropsOrBool, JsonSchemaPropsOrStringArray, Schema};
pub use string_list::StringList;
pub use time::{MicroTime, Time, TimeError};
pub use unknown::Unknown;

/// The writing half of a special type's codecs; [`Special`] is the reading half.
trait Form: Special {
    /// Writes the JSON value.
    fn write_json(&self, w: &mut JsonWriter);

    /// Writes the fields of the protobuf message, the highest tag first.
    fn write_proto(&self, w: &mut ProtoWriter);
}

/// Makes a [`Form`] a [`Message`](crate::Message) that can stand behind an `Option`, and gives it serde's traits.
macro_rules! special_type {
    ($ty:ty, $name:literal $(, $s:ident)?) => {
        impl$(<$s: $crate::types::Schema>)? $crate::message::Described for $ty {
            fn described() -> &'static $crate::Descriptor {
                const { &$crate::Descriptor::special($name, || Box::new(<$ty>::default())) }
            }
        }

        // SAFETY: the descriptor is constant and has no fields.
        #[allow(unsafe_code)]
        unsafe impl$(<$s: $crate::types::Schema>)? $crate::Message for $ty {
            fn descriptor(&self) -> &$crate::Descriptor {
                <Self as $crate::message::Described>::described()
            }
            fn special(&self) -> Option<&dyn $crate::message::Special> {
                Some(self)
            }
            fn special_mut(&mut self) -> Option<&mut dyn $crate::message::Special> {
                Some(self)
            }
        }

        impl$(<$s: $crate::types::Schema>)? $crate::message::Encode for $ty {
            fn encode_members(&self, w: &mut $crate::json::JsonWriter) {
                $crate::types::Form::write_json(self, w)
            }
            fn encode_proto(&self, w: &mut $crate::proto::ProtoWriter) {
                $crate::types::Form::write_proto(self, w)
            }
        }

        impl$(<$s: $crate::types::Schema>)? $crate::message::MessageSlot for Option<$ty> {
            fn get(&self) -> Option<&dyn $crate::Message> {
                self.as_ref().map(|m| m as &dyn $crate::Message)
            }
            fn get_or_insert(&mut self) -> &mut dyn $crate::Message {
                self.get_or_insert_with(Default::default)
            }
            fn get_mut(&mut self) -> Option<&mut dyn $crate::Message> {
                self.as_mut().map(|m| m as &mut dyn $crate::Message)
            }
            fn clear(&mut self) {
                *self = None;
            }
        }

        // SAFETY: the function takes the pointer for this very type.
        #[allow(unsafe_code)]
        unsafe impl$(<$s: $crate::types::Schema>)? $crate::message::FieldValue for Option<$ty> {
            const TYPE: $crate::Type = <$ty as $crate::message::FieldValue>::TYPE;
            const KIND: $crate::message::Kind =
                $crate::message::Kind::OptMessage(|p| p.cast::<Self>() as *mut dyn $crate::message::MessageSlot);
        }

        impl$(<$s: $crate::types::Schema>)? ::serde::Serialize for $ty {
            fn serialize<Z: ::serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                $crate::serde::serialize(self, serializer)
            }
        }

        impl<'de $(, $s: $crate::types::Schema)?> ::serde::Deserialize<'de> for $ty {
            fn deserialize<Z: ::serde::Deserializer<'de>>(deserializer: Z) -> Result<Self, Z::Error> {
                let mut value = <$ty>::default();
                $crate::serde::deserialize(&mut value, deserializer)?;
                Ok(value)
            }
        }
    };
}
use special_type;

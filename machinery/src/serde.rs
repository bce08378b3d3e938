//! serde through the descriptor: one walk each way serves every message and every self-describing format.

use std::collections::BTreeMap;
use std::fmt;

use ::serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use ::serde::ser::{SerializeMap, SerializeSeq, Serializer};
use ::serde::{Deserialize, Serialize};

use crate::Message;
use crate::descriptor::Shape;
use crate::json;
use crate::message::presence::{absent, left_out};
use crate::message::{FieldMut, FieldRef, MessageList, MessageMap, MessageSlot};
use crate::types::SmallStr;

/// Serializes any message with Go's rules for absent fields.
pub fn serialize<S: Serializer>(message: &dyn Message, serializer: S) -> Result<S::Ok, S::Error> {
    AsSerialize(message).serialize(serializer)
}

/// Fills any message; unknown fields are passed over.
pub fn deserialize<'de, D: Deserializer<'de>>(message: &mut dyn Message, deserializer: D) -> Result<(), D::Error> {
    MessageSeed(message).deserialize(deserializer)
}

struct AsSerialize<'a>(&'a dyn Message);

impl Serialize for AsSerialize<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.0;
        let descriptor = message.descriptor();
        if descriptor.shape == Shape::Special {
            let text = json::encode(message);
            let value: serde_json::Value = serde_json::from_slice(&text).map_err(::serde::ser::Error::custom)?;
            return value.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        for (index, field) in descriptor.fields.iter().enumerate() {
            if field.json.is_empty() {
                continue;
            }
            let value = message.field(index);
            if !left_out(field, &value) {
                map.serialize_entry(&*field.json, &FieldValue(value))?;
            }
        }
        map.end()
    }
}

struct FieldValue<'a>(FieldRef<'a>);

impl Serialize for FieldValue<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            value if absent(value) => s.serialize_none(),
            FieldRef::Bool(v) => s.serialize_bool(*v),
            FieldRef::I32(v) => s.serialize_i32(*v),
            FieldRef::I64(v) => s.serialize_i64(*v),
            FieldRef::Str(v) => s.serialize_str(v),
            FieldRef::OptBool(v) => v.serialize(s),
            FieldRef::OptI32(v) => v.serialize(s),
            FieldRef::OptI64(v) => v.serialize(s),
            FieldRef::OptF64(v) => v.serialize(s),
            FieldRef::OptStr(v) => v.serialize(s),
            FieldRef::OptBytes(v) => v.serialize(s),
            FieldRef::Bools(v) => v.serialize(s),
            FieldRef::I32s(v) => v.serialize(s),
            FieldRef::I64s(v) => v.serialize(s),
            FieldRef::Strs(v) => v.serialize(s),
            FieldRef::StrMap(v) => v.serialize(s),
            FieldRef::BytesMap(v) => v.serialize(s),
            FieldRef::Message(v) => AsSerialize(*v).serialize(s),
            FieldRef::OptMessage(v) => v.map(AsSerialize).serialize(s),
            FieldRef::List(v) => {
                let mut seq = s.serialize_seq(Some(v.len()))?;
                for item in (0..v.len()).filter_map(|i| v.get(i)) {
                    seq.serialize_element(&AsSerialize(item))?;
                }
                seq.end()
            }
            FieldRef::Map(v) => {
                let mut map = s.serialize_map(Some(v.len()))?;
                for (key, value) in v.entries() {
                    map.serialize_entry(key, &AsSerialize(value))?;
                }
                map.end()
            }
        }
    }
}

struct MessageSeed<'m>(&'m mut dyn Message);

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.descriptor().shape == Shape::Special {
            let value = serde_json::Value::deserialize(deserializer)?;
            return json::decode(value.to_string().as_bytes(), self.0).map_err(D::Error::custom);
        }
        deserializer.deserialize_any(MessageVisitor(self.0))
    }
}

struct MessageVisitor<'m>(&'m mut dyn Message);

impl<'de> Visitor<'de> for MessageVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} object", self.0.descriptor().go_name())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut hint = 0;
        while let Some(key) = access.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.0.descriptor().json_field(&key, hint) {
                Some(index) => {
                    hint = index + 1;
                    access.next_value_seed(FieldSeed(self.0.field_mut(index)))?;
                }
                None => drop(access.next_value::<::serde::de::IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct FieldSeed<'m>(FieldMut<'m>);

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        match self.0 {
            FieldMut::Bool(v) => *v = Option::deserialize(d)?.unwrap_or(*v),
            FieldMut::I32(v) => *v = Option::deserialize(d)?.unwrap_or(*v),
            FieldMut::I64(v) => *v = Option::deserialize(d)?.unwrap_or(*v),
            FieldMut::Str(v) => {
                if let Some(text) = Option::deserialize(d)? {
                    *v = text;
                }
            }
            FieldMut::OptBool(v) => *v = Option::deserialize(d)?,
            FieldMut::OptI32(v) => *v = Option::deserialize(d)?,
            FieldMut::OptI64(v) => *v = Option::deserialize(d)?,
            FieldMut::OptF64(v) => *v = Option::deserialize(d)?,
            FieldMut::OptStr(v) => *v = Option::deserialize(d)?,
            FieldMut::OptBytes(v) => *v = Option::deserialize(d)?,
            FieldMut::Bools(v) => *v = nullable(d)?,
            FieldMut::I32s(v) => *v = nullable(d)?,
            FieldMut::I64s(v) => *v = nullable(d)?,
            FieldMut::Strs(v) => *v = nullable(d)?,
            FieldMut::StrMap(v) => {
                let values: BTreeMap<SmallStr, Option<SmallStr>> = nullable(d)?;
                *v = values.into_iter().map(|(k, v)| (k, v.unwrap_or_default())).collect();
            }
            FieldMut::BytesMap(v) => *v = nullable(d)?,
            FieldMut::Message(v) => MessageSeed(v).deserialize(d)?,
            FieldMut::OptMessage(v) => d.deserialize_option(SlotVisitor(v))?,
            FieldMut::List(v) => d.deserialize_option(ListVisitor(v))?,
            FieldMut::Map(v) => d.deserialize_option(MapVisitor(v))?,
        }
        Ok(())
    }
}

fn nullable<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    Option::deserialize(d).map(Option::unwrap_or_default)
}

struct SlotVisitor<'m>(&'m mut dyn MessageSlot);

impl<'de> Visitor<'de> for SlotVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.clear();
        Ok(())
    }

    fn visit_unit<E: ::serde::de::Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        MessageSeed(self.0.get_or_insert()).deserialize(d)
    }
}

struct ListVisitor<'m>(&'m mut dyn MessageList);

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.truncate(0);
        Ok(())
    }

    fn visit_unit<E: ::serde::de::Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        self.0.truncate(0);
        loop {
            // The item is made before it is known to exist; the last one is taken back.
            let len = self.0.len();
            if access.next_element_seed(MessageSeed(self.0.push()))?.is_none() {
                self.0.truncate(len);
                return Ok(());
            }
        }
    }
}

struct MapVisitor<'m>(&'m mut dyn MessageMap);

impl<'de> Visitor<'de> for MapVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.clear();
        Ok(())
    }

    fn visit_unit<E: ::serde::de::Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        self.0.clear();
        while let Some(key) = access.next_key::<SmallStr>()? {
            access.next_value_seed(MessageSeed(self.0.entry(key)))?;
        }
        Ok(())
    }
}

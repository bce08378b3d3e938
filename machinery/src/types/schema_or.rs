//! Places of a JSON schema where something simpler may stand instead of a schema.

use std::fmt::Debug;

use super::string_list::strings;
use super::{Form, SmallStr, special_type};
use crate::json::{JsonError, JsonReader, JsonWriter};
use crate::message::{Described, Special};
use crate::proto::{self, ProtoError, ProtoReader, ProtoWriter};

/// A release's `JSONSchemaProps`.
pub trait Schema: Described + Clone + Debug + PartialEq {}

impl<M: Described + Clone + Debug + PartialEq> Schema for M {}

/// `additionalProperties`: a schema, or whether anything goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonSchemaPropsOrBool<S> {
    /// Also true if there is a schema.
    pub allows: bool,
    pub schema: Option<Box<S>>,
}

/// `items`: a schema for all, or one for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonSchemaPropsOrArray<S> {
    pub schema: Option<Box<S>>,
    /// Wins over `schema` if it is not empty.
    pub json_schemas: Vec<S>,
}

/// `dependencies`: a schema, or names of other properties.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonSchemaPropsOrStringArray<S> {
    pub schema: Option<Box<S>>,
    /// Wins over `schema` if it is not empty.
    pub property: Vec<SmallStr>,
}

impl<S: Schema> Form for JsonSchemaPropsOrBool<S> {
    fn write_json(&self, w: &mut JsonWriter) {
        match &self.schema {
            Some(schema) => w.message("", &**schema),
            None => w.bool("", self.allows),
        }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        write_schema(2, &self.schema, w);
        w.bool(1, self.allows);
    }
}

impl<S: Schema> Special for JsonSchemaPropsOrBool<S> {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = match p.peek() {
            Some(b'{') => Self { allows: true, schema: Some(read_schema(p)?) },
            Some(b't' | b'f') => Self { allows: p.bool()?, schema: None },
            _ => {
                p.skip()?;
                return Err(JsonError::custom("boolean or JSON schema expected"));
            }
        };
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => self.allows = wire.as_varint()? != 0,
                2 => merge_schema(&mut self.schema, r.nested(wire.as_bytes()?)?)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl<S: Schema> Form for JsonSchemaPropsOrArray<S> {
    fn write_json(&self, w: &mut JsonWriter) {
        if self.json_schemas.is_empty() { schema_or_null(&self.schema, w) } else { w.list("", &self.json_schemas) }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.list(2, &self.json_schemas);
        write_schema(1, &self.schema, w);
    }
}

impl<S: Schema> Special for JsonSchemaPropsOrArray<S> {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = Self::default();
        match p.peek() {
            Some(b'{') => self.schema = Some(read_schema(p)?),
            Some(b'[') => {
                let mut more = p.begin_array("")?;
                while more {
                    let mut schema = S::default();
                    p.element(self.json_schemas.len(), &mut schema)?;
                    self.json_schemas.push(schema);
                    more = p.next_element()?;
                }
            }
            // Upstream takes any scalar for nothing.
            _ => p.skip()?,
        }
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => merge_schema(&mut self.schema, r.nested(wire.as_bytes()?)?)?,
                2 => {
                    let mut schema = S::default();
                    proto::decode_message(&mut schema, r.nested(wire.as_bytes()?)?)?;
                    self.json_schemas.push(schema);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl<S: Schema> Form for JsonSchemaPropsOrStringArray<S> {
    fn write_json(&self, w: &mut JsonWriter) {
        if self.property.is_empty() { schema_or_null(&self.schema, w) } else { w.strs("", &self.property) }
    }

    fn write_proto(&self, w: &mut ProtoWriter) {
        w.strs(2, &self.property);
        write_schema(1, &self.schema, w);
    }
}

impl<S: Schema> Special for JsonSchemaPropsOrStringArray<S> {
    fn decode_json(&mut self, p: &mut JsonReader<'_, '_>) -> Result<(), JsonError> {
        *self = Self::default();
        match p.peek() {
            Some(b'{') => self.schema = Some(read_schema(p)?),
            Some(b'[') => self.property = strings(p)?,
            _ => p.skip()?,
        }
        Ok(())
    }

    fn decode_proto(&mut self, mut r: ProtoReader<'_>) -> Result<(), ProtoError> {
        while let Some((tag, wire)) = r.next_field()? {
            match tag {
                1 => merge_schema(&mut self.schema, r.nested(wire.as_bytes()?)?)?,
                2 => self.property.push(SmallStr::from(&*wire.as_str()?)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn read_schema<S: Schema>(p: &mut JsonReader<'_, '_>) -> Result<Box<S>, JsonError> {
    let mut schema = Box::<S>::default();
    p.message(&mut *schema)?;
    Ok(schema)
}

fn schema_or_null<S: Schema>(schema: &Option<Box<S>>, w: &mut JsonWriter) {
    match schema {
        Some(schema) => w.message("", &**schema),
        None => w.raw("null"),
    }
}

fn write_schema<S: Schema>(tag: u32, schema: &Option<Box<S>>, w: &mut ProtoWriter) {
    if let Some(schema) = schema {
        w.message(tag, &**schema);
    }
}

fn merge_schema<S: Schema>(slot: &mut Option<Box<S>>, r: ProtoReader<'_>) -> Result<(), ProtoError> {
    proto::decode_message(&mut **slot.get_or_insert_default(), r)
}

special_type!(
    JsonSchemaPropsOrBool<S>,
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
    S
);
special_type!(
    JsonSchemaPropsOrArray<S>,
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
    S
);
special_type!(
    JsonSchemaPropsOrStringArray<S>,
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
    S
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{IntOrString, RawExtension};
    use crate::{Message, json};

    /// Stands for a schema: its JSON is an object.
    type Raw = RawExtension;

    fn round_trip<M: Message + Default + PartialEq>(text: &str) {
        let (mut a, mut b) = (M::default(), M::default());
        json::decode(text.as_bytes(), &mut a).unwrap();
        assert_eq!(String::from_utf8(json::encode(&a)).unwrap(), text);
        proto::decode(&proto::encode(&a), &mut b).unwrap();
        assert!(a == b, "{text}");
    }

    #[test]
    fn codecs() {
        ["true", "false", "{\"type\":\"string\"}"].into_iter().for_each(round_trip::<JsonSchemaPropsOrBool<Raw>>);
        ["{\"a\":1}", "[{\"a\":1},{}]", "null"].into_iter().for_each(round_trip::<JsonSchemaPropsOrArray<Raw>>);
        ["{\"a\":1}", "[\"a\",\"b\"]", "null"].into_iter().for_each(round_trip::<JsonSchemaPropsOrStringArray<Raw>>);
        let mut or_bool = JsonSchemaPropsOrBool::<IntOrString>::default();
        let error = json::decode(b"1", &mut or_bool).unwrap_err().to_string();
        assert_eq!(error, "boolean or JSON schema expected");
    }
}

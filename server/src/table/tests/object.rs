//! A message of whatever fields a JSON object has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use kubeforge_machinery::descriptor::{Flags, Merge, Shape};
use kubeforge_machinery::json::JsonWriter;
use kubeforge_machinery::message::no_field;
use kubeforge_machinery::proto::ProtoWriter;
use kubeforge_machinery::types::{Quantity, Time};
use kubeforge_machinery::{Descriptor, Field, FieldMut, FieldRef, Message, Type};
use serde_json::Value as Json;

/// Makes the message. Maps of labels and of quantities are told by their names, times by their look.
pub fn object(json: &Json) -> Object {
    let members = json.as_object().expect("an object");
    let values: Vec<(String, Node)> = members.iter().map(|(name, value)| (name.clone(), node(name, value))).collect();
    let fields: Vec<Field> = values.iter().map(|(name, _)| field(name)).collect();
    Object { values, descriptor: Arc::new(descriptor(fields)) }
}

#[derive(Clone, Debug)]
pub struct Object {
    values: Vec<(String, Node)>,
    descriptor: Arc<Descriptor>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
    Labels(BTreeMap<String, String>),
    Quantities(BTreeMap<String, Quantity>),
    Time(Time),
    List(Vec<Object>),
    Object(Box<Object>),
}

fn node(name: &str, json: &Json) -> Node {
    match json {
        Json::Bool(value) => Node::Bool(*value),
        Json::Number(number) => Node::Int(number.as_i64().expect("a whole number")),
        Json::String(text) => match text.parse() {
            Ok(time) => Node::Time(time),
            Err(_) => Node::Text(text.clone()),
        },
        Json::Array(items) if items.iter().all(Json::is_object) => Node::List(items.iter().map(object).collect()),
        Json::Array(items) => Node::Texts(items.iter().map(text).collect()),
        Json::Object(map) => match name {
            "labels" | "annotations" | "matchLabels" | "selector" | "nodeSelector" | "data"
                if map.values().all(Json::is_string) =>
            {
                Node::Labels(map.iter().map(|(key, value)| (key.clone(), text(value))).collect())
            }
            "capacity" | "hard" | "used" => {
                let quantity = |value: &Json| text(value).parse().expect("a quantity");
                Node::Quantities(map.iter().map(|(key, value)| (key.clone(), quantity(value))).collect())
            }
            _ => Node::Object(Box::new(object(json))),
        },
        Json::Null => panic!("`{name}` is null"),
    }
}

fn text(json: &Json) -> String {
    json.as_str().expect("a text").to_owned()
}

fn field(name: &str) -> Field {
    Field {
        json: Cow::Owned(name.to_owned()),
        tag: 0,
        ty: Type::Str,
        flags: Flags::default(),
        go_type: Cow::Borrowed(""),
        merge: Cow::Owned(Merge::NONE),
    }
}

fn descriptor(fields: Vec<Field>) -> Descriptor {
    Descriptor {
        name: Cow::Borrowed("test.Object"),
        fields: Cow::Owned(fields),
        tags: Cow::Borrowed(&[]),
        shape: Shape::Struct,
        new: || Box::new(Object::default()),
    }
}

impl Default for Object {
    fn default() -> Object {
        Object { values: Vec::new(), descriptor: Arc::new(descriptor(Vec::new())) }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.values == other.values
    }
}

impl Message for Object {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn field(&self, index: usize) -> FieldRef<'_> {
        match &self.values[index].1 {
            Node::Bool(value) => FieldRef::Bool(*value),
            Node::Int(value) => FieldRef::OptI64(Some(*value)),
            Node::Text(value) => FieldRef::Str(value),
            Node::Texts(values) => FieldRef::Strs(values),
            Node::Labels(map) => FieldRef::StrMap(map),
            Node::Quantities(map) => FieldRef::Map(map),
            Node::Time(time) => FieldRef::OptMessage(Some(time)),
            Node::List(list) => FieldRef::List(list),
            Node::Object(object) => FieldRef::OptMessage(Some(&**object)),
        }
    }

    fn field_mut(&mut self, index: usize) -> FieldMut<'_> {
        no_field(index)
    }

    fn encode_members(&self, w: &mut JsonWriter) {
        for (index, (name, _)) in self.values.iter().enumerate() {
            w.key(name);
            match self.field(index) {
                FieldRef::Bool(value) => w.bool("", value),
                FieldRef::OptI64(Some(value)) => w.i64("", value),
                FieldRef::Str(value) => w.str("", value),
                FieldRef::Strs(values) => w.strs("", values),
                FieldRef::StrMap(map) => w.str_map("", map),
                FieldRef::Map(map) => w.map("", map),
                FieldRef::OptMessage(Some(message)) => w.message("", message),
                FieldRef::List(list) => w.list("", list),
                _ => w.null(""),
            }
        }
    }

    fn encode_proto(&self, _: &mut ProtoWriter) {}
}

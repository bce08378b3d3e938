//! Values of a message by the dotted path of their JSON names, such as `spec.replicas`.
//!
//! The part after a map is the key, dots and all: `metadata.labels.kubernetes.io/role`.

use std::borrow::Cow;
use std::fmt;

use kubeforge_machinery::descriptor::Shape;
use kubeforge_machinery::json::JsonWriter;
use kubeforge_machinery::types::{MicroTime, Time};
use kubeforge_machinery::{FieldRef, Message};

/// A scalar; times and quantities are their texts.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

/// As field selectors compare it.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::Text(value) => f.write_str(value),
        }
    }
}

/// The field at the path; `None` if it does not exist, or if something on the way is absent.
pub fn field_at<'a>(message: &'a dyn Message, path: &str) -> Option<FieldRef<'a>> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = message.field(message.descriptor().json_field(name, 0)?);
    if rest.is_empty() {
        return Some(field);
    }
    match field {
        FieldRef::Message(inner) => field_at(inner, rest),
        FieldRef::OptMessage(inner) => field_at(inner?, rest),
        FieldRef::StrMap(map) => map.get(rest).map(|value| FieldRef::Str(value)),
        FieldRef::Map(map) => map.get(rest).map(FieldRef::Message),
        _ => None,
    }
}

/// The scalar at the path; `None` if there is none, or if it is a list, a map or an object.
pub fn value_at<'a>(message: &'a dyn Message, path: &str) -> Option<Value<'a>> {
    scalar(field_at(message, path)?)
}

/// Every scalar at the path, through all items of the lists on the way.
pub fn values_at<'a>(message: &'a dyn Message, path: &str) -> Vec<Value<'a>> {
    let mut values = Vec::new();
    collect(message, path, &mut values);
    values
}

/// The message at the path, if there is one.
pub fn message_at<'a>(message: &'a dyn Message, path: &str) -> Option<&'a dyn Message> {
    match field_at(message, path)? {
        FieldRef::Message(inner) => Some(inner),
        FieldRef::OptMessage(inner) => inner,
        _ => None,
    }
}

/// The items of the list at the path; none if there is no list.
pub fn items_at<'a>(message: &'a dyn Message, path: &str) -> Vec<&'a dyn Message> {
    match field_at(message, path) {
        Some(FieldRef::List(list)) => (0..list.len()).filter_map(|i| list.get(i)).collect(),
        _ => Vec::new(),
    }
}

/// The text at the path, or an empty one.
pub fn text_at<'a>(message: &'a dyn Message, path: &str) -> Cow<'a, str> {
    match value_at(message, path) {
        Some(Value::Text(text)) => text,
        Some(value) => Cow::Owned(value.to_string()),
        None => Cow::Borrowed(""),
    }
}

/// The number at the path, or 0.
pub fn int_at(message: &dyn Message, path: &str) -> i64 {
    match value_at(message, path) {
        Some(Value::Int(value)) => value,
        _ => 0,
    }
}

/// The boolean at the path, or false.
pub fn bool_at(message: &dyn Message, path: &str) -> bool {
    value_at(message, path) == Some(Value::Bool(true))
}

/// The time at the path in seconds since 1970; `None` if it is absent or Go's zero time.
pub fn time_at(message: &dyn Message, path: &str) -> Option<i64> {
    let time = message_at(message, path)?.as_any();
    match (time.downcast_ref::<Time>(), time.downcast_ref::<MicroTime>()) {
        (Some(time), _) => (!time.is_zero()).then_some(time.seconds),
        (_, Some(time)) => (!time.is_zero()).then_some(time.seconds),
        _ => None,
    }
}

/// How many entries the list or map at the path has.
pub fn len_at(message: &dyn Message, path: &str) -> usize {
    match field_at(message, path) {
        Some(FieldRef::Bools(list)) => list.len(),
        Some(FieldRef::I32s(list)) => list.len(),
        Some(FieldRef::I64s(list)) => list.len(),
        Some(FieldRef::Strs(list)) => list.len(),
        Some(FieldRef::StrMap(map)) => map.len(),
        Some(FieldRef::BytesMap(map)) => map.len(),
        Some(FieldRef::List(list)) => list.len(),
        Some(FieldRef::Map(map)) => map.len(),
        _ => 0,
    }
}

fn scalar(field: FieldRef<'_>) -> Option<Value<'_>> {
    match field {
        FieldRef::Bool(value) => Some(Value::Bool(value)),
        FieldRef::I32(value) => Some(Value::Int(value.into())),
        FieldRef::I64(value) => Some(Value::Int(value)),
        FieldRef::Str(value) => Some(Value::Text(value.into())),
        FieldRef::OptBool(value) => value.map(Value::Bool),
        FieldRef::OptI32(value) => value.map(|value| Value::Int(value.into())),
        FieldRef::OptI64(value) => value.map(Value::Int),
        FieldRef::OptF64(value) => value.map(Value::Float),
        FieldRef::OptStr(value) => value.map(|value| Value::Text(value.into())),
        FieldRef::Message(message) => special(message),
        FieldRef::OptMessage(message) => special(message?),
        _ => None,
    }
}

/// The JSON scalar of a type with a form of its own.
fn special(message: &dyn Message) -> Option<Value<'static>> {
    if message.descriptor().shape != Shape::Special {
        return None;
    }
    let mut writer = JsonWriter::default();
    message.encode_json(&mut writer);
    match serde_json::from_slice(writer.as_bytes()).ok()? {
        serde_json::Value::String(text) => Some(Value::Text(text.into())),
        serde_json::Value::Bool(value) => Some(Value::Bool(value)),
        serde_json::Value::Number(number) => number.as_i64().map(Value::Int).or(number.as_f64().map(Value::Float)),
        _ => None,
    }
}

fn collect<'a>(message: &'a dyn Message, path: &str, values: &mut Vec<Value<'a>>) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(index) = message.descriptor().json_field(name, 0) else { return };
    match message.field(index) {
        FieldRef::List(list) => {
            for item in (0..list.len()).filter_map(|i| list.get(i)) {
                match rest {
                    "" => values.extend(special(item)),
                    _ => collect(item, rest, values),
                }
            }
        }
        FieldRef::Strs(list) if rest.is_empty() => values.extend(list.iter().map(|text| Value::Text(text.into()))),
        FieldRef::I32s(list) if rest.is_empty() => {
            values.extend(list.iter().map(|number| Value::Int((*number).into())))
        }
        FieldRef::I64s(list) if rest.is_empty() => values.extend(list.iter().copied().map(Value::Int)),
        FieldRef::Message(inner) if !rest.is_empty() => collect(inner, rest, values),
        FieldRef::OptMessage(Some(inner)) if !rest.is_empty() => collect(inner, rest, values),
        _ => values.extend(value_at(message, path)),
    }
}

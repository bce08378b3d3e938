//! JSON texts of Go structs that travel inside of annotations, described by tables.
//!
//! Such a text is written byte by byte as Go's `encoding/json` does, members in struct order, and read as leniently:
//! names in any case, unknown members passed over, null as not there. A table also says where a member's value is in the
//! object that the text comes from or goes to.

use kubeforge_machinery::json::JsonWriter;
use kubeforge_machinery::types::{Quantity, Time};
use serde_json::{Map, Value};

/// Go type of a value.
pub enum Shape {
    Text,
    /// `int32`
    Integer,
    Quantity,
    Time,
    /// `map[string]string`
    TextMap,
    List(&'static Shape),
    Struct(&'static [Member]),
}

/// Field of a struct.
pub struct Member {
    /// As in the text.
    pub name: &'static str,
    /// Place of the value in the object, with dots.
    pub path: &'static str,
    pub shape: Shape,
    pub absent: Absent,
}

/// What stands for a value that is not there.
#[derive(Clone, Copy, PartialEq)]
pub enum Absent {
    /// Nothing (`omitempty`).
    Omitted,
    /// `null`: a pointer or slice without tag.
    Null,
    /// The type's zero, in the text as in the object: a field that is no pointer.
    Zero,
}

impl Member {
    pub const fn new(name: &'static str, path: &'static str, shape: Shape, absent: Absent) -> Member {
        Member { name, path, shape, absent }
    }
}

impl Shape {
    /// The text of a value.
    pub fn write(&self, value: &Value) -> String {
        let mut writer = JsonWriter::default();
        self.write_to(&mut writer, value);
        String::from_utf8_lossy(writer.as_bytes()).into_owned()
    }

    /// The value of a text; `None` if Go would refuse the text for this type.
    pub fn read(&self, text: &str) -> Option<Value> {
        self.read_from(&serde_json::from_str(text).ok()?)
    }

    fn write_to(&self, w: &mut JsonWriter, value: &Value) {
        match (self, value) {
            (Shape::Text, _) => w.string(value.as_str().unwrap_or_default()),
            (Shape::Integer, _) => w.integer(value.as_i64().unwrap_or_default()),
            (Shape::Quantity, _) => w.string(value.as_str().unwrap_or("0")),
            (Shape::Struct(members), _) => write_members(members, w, value),
            (Shape::Time, Value::String(time)) => w.string(time),
            (Shape::TextMap, Value::Object(texts)) => {
                let start = w.begin_object();
                for (key, text) in texts {
                    w.key(key);
                    Shape::Text.write_to(w, text);
                }
                w.end_object(start);
            }
            (Shape::List(item), Value::Array(values)) => {
                let start = w.begin_array();
                for value in values {
                    w.raw(",");
                    item.write_to(w, value);
                }
                w.end_array(start);
            }
            (Shape::Time | Shape::TextMap | Shape::List(_), _) => w.raw("null"),
        }
    }

    fn read_from(&self, json: &Value) -> Option<Value> {
        match (self, json) {
            (Shape::Struct(members), Value::Object(json)) => read_members(members, json),
            (Shape::Struct(members), Value::Null) => read_members(members, &Map::new()),
            (Shape::Text, Value::Null) => Some("".into()),
            (Shape::Integer, Value::Null) => Some(0.into()),
            (Shape::Quantity, Value::Null) => Some("0".into()),
            (_, Value::Null) => Some(Value::Null),
            (Shape::Text, Value::String(_)) => Some(json.clone()),
            (Shape::Integer, Value::Number(number)) => Some(i32::try_from(number.as_i64()?).ok()?.into()),
            (Shape::Quantity, _) => serde_json::from_value::<Quantity>(json.clone()).ok().map(|q| q.as_str().into()),
            (Shape::Time, _) => {
                let time = serde_json::from_value::<Time>(json.clone()).ok()?;
                serde_json::to_value(time).ok()
            }
            (Shape::TextMap, Value::Object(texts)) => {
                let texts = texts.iter().map(|(key, text)| Some((key.clone(), Shape::Text.read_from(text)?)));
                Some(Value::Object(texts.collect::<Option<_>>()?))
            }
            (Shape::List(item), Value::Array(values)) => {
                Some(Value::Array(values.iter().map(|value| item.read_from(value)).collect::<Option<_>>()?))
            }
            _ => None,
        }
    }
}

fn write_members(members: &[Member], w: &mut JsonWriter, value: &Value) {
    let start = w.begin_object();
    for member in members {
        match (get(value, member.path), member.absent) {
            (Some(value), Absent::Omitted) if is_empty(&member.shape, value) => {}
            (Some(value), _) => {
                w.key(member.name);
                member.shape.write_to(w, value);
            }
            (None, Absent::Omitted) => {}
            (None, Absent::Null) => {
                w.key(member.name);
                w.raw("null");
            }
            (None, Absent::Zero) => {
                w.key(member.name);
                member.shape.write_to(w, &Value::Null);
            }
        }
    }
    w.end_object(start);
}

/// What `omitempty` leaves out though it is there. Numbers and structs are behind pointers and stay.
fn is_empty(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (Shape::Text, Value::String(text)) => text.is_empty(),
        (Shape::List(_), Value::Array(items)) => items.is_empty(),
        (Shape::TextMap, Value::Object(texts)) => texts.is_empty(),
        _ => false,
    }
}

fn read_members(members: &[Member], json: &Map<String, Value>) -> Option<Value> {
    let mut object = Value::Object(Map::new());
    for member in members {
        let given = json
            .get(member.name)
            .or_else(|| json.iter().find(|(name, _)| name.eq_ignore_ascii_case(member.name)).map(|(_, value)| value));
        let value = match given.filter(|value| !value.is_null()) {
            Some(value) => member.shape.read_from(value)?,
            None if member.absent == Absent::Zero => member.shape.read_from(&Value::Null)?,
            None => continue,
        };
        set(&mut object, member.path, value);
    }
    Some(object)
}

/// The value at a path; `None` as well if it is null.
pub fn get<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// Removes the value at a path and returns it; null if there is none.
pub fn take(object: &mut Value, path: &str) -> Value {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = parents.split('.').filter(|name| !name.is_empty()).try_fold(object, |value, name| value.get_mut(name));
    parent.and_then(Value::as_object_mut).and_then(|members| members.remove(name)).unwrap_or_default()
}

/// Puts a value at a path and makes the objects on the way. Null is not put.
pub fn set(object: &mut Value, path: &str, value: Value) {
    if value.is_null() {
        return;
    }
    let mut place = object;
    for name in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(members) = place.as_object_mut() else { return };
        place = members.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

//! What every object has, reached by field name: type, metadata, spec and status.
//!
//! A release's `ObjectMeta` is generated and unknown to this crate, so its fields are read and changed by reflection.
//! A field that a message does not have reads as its zero and takes no value.

use std::collections::BTreeMap;

use kubeforge_machinery::json;
use kubeforge_machinery::types::SmallStr;
use kubeforge_machinery::{FieldMut, FieldRef, Message};

/// The field of this JSON name.
pub fn field<'a>(message: &'a dyn Message, name: &str) -> Option<FieldRef<'a>> {
    let index = message.descriptor().json_field(name, usize::MAX)?;
    Some(message.field(index))
}

/// The field of this JSON name, to change it.
pub fn field_mut<'a>(message: &'a mut dyn Message, name: &str) -> Option<FieldMut<'a>> {
    let index = message.descriptor().json_field(name, usize::MAX)?;
    Some(message.field_mut(index))
}

/// The message in a field; `None` if it is absent or no message.
pub fn child<'a>(message: &'a dyn Message, name: &str) -> Option<&'a dyn Message> {
    match field(message, name)? {
        FieldRef::Message(child) => Some(child),
        FieldRef::OptMessage(child) => child,
        _ => None,
    }
}

/// The message in a field, made if it is absent.
pub fn child_mut<'a>(message: &'a mut dyn Message, name: &str) -> Option<&'a mut dyn Message> {
    match field_mut(message, name)? {
        FieldMut::Message(child) => Some(child),
        FieldMut::OptMessage(slot) => Some(slot.get_or_insert()),
        _ => None,
    }
}

/// A text field, pointer or not; empty if it is absent.
pub fn text<'a>(message: &'a dyn Message, name: &str) -> &'a str {
    match field(message, name) {
        Some(FieldRef::Str(value)) => value,
        Some(FieldRef::OptStr(value)) => value.unwrap_or_default(),
        _ => "",
    }
}

/// Sets a text field; an empty text clears a pointer.
pub fn set_text(message: &mut dyn Message, name: &str, value: &str) {
    match field_mut(message, name) {
        Some(FieldMut::Str(field)) => *field = value.into(),
        Some(FieldMut::OptStr(field)) => *field = (!value.is_empty()).then(|| value.into()),
        _ => {}
    }
}

/// The texts of a list field.
pub fn texts<'a>(message: &'a dyn Message, name: &str) -> &'a [SmallStr] {
    match field(message, name) {
        Some(FieldRef::Strs(values)) => values,
        _ => &[],
    }
}

/// The list of a field, to change it.
pub fn texts_mut<'a>(message: &'a mut dyn Message, name: &str) -> Option<&'a mut Vec<SmallStr>> {
    match field_mut(message, name)? {
        FieldMut::Strs(values) => Some(values),
        _ => None,
    }
}

/// A whole number, pointer or not, 32 or 64 bits wide.
pub fn number(message: &dyn Message, name: &str) -> Option<i64> {
    match field(message, name)? {
        FieldRef::I64(value) => Some(value),
        FieldRef::I32(value) => Some(value.into()),
        FieldRef::OptI64(value) => value,
        FieldRef::OptI32(value) => value.map(Into::into),
        _ => None,
    }
}

/// Sets a whole number; `None` clears a pointer and makes a plain field 0.
pub fn set_number(message: &mut dyn Message, name: &str, value: Option<i64>) {
    match field_mut(message, name) {
        Some(FieldMut::I64(field)) => *field = value.unwrap_or_default(),
        Some(FieldMut::OptI64(field)) => *field = value,
        Some(FieldMut::I32(field)) => *field = value.unwrap_or_default() as i32,
        Some(FieldMut::OptI32(field)) => *field = value.map(|value| value as i32),
        _ => {}
    }
}

/// A `map<string, string>`.
pub fn map<'a>(message: &'a dyn Message, name: &str) -> Option<&'a BTreeMap<SmallStr, SmallStr>> {
    match field(message, name)? {
        FieldRef::StrMap(map) => Some(map),
        _ => None,
    }
}

/// A `map<string, string>`, to change it.
pub fn map_mut<'a>(message: &'a mut dyn Message, name: &str) -> Option<&'a mut BTreeMap<SmallStr, SmallStr>> {
    match field_mut(message, name)? {
        FieldMut::StrMap(map) => Some(map),
        _ => None,
    }
}

/// The object's `metadata`.
pub fn of(object: &dyn Message) -> Option<&dyn Message> {
    child(object, "metadata")
}

/// The object's `metadata`, to change it.
pub fn of_mut(object: &mut dyn Message) -> Option<&mut dyn Message> {
    child_mut(object, "metadata")
}

/// A text of the object's metadata.
pub fn get<'a>(object: &'a dyn Message, name: &str) -> &'a str {
    of(object).map_or("", |metadata| text(metadata, name))
}

/// Sets a text of the object's metadata.
pub fn set(object: &mut dyn Message, name: &str, value: &str) {
    if let Some(metadata) = of_mut(object) {
        set_text(metadata, name, value);
    }
}

/// The object's labels.
pub fn labels(object: &dyn Message) -> Option<&BTreeMap<SmallStr, SmallStr>> {
    map(of(object)?, "labels")
}

/// The object's finalizers.
pub fn finalizers(object: &dyn Message) -> &[SmallStr] {
    of(object).map_or(&[], |metadata| texts(metadata, "finalizers"))
}

/// Whether the object is being deleted.
pub fn is_deleting(object: &dyn Message) -> bool {
    of(object).is_some_and(|metadata| child(metadata, "deletionTimestamp").is_some())
}

/// Sets a field from JSON text that fits it; nothing else of the message changes.
pub fn set_json(message: &mut dyn Message, name: &str, value: &str) {
    // A document of one member reads into the message beside what is there.
    let text = format!("{{\"{name}\":{value}}}");
    let read = json::decode(text.as_bytes(), message);
    debug_assert!(read.is_ok(), "value of {name} fits its field: {read:?}");
}

/// Sets a time of the metadata to `seconds` from now, in whole seconds as upstream's JSON is.
pub fn set_time_from_now(metadata: &mut dyn Message, name: &str, seconds: i64) {
    let now = jiff::Timestamp::now().as_second();
    let time = jiff::Timestamp::from_second(now.saturating_add(seconds)).unwrap_or(jiff::Timestamp::MAX);
    set_json(metadata, name, &format!("\"{time:.0}\""));
}

/// The message at a path with dots, made where it is absent; the message itself for an empty path.
pub fn message_at_mut<'a>(message: &'a mut dyn Message, path: &str) -> Option<&'a mut dyn Message> {
    match path.split_once('.') {
        Some((head, rest)) => message_at_mut(child_mut(message, head)?, rest),
        None if path.is_empty() => Some(message),
        None => child_mut(message, path),
    }
}

/// Copies one field from another message of the same type.
pub fn copy_field(to: &mut dyn Message, from: &dyn Message, name: &str) {
    let Some(index) = from.descriptor().json_field(name, usize::MAX) else { return };
    if to.descriptor().name != from.descriptor().name {
        return;
    }
    to.field_mut(index).assign(from.field(index));
}

/// Empties a field.
pub fn clear_field(message: &mut dyn Message, name: &str) {
    let empty = message.descriptor().new_message();
    copy_field(message, empty.as_ref(), name);
}

/// Whether a field has the same value in two messages of the same type.
pub fn same_field(a: &dyn Message, b: &dyn Message, name: &str) -> bool {
    match (field(a, name), field(b, name)) {
        (Some(a), Some(b)) => a.equals(&b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

//! Constants for fields that are absent, as the release's tables say.

use kubeforge_machinery::message::MessageList;
use kubeforge_machinery::release::Default;
use kubeforge_machinery::{FieldMut, FieldRef, Message};

use crate::meta;

/// Fills the absent fields. A default inside an optional message applies only if the message is there.
pub fn apply(object: &mut dyn Message, defaults: &[Default]) {
    for default in defaults {
        fill(object, default.path, default.json);
    }
}

fn fill(message: &mut dyn Message, path: &str, value: &str) {
    let Some((head, rest)) = path.split_once('.') else {
        return set_if_absent(message, path, value);
    };
    let (name, each) = head.strip_suffix("[]").map_or((head, false), |name| (name, true));
    match meta::field_mut(message, name) {
        Some(FieldMut::Message(child)) => fill(child, rest, value),
        Some(FieldMut::OptMessage(slot)) => {
            if let Some(child) = slot.get_mut() {
                fill(child, rest, value);
            }
        }
        Some(FieldMut::List(list)) if each => fill_items(list, rest, value),
        _ => {}
    }
}

fn fill_items(list: &mut dyn MessageList, path: &str, value: &str) {
    for index in 0..list.len() {
        if let Some(item) = list.get_mut(index) {
            fill(item, path, value);
        }
    }
}

fn set_if_absent(message: &mut dyn Message, name: &str, value: &str) {
    if meta::field(message, name).is_some_and(|field| is_absent(&field)) {
        meta::set_json(message, name, value);
    }
}

/// Whether a field holds what Go's defaulting takes for absent.
fn is_absent(field: &FieldRef<'_>) -> bool {
    match field {
        FieldRef::Bool(value) => !value,
        FieldRef::I32(value) => *value == 0,
        FieldRef::I64(value) => *value == 0,
        FieldRef::Str(value) => value.is_empty(),
        FieldRef::OptBool(value) => value.is_none(),
        FieldRef::OptI32(value) => value.is_none(),
        FieldRef::OptI64(value) => value.is_none(),
        FieldRef::OptF64(value) => value.is_none(),
        FieldRef::OptStr(value) => value.is_none(),
        FieldRef::OptBytes(value) => value.is_none(),
        FieldRef::Bools(values) => values.is_empty(),
        FieldRef::I32s(values) => values.is_empty(),
        FieldRef::I64s(values) => values.is_empty(),
        FieldRef::Strs(values) => values.is_empty(),
        FieldRef::StrMap(map) => map.is_empty(),
        FieldRef::BytesMap(map) => map.is_empty(),
        FieldRef::Message(message) => message.equals(message.descriptor().new_message().as_ref()),
        FieldRef::OptMessage(message) => message.is_none(),
        FieldRef::List(list) => list.is_empty(),
        FieldRef::Map(map) => map.is_empty(),
    }
}

//! What of a message each format can hold. Everything else must come back as it was.

use kubeforge_machinery::descriptor::{Flags, Shape, Type};
use kubeforge_machinery::message::{FieldMut, MessageList, MessageMap};
use kubeforge_machinery::{Descriptor, Message, json};

/// A way to write a message down.
#[derive(Clone, Copy, PartialEq)]
pub enum Format {
    Json,
    /// JSON that was a tree of values in between, as YAML and serde have it.
    Tree,
    Protobuf,
}

/// A copy of the message without what the format cannot hold.
pub fn held(message: &dyn Message, format: Format) -> Box<dyn Message> {
    let mut copy = message.clone_message();
    reduce(&mut *copy, format);
    copy
}

fn reduce(message: &mut dyn Message, format: Format) {
    if message.descriptor().shape == Shape::Special {
        return reduce_raw(message, format);
    }
    let empty = message.descriptor().new_message();
    for index in 0..message.descriptor().fields.len() {
        let field = &message.descriptor().fields[index];
        let inlined = field.json.is_empty() && matches!(field.ty, Type::Message(_));
        // `kind` and `apiVersion` are in the envelope only.
        let lost = match format {
            Format::Protobuf => field.tag == 0 && !is_inlined(empty.descriptor(), &field.json),
            Format::Json | Format::Tree => field.json.is_empty(),
        };
        let flags = field.flags;
        match message.field_mut(index) {
            _ if inlined => {}
            field if lost => field.assign(empty.field(index)),
            field => reduce_field(field, flags, format),
        }
    }
}

/// Whether the field belongs to a struct that Go inlines and protobuf nests.
fn is_inlined(descriptor: &Descriptor, json: &str) -> bool {
    let nested = descriptor.fields.iter().filter(|field| field.json.is_empty() && field.tag != 0);
    nested.filter_map(|field| field.ty.descriptor()).any(|inner| match inner.json_field(json, 0) {
        Some(index) => inner.fields[index].tag != 0 || is_inlined(inner, json),
        None => false,
    })
}

fn reduce_field(field: FieldMut<'_>, flags: Flags, format: Format) {
    match field {
        // Go leaves out bytes that are there but empty.
        FieldMut::OptBytes(bytes) if format != Format::Protobuf && flags.has(Flags::OMITEMPTY) => {
            bytes.take_if(|bytes| bytes.0.is_empty());
        }
        FieldMut::Message(inner) => reduce(inner, format),
        FieldMut::OptMessage(slot) => {
            let Some(inner) = slot.get_mut() else { return };
            reduce(inner, format);
            // A pointer to what prints as null, such as the zero time, looks as if it pointed nowhere.
            if format != Format::Protobuf && json::encode(inner) == b"null" {
                slot.clear();
            }
        }
        FieldMut::List(list) => reduce_list(list, format),
        FieldMut::Map(map) => reduce_map(map, format),
        _ => {}
    }
}

fn reduce_list(list: &mut dyn MessageList, format: Format) {
    for index in 0..list.len() {
        reduce(list.get_mut(index).expect("below the length"), format);
    }
}

fn reduce_map(map: &mut dyn MessageMap, format: Format) {
    let entries: Vec<_> = map.entries().map(|(key, value)| (key.into(), held(value, format))).collect();
    for (key, value) in entries {
        map.entry(key).assign(&*value);
    }
}

/// JSON is written compact, with escapes for HTML, and has no way to show a protobuf document; a tree keeps neither the
/// order of members nor how numbers and text were written.
fn reduce_raw(message: &mut dyn Message, format: Format) {
    let name = message.descriptor().go_name();
    // A schema in a place where something simpler may stand has raw values inside, too.
    let raw = ["RawExtension", "FieldsV1", "JSON", "Unknown"].contains(&name) || name.starts_with("JSONSchemaPropsOr");
    if !raw || format == Format::Protobuf {
        return;
    }
    let mut text = json::encode(message);
    if format == Format::Tree {
        text = serde_json::from_slice::<serde_json::Value>(&text).expect("our own text").to_string().into_bytes();
    }
    json::decode(&text, message).expect("our own text");
}

//! Fills any message by the rule of upstream's codec fixtures.
//!
//! Strings are the JSON name and `Value`, integers the field's protobuf tag, booleans true, times the year 2000 plus
//! the tag, bytes one byte of the tag; every list and map has one element. A wrong name or tag shows at once.

use kubeforge_machinery::descriptor::Shape;
use kubeforge_machinery::message::FieldMut;
use kubeforge_machinery::types::ByteString;
use kubeforge_machinery::{Message, json};

/// What upstream's fixtures hold in place of any object.
const ANY_OBJECT: &str =
    r#"{"apiVersion":"example.com/v1","kind":"CustomType","spec":{"replicas":1},"status":{"available":1}}"#;

/// Fills every field that is on the wire, so all but `kind` and `apiVersion`.
pub fn fill(message: &mut dyn Message) {
    let fields: Vec<_> = message.descriptor().fields.iter().map(|f| (f.json.clone(), f.tag)).collect();
    for (index, (name, tag)) in fields.into_iter().enumerate() {
        // The fields of inlined structs come with the struct itself.
        if tag != 0 {
            fill_field(message.field_mut(index), &name, tag);
        }
    }
}

fn fill_field(field: FieldMut<'_>, name: &str, tag: u32) {
    let text = format!("{name}Value");
    let key = format!("{name}Key");
    let byte = ByteString(vec![tag as u8]);
    match field {
        FieldMut::Bool(v) => *v = true,
        FieldMut::I32(v) => *v = tag as i32,
        FieldMut::I64(v) => *v = tag.into(),
        FieldMut::Str(v) => *v = text,
        FieldMut::OptBool(v) => *v = Some(true),
        FieldMut::OptI32(v) => *v = Some(tag as i32),
        FieldMut::OptI64(v) => *v = Some(tag.into()),
        FieldMut::OptF64(v) => *v = Some(tag.into()),
        FieldMut::OptStr(v) => *v = Some(text),
        FieldMut::OptBytes(v) => *v = Some(byte),
        FieldMut::Bools(v) => v.push(true),
        FieldMut::I32s(v) => v.push(tag as i32),
        FieldMut::I64s(v) => v.push(tag.into()),
        FieldMut::Strs(v) => v.push(text),
        FieldMut::StrMap(v) => drop(v.insert(key, text)),
        FieldMut::BytesMap(v) => drop(v.insert(key, byte)),
        FieldMut::Message(m) => fill_message(m, name, tag),
        FieldMut::OptMessage(slot) => fill_message(slot.get_or_insert(), name, tag),
        FieldMut::List(list) => fill_message(list.push(), name, tag),
        FieldMut::Map(map) => fill_message(map.entry(key), name, tag),
    }
}

fn fill_message(message: &mut dyn Message, name: &str, tag: u32) {
    if message.descriptor().shape == Shape::Struct {
        return fill(message);
    }
    let text = match message.descriptor().go_name() {
        "Time" => format!("\"{}-01-01T01:01:01Z\"", 2000 + tag),
        "MicroTime" => format!("\"{}-01-01T01:01:01.{tag:06}Z\"", 2000 + tag),
        "Duration" => format!("\"{tag}ns\""),
        "Quantity" => "\"0\"".to_owned(),
        "IntOrString" => format!("\"{name}Value\""),
        "FieldsV1" => "{}".to_owned(),
        "RawExtension" => ANY_OBJECT.to_owned(),
        "ExtraValue" | "Verbs" | "StringList" => format!("[\"{name}Value\"]"),
        other => panic!("the fill rule says nothing of {other}"),
    };
    json::decode(text.as_bytes(), message).expect("the rule's own text");
}

//! Fills any message by the rule of upstream's codec fixtures.
//!
//! Strings are the JSON name and `Value`, integers the field's protobuf tag, booleans true, times the year 2000 plus
//! the tag, bytes one byte of the tag; every list and map has one element. A wrong name or tag shows at once.

use kubeforge_machinery::descriptor::Shape;
use kubeforge_machinery::message::FieldMut;
use kubeforge_machinery::types::{ByteString, SmallStr};
use kubeforge_machinery::{Message, json};

/// What upstream's fixtures hold in place of any object.
const ANY_OBJECT: &str =
    r#"{"apiVersion":"example.com/v1","kind":"CustomType","spec":{"replicas":1},"status":{"available":1}}"#;

/// Fills every field that is on the wire, so all but `kind` and `apiVersion`. A type inside itself, of which the rule says
/// nothing, stays empty.
pub fn fill(message: &mut dyn Message) {
    fill_below(message, &mut Vec::new());
}

fn fill_below(message: &mut dyn Message, around: &mut Vec<String>) {
    let name = message.descriptor().name.to_string();
    if around.contains(&name) {
        return;
    }
    around.push(name);
    let fields: Vec<_> = message.descriptor().fields.iter().map(|f| (f.json.clone(), f.tag)).collect();
    for (index, (name, tag)) in fields.into_iter().enumerate() {
        // The fields of inlined structs come with the struct itself.
        if tag != 0 {
            fill_field(message.field_mut(index), &name, tag, around);
        }
    }
    around.pop();
}

fn fill_field(field: FieldMut<'_>, name: &str, tag: u32, around: &mut Vec<String>) {
    let text = SmallStr::from(format!("{name}Value"));
    let key = SmallStr::from(format!("{name}Key"));
    let byte = ByteString(vec![tag as u8]);
    match field {
        FieldMut::Bool(v) => *v = true,
        FieldMut::I32(v) => *v = tag as i32,
        FieldMut::I64(v) => *v = tag.into(),
        FieldMut::Str(v) => *v = text,
        FieldMut::OptBool(v) => *v = Some(true),
        FieldMut::OptI32(v) => *v = Some(tag as i32),
        FieldMut::OptI64(v) => *v = Some(tag.into()),
        // No kind of the corpus has one; a fraction keeps it apart from integers.
        FieldMut::OptF64(v) => *v = Some(f64::from(tag) + 0.5),
        FieldMut::OptStr(v) => *v = Some(text),
        FieldMut::OptBytes(v) => *v = Some(byte),
        FieldMut::Bools(v) => v.push(true),
        FieldMut::I32s(v) => v.push(tag as i32),
        FieldMut::I64s(v) => v.push(tag.into()),
        FieldMut::Strs(v) => v.push(text),
        FieldMut::StrMap(v) => drop(v.insert(key, text)),
        FieldMut::BytesMap(v) => drop(v.insert(key, byte)),
        FieldMut::Message(m) => fill_message(m, name, tag, around),
        FieldMut::OptMessage(slot) => fill_message(slot.get_or_insert(), name, tag, around),
        FieldMut::List(list) => fill_message(list.push(), name, tag, around),
        FieldMut::Map(map) => {
            let value = map.entry(key);
            // Upstream's filler sets times through pointers, which map values have not.
            if value.descriptor().go_name() != "Time" {
                fill_message(value, name, tag, around);
            }
        }
    }
}

fn fill_message(message: &mut dyn Message, name: &str, tag: u32, around: &mut Vec<String>) {
    if message.descriptor().shape == Shape::Struct {
        return fill_below(message, around);
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
        "JSON" => ANY_OBJECT.to_owned(),
        "JSONSchemaPropsOrBool" => "true".to_owned(),
        "JSONSchemaPropsOrArray" => format!("[{{\"id\":\"{name}Value\"}}]"),
        "JSONSchemaPropsOrStringArray" => format!("[\"{name}Value\"]"),
        other => panic!("the fill rule says nothing of {other}"),
    };
    json::decode(text.as_bytes(), message).expect("the rule's own text");
}

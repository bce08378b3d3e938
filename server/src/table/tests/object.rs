//! A message of whatever fields a JSON object has.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubeforge_machinery::descriptor::{DescriptorRef, Flags, Merge};
use kubeforge_machinery::message::DynamicMessage;
use kubeforge_machinery::types::{Quantity, Time};
use kubeforge_machinery::{Descriptor, Field, Type, json};
use serde_json::Value as Json;

/// Makes the message. Maps of labels and of quantities are told by their names, times by their look.
pub fn object(value: &Json) -> DynamicMessage {
    let mut object = DynamicMessage::new(descriptor(&[value]));
    json::decode(value.to_string().as_bytes(), &mut object).expect("an object");
    object
}

/// Describes the fields that any of the objects has.
fn descriptor(objects: &[&Json]) -> Arc<Descriptor> {
    let mut values: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for (name, value) in objects.iter().flat_map(|object| object.as_object().expect("an object")) {
        values.entry(name).or_default().push(value);
    }
    let field = |(name, values): (&str, Vec<&Json>)| {
        let everywhere = values.len() == objects.len();
        let pointer = !everywhere || values[0].is_number() || values[0].is_object() || time(values[0]).is_some();
        let flags = if pointer { Flags::POINTER } else { Flags::default() };
        Field::dynamic(name, 0, ty(name, &values), flags.with(Flags::OMITEMPTY), Merge::NONE)
    };
    Descriptor::shared("test.Object", values.into_iter().map(field).collect())
}

fn ty(name: &str, values: &[&Json]) -> Type {
    match values[0] {
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::I64,
        Json::String(_) if time(values[0]).is_some() => Type::Message(DescriptorRef::of::<Time>()),
        Json::String(_) => Type::Str,
        Json::Array(items) if items.iter().all(Json::is_object) => {
            let items: Vec<&Json> = values.iter().flat_map(|value| value.as_array().into_iter().flatten()).collect();
            Type::List(DescriptorRef::Shared(descriptor(&items)))
        }
        Json::Array(_) => Type::Strs,
        Json::Object(map) => match name {
            "labels" | "annotations" | "matchLabels" | "selector" | "nodeSelector" | "data"
                if map.values().all(Json::is_string) =>
            {
                Type::StrMap
            }
            "capacity" | "hard" | "used" => Type::Map(DescriptorRef::of::<Quantity>()),
            _ => Type::Message(DescriptorRef::Shared(descriptor(values))),
        },
        Json::Null => panic!("`{name}` is null"),
    }
}

fn time(value: &Json) -> Option<Time> {
    value.as_str()?.parse().ok()
}

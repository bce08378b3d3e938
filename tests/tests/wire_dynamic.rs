//! Descriptors built at run time: the same fields as every generated message, and the same bytes in every format.
//!
//! Generated structs are written by straight code, dynamic messages by a walk over the descriptor, so that each checks
//! the other.

use std::collections::HashMap;
use std::sync::Arc;

use kubeforge_machinery::arbitrary::{self, Choices};
use kubeforge_machinery::descriptor::{DescriptorRef, Shape};
use kubeforge_machinery::json::Strictness;
use kubeforge_machinery::message::DynamicMessage;
use kubeforge_machinery::release::Release;
use kubeforge_machinery::{Descriptor, Field, Message, Type, json, proto, serde as reflected, yaml};
use kubeforge_tests::held::{Format, held};

const VALUES: u64 = 20;

#[test]
fn v1_20() {
    check(&kubeforge_v1_20::RELEASE, 700);
}

#[test]
fn v1_28() {
    check(&kubeforge_v1_28::RELEASE, 850);
}

#[test]
fn v1_32() {
    check(&kubeforge_v1_32::RELEASE, 950);
}

#[test]
fn v1_34() {
    check(&kubeforge_v1_34::RELEASE, 1050);
}

#[test]
fn v1_36() {
    check(&kubeforge_v1_36::RELEASE, 1050);
}

fn check(release: &Release, at_least: usize) {
    let mut mirror = Mirror::default();
    let mut checked = 0;
    for generated in release.messages {
        let Some(dynamic) = mirror.of(generated) else { continue };
        checked += 1;
        for seed in 0..VALUES {
            let mut message = generated.new_message();
            arbitrary::fill(&mut *message, &mut Choices::from_seed(seed));
            through_json(&*held(&*message, Format::Json), &dynamic);
            through_protobuf(&*message, &dynamic);
        }
    }
    assert!(checked > at_least, "{checked} of {} messages", release.messages.len());
}

fn through_json(message: &dyn Message, dynamic: &Arc<Descriptor>) {
    let name = &dynamic.name;
    let text = json::encode(message);
    let mut read = DynamicMessage::new(dynamic.clone());
    let reports = json::decode_with(&text, &mut read, Strictness::Report).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(reports, Vec::<String>::new(), "{name}");
    assert!(
        json::encode(&read) == text,
        "{name}:\n{}\n{}",
        String::from_utf8_lossy(&text),
        String::from_utf8_lossy(&json::encode(&read))
    );
    // Numbers may look different in a tree, and members of raw values have another order.
    let value = reflected::serialize(&read, serde_json::value::Serializer).expect("a value");
    let (mut from_value, mut from_text) = (DynamicMessage::new(dynamic.clone()), DynamicMessage::new(dynamic.clone()));
    reflected::deserialize(&mut from_value, &value).unwrap_or_else(|e| panic!("{name}: {e}"));
    json::decode(value.to_string().as_bytes(), &mut from_text).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!((&from_value as &dyn Message).equals(&from_text), "{name}: {value}");
    let copy = (&read as &dyn Message).clone_message();
    assert!(copy.equals(&read), "{name}");
}

fn through_protobuf(message: &dyn Message, dynamic: &Arc<Descriptor>) {
    let name = &dynamic.name;
    let bytes = proto::encode(message);
    let mut read = DynamicMessage::new(dynamic.clone());
    proto::decode(&bytes, &mut read).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(proto::encode(&read) == bytes, "{name}: {read:?}", read = &read as &dyn Message);
}

/// Run-time descriptors by the names of generated ones.
#[derive(Default)]
struct Mirror {
    made: HashMap<String, Option<Arc<Descriptor>>>,
}

impl Mirror {
    /// The descriptor with the same fields; `None` for special types and those with structs that JSON inlines and
    /// protobuf nests, which have no run-time form.
    fn of(&mut self, generated: &Descriptor) -> Option<Arc<Descriptor>> {
        if let Some(made) = self.made.get(&*generated.name) {
            return made.clone();
        }
        // A type inside itself stays the generated one there.
        self.made.insert(generated.name.to_string(), None);
        let inlines = generated.fields.iter().any(|field| field.json.is_empty() || field.tag == 0 && !own(field));
        if generated.shape == Shape::Special || inlines {
            return None;
        }
        let fields = generated.fields.iter().map(|field| self.field(field)).collect();
        let made = Some(Descriptor::shared(generated.name.to_string(), fields));
        self.made.insert(generated.name.to_string(), made.clone());
        made
    }

    fn field(&mut self, field: &Field) -> Field {
        let ty = match &field.ty {
            Type::Message(of) => Type::Message(self.reference(of)),
            Type::List(of) => Type::List(self.reference(of)),
            Type::Map(of) => Type::Map(self.reference(of)),
            scalar => scalar.clone(),
        };
        Field::dynamic(&*field.json, field.tag, ty, field.flags, (*field.merge).clone())
    }

    fn reference(&mut self, of: &DescriptorRef) -> DescriptorRef {
        self.of(of).map_or_else(|| of.clone(), DescriptorRef::Shared)
    }
}

/// Whether a field without a tag is one of JSON alone, not of an inlined struct.
fn own(field: &Field) -> bool {
    matches!(&*field.json, "kind" | "apiVersion")
}

#[test]
fn unknown_and_duplicate_fields_are_reported_and_pruned() {
    let yaml = "name: a\nport: 80\nlabels: {a: b}\nparts: [{size: 1, extra: {deep: [1]}}]\nmore: true\n";
    let part = Descriptor::shared("example.com.v1.Part", vec![field("size", Type::I64)]);
    let parts = Type::List(DescriptorRef::Shared(part));
    let fields = vec![field("name", Type::Str), field("labels", Type::StrMap), field("parts", parts)];
    let widget = Descriptor::shared("example.com.v1.Widget", fields);
    let document = yaml::from_yaml(yaml).expect("YAML");
    let mut read = DynamicMessage::new(widget.clone());
    let reports =
        json::decode_with(document.value.to_string().as_bytes(), &mut read, Strictness::Report).expect("fits");
    assert_eq!(
        reports,
        ["unknown field \"more\"", "unknown field \"parts[0].extra\"", "unknown field \"port\""],
        "serde_json sorts the members"
    );
    assert_eq!(json::encode(&read), br#"{"name":"a","labels":{"a":"b"},"parts":[{"size":1}]}"#);
    let twice = br#"{"parts":[{"size":1,"size":2}],"name":"a","name":"b","labels":{"x":"1","x":"2"}}"#;
    let reports = json::decode_with(twice, &mut read, Strictness::Report).expect("fits");
    assert_eq!(
        reports,
        ["duplicate field \"parts[0].size\"", "duplicate field \"name\"", "duplicate field \"labels.x\""]
    );
    let error = json::decode(br#"{"parts":[{"size":"1"}]}"#, &mut read).unwrap_err().to_string();
    assert_eq!(error, "json: cannot unmarshal string into Go struct field Part.parts.size of type int64");
}

fn field(name: &str, ty: Type) -> Field {
    Field::dynamic(name, 0, ty, Default::default(), kubeforge_machinery::descriptor::Merge::NONE)
}

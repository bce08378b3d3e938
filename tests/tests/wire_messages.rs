//! Every message of a release, filled: JSON, protobuf, YAML and serde read back what they wrote, and reading field by
//! field agrees with writing in one go.

use kubeforge_machinery::release::Release;
use kubeforge_machinery::{Descriptor, Message, json, proto, serde as reflected, yaml};
use kubeforge_tests::fill::fill;
use serde_json::Value;

#[test]
fn v1_28() {
    check(&kubeforge_v1_28::RELEASE, 1000);
}

#[test]
fn v1_36() {
    check(&kubeforge_v1_36::RELEASE, 1200);
}

fn check(release: &Release, at_least: usize) {
    assert!(release.messages.len() > at_least, "{} messages", release.messages.len());
    for descriptor in release.messages {
        for full in [false, true] {
            let mut message = (descriptor.new)();
            if full {
                fill(&mut *message);
            }
            through_json(descriptor, &*message);
            through_protobuf(descriptor, &*message);
            through_serde(descriptor, &*message);
        }
    }
}

fn through_json(descriptor: &Descriptor, message: &dyn Message) {
    let text = json::encode(message);
    let value: Value = serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", descriptor.name));
    let mut read = (descriptor.new)();
    let reports = json::decode_with(&text, &mut *read, json::Strictness::Report);
    assert_eq!(reports.unwrap_or_else(|e| panic!("{}: {e}", descriptor.name)), Vec::<String>::new());
    // What has no JSON name cannot come back through JSON.
    let all_named = descriptor.fields.iter().all(|f| !f.json.is_empty());
    assert!(read.equals(message) || !all_named, "{}: {}", descriptor.name, String::from_utf8_lossy(&text));
    assert_eq!(json::encode(&*read), text, "{}", descriptor.name);
    let document = yaml::from_yaml(&yaml::to_yaml(&value)).expect("our own YAML");
    assert_eq!(document.value, value, "{}", descriptor.name);
}

fn through_protobuf(descriptor: &Descriptor, message: &dyn Message) {
    let bytes = proto::encode(message);
    let mut read = (descriptor.new)();
    proto::decode(&bytes, &mut *read).unwrap_or_else(|e| panic!("{}: {e}", descriptor.name));
    assert_eq!(proto::encode(&*read), bytes, "{}", descriptor.name);
}

/// serde walks fields where the encoder is straight code: both must leave out and print the same.
fn through_serde(descriptor: &Descriptor, message: &dyn Message) {
    let walked = reflected::serialize(message, serde_json::value::Serializer).expect("a value");
    let written: Value = serde_json::from_slice(&json::encode(message)).expect("JSON");
    assert_eq!(walked, written, "{}", descriptor.name);
    let mut read = (descriptor.new)();
    reflected::deserialize(&mut *read, &walked).unwrap_or_else(|e| panic!("{}: {e}", descriptor.name));
    assert_eq!(json::encode(&*read), json::encode(message), "{}", descriptor.name);
    assert!(message.clone_message().equals(message), "{}", descriptor.name);
}

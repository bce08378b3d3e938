//! Every message of every release with arbitrary values: JSON, protobuf, YAML and serde read back what they wrote, and
//! agree with each other.

use std::fmt::Display;

use kubeforge_machinery::arbitrary::{Choices, fill};
use kubeforge_machinery::release::Release;
use kubeforge_machinery::{Message, json, proto, serde as reflected, yaml};
use kubeforge_tests::held::{Format, held};
use serde_json::Value;

/// Of each message.
const VALUES: u64 = 200;

/// Every fourth value also goes through YAML and serde, which are slow when not optimized.
const TREES: u64 = 4;

#[test]
fn v1_20() {
    check(&kubeforge_v1_20::RELEASE, 831);
}

#[test]
fn v1_28() {
    check(&kubeforge_v1_28::RELEASE, 1007);
}

#[test]
fn v1_32() {
    check(&kubeforge_v1_32::RELEASE, 1112);
}

#[test]
fn v1_34() {
    check(&kubeforge_v1_34::RELEASE, 1212);
}

#[test]
fn v1_36() {
    check(&kubeforge_v1_36::RELEASE, 1212);
}

fn check(release: &Release, messages: usize) {
    let mut failures = Vec::new();
    for descriptor in release.messages {
        // Types alike get values that are not.
        let name = descriptor.name.bytes().fold(0, |sum: u64, byte| sum.rotate_left(8) ^ u64::from(byte));
        let value = |seed: u64| {
            let mut message = descriptor.new_message();
            fill(&mut *message, &mut Choices::from_seed(name ^ seed));
            let through = if seed.is_multiple_of(TREES) { through_all } else { through_codecs };
            through(&*message).map_err(|problem| format!("{}, seed {seed}: {problem}", descriptor.name))
        };
        let empty = || {
            let mut message = descriptor.new_message();
            fill(&mut *message, &mut Choices::from_bytes(&[]));
            agree(&*message, &*descriptor.new_message(), "no choices leave no empty message")?;
            through_all(&*message).map_err(|problem| format!("{}, empty: {problem}", descriptor.name))
        };
        failures.extend(empty().and_then(|()| (0..VALUES).try_for_each(value)).err());
    }
    let first = failures.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(failures.is_empty(), "{} of {messages} messages:\n{first}", failures.len());
    assert_eq!(release.messages.len(), messages);
}

/// What is wrong, and where the documents that show it differ.
type Outcome = Result<(), String>;

/// Both texts, from a little before they differ.
fn difference(problem: &str, found: &dyn Display, expected: &dyn Display) -> Outcome {
    let (found, expected) = (found.to_string(), expected.to_string());
    let at = found.chars().zip(expected.chars()).take_while(|(a, b)| a == b).count().saturating_sub(60);
    let part = |text: &str| text.chars().skip(at).take(200).collect::<String>();
    Err(format!("{problem}\n   found: {}\nexpected: {}", part(&found), part(&expected)))
}

fn through_all(message: &dyn Message) -> Outcome {
    through_codecs(message)?;
    let tree: Value = serde_json::from_slice(&json::encode(message)).map_err(|e| format!("JSON: {e}"))?;
    through_yaml(message, &tree)?;
    through_serde(message, &tree)
}

fn through_codecs(message: &dyn Message) -> Outcome {
    agree(&*message.clone_message(), message, "a copy differs")?;
    through_json(message)?;
    through_protobuf(message)
}

/// Whether both are equal, and the same in both formats.
fn agree(found: &dyn Message, expected: &dyn Message, how: &str) -> Outcome {
    let (a, b) = (json::encode(found), json::encode(expected));
    if a != b {
        return difference(how, &String::from_utf8_lossy(&a), &String::from_utf8_lossy(&b));
    }
    let (a, b) = (proto::encode(found), proto::encode(expected));
    if a != b {
        return difference(how, &format!("{a:02x?}"), &format!("{b:02x?}"));
    }
    equal(found, expected, how)
}

fn equal(found: &dyn Message, expected: &dyn Message, how: &str) -> Outcome {
    if found.equals(expected) {
        return Ok(());
    }
    difference(how, &format!("{found:?}"), &format!("{expected:?}"))
}

fn through_json(message: &dyn Message) -> Outcome {
    let mut read = empty(message);
    let reports = json::decode_with(&json::encode(message), &mut *read, json::Strictness::Report);
    let reports = reports.map_err(|e| format!("JSON is not read: {e}"))?;
    if !reports.is_empty() {
        return Err(format!("JSON is not clean: {reports:?}"));
    }
    agree(&*read, &*held(message, Format::Json), "JSON reads back otherwise")
}

fn through_protobuf(message: &dyn Message) -> Outcome {
    let mut read = empty(message);
    let bytes = proto::encode(message);
    proto::decode(&bytes, &mut *read).map_err(|e| format!("protobuf is not read: {e}"))?;
    if proto::encode(&*read) != bytes {
        return difference("protobuf is written otherwise", &format!("{read:?}"), &format!("{message:?}"));
    }
    agree(&*read, &*held(message, Format::Protobuf), "protobuf reads back otherwise")
}

fn through_yaml(message: &dyn Message, tree: &Value) -> Outcome {
    if has_merge_key(tree) {
        return Ok(());
    }
    let document = yaml::from_yaml(&yaml::to_yaml(tree)).map_err(|e| format!("YAML is not read: {e}"))?;
    if !same(&document.value, tree) {
        return difference("YAML reads back otherwise", &document.value, tree);
    }
    let mut read = empty(message);
    let text = document.value.to_string();
    json::decode(text.as_bytes(), &mut *read).map_err(|e| format!("JSON from YAML is not read: {e}"))?;
    equal(&*read, &*held(message, Format::Tree), "YAML becomes another message")
}

/// Upstream does not quote the key `<<`, which readers take for a merge.
fn has_merge_key(tree: &Value) -> bool {
    match tree {
        Value::Array(items) => items.iter().any(has_merge_key),
        Value::Object(members) => members.iter().any(|(key, value)| key == "<<" || has_merge_key(value)),
        _ => false,
    }
}

/// serde walks fields where the encoder is straight code: both must leave out and print the same.
fn through_serde(message: &dyn Message, tree: &Value) -> Outcome {
    let walked = reflected::serialize(message, serde_json::value::Serializer).map_err(|e| format!("serde: {e}"))?;
    if !same(&walked, tree) {
        return difference("serde writes otherwise", &walked, tree);
    }
    let mut read = empty(message);
    reflected::deserialize(&mut *read, &walked).map_err(|e| format!("serde does not read: {e}"))?;
    equal(&*read, &*held(message, Format::Tree), "serde reads back otherwise")
}

fn empty(message: &dyn Message) -> Box<dyn Message> {
    message.descriptor().new_message()
}

/// Whether two trees are equal; Go's JSON has one kind of number, so `1` and `1.0` are.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || ((x.is_f64() || y.is_f64()) && x.as_f64() == y.as_f64()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|((k, x), (l, y))| k == l && same(x, y))
        }
        _ => a == b,
    }
}

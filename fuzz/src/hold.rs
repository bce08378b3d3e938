//! What must hold for a message, however it came to be: each format brings back all that it can hold, and what was
//! written, read and written again is the same bytes.

use std::fmt::Debug;

use kubeforge_machinery::{Message, envelope, json, proto, serde as reflected, yaml};
use serde_json::Value;

use crate::empty;
use crate::held::{Format, held};

pub fn through_json(message: &dyn Message) {
    let text = json::encode(message);
    let Some(read) = read_json(&text, message) else { return };
    same(&*read, &*held(message, Format::Json), "JSON reads back otherwise");
    // The first text may print what then reads as absent, such as a zero time.
    let text = json::encode(&*read);
    let again = read_json(&text, message).expect("read before");
    same(&*again, &*read, "JSON reads back otherwise the second time");
    same_text(&json::encode(&*again), &text);
}

/// Reads our own text, in which nothing may be wrong. `None` where it holds a year beyond four digits, which protobuf
/// can bring and Go prints but does not read.
fn read_json(text: &[u8], like: &dyn Message) -> Option<Box<dyn Message>> {
    let mut read = empty(like);
    match json::decode_with(text, &mut *read, json::Strictness::Report) {
        Ok(reports) => assert!(reports.is_empty(), "our JSON is not clean: {reports:?}\n{}", lossy(text)),
        Err(error) if error.to_string().starts_with("parsing time ") => return None,
        Err(error) => panic!("our JSON is not read: {error}\n{}", lossy(text)),
    }
    Some(read)
}

pub fn through_protobuf(message: &dyn Message) {
    let bytes = proto::encode(message);
    let mut read = empty(message);
    if let Err(error) = proto::decode(&bytes, &mut *read) {
        panic!("our protobuf is not read: {error}\n{message:?}");
    }
    same(&*read, &*held(message, Format::Protobuf), "protobuf reads back otherwise");
    assert_eq!(proto::encode(&*read), bytes, "protobuf is written otherwise: {message:?}");

    let document = envelope::encode(message, "v1", "Kind");
    let unknown = envelope::decode(&document).expect("our own envelope");
    assert_eq!((&*unknown.api_version, &*unknown.kind, unknown.raw), ("v1", "Kind", &bytes[..]));
}

pub fn through_yaml(message: &dyn Message) {
    let Some(tree) = tree(message) else { return };
    through_yaml_text(&tree);
    let mut read = empty(message);
    json::decode(tree.to_string().as_bytes(), &mut *read).expect("JSON of a tree");
    same(&*read, &*held(message, Format::Tree), "a tree becomes another message");
}

/// Writes a tree as YAML and reads it back.
pub fn through_yaml_text(tree: &Value) {
    if has_merge_key(tree) {
        return;
    }
    let (value, _) = yaml_again(tree);
    assert!(equal(&value, tree), "YAML reads back otherwise:\n{value}\n{tree}");
    // Negative zero has lost its sign, as upstream's does.
    let (value, text) = yaml_again(&value);
    assert_eq!(yaml::to_yaml(&value), text, "YAML is written otherwise");
}

/// The tree from the YAML that it is written as, and that text.
fn yaml_again(tree: &Value) -> (Value, String) {
    let text = yaml::to_yaml(tree);
    let document = match yaml::from_yaml(&text) {
        Ok(document) => document,
        Err(error) => panic!("our YAML is not read: {error}\n{text}"),
    };
    assert!(document.duplicates.is_empty(), "our YAML has duplicates: {:?}\n{text}", document.duplicates);
    (document.value, text)
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
pub fn through_serde(message: &dyn Message) {
    let Some(tree) = tree(message) else { return };
    let walked = reflected::serialize(message, serde_json::value::Serializer).expect("a tree");
    assert!(equal(&walked, &tree), "serde writes otherwise:\n{walked}\n{tree}");
    let mut read = empty(message);
    reflected::deserialize(&mut *read, &walked).expect("our own tree");
    same(&*read, &*held(message, Format::Tree), "serde reads back otherwise");
}

/// Copies and comparisons go by the descriptor as well.
pub fn through_copy(message: &dyn Message) {
    same(&*message.clone_message(), message, "a copy differs");
}

/// The message as a tree of values; `None` if raw JSON in it nests deeper than serde_json reads.
fn tree(message: &dyn Message) -> Option<Value> {
    match serde_json::from_slice(&json::encode(message)) {
        Err(error) if error.to_string().starts_with("recursion limit exceeded") => None,
        tree => Some(tree.expect("our JSON")),
    }
}

/// Whether both are equal, and the same in both formats.
pub fn same(found: &dyn Message, expected: &dyn Message, problem: &str) {
    let alike = found.equals(expected)
        && json::encode(found) == json::encode(expected)
        && proto::encode(found) == proto::encode(expected);
    assert!(alike, "{problem}\n   found: {}\nexpected: {}", shown(found), shown(expected));
}

fn shown(message: &dyn Message) -> String {
    format!("{}\n{message:?}", lossy(&json::encode(message)))
}

fn same_text(found: &[u8], expected: &[u8]) {
    assert!(found == expected, "JSON is written otherwise\n   found: {}\nexpected: {}", lossy(found), lossy(expected));
}

fn lossy(text: &[u8]) -> impl Debug + std::fmt::Display {
    String::from_utf8_lossy(text).into_owned()
}

/// Whether two trees are equal; Go's JSON has one kind of number, so `1` and `1.0` are.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || ((x.is_f64() || y.is_f64()) && x.as_f64() == y.as_f64()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|((k, x), (l, y))| k == l && equal(x, y))
        }
        _ => a == b,
    }
}

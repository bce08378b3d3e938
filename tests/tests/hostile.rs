//! Decoders meet bytes that nobody sent on purpose: an answer or an error, never a panic, in bounded time and memory,
//! and what was read can be written and read again.

use std::time::{Duration, Instant};

use kubeforge_machinery::arbitrary::{self, Choices};
use kubeforge_machinery::types::{Quantity, Time};
use kubeforge_machinery::{Descriptor, FieldRef, Message, envelope, json, proto, yaml};
use kubeforge_tests::go::{bytes as field, varint};
use kubeforge_tests::memory::{self, Alone};
use proptest::prelude::*;
use proptest::sample::Index;

/// Types with every kind of field, inlined structs and recursion.
const TYPES: [&str; 6] = [
    "io.k8s.api.core.v1.Pod",
    "io.k8s.api.core.v1.Secret",
    "io.k8s.api.apps.v1.StatefulSet",
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "io.k8s.api.networking.v1.Ingress",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
];

fn descriptor(index: &Index) -> &'static Descriptor {
    kubeforge_v1_36::RELEASE.message(index.get::<&str>(&TYPES[..])).expect("a type of the release")
}

fn filled(descriptor: &Descriptor, seed: u64) -> Box<dyn Message> {
    let mut message = descriptor.new_message();
    arbitrary::fill(&mut *message, &mut Choices::from_seed(seed));
    message
}

/// Overwrites, removes and inserts bytes.
fn mutate(bytes: &mut Vec<u8>, edits: Vec<(Index, u8, u8)>) {
    for (at, kind, byte) in edits {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match kind % 3 {
            0 => bytes[at] = byte,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, byte),
        }
    }
}

fn edits() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    proptest::collection::vec(any::<(Index, u8, u8)>(), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn mutated_protobuf(which: Index, seed: u64, edits in edits()) {
        let descriptor = descriptor(&which);
        let mut bytes = envelope::encode(&*filled(descriptor, seed), "v1", "Kind");
        mutate(&mut bytes, edits);
        if let Ok(unknown) = envelope::decode(&bytes) {
            let mut read = descriptor.new_message();
            if proto::decode(unknown.raw, &mut *read).is_ok() {
                let mut again = descriptor.new_message();
                proto::decode(&proto::encode(&*read), &mut *again).expect("our own bytes");
                prop_assert!(again.equals(&*read));
            }
        }
    }

    #[test]
    fn mutated_json(which: Index, seed: u64, edits in edits()) {
        let descriptor = descriptor(&which);
        let mut bytes = json::encode(&*filled(descriptor, seed));
        mutate(&mut bytes, edits);
        let mut read = descriptor.new_message();
        if json::decode_with(&bytes, &mut *read, json::Strictness::Report).is_ok() {
            let text = json::encode(&*read);
            let mut again = descriptor.new_message();
            json::decode(&text, &mut *again).expect("our own text");
            prop_assert_eq!(json::encode(&*again), text);
        }
    }

    #[test]
    fn mutated_yaml(which: Index, seed: u64, edits in edits()) {
        let text = json::encode(&*filled(descriptor(&which), seed));
        let mut bytes = yaml::to_yaml(&serde_json::from_slice(&text).expect("JSON")).into_bytes();
        mutate(&mut bytes, edits);
        let _ = yaml::documents(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_bytes(which: Index, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let descriptor = descriptor(&which);
        let _ = json::decode(&bytes, &mut *descriptor.new_message());
        let _ = proto::decode(&bytes, &mut *descriptor.new_message());
        let _ = envelope::decode(&bytes);
        let _ = yaml::documents(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn deep_nesting_is_refused() {
    let alone = memory::alone();
    let schema = message("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
    let deep = |n: usize| format!("{}{{}}{}", r#"{"not":"#.repeat(n), "}".repeat(n));
    let mut filled = schema.new_message();
    json::decode(deep(198).as_bytes(), &mut *filled).expect("as deep as is allowed");
    let mut again = schema.new_message();
    proto::decode(&proto::encode(&*filled), &mut *again).expect("as deep as is allowed");
    assert!(again.equals(&*filled) && json::encode(&*again) == json::encode(&*filled));
    for bomb in [deep(100_000), format!(r#"{{"x":{}}}"#, "[".repeat(1_000_000)), r#"{"x":"#.repeat(1_000_000)] {
        let error =
            bounded(&alone, "JSON bomb", bomb.len(), || json::decode(bomb.as_bytes(), &mut *schema.new_message()));
        assert_eq!(error.expect_err("too deep").to_string(), "exceeded max depth");
    }

    let not = schema.fields.iter().find(|field| field.json == "not").expect("the field").tag;
    let mut bytes = Vec::new();
    for _ in 0..20_000 {
        bytes = field(not, &bytes);
    }
    let error = bounded(&alone, "protobuf bomb", bytes.len(), || proto::decode(&bytes, &mut *schema.new_message()));
    assert_eq!(error.unwrap_err().to_string(), "proto: exceeded max depth");

    for bomb in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        let error =
            bounded(&alone, "YAML bomb", bomb.len(), || yaml::from_yaml(&bomb)).expect_err("too deep").to_string();
        assert!(error.starts_with("yaml: "), "{error}");
    }
}

#[test]
fn aliases_do_not_multiply_without_end() {
    let alone = memory::alone();
    let list = |anchor: char, of: &str| format!("{anchor}: &{anchor} [{}]\n", [of; 10].join(","));
    let mut text = list('a', "lol");
    for (anchor, before) in ('b'..='i').zip('a'..) {
        text += &list(anchor, &format!("*{before}"));
    }
    // What aliases may copy is bounded, not what stands in the text.
    let error = bounded(&alone, "aliases", 100 << 20, || yaml::from_yaml(&text)).expect_err("10^9 values");
    assert_eq!(error.to_string(), "yaml: document contains excessive aliasing");
}

#[test]
fn large_strings_are_read() {
    let alone = memory::alone();
    const SIZE: usize = 100 << 20;
    let config = message("io.k8s.api.core.v1.ConfigMap");
    let text = "x".repeat(SIZE);
    let document = format!(r#"{{"data":{{"key":"{text}"}}}}"#);
    let protobuf = field(2, &[field(1, b"key"), field(2, text.as_bytes())].concat());
    drop(text);
    let mut read = config.new_message();
    bounded(&alone, "large JSON", SIZE, || json::decode(document.as_bytes(), &mut *read)).expect("a string");
    let mut same = config.new_message();
    bounded(&alone, "large protobuf", SIZE, || proto::decode(&protobuf, &mut *same)).expect("a string");
    assert!(same.equals(&*read), "both formats have the same string");
    drop(protobuf);
    assert!(json::encode(&*read).ends_with(&document.as_bytes()[document.len() - SIZE..]), "the string is all there");
    for (before, end) in [("", ""), (r#"\u00"#, ""), ("\u{1}", r#""}}"#)] {
        let broken = format!("{}{before}{end}", &document[..document.len() - 3]);
        let error =
            bounded(&alone, "broken JSON", SIZE, || json::decode(broken.as_bytes(), &mut *config.new_message()));
        assert!(error.expect_err("no string").to_string().len() < 100);
    }
    drop(document);
    let text = format!("data:\n  key: {}\n", "x".repeat(SIZE));
    let document = bounded(&alone, "large YAML", text.len(), || yaml::from_yaml(&text)).expect("a string");
    assert_eq!(document.value["data"]["key"].as_str().map(str::len), Some(SIZE));
}

/// How many of each thing.
const MANY: usize = 1_000_000;

#[test]
fn many_keys_are_read() {
    let alone = memory::alone();
    let config = message("io.k8s.api.core.v1.ConfigMap");
    let members = (0..MANY).map(|i| format!("\"{i}\":\"\"")).collect::<Vec<_>>().join(",");
    let document = format!("{{\"data\":{{{members}}}}}");
    let mut read = config.new_message();
    let entries = document.len() + MANY * ENTRY;
    bounded(&alone, "many JSON keys", entries, || json::decode(document.as_bytes(), &mut *read)).expect("a map");
    let protobuf: Vec<u8> = (0..MANY).flat_map(|i| field(2, &field(1, i.to_string().as_bytes()))).collect();
    let mut same = config.new_message();
    bounded(&alone, "many protobuf entries", entries, || proto::decode(&protobuf, &mut *same)).expect("a map");
    assert!(same.equals(&*read), "both formats have the same map");
    assert_eq!(length(&*read, "data"), MANY);

    let text = (0..MANY).map(|i| format!("k{i}: 1\n")).collect::<String>();
    let document =
        bounded(&alone, "many YAML keys", text.len() + 2 * MANY * ENTRY, || yaml::from_yaml(&text)).expect("a map");
    assert_eq!(document.value.as_object().map(|members| members.len()), Some(MANY));
}

#[test]
fn the_same_key_again_and_again_is_one_key() {
    let alone = memory::alone();
    let config = message("io.k8s.api.core.v1.ConfigMap");
    let document = format!("{{\"data\":{{{}\"k\":\"last\"}}}}", "\"k\":\"\",".repeat(MANY));
    let mut read = config.new_message();
    let reports = bounded(&alone, "one JSON key", document.len(), || {
        json::decode_with(document.as_bytes(), &mut *read, json::Strictness::Report)
    });
    // As many as upstream reports.
    assert_eq!(reports.expect("a map"), vec![r#"duplicate field "data.k""#; 100]);
    assert_eq!(json::encode(&*read), br#"{"metadata":{},"data":{"k":"last"}}"#);
    let text = "k: v\n".repeat(MANY);
    let document = bounded(&alone, "one YAML key", MANY * ENTRY, || yaml::from_yaml(&text)).expect("a map");
    assert_eq!((document.value.to_string().as_str(), document.duplicates.len()), (r#"{"k":"v"}"#, MANY - 1));
}

#[test]
fn many_items_take_the_room_of_items() {
    let alone = memory::alone();
    use kubeforge_v1_36::api::core::v1::{Container, PodSpec};
    let document = format!("{{\"containers\":[{}{{}}]}}", "{},".repeat(MANY - 1));
    // A list grows by doubling, and is in two places while it moves.
    let room = 3 * MANY * size_of::<Container>();
    let mut read = PodSpec::default();
    bounded(&alone, "many JSON items", room, || json::decode(document.as_bytes(), &mut read)).expect("a list");
    assert_eq!(read.containers.len(), MANY);
    drop(read);
    let protobuf = field(2, b"").repeat(MANY);
    let mut read = PodSpec::default();
    bounded(&alone, "many protobuf items", room, || proto::decode(&protobuf, &mut read)).expect("a list");
    assert_eq!(read.containers.len(), MANY);
}

#[test]
fn many_strings_are_read() {
    let alone = memory::alone();
    let meta = message("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    let document = format!("{{\"finalizers\":[{}\"\"]}}", "\"\",".repeat(MANY - 1));
    let mut read = meta.new_message();
    bounded(&alone, "many JSON strings", MANY * ENTRY, || json::decode(document.as_bytes(), &mut *read))
        .expect("a list");
    assert_eq!(length(&*read, "finalizers"), MANY);
    let protobuf = field(14, b"").repeat(MANY);
    let mut same = meta.new_message();
    bounded(&alone, "many protobuf strings", MANY * ENTRY, || proto::decode(&protobuf, &mut *same)).expect("a list");
    assert!(same.equals(&*read));
}

#[test]
fn many_unknown_fields_are_passed_over() {
    let alone = memory::alone();
    let pod = message("io.k8s.api.core.v1.Pod");
    let members = (0..MANY).map(|i| format!("\"unknown{i}\":[1,{{\"a\":null}}]")).collect::<Vec<_>>().join(",");
    let document = format!("{{{members}}}");
    let reports = bounded(&alone, "unknown JSON fields", document.len() / 4, || {
        json::decode_with(document.as_bytes(), &mut *pod.new_message(), json::Strictness::Report)
    });
    let reports = reports.expect("an object");
    assert_eq!((reports.len(), &*reports[99]), (100, r#"unknown field "unknown99""#));

    // Every tag above those of Pod, and the three other wire types.
    let mut protobuf = Vec::new();
    for tag in 4..MANY as u32 / 4 {
        protobuf.extend(field(tag, b"x"));
        for (wire_type, value) in [(0, &[1][..]), (1, &[0; 8]), (5, &[0; 4])] {
            protobuf.extend(varint(u64::from(tag) << 3 | wire_type));
            protobuf.extend(value);
        }
    }
    let mut read = pod.new_message();
    bounded(&alone, "unknown protobuf fields", 1 << 20, || proto::decode(&protobuf, &mut *read)).expect("a pod");
    assert!(read.equals(&*pod.new_message()));
}

#[test]
fn huge_numbers_are_refused_or_rounded() {
    let alone = memory::alone();
    let digits = "9".repeat(MANY);
    let refused = |name: &str, document: String| {
        let read = bounded(&alone, "huge number", 8 * document.len(), || {
            json::decode(document.as_bytes(), &mut *message(name).new_message())
        });
        read.expect_err(&document[..40.min(document.len())]).to_string()
    };
    let deployment = "io.k8s.api.apps.v1.DeploymentSpec";
    let schema = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
    for number in ["2147483648", "-2147483649", "1e3", "1.0", "1e400", digits.as_str()] {
        let error = refused(deployment, format!("{{\"replicas\":{number}}}"));
        let expected =
            format!("cannot unmarshal number {number} into Go struct field DeploymentSpec.replicas of type int32");
        assert_eq!(error, format!("json: {expected}"));
    }
    for number in ["9223372036854775808", "-9223372036854775809", "0.5"] {
        refused(schema, format!("{{\"maxLength\":{number}}}"));
    }
    for number in ["1e400", "-1e400", digits.as_str()] {
        refused(schema, format!("{{\"maximum\":{number}}}"));
    }
    for quantity in [format!("1{digits}"), "1e1000000000".to_owned(), format!("0.{digits}"), "1e-99999".to_owned()] {
        let mut read = Quantity::default();
        let text = format!("\"{quantity}\"");
        let outcome = bounded(&alone, "huge quantity", 16 * text.len(), || json::decode(text.as_bytes(), &mut read));
        if outcome.is_ok() {
            let _ = (read.value(), read.milli_value(), read.cmp_value(&Quantity::default()), read.plus(&read));
            let mut again = Quantity::default();
            json::decode(&json::encode(&read), &mut again).expect("what it wrote");
            assert_eq!(again, read);
        }
    }
}

#[test]
fn lengths_are_not_believed() {
    let alone = memory::alone();
    let pod = message("io.k8s.api.core.v1.Pod");
    for len in [1, 1 << 20, 1 << 40, u64::MAX >> 1, u64::MAX] {
        let bytes = [vec![0x0a], varint(len)].concat();
        let read = bounded(&alone, "a length", 1 << 20, || proto::decode(&bytes, &mut *pod.new_message()));
        assert_eq!(read.unwrap_err().to_string(), "unexpected EOF", "{len}");
    }
}

/// A zone may move a time out of the years that have four digits.
#[test]
fn times_at_the_ends_of_the_calendar_survive_storage() {
    for text in ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z"] {
        let (mut time, mut stored) = (Time::default(), Time::default());
        json::decode(format!("\"{text}\"").as_bytes(), &mut time).expect(text);
        proto::decode(&proto::encode(&time), &mut stored).expect("our own bytes");
        assert_eq!(stored, time, "{text}");
    }
}

/// JSON has no text for them: whoever stored one could never see it again.
#[test]
fn numbers_that_are_none_are_refused() {
    let schema = message("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
    let maximum = schema.fields.iter().find(|field| field.json == "maximum").expect("the field").tag;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let bytes = [varint(u64::from(maximum << 3 | 1)), number.to_le_bytes().to_vec()].concat();
        proto::decode(&bytes, &mut *schema.new_message()).expect_err("no number");
    }
}

fn message(name: &str) -> &'static Descriptor {
    kubeforge_v1_36::RELEASE.message(name).expect("a type of the release")
}

/// What an entry of a map takes at most: two strings, their allocations and the tree around them.
const ENTRY: usize = 160;

/// Does the work in the time that reading takes, and in the memory that the input deserves: a few times its size.
fn bounded<T>(alone: &Alone, what: &str, size: usize, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let (result, peak) = alone.peak(work);
    let time = start.elapsed();
    println!("{what}: {} ms, {} MB", time.as_millis(), peak >> 20);
    assert!(peak < 3 * size + (16 << 20), "{what}: {} MB for {} MB", peak >> 20, size >> 20);
    assert!(time < Duration::from_secs(30), "{what}: {time:?}");
    result
}

/// Elements of a list or map.
fn length(message: &dyn Message, json: &str) -> usize {
    let index = message.descriptor().json_field(json, 0).expect("the field");
    match message.field(index) {
        FieldRef::Strs(values) => values.len(),
        FieldRef::StrMap(values) => values.len(),
        _ => panic!("{json} is neither"),
    }
}

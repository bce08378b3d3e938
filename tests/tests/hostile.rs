//! Decoders meet bytes that nobody sent on purpose: an answer or an error, never a panic, and what was read can be
//! written and read again.

use kubeforge_machinery::{Descriptor, Message, envelope, json, proto, yaml};
use kubeforge_tests::fill::fill;
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

fn filled(descriptor: &Descriptor) -> Box<dyn Message> {
    let mut message = (descriptor.new)();
    fill(&mut *message);
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
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn mutated_protobuf(which: Index, edits in edits()) {
        let descriptor = descriptor(&which);
        let mut bytes = envelope::encode(&*filled(descriptor), "v1", "Kind");
        mutate(&mut bytes, edits);
        if let Ok(unknown) = envelope::decode(&bytes) {
            let mut read = (descriptor.new)();
            if proto::decode(unknown.raw, &mut *read).is_ok() {
                let mut again = (descriptor.new)();
                proto::decode(&proto::encode(&*read), &mut *again).expect("our own bytes");
                prop_assert!(again.equals(&*read));
            }
        }
    }

    #[test]
    fn mutated_json(which: Index, edits in edits()) {
        let descriptor = descriptor(&which);
        let mut bytes = json::encode(&*filled(descriptor));
        mutate(&mut bytes, edits);
        let mut read = (descriptor.new)();
        if json::decode_with(&bytes, &mut *read, json::Strictness::Report).is_ok() {
            let text = json::encode(&*read);
            let mut again = (descriptor.new)();
            json::decode(&text, &mut *again).expect("our own text");
            prop_assert_eq!(json::encode(&*again), text);
        }
    }

    #[test]
    fn mutated_yaml(which: Index, edits in edits()) {
        let text = json::encode(&*filled(descriptor(&which)));
        let mut bytes = yaml::to_yaml(&serde_json::from_slice(&text).expect("JSON")).into_bytes();
        mutate(&mut bytes, edits);
        let _ = yaml::documents(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_bytes(which: Index, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let descriptor = descriptor(&which);
        let _ = json::decode(&bytes, &mut *(descriptor.new)());
        let _ = proto::decode(&bytes, &mut *(descriptor.new)());
        let _ = envelope::decode(&bytes);
        let _ = yaml::documents(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn deep_nesting_is_refused() {
    let schema = kubeforge_v1_36::RELEASE
        .message("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
        .expect("the type");
    let deep = |n: usize| format!("{}{{}}{}", r#"{"not":"#.repeat(n), "}".repeat(n));
    assert!(json::decode(deep(100).as_bytes(), &mut *(schema.new)()).is_ok());
    let error = json::decode(deep(100_000).as_bytes(), &mut *(schema.new)()).expect_err("too deep");
    assert_eq!(error.to_string(), "exceeded max depth");
    let unknown = format!(r#"{{"x":{}}}"#, "[".repeat(1_000_000));
    assert!(json::decode(unknown.as_bytes(), &mut *(schema.new)()).is_err());

    // `not` is field 23: the same depth in protobuf.
    let mut bytes = Vec::new();
    for _ in 0..20_000 {
        let mut w = proto::ProtoWriter::with_capacity(bytes.len() + 16);
        w.bytes(not_tag(schema), &bytes);
        bytes = w.into_bytes();
    }
    assert_eq!(proto::decode(&bytes, &mut *(schema.new)()), Err(proto::ProtoError::TooDeep));
}

fn not_tag(schema: &Descriptor) -> u32 {
    schema.fields.iter().find(|field| field.json == "not").expect("the field").tag
}

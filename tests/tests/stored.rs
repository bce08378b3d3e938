//! What a real kube-apiserver put into etcd, one object of every resource: read, written again, the same bytes.

use base64::Engine;
use kubeforge_machinery::message::set_type_meta;
use kubeforge_machinery::release::Release;
use kubeforge_machinery::{envelope, json, proto};
use serde_json::Value;

#[test]
fn v1_20() {
    check(&kubeforge_v1_20::RELEASE, include_str!("../fixtures/storage-v1.20.json"), 101);
}

#[test]
fn v1_28() {
    check(&kubeforge_v1_28::RELEASE, include_str!("../fixtures/storage-v1.28.json"), 112);
}

fn check(release: &Release, dump: &str, objects: usize) {
    let dump: Value = serde_json::from_str(dump).expect("JSON");
    let (mut same, mut custom, mut failures) = (0, 0, Vec::new());
    for object in dump.as_array().expect("a list") {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text("value_base64")).expect("base64");
        let again = match text("encoding") {
            "protobuf" => rewrite_protobuf(release, &bytes),
            _ => rewrite_json(release, &bytes),
        };
        match again {
            None => custom += 1,
            Some(Ok(again)) if again == bytes => same += 1,
            Some(Ok(again)) => failures.push(format!("{}: {}", text("key"), difference(&again, &bytes))),
            Some(Err(error)) => failures.push(format!("{}: {error}", text("key"))),
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), same + failures.len(), failures.join("\n"));
    assert_eq!((same, custom), (objects, 1), "objects of the release, custom resources");
}

/// `None` if the release has no such kind.
fn rewrite_protobuf(release: &Release, bytes: &[u8]) -> Option<Result<Vec<u8>, String>> {
    let unknown = match envelope::decode(bytes) {
        Ok(unknown) => unknown,
        Err(error) => return Some(Err(error.to_string())),
    };
    let kind = find(release, &unknown.api_version, &unknown.kind)?;
    let mut message = kind.new_message();
    let read = proto::decode(unknown.raw, &mut *message).map_err(|error| error.to_string());
    Some(read.map(|()| envelope::encode(&*message, &unknown.api_version, &unknown.kind)))
}

/// JSON in etcd ends with a line feed, as Go's encoder leaves it.
fn rewrite_json(release: &Release, bytes: &[u8]) -> Option<Result<Vec<u8>, String>> {
    let value: Value = serde_json::from_slice(bytes).expect("JSON");
    let (api_version, kind) = (value["apiVersion"].as_str()?, value["kind"].as_str()?);
    let mut message = find(release, api_version, kind)?.new_message();
    let read = json::decode(bytes, &mut *message).map_err(|error| error.to_string());
    set_type_meta(&mut *message, api_version, kind);
    Some(read.map(|()| [json::encode(&*message).as_slice(), b"\n"].concat()))
}

fn find(release: &Release, api_version: &str, kind: &str) -> Option<&'static kubeforge_machinery::Descriptor> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    release.kind(group, version, kind).map(|kind| kind.message)
}

fn difference(ours: &[u8], theirs: &[u8]) -> String {
    let at = ours.iter().zip(theirs).position(|(a, b)| a != b).unwrap_or(ours.len().min(theirs.len()));
    let around = |bytes: &[u8]| {
        let from = at.saturating_sub(40);
        String::from_utf8_lossy(&bytes[from.min(bytes.len())..bytes.len().min(at + 40)]).into_owned()
    };
    format!("byte {at}:\n  ours:   {:?}\n  theirs: {:?}", around(ours), around(theirs))
}

//! `transcode` from a shell: every format to every other, values as they lie in etcd, and errors that say what to do.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use kubeforge_tests::server::binary;
use serde_json::Value;

const MANIFESTS: &str = include_str!("kubectl/manifests.yaml");

fn transcode(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(binary("kube-apiserver-v1-28"))
        .arg("transcode")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().expect("piped").write_all(input);
    child.wait_with_output().expect("an end")
}

fn transcoded(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = transcode(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn formats_turn_into_each_other() {
    for manifest in MANIFESTS.split("---\n") {
        let json = transcoded(&["--to", "json"], manifest.as_bytes());
        let protobuf = transcoded(&["--to", "protobuf"], &json);
        assert!(protobuf.starts_with(b"k8s\0"));
        let yaml = transcoded(&["--to", "yaml"], &protobuf);
        assert_eq!(transcoded(&["--from", "yaml", "--to", "protobuf"], &yaml), protobuf);
    }
    let stream = transcoded(&["--to", "yaml"], MANIFESTS.as_bytes());
    assert_eq!(String::from_utf8_lossy(&stream).split("---\n").count(), MANIFESTS.split("---\n").count());
}

#[test]
fn values_as_they_lie_in_etcd() {
    let dump: Value = serde_json::from_str(include_str!("../fixtures/storage-v1.28.json")).expect("JSON");
    let objects = dump.as_array().expect("a list").iter();
    let config_map = objects.clone().find(|o| o["kind"] == "ConfigMap").expect("one");
    let value = config_map["value_base64"].as_str().expect("text");
    let value = base64::engine::general_purpose::STANDARD.decode(value).expect("base64");
    let json: Value = serde_json::from_slice(&transcoded(&["--to", "json"], &value)).expect("JSON");
    assert_eq!(json["kind"], "ConfigMap");
    // A shell's `etcdctl get --print-value-only` ends with a line feed.
    let line = transcoded(&["--to", "protobuf"], &[&value[..], b"\n"].concat());
    assert_eq!(line, value);
}

#[test]
fn versions() {
    let hpa = br#"{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},
        "spec":{"maxReplicas":5,"metrics":[{"type":"Resource","resource":{"name":"cpu",
        "target":{"type":"Utilization","averageUtilization":70}}}]}}"#;
    let old: Value =
        serde_json::from_slice(&transcoded(&["--to", "json", "--api-version", "autoscaling/v1"], hpa)).expect("JSON");
    assert_eq!(old["apiVersion"], "autoscaling/v1");
    assert_eq!(old["spec"]["targetCPUUtilizationPercentage"], 70);
}

#[test]
fn errors_say_what_to_do() {
    for (input, text) in [
        (&b"{"[..], "not JSON"),
        (b"metadata: {}", "no `kind`"),
        (b"apiVersion: v1\nkind: Nonsense", "no kind \"Nonsense\""),
        (b"k8s\0\x0a\x05", "unexpected EOF"),
        (b"k8s:enc:aescbc:v1:key:xxxx", "encrypted"),
    ] {
        let output = transcode(&["--to", "json"], input);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && error.contains(text), "{text}: {error}");
    }
    assert_eq!(transcode(&["--to", "xml"], b"").status.code(), Some(2));
}

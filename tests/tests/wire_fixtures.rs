//! Every fixture of upstream's codec corpus of four releases, computed from the descriptors and compared by digest.
//!
//! The files themselves are upstream's and not part of this repository. Where a checkout of them lies beside this one
//! (or at `KUBEFORGE_TESTDATA`), a failure also shows the first difference.

use std::path::PathBuf;

use kubeforge_machinery::release::Release;
use kubeforge_machinery::{Descriptor, Message, envelope, json, proto, yaml};
use kubeforge_tests::fill::fill;
use kubeforge_tests::pretty::pretty;
use sha2::{Digest, Sha256};

#[test]
fn v1_28() {
    check(&kubeforge_v1_28::RELEASE, include_str!("../fixtures/v1.28.sha256"), 474);
}

#[test]
fn v1_32() {
    check(&kubeforge_v1_32::RELEASE, include_str!("../fixtures/v1.32.sha256"), 513);
}

#[test]
fn v1_34() {
    check(&kubeforge_v1_34::RELEASE, include_str!("../fixtures/v1.34.sha256"), 546);
}

#[test]
fn v1_36() {
    check(&kubeforge_v1_36::RELEASE, include_str!("../fixtures/v1.36.sha256"), 555);
}

fn check(release: &Release, list: &str, files: usize) {
    let mut failures = Vec::new();
    let mut checked = 0;
    for line in list.lines() {
        let (digest, file) = line.split_once("  ").expect("digest and name");
        let fixture = Fixture::new(release, file);
        let bytes = fixture.encode();
        if hex(&Sha256::digest(&bytes)) != digest {
            failures.push(format!("{file}: {}", difference(release, file, &bytes)));
        } else if let Err(error) = fixture.decode(&bytes) {
            failures.push(format!("{file}: {error}"));
        }
        checked += 1;
    }
    assert_eq!(checked, files, "files in the corpus");
    assert!(failures.is_empty(), "{} of {checked} differ:\n{}", failures.len(), failures.join("\n"));
}

struct Fixture {
    extension: String,
    api_version: String,
    kind: String,
    message: Box<dyn Message>,
}

impl Fixture {
    fn new(release: &Release, file: &str) -> Fixture {
        let (name, extension) = file.rsplit_once('.').expect("an extension");
        let (rest, kind) = name.rsplit_once('.').expect("a kind");
        let (group, version) = rest.rsplit_once('.').expect("group and version");
        let group = if group == "core" { "" } else { group };
        let descriptor = lookup(release, group, version, kind).unwrap_or_else(|| panic!("{file}: no such kind"));
        let mut message = descriptor.new_message();
        fill(&mut *message);
        // A watch event is no object: it has neither.
        let (api_version, kind) = match kind {
            "WatchEvent" => (String::new(), String::new()),
            _ if group.is_empty() => (version.to_owned(), kind.to_owned()),
            _ => (format!("{group}/{version}"), kind.to_owned()),
        };
        kubeforge_machinery::message::set_type_meta(&mut *message, &api_version, &kind);
        Fixture { extension: extension.to_owned(), api_version, kind, message }
    }

    fn encode(&self) -> Vec<u8> {
        let text = || String::from_utf8(json::encode(&*self.message)).expect("UTF-8");
        match self.extension.as_str() {
            "json" => pretty(&text()).into_bytes(),
            "pb" => envelope::encode(&*self.message, &self.api_version, &self.kind),
            "yaml" => yaml::to_yaml(&serde_json::from_str(&text()).expect("JSON")).into_bytes(),
            other => panic!("no format {other}"),
        }
    }

    /// Reads the bytes back and compares with the filled message.
    fn decode(&self, bytes: &[u8]) -> Result<(), String> {
        let mut read = self.message.descriptor().new_message();
        match self.extension.as_str() {
            "json" => {
                let reports = json::decode_with(bytes, &mut *read, json::Strictness::Report);
                assert_eq!(reports.map_err(|e| e.to_string())?, Vec::<String>::new());
            }
            "pb" => {
                let unknown = envelope::decode(bytes).map_err(|e| e.to_string())?;
                proto::decode(unknown.raw, &mut *read).map_err(|e| e.to_string())?;
                kubeforge_machinery::message::set_type_meta(&mut *read, &unknown.api_version, &unknown.kind);
            }
            _ => {
                let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
                let document = yaml::from_yaml(text).map_err(|e| e.to_string())?;
                json::decode(document.value.to_string().as_bytes(), &mut *read).map_err(|e| e.to_string())?;
            }
        }
        if read.equals(&*self.message) { Ok(()) } else { Err("reads back as another value".to_owned()) }
    }
}

/// The kind's message. The option kinds of meta/v1 are registered in every group.
fn lookup(release: &Release, group: &str, version: &str, kind: &str) -> Option<&'static Descriptor> {
    let meta = || release.message(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}"));
    release.kind(group, version, kind).map(|k| k.message).or_else(meta)
}

fn difference(release: &Release, file: &str, ours: &[u8]) -> String {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/testdata"));
    let dir = std::env::var_os("KUBEFORGE_TESTDATA").map_or(beside, PathBuf::from);
    let Ok(theirs) = std::fs::read(dir.join(release.name).join(file)) else {
        return "digest differs (set KUBEFORGE_TESTDATA to see where)".to_owned();
    };
    let at = ours.iter().zip(&theirs).position(|(a, b)| a != b).unwrap_or(ours.len().min(theirs.len()));
    let around = |bytes: &[u8]| {
        let from = at.saturating_sub(60);
        String::from_utf8_lossy(&bytes[from..bytes.len().min(at + 40)]).into_owned()
    };
    format!("byte {at}:\n  ours:   {:?}\n  theirs: {:?}", around(ours), around(&theirs))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

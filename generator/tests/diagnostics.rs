//! What people are told about faults in their files: one snapshot per fault, on a small group of its own.

use std::fs;
use std::path::{Path, PathBuf};

use kubeforge::diagnostic::{CODES, Diagnostics, Style, render, to_json};
use kubeforge::{Input, load};
use proptest::prelude::*;

const OPENAPI: &str = "v1.0/openapi.json";
const PROTO: &str = "v1.0/proto/example.com/zoo/v1/generated.proto";
const RULES: &str = "rules/zoo.yaml";

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs")
}

/// A copy of the fixture in which texts of files are replaced.
struct Copy {
    directory: PathBuf,
}

impl Copy {
    fn new(name: &str) -> Copy {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        copy(&fixture(), &directory);
        Copy { directory }
    }

    fn replace(self, file: &str, from: &str, to: &str) -> Copy {
        let path = self.directory.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
        self
    }

    fn truncate(self, file: &str, length: usize) -> Copy {
        let path = self.directory.join(file);
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..length]).unwrap();
        self
    }

    fn load(&self) -> Diagnostics {
        load(&Input::release(&self.directory, "v1.0").unwrap()).1
    }

    /// What is printed, without the name of the temporary directory.
    fn told(&self) -> String {
        let text = render(&self.load(), Style::Graphical { color: false });
        text.replace(&format!("{}/", self.directory.display()), "")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn sound_input_says_nothing() {
    let (release, diagnostics) = load(&Input::release(&fixture(), "v1.0").unwrap());
    assert_eq!(render(&diagnostics, Style::Plain), "");
    assert_eq!(release.unwrap().resources.len(), 1);
}

#[test]
fn truncated_openapi() {
    insta::assert_snapshot!(Copy::new("truncated").truncate(OPENAPI, 1000).told());
}

#[test]
fn duplicate_key() {
    let copy = Copy::new("key").replace(OPENAPI, r#""kind": {"type": "string"},"#, r#""metadata": {},"#);
    insta::assert_snapshot!(copy.told());
}

#[test]
fn duplicate_tag() {
    insta::assert_snapshot!(Copy::new("tag").replace(PROTO, "keeperID = 4", "keeperID = 2").told());
}

#[test]
fn ref_to_nothing() {
    let copy = Copy::new("ref").replace(
        OPENAPI,
        r##""spec": {"$ref": "#/definitions/com.example.zoo.v1.AnimalSpec"}"##,
        r##""spec": {"$ref": "#/definitions/com.example.zoo.v1.AnimalSpek"}"##,
    );
    insta::assert_snapshot!(copy.told());
}

#[test]
fn contradicting_type() {
    insta::assert_snapshot!(Copy::new("type").replace(PROTO, "optional int32 legs", "optional string legs").told());
}

#[test]
fn field_in_one_input_only() {
    insta::assert_snapshot!(Copy::new("field").replace(PROTO, "  optional string keeperID = 4;\n", "").told());
}

#[test]
fn unknown_proto_type() {
    insta::assert_snapshot!(Copy::new("proto").replace(PROTO, "repeated Meal", "repeated Meel").told());
}

#[test]
fn broken_proto() {
    insta::assert_snapshot!(Copy::new("broken").replace(PROTO, "message Meal {", "message {").told());
}

#[test]
fn unsupported_proto_type() {
    insta::assert_snapshot!(Copy::new("uint").replace(PROTO, "optional int64 grams", "optional uint64 grams").told());
}

#[test]
fn unknown_rule_key() {
    insta::assert_snapshot!(Copy::new("rule").replace(RULES, "shortNames", "shortName").told());
}

#[test]
fn rule_for_a_field_that_does_not_exist() {
    insta::assert_snapshot!(Copy::new("path").replace(RULES, "spec.legs: 4", "spec.arms: 4").told());
}

#[test]
fn rule_for_a_kind_that_does_not_exist() {
    insta::assert_snapshot!(Copy::new("kind").replace(RULES, "  Animal:", "  Plant:").told());
}

#[test]
fn rule_for_no_release() {
    let copy = Copy::new("since").replace(RULES, "{name: Age, cell", "{name: Age, since: v2.0, cell");
    insta::assert_snapshot!(copy.told());
}

#[test]
fn unknown_cell_function() {
    insta::assert_snapshot!(Copy::new("cell").replace(RULES, "path(spec", "paht(spec").told());
}

#[test]
fn wrong_value_and_broken_yaml() {
    insta::assert_snapshot!(Copy::new("value").replace(RULES, "[ani]", "ani").told());
    insta::assert_snapshot!(Copy::new("yaml").replace(RULES, "[ani]", "[ani").told());
}

#[test]
fn operation_without_kind() {
    let gvk = "\"x-kubernetes-action\": \"list\",\n        \"x-kubernetes-group-version-kind\": {\"group\": \"zoo.example.com\", \"version\": \"v1\", \"kind\": \"Animal\"}";
    insta::assert_snapshot!(Copy::new("gvk").replace(OPENAPI, gvk, "\"x-kubernetes-action\": \"list\"").told());
}

#[test]
fn fixup_that_matches_nothing() {
    let copy = Copy::new("fixup");
    fs::write(copy.directory.join("rules/fixups.yaml"), "fixups:\n  - {skip: com.example.Gone, reason: It was odd.}\n")
        .unwrap();
    insta::assert_snapshot!(copy.told());
}

#[test]
fn release_that_does_not_exist() {
    let diagnostic = Input::release(Path::new("tests/fixtures/specs"), "v1.37").unwrap_err();
    insta::assert_snapshot!(render(&std::iter::once(diagnostic).collect(), Style::Plain));
}

#[test]
fn missing_file() {
    let copy = Copy::new("missing");
    fs::remove_dir_all(copy.directory.join("v1.0/proto")).unwrap();
    insta::assert_snapshot!(copy.told());
}

#[test]
fn faults_are_reported_together() {
    let copy = Copy::new("together")
        .replace(PROTO, "keeperID = 4", "keeperID = 2")
        .replace(OPENAPI, "com.example.zoo.v1.Meal\"}", "com.example.zoo.v1.Mael\"}")
        .replace(RULES, "shortNames", "shortName");
    let codes: Vec<_> = copy.load().iter().map(|d| d.code.id()).collect();
    for code in ["KF0121", "KF0132", "KF0201"] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
}

#[test]
fn json_has_one_object_per_line() {
    let copy = Copy::new("json").replace(PROTO, "keeperID = 4", "keeperID = 2");
    let json = to_json(&copy.load()).replace(&format!("{}/", copy.directory.display()), "");
    insta::assert_snapshot!(json);
}

#[test]
fn every_code_is_explained_once() {
    let mut ids: Vec<&str> = CODES.iter().map(|code| code.id()).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), CODES.len());
    assert!(CODES.iter().all(|code| !code.title().is_empty() && code.explanation().ends_with('.')));
}

#[test]
fn deep_nesting_is_refused() {
    for (file, text) in [(OPENAPI, "[".repeat(100_000)), (RULES, format!("a: {}", "[".repeat(100_000)))] {
        let copy = Copy::new("deep");
        fs::write(copy.directory.join(file), text).unwrap();
        let codes: Vec<_> = copy.load().iter().map(|d| d.code.id()).collect();
        // The YAML parser has a limit of its own.
        assert!(codes.contains(&"KF0103") || codes.contains(&"KF0111"), "{file}: {codes:?}");
    }
}

/// A change of a file: bytes from a place on are replaced.
fn change() -> impl Strategy<Value = (&'static str, f64, Vec<u8>, usize)> {
    let file = prop_oneof![Just(OPENAPI), Just(PROTO), Just(RULES)];
    let text = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..4),
        proptest::sample::select(&b"{}[]\":,;=-#&*\\\n\t 09.$|>"[..]).prop_map(|byte| vec![byte]),
        Just("é\u{1f981}".as_bytes().to_vec()),
    ];
    (file, 0.0..1.0, text, 0usize..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is in the files, there is an answer and it can be printed.
    #[test]
    fn nothing_panics(changes in proptest::collection::vec(change(), 1..4)) {
        let copy = Copy::new("fuzz");
        for (file, place, text, removed) in changes {
            let path = copy.directory.join(file);
            let mut bytes = fs::read(&path).unwrap();
            let start = (bytes.len() as f64 * place) as usize;
            let end = (start + removed).min(bytes.len());
            bytes.splice(start..end, text);
            fs::write(path, bytes).unwrap();
        }
        let diagnostics = copy.load();
        render(&diagnostics, Style::Plain);
        render(&diagnostics, Style::Graphical { color: true });
        to_json(&diagnostics);
    }
}

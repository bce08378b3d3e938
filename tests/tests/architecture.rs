//! The invariants of ARCHITECTURE.md that a look at the tree can check.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// Rust files below a folder with their text, without what is only compiled for tests.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
                found.push((path, code));
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

fn none_mentions(folder: &str, words: &[&str], why: &str) {
    for (path, text) in sources(folder) {
        for word in words {
            assert!(!text.contains(word), "{} mentions `{word}`: {why}", path.display());
        }
    }
}

#[test]
fn emitters_read_no_input_and_write_no_file() {
    none_mentions("generator/src/emit", &["crate::input", "std::fs", "File::create"], "emitters are pure");
    none_mentions("generator/src/pass", &["std::fs", "crate::emit"], "passes change the model only");
    none_mentions("generator/src/model", &["std::fs", "crate::input", "crate::emit"], "the model is data");
    none_mentions("generator/src/input", &["crate::emit", "crate::output"], "readers never emit");
}

#[test]
fn one_module_writes_generated_files() {
    for (path, text) in sources("generator/src") {
        if !path.ends_with("output.rs") {
            for call in ["fs::write", "File::create", "fs::rename", "create_dir"] {
                assert!(!text.contains(call), "{} writes files ({call}); output.rs does", path.display());
            }
        }
    }
}

#[test]
fn machinery_knows_neither_http_nor_storage() {
    let manifest = std::fs::read_to_string(root().join("machinery/Cargo.toml")).expect("a manifest");
    for dependency in ["hyper", "http", "tokio", "redb", "rustls", "kubeforge"] {
        let line = manifest
            .lines()
            .find(|l| l.starts_with(&format!("{dependency} ")) || l.starts_with(&format!("{dependency}.")));
        assert_eq!(line, None, "machinery depends on {dependency}");
    }
}

#[test]
fn the_server_knows_no_generated_crate() {
    let manifest = std::fs::read_to_string(root().join("server/Cargo.toml")).expect("a manifest");
    assert!(!manifest.contains("kubeforge-v"), "the server depends on a release");
    none_mentions("server/src", &["kubeforge_v1_"], "kinds are reached through the tables");
}

#[test]
fn generated_crates_hold_no_logic() {
    for (path, text) in sources("generated") {
        assert!(text.lines().count() < 25, "{} has grown; logic belongs to machinery or server", path.display());
    }
}

/// Files that may have `unsafe` code, each for a reason that `docs/decisions/` measures.
const UNSAFE: [&str; 6] = [
    "machinery/src/bytes.rs",
    "machinery/src/descriptor.rs",
    "machinery/src/message.rs",
    "machinery/src/message/dynamic.rs",
    "machinery/src/message/place.rs",
    "machinery/src/types/mod.rs",
];

#[test]
fn unsafe_code_has_its_places() {
    let words = ["{", "fn", "impl", "trait"].map(|word| format!("unsafe {word}"));
    let mut found = Vec::new();
    for (path, text) in ["generator", "generated", "machinery", "server", "xtask"].into_iter().flat_map(sources) {
        if words.iter().any(|word| text.contains(word)) {
            let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            assert!(text.contains("SAFETY") || text.contains("# Safety"), "{path} does not say why it is sound");
            found.push(path);
        }
    }
    found.sort();
    assert_eq!(found, UNSAFE);
}

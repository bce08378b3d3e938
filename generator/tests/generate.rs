//! The generated crate of a small group, and what happens to the directory it is written to.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kubeforge::emit::{self, Files, Layout};
use kubeforge::model::Release;
use kubeforge::output::{self, Changes, OutputError};
use kubeforge::{Input, load};

fn manifest_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn release(specs: &Path, name: &str) -> Release {
    let (release, diagnostics) = load(&Input::release(specs, name).unwrap());
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    release.unwrap()
}

fn zoo() -> Files {
    let release = release(&manifest_dir().join("tests/fixtures/specs"), "v1.0");
    emit::package(&release, &Layout::Standalone(None), 2).unwrap()
}

/// An empty directory that goes away with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Everything in it; directories have no contents.
    fn tree(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut tree = BTreeMap::new();
        let mut open = vec![self.0.clone()];
        while let Some(directory) = open.pop() {
            for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    open.push(path.clone());
                }
                tree.insert(path.clone(), fs::read(&path).ok());
            }
        }
        tree
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(files: &Files, path: &str) -> String {
    String::from_utf8(files.0[path].clone()).unwrap()
}

fn unpacked(files: &Files, path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(files.0[path].as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn crate_of_a_small_group() {
    let files = zoo();
    insta::assert_snapshot!("files", files.0.keys().map(|path| format!("{path}\n")).collect::<String>());
    for path in files.0.keys().filter(|path| !path.ends_with(".gz")) {
        insta::assert_snapshot!(path.replace('/', "_"), text(&files, path));
    }
}

#[test]
fn documents_of_a_small_group() {
    let files = zoo();
    for path in files.0.keys().filter(|path| path.ends_with(".json.gz")) {
        let document: serde_json::Value = serde_json::from_slice(&unpacked(&files, path)).unwrap();
        insta::assert_snapshot!(path.replace('/', "_"), format!("{document:#}"));
    }
}

/// The crates in the repository are what the templates and the specs make of them today.
#[test]
fn members_are_up_to_date() {
    for name in ["v1.20", "v1.28", "v1.32", "v1.34", "v1.36"] {
        let directory = name.replace('.', "_");
        let release = release(&manifest_dir().join("../specs"), name);
        let files = emit::package(&release, &Layout::Member, 2).unwrap();
        for path in files.0.keys() {
            let committed =
                fs::read_to_string(manifest_dir().join("../generated").join(&directory).join(path)).unwrap();
            assert_eq!(text(&files, path), committed, "generated/{directory}/{path} is out of date");
        }
    }
}

#[test]
fn unchanged_files_are_left_alone_and_stale_ones_removed() {
    let directory = Directory::new("stale");
    let mut files = zoo();
    files.add("src/stale.rs", "gone tomorrow");
    let first = output::write(&files, &directory.0, false).unwrap();
    assert_eq!(first.written.len(), files.0.len());
    let library = directory.0.join("src/lib.rs");
    let written = fs::metadata(&library).unwrap().modified().unwrap();
    directory.put("target/debug/somebody-elses", "stays");

    files.0.remove("src/stale.rs");
    files.add("README.md", "new text");
    let second = output::write(&files, &directory.0, false).unwrap();
    assert_eq!(second.written, ["README.md"]);
    assert_eq!(second.removed, ["src/stale.rs"]);
    assert_eq!(fs::metadata(&library).unwrap().modified().unwrap(), written);
    assert_eq!(fs::read_to_string(directory.0.join("README.md")).unwrap(), "new text");
    assert!(!directory.0.join("src/stale.rs").exists());
    assert!(directory.0.join("target/debug/somebody-elses").exists());
    assert!(Changes::plan(&files, &directory.0).unwrap().is_empty());
    let third = output::write(&files, &directory.0, false).unwrap();
    assert!(third.is_empty());
    assert_eq!(third.unchanged, files.0.len());
}

#[test]
fn somebody_elses_directory_is_refused() {
    let directory = Directory::new("foreign");
    directory.put("Cargo.toml", "mine");
    let before = directory.tree();
    assert!(matches!(output::write(&zoo(), &directory.0, false), Err(OutputError::NotOurs { .. })));
    assert_eq!(directory.tree(), before);
    output::write(&zoo(), &directory.0, true).unwrap();
    assert_ne!(fs::read_to_string(directory.0.join("Cargo.toml")).unwrap(), "mine");
}

#[test]
fn a_failure_leaves_the_directory_as_it_was() {
    let directory = Directory::new("failure");
    let mut files = zoo();
    output::write(&files, &directory.0, false).unwrap();
    // A file where a directory has to be: found only after other files are in place.
    files.add("Cargo.toml", "replaced");
    files.add("src/in-the-way/deeper.rs", "new");
    files.0.remove("src/merge.rs");
    directory.put("src/in-the-way", "a file");
    let before = directory.tree();
    let error = output::write(&files, &directory.0, false).unwrap_err();
    assert!(matches!(error, OutputError::Write { .. }), "{error}");
    assert_eq!(directory.tree(), before);
}

#[test]
fn a_failure_leaves_no_directory_where_none_was() {
    let directory = Directory::new("none");
    directory.put("file", "");
    let error = output::write(&zoo(), &directory.0.join("file/out"), false).unwrap_err();
    assert!(matches!(error, OutputError::Write { .. }), "{error}");
    assert_eq!(directory.tree().len(), 1);
}

/// A manifest cannot make files outside of the directory go away.
#[test]
fn manifests_do_not_reach_outside() {
    let directory = Directory::new("outside");
    directory.put("precious", "stays");
    directory.put("out/.kubeforge.json", r#"{"files": ["../precious", "/etc/hostname"]}"#);
    let changes = output::write(&zoo(), &directory.0.join("out"), false).unwrap();
    assert_eq!(changes.removed, Vec::<String>::new());
    assert!(directory.0.join("precious").exists());
}

fn kubeforge(directory: &Directory, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubeforge"));
    command.args(["generate", "--release", "v1.0", "--specs", "tests/fixtures/specs", "--out"]);
    command.arg(directory.0.join("crate")).args(arguments).current_dir(manifest_dir()).output().unwrap()
}

#[test]
fn command_line() {
    let directory = Directory::new("command");
    let check = kubeforge(&directory, &["--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(!directory.0.join("crate").exists());
    let differing = String::from_utf8(check.stdout).unwrap();
    assert!(differing.contains("differs  Cargo.toml"), "{differing}");

    let written = kubeforge(&directory, &["--json"]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!(summary["written"].as_array().unwrap().len() as u64, summary["files"].as_u64().unwrap());
    assert!(directory.0.join("crate/src/lib.rs").exists());
    assert!(kubeforge(&directory, &["--check"]).status.success());

    let refused = kubeforge(&directory, &["--kubeforge", "nowhere"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("machinery/Cargo.toml"));
}

//! `specs import`: reads upstream's files of a release and writes `specs/<release>/`, which holds facts only.
//!
//! | upstream (`DIR/<release>/`) | written (`specs/<release>/`) | what goes |
//! |---|---|---|
//! | `swagger.json` | `openapi.json` | `description`s |
//! | `proto/**/generated.proto` | the same path | comments other than `+markers` |
//! | `gofacts.json` | `go-facts.json` | prose behind markers |
//! | `SOURCE.md` | `SOURCE.toml` | all but tag, commits and checksums |
//!
//! The result depends on nothing but these files, so importing twice changes nothing.

mod go_facts;
mod json_lines;
mod marker;
mod openapi;
mod proto;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

use source::{Provenance, sha256};

/// Why an import failed: which file, what is wrong, and the way out.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error(
        "cannot read {path}: {cause}\n  --from needs a directory that holds <release>/{{swagger.json,gofacts.json,proto/,SOURCE.md}}"
    )]
    Read { path: PathBuf, cause: io::Error },
    #[error("cannot write {path}: {cause}\n  make {path} writable and run the import again")]
    Write { path: PathBuf, cause: io::Error },
    #[error("{path}: {what}\n  {way_out}")]
    Original { path: PathBuf, what: String, way_out: &'static str },
    #[error("{dir} holds no release\n  name a directory with one directory per release, such as v1.36/swagger.json")]
    NoRelease { dir: PathBuf },
    #[error(
        "specs/{release} is not what the import writes:\n{differences}\n  run: cargo xtask specs import --from {from} {release}"
    )]
    Stale { release: String, differences: String, from: PathBuf },
}

/// The files of one release by path below `specs/<release>`, separated with `/`.
type Files = BTreeMap<String, String>;

/// Imports `releases` (all below `from` if empty) into `into`. With `check`, writes nothing and fails on a difference.
pub fn import(from: &Path, into: &Path, releases: &[String], check: bool) -> Result<(), ImportError> {
    let found;
    let releases = match releases {
        [] => {
            found = releases_in(from)?;
            &found
        }
        named => named,
    };
    for release in releases {
        let files = facts(from, release)?;
        let target = into.join(release);
        let changes = changes(&target, &files)?;
        report(release, &files, &changes, check);
        match check {
            true if changes.is_empty() => {}
            true => return Err(stale(release, &changes, from)),
            false => apply(&target, &files, &changes)?,
        }
    }
    Ok(())
}

/// The directories in `from` that hold a swagger.json, sorted.
fn releases_in(from: &Path) -> Result<Vec<String>, ImportError> {
    let entries = fs::read_dir(from).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(reading(from))?;
    let mut releases: Vec<String> = entries
        .iter()
        .filter(|entry| entry.path().join("swagger.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    releases.sort();
    if releases.is_empty() { Err(ImportError::NoRelease { dir: from.into() }) } else { Ok(releases) }
}

/// Reads the originals of one release and turns them into our files.
fn facts(from: &Path, release: &str) -> Result<Files, ImportError> {
    let dir = from.join(release);
    let notes = read(&dir.join("SOURCE.md"))?;
    let mut provenance = Provenance::parse(release, &notes).map_err(|what| ImportError::Original {
        path: dir.join("SOURCE.md"),
        what,
        way_out: "the file names the upstream tag, the repositories with their commits, and the sha256 of each file",
    })?;

    let mut files = Files::new();
    let mut add = |original: &str, path: &str, strip: fn(&str) -> Result<String, String>, way_out: &'static str| {
        let at = dir.join(original);
        let text = read(&at)?;
        let fail = |what| ImportError::Original { path: at.clone(), what, way_out };
        let sum = sha256(text.as_bytes());
        provenance.add(original, path, sum).map_err(fail)?;
        files.insert(path.to_owned(), strip(&text).map_err(fail)?);
        Ok(())
    };
    add("swagger.json", "openapi.json", openapi::facts, "take api/openapi-spec/swagger.json of the release's tag")?;
    add("gofacts.json", "go-facts.json", go_facts::facts, "extract the Go facts of the release's tag again")?;
    let protos: Vec<String> =
        files_below(&dir.join("proto"))?.into_iter().map(|path| format!("proto/{path}")).collect();
    for path in protos.iter().filter(|path| path.ends_with(".proto")) {
        add(path, path, proto::facts, "take the generated.proto files of the release's tag")?;
    }
    files.insert("SOURCE.toml".to_owned(), provenance.to_toml());
    Ok(files)
}

/// What has to be done to one file.
#[derive(Debug, PartialEq)]
enum Change {
    Add,
    Update,
    Remove,
}

/// What distinguishes the directory from the wanted files.
fn changes(target: &Path, wanted: &Files) -> Result<BTreeMap<String, Change>, ImportError> {
    let present: BTreeSet<String> = if target.is_dir() { files_below(target)? } else { BTreeSet::new() };
    let mut changes: BTreeMap<String, Change> =
        present.iter().filter(|path| !wanted.contains_key(*path)).map(|path| (path.clone(), Change::Remove)).collect();
    for (path, text) in wanted {
        if !present.contains(path) {
            changes.insert(path.clone(), Change::Add);
        } else if fs::read(target.join(path)).map_err(reading(&target.join(path)))? != text.as_bytes() {
            changes.insert(path.clone(), Change::Update);
        }
    }
    Ok(changes)
}

fn apply(target: &Path, wanted: &Files, changes: &BTreeMap<String, Change>) -> Result<(), ImportError> {
    for (path, change) in changes {
        let at = target.join(path);
        let done = match change {
            Change::Remove => fs::remove_file(&at),
            Change::Add | Change::Update => fs::create_dir_all(at.parent().expect("a file lies in a directory"))
                .and_then(|()| fs::write(&at, &wanted[path])),
        };
        done.map_err(|cause| ImportError::Write { path: at, cause })?;
    }
    Ok(())
}

fn report(release: &str, files: &Files, changes: &BTreeMap<String, Change>, check: bool) {
    let size: usize = files.values().map(String::len).sum();
    let differ = if check { "out of date" } else { "changed" };
    eprintln!("{release}: {} files, {} kB, {} {differ}", files.len(), size.div_ceil(1000), changes.len());
}

fn stale(release: &str, changes: &BTreeMap<String, Change>, from: &Path) -> ImportError {
    const SHOWN: usize = 10;
    let mut lines: Vec<String> = changes
        .iter()
        .take(SHOWN)
        .map(|(path, change)| match change {
            Change::Add => format!("  {path} is missing"),
            Change::Update => format!("  {path} differs"),
            Change::Remove => format!("  {path} has no original"),
        })
        .collect();
    if changes.len() > SHOWN {
        lines.push(format!("  and {} more", changes.len() - SHOWN));
    }
    ImportError::Stale { release: release.into(), differences: lines.join("\n"), from: from.into() }
}

/// The files below `dir` by path relative to it, separated with `/`.
fn files_below(dir: &Path) -> Result<BTreeSet<String>, ImportError> {
    let mut files = BTreeSet::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).map_err(reading(&at))? {
            let path = entry.map_err(reading(&at))?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let parts = path.strip_prefix(dir).expect("the walk stays below dir").components();
                let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
                files.insert(parts.join("/"));
            }
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, ImportError> {
    fs::read_to_string(path).map_err(reading(path))
}

fn reading(path: &Path) -> impl FnOnce(io::Error) -> ImportError + use<> {
    let path = path.to_path_buf();
    |cause| ImportError::Read { path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWAGGER: &str = r#"{"swagger":"2.0","info":{"title":"T","version":"v"},"paths":{},
        "definitions":{"D":{"description":"A thing of the past.","type":"object"}}}"#;
    const PROTO: &str = "syntax = \"proto2\";\n// Prose.\nmessage M {}\n";

    /// An upstream directory with one small release.
    fn upstream() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let release = dir.path().join("v1.36");
        fs::create_dir_all(release.join("proto/p")).unwrap();
        fs::write(release.join("swagger.json"), SWAGGER).unwrap();
        fs::write(release.join("gofacts.json"), r#"{"release":"v1.36","packages":{},"types":{}}"#).unwrap();
        fs::write(release.join("proto/p/generated.proto"), PROTO).unwrap();
        fs::write(
            release.join("SOURCE.md"),
            format!(
                "the swagger.json of Kubernetes v1.36.0\n- github.com/k/api v0.36.0 commit {}\n\n{}  proto/p/generated.proto\n",
                "a".repeat(40),
                sha256(PROTO.as_bytes())
            ),
        )
        .unwrap();
        dir
    }

    #[test]
    fn imports_every_file_and_then_finds_nothing_to_do() {
        let (from, into) = (upstream(), tempfile::tempdir().unwrap());
        import(from.path(), into.path(), &[], false).unwrap();
        let target = into.path().join("v1.36");
        let expected = ["SOURCE.toml", "go-facts.json", "openapi.json", "proto/p/generated.proto"];
        assert_eq!(files_below(&target).unwrap(), expected.map(String::from).into());
        assert!(!fs::read_to_string(target.join("openapi.json")).unwrap().contains("thing of the past"));

        import(from.path(), into.path(), &["v1.36".into()], true).unwrap();
        assert!(changes(&target, &facts(from.path(), "v1.36").unwrap()).unwrap().is_empty());
    }

    #[test]
    fn check_names_each_difference_and_the_command_and_writes_nothing() {
        let (from, into) = (upstream(), tempfile::tempdir().unwrap());
        import(from.path(), into.path(), &[], false).unwrap();
        let target = into.path().join("v1.36");
        fs::write(target.join("openapi.json"), "{}").unwrap();
        fs::write(target.join("left-over"), "").unwrap();
        fs::remove_file(target.join("go-facts.json")).unwrap();

        let error = import(from.path(), into.path(), &[], true).unwrap_err().to_string();
        for part in ["go-facts.json is missing", "openapi.json differs", "left-over has no original"] {
            assert!(error.contains(part), "{part} not in: {error}");
        }
        assert!(error.contains(&format!("cargo xtask specs import --from {} v1.36", from.path().display())), "{error}");
        assert_eq!(fs::read_to_string(target.join("openapi.json")).unwrap(), "{}");

        import(from.path(), into.path(), &[], false).unwrap();
        assert!(!target.join("left-over").exists());
        import(from.path(), into.path(), &[], true).unwrap();
    }

    #[test]
    fn an_original_that_differs_from_its_recorded_sum_is_refused() {
        let (from, into) = (upstream(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("v1.36/proto/p/generated.proto"), "syntax = \"proto2\";").unwrap();
        let error = import(from.path(), into.path(), &[], false).unwrap_err().to_string();
        assert!(error.contains("proto/p/generated.proto: its sha256 is"), "{error}");
    }

    #[test]
    fn errors_name_the_file() {
        let (from, into) = (upstream(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("v1.36/gofacts.json"), "{").unwrap();
        let error = import(from.path(), into.path(), &[], false).unwrap_err().to_string();
        assert!(error.contains("v1.36/gofacts.json: EOF while parsing"), "{error}");
        let error = import(from.path(), into.path(), &["v1.99".into()], false).unwrap_err().to_string();
        assert!(error.contains("v1.99/SOURCE.md"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(import(empty.path(), into.path(), &[], false), Err(ImportError::NoRelease { .. })));
    }
}

//! The readers, one per source. They keep the place of everything they read and never emit.

pub mod cell;
pub mod go_facts;
pub mod json;
pub mod node;
pub mod openapi;
pub mod proto;
pub mod rules;
mod source;
pub mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, SourceFile};

/// Where the files of a release, or of anybody's own API group, are.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Such as `v1.36`; rules with `since` and `until` go by it.
    pub release: String,
    pub openapi: PathBuf,
    /// Directories with .proto files.
    pub proto: Vec<PathBuf>,
    /// `None` for groups that are not declared in Go.
    pub go_facts: Option<PathBuf>,
    /// Directory with rules files.
    pub rules: Option<PathBuf>,
    /// `SOURCE.toml`, which names upstream's version.
    pub source: Option<PathBuf>,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct RawInputs {
    pub release: String,
    /// Such as `v1.36.0`.
    pub git_version: String,
    pub openapi: openapi::Document,
    pub proto: proto::Schema,
    pub go: Option<go_facts::Facts>,
    pub rules: rules::Rules,
}

impl Input {
    /// The files of a release in a specs directory. Upstream's own file names are found, too.
    pub fn release(specs: &Path, release: &str) -> Result<Input, Diagnostic> {
        let directory = specs.join(release);
        if release.is_empty() || !directory.is_dir() {
            let known = crate::releases(specs);
            let help = match known.as_slice() {
                [] => format!("`{}` holds no releases; name another directory with `--specs`", specs.display()),
                known => format!("there are {}", known.join(", ")),
            };
            return Err(Diagnostic::error(
                Code::KF0002,
                format!("there is no release `{release}` in `{}`", specs.display()),
            )
            .help(help));
        }
        let first = |names: [&str; 2]| names.map(|n| directory.join(n)).into_iter().find(|path| path.exists());
        // A directory of upstream's own files has no rules; those of this source tree speak of every release.
        let rules = [specs.to_owned(), crate::specs_dir()].map(|specs| specs.join("rules"));
        Ok(Input {
            release: release.to_owned(),
            openapi: first(["openapi.json", "swagger.json"]).unwrap_or_else(|| directory.join("openapi.json")),
            proto: vec![directory.join("proto")],
            go_facts: first(["go-facts.json", "gofacts.json"]),
            rules: rules.into_iter().find(|rules| rules.is_dir()),
            source: Some(directory.join("SOURCE.toml")).filter(|path| path.is_file()),
        })
    }

    /// Every file and directory that is read, for build scripts.
    pub fn paths(&self) -> Vec<&Path> {
        let options = self.go_facts.iter().chain(&self.rules).chain(&self.source);
        std::iter::once(&self.openapi).chain(&self.proto).chain(options).map(PathBuf::as_path).collect()
    }

    /// Reads all files, in parallel. `None` if one of them is unusable.
    pub fn read(&self, diagnostics: &mut Diagnostics) -> Option<RawInputs> {
        let (openapi, proto, go, rules) = std::thread::scope(|scope| {
            let openapi =
                scope.spawn(|| collect(|d| read_file(&self.openapi, d).and_then(|file| openapi::read(&file, d))));
            let proto = scope.spawn(|| collect(|d| Some(proto::read(&proto_files(&self.proto, d), d))));
            let go = scope.spawn(|| {
                collect(|d| match &self.go_facts {
                    Some(path) => read_file(path, d).and_then(|file| go_facts::read(&file, d)).map(Some),
                    None => Some(None),
                })
            });
            let rules = collect(|d| Some(rules::read(&self.rules_files(d), d)));
            (openapi.join(), proto.join(), go.join(), rules)
        });
        let mut take = |diagnostics_of| diagnostics.append(diagnostics_of);
        let (openapi, d) = openapi.ok()?;
        take(d);
        let (proto, d) = proto.ok()?;
        take(d);
        let (go, d) = go.ok()?;
        take(d);
        let (rules, d) = rules;
        take(d);
        let (openapi, proto, go, rules) = (openapi?, proto?, go?, rules?);
        let git_version = self.git_version(&openapi);
        Some(RawInputs { release: self.release.clone(), git_version, openapi, proto, go, rules })
    }

    /// By `SOURCE.toml`, else by the document if it names a version, else the release's first.
    fn git_version(&self, openapi: &openapi::Document) -> String {
        let source = self.source.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let named = openapi.json["info"]["version"].as_str().filter(|version| rules::release_number(version).is_some());
        match (source.as_deref().and_then(source::tag), named) {
            (Some(version), _) | (None, Some(version)) => version.to_owned(),
            (None, None) => format!("{}.0", self.release),
        }
    }

    fn rules_files(&self, diagnostics: &mut Diagnostics) -> Vec<Arc<SourceFile>> {
        let paths =
            self.rules.iter().flat_map(|directory| files_below(directory, "yaml", diagnostics)).collect::<Vec<_>>();
        paths.iter().filter_map(|path| read_file(path, diagnostics)).collect()
    }
}

fn collect<T>(read: impl FnOnce(&mut Diagnostics) -> Option<T>) -> (Option<T>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let value = read(&mut diagnostics);
    (value, diagnostics)
}

fn proto_files(directories: &[PathBuf], diagnostics: &mut Diagnostics) -> Vec<proto::ProtoFile> {
    let mut files = Vec::new();
    for directory in directories {
        for path in files_below(directory, "proto", diagnostics) {
            let import = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
            files.extend(read_file(&path, diagnostics).map(|file| proto::ProtoFile { file, import }));
        }
    }
    files
}

fn read_file(path: &Path, diagnostics: &mut Diagnostics) -> Option<Arc<SourceFile>> {
    match std::fs::read_to_string(path) {
        // Offsets are kept in 32 bits.
        Ok(text) if u32::try_from(text.len()).is_ok() => Some(SourceFile::new(path.display().to_string(), text)),
        Ok(_) => {
            unreadable(path, "it is larger than 4 GiB", diagnostics);
            None
        }
        Err(error) => {
            unreadable(path, &error.to_string(), diagnostics);
            None
        }
    }
}

fn unreadable(path: &Path, reason: &str, diagnostics: &mut Diagnostics) {
    diagnostics.add(
        Diagnostic::error(Code::KF0001, format!("`{}` cannot be read: {reason}", path.display()))
            .help("check the path, or name other files on the command line"),
    );
}

/// All files with an extension in a directory and below, sorted by path.
fn files_below(directory: &Path, extension: &str, diagnostics: &mut Diagnostics) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                unreadable(&directory, &error.to_string(), diagnostics);
                continue;
            }
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The known name most like a misspelt one, if any is close.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    let lengths_fit = |other: &str| other.len().abs_diff(name.len()) <= limit;
    known
        .filter(|other| lengths_fit(other))
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, other)| other)
}

/// Edit distance: letters inserted, left out, replaced, or swapped with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

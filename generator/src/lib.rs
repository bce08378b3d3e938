//! Reads the interface definitions of a Kubernetes release, or of anybody's own API group, and generates the Rust API
//! server for it.
//!
//! [`load`] makes a [`model::Release`] of the inputs, the emitters make files in memory of that, and
//! one module alone writes files.

pub mod build;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod emit;
pub mod input;
pub mod model;
pub mod output;
pub mod pass;

use std::path::{Path, PathBuf};

use diagnostic::{Code, Diagnostic, Diagnostics};
pub use input::Input;
use input::rules::release_number;
use pass::{Missing, Unused};

/// Reads a release. It is there if the files could be read; whether it is sound, [`Diagnostics::has_errors`] tells.
///
/// Rules that apply to nothing are errors if the release is the only one of its specs directory; if there are others,
/// [`check`] tells.
pub fn load(input: &Input) -> (Option<model::Release>, Diagnostics) {
    let (release, unused, mut diagnostics) = load_with_unused(input);
    let specs = input.rules.as_deref().and_then(Path::parent);
    if release.is_some() && specs.is_none_or(|specs| releases(specs).len() <= 1) {
        report_unused(&unused, std::slice::from_ref(&input.release), &mut diagnostics);
    }
    diagnostics.sort();
    (release, diagnostics)
}

/// A release as [`check`] found it.
pub struct Checked {
    pub name: String,
    pub release: Option<model::Release>,
    pub diagnostics: Diagnostics,
}

/// Reads releases of a specs directory. If all of them are read, the last entry's diagnostics are about rules that
/// apply to none of them.
pub fn check(specs: &Path, names: &[String], mut progress: impl FnMut(&str)) -> (Vec<Checked>, Diagnostics) {
    let (mut checked, mut everywhere): (Vec<Checked>, Option<Vec<Unused>>) = (Vec::new(), None);
    for name in names {
        progress(name);
        let (release, unused, mut diagnostics) = match Input::release(specs, name) {
            Ok(input) => load_with_unused(&input),
            Err(diagnostic) => (None, Vec::new(), std::iter::once(diagnostic).collect()),
        };
        diagnostics.sort();
        if release.is_some() {
            everywhere = Some(match everywhere {
                None => unused,
                Some(before) => in_both(before, &unused),
            });
        }
        checked.push(Checked { name: name.clone(), release, diagnostics });
    }
    let mut diagnostics = Diagnostics::default();
    let all = releases(specs).iter().all(|name| checked.iter().any(|c| c.name == *name && c.release.is_some()));
    if all {
        report_unused(&everywhere.unwrap_or_default(), names, &mut diagnostics);
        diagnostics.sort();
    }
    (checked, diagnostics)
}

/// The releases of a specs directory, oldest first.
pub fn releases(specs: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(specs).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| ["openapi.json", "swagger.json"].iter().any(|name| entry.path().join(name).is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_by_key(|name| (release_number(name), name.clone()));
    names
}

/// The specs directory: the one of this source tree if it is there, else `specs` in the working directory.
pub fn specs_dir() -> PathBuf {
    let here = PathBuf::from("specs");
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    match checkout.canonicalize() {
        Ok(directory) if here.canonicalize().ok().as_ref() != Some(&directory) => directory,
        _ => here,
    }
}

fn load_with_unused(input: &Input) -> (Option<model::Release>, Vec<Unused>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let Some(inputs) = input.read(&mut diagnostics) else { return (None, Vec::new(), diagnostics) };
    let (release, unused) = pass::run(&inputs, &mut diagnostics);
    (Some(release), unused, diagnostics)
}

/// What two releases lack; that of a release which the rule is for says more.
fn in_both(before: Vec<Unused>, now: &[Unused]) -> Vec<Unused> {
    let same = |a: &Unused, b: &Unused| a.place.file.path == b.place.file.path && a.place.span == b.place.span;
    let both = before.into_iter().filter_map(|mut unused| {
        let other = now.iter().find(|other| same(&unused, other))?;
        if matches!(unused.what, Missing::Release | Missing::Condition) && other.what != Missing::Release {
            unused.what = other.what.clone();
        }
        Some(unused)
    });
    both.collect()
}

fn report_unused(unused: &[Unused], names: &[String], diagnostics: &mut Diagnostics) {
    let numbers: Vec<_> = names.iter().filter_map(|name| release_number(name)).collect();
    for Unused { place, when, what } in unused {
        let (code, message, help) = match what {
            Missing::Kind(kind, group) => {
                let group = if group.is_empty() { "the core group" } else { group };
                let message = format!("no release serves a kind `{kind}` in {group}");
                (Code::KF0202, message, "correct the kind's name or the `group` of the file")
            }
            Missing::Message(name) => {
                (Code::KF0202, format!("no release has a type `{name}`"), "correct the name; see `kubeforge inspect`")
            }
            Missing::Path(path, kind) => {
                let message = format!("`{kind}` has no field `{path}` in any release");
                (Code::KF0203, message, "paths have JSON names, dots, and `[]` behind lists")
            }
            // A rule for a release between those that are here is kept for the day it is added.
            Missing::Release if when.is_within(&numbers) => continue,
            Missing::Release | Missing::Condition => {
                let message = "this fits no release and version, or entries before it fit all".to_owned();
                (Code::KF0208, message, "correct `since`, `until` and `versions`, or remove it")
            }
        };
        diagnostics.add(Diagnostic::error(code, message).at(place.clone(), "this rule").help(help));
    }
}

//! The passes that make a release out of what was read, in order. Each adds to the release or checks it.

mod agree;
mod cycles;
mod defaults;
mod fixups;
mod groups;
mod join;
mod kinds;
mod lint;
mod naming;
mod presence;
mod routes;
mod rules;

use crate::diagnostic::{Diagnostics, Place};
use crate::input::RawInputs;
use crate::input::rules::When;
use crate::model::Release;

pub use naming::snake_case;

/// A rule that had nothing to apply to in this release.
#[derive(Clone, Debug)]
pub struct Unused {
    pub place: Place,
    pub when: When,
    pub what: Missing,
}

/// Why a rule had nothing to apply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Kind and group.
    Kind(String, String),
    /// Name of a message.
    Message(String),
    /// Path and kind.
    Path(String, String),
    /// It is for other releases.
    Release,
    /// The versions do not fit, or an entry before it fits all.
    Condition,
}

/// Runs all passes. The second value is what the rules say of things that this release does not have.
pub fn run(inputs: &RawInputs, diagnostics: &mut Diagnostics) -> (Release, Vec<Unused>) {
    let mut release =
        Release { name: inputs.release.clone(), git_version: inputs.git_version.clone(), ..Release::default() };
    let fixups = fixups::Fixups::new(inputs);
    join::run(&mut release, inputs, &fixups, diagnostics);
    presence::run(&mut release, inputs);
    agree::run(&release, inputs, &fixups, diagnostics);
    naming::run(&mut release, diagnostics);
    cycles::run(&mut release);
    kinds::run(&mut release, inputs);
    routes::run(&mut release, inputs, &fixups, diagnostics);
    groups::run(&mut release, inputs);
    let mut unused = rules::run(&mut release, inputs);
    unused.extend(defaults::run(&mut release, inputs));
    lint::run(&release, diagnostics);
    fixups.report(inputs, diagnostics);
    release.openapi = inputs.openapi.json.clone();
    (release, unused)
}

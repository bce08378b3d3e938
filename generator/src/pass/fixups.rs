//! Known quirks of the inputs: what is left out and which contradictions are expected.

use std::cell::Cell;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::input::RawInputs;
use crate::input::rules::{Action, Feature, Fixup, release_number};

/// The fix-ups of a release, and which of them were of use.
pub struct Fixups<'i> {
    list: Vec<(&'i Fixup, Cell<bool>)>,
}

impl<'i> Fixups<'i> {
    pub fn new(inputs: &'i RawInputs) -> Fixups<'i> {
        let release = release_number(&inputs.release);
        let fitting = inputs.rules.fixups.iter().filter(|fixup| fixup.when.fits_release(release));
        Fixups { list: fitting.map(|fixup| (fixup, Cell::new(false))).collect() }
    }

    /// Whether a type is to be left out.
    pub fn skips(&self, message: &str) -> bool {
        self.find(|action| matches!(action, Action::Skip(name) if name == message))
    }

    /// Whether a contradiction is expected at a type or field.
    pub fn allows(&self, code: Code, subject: &str) -> bool {
        self.find(|action| matches!(action, Action::Allow { code: c, at } if c == code.id() && at == subject))
    }

    /// Whether the release does without something.
    pub fn lacks(&self, feature: Feature) -> bool {
        self.find(|action| *action == Action::Without(feature))
    }

    fn find(&self, fits: impl Fn(&Action) -> bool) -> bool {
        let found = self.list.iter().find(|(fixup, _)| fits(&fixup.action));
        found.inspect(|(_, used)| used.set(true)).is_some()
    }

    /// Reports the fix-ups that hid nothing.
    pub fn report(&self, inputs: &RawInputs, diagnostics: &mut Diagnostics) {
        for (fixup, _) in self.list.iter().filter(|(_, used)| !used.get()) {
            diagnostics.add(
                Diagnostic::error(Code::KF0207, format!("this fix-up matches nothing in {}", inputs.release))
                    .at(fixup.place.clone(), "no longer needed")
                    .help("remove it, or narrow it with `since` and `until`"),
            );
        }
    }
}

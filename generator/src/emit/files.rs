//! What emitters produce: files in memory.

use std::collections::BTreeMap;

/// Paths with `/` below the output directory, and contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    pub fn add(&mut self, path: impl Into<String>, contents: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), contents.into());
    }

    /// The same files below a directory.
    pub fn below(self, directory: &str) -> Files {
        Files(self.0.into_iter().map(|(path, contents)| (format!("{directory}/{path}"), contents)).collect())
    }

    pub fn extend(&mut self, other: Files) {
        self.0.extend(other.0);
    }
}

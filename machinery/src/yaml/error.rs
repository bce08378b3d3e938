//! Why a document could not be read, in upstream's words.

/// Why a text is not YAML, or cannot be JSON, in the words of Go's yaml.v2 and `sigs.k8s.io/yaml`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct YamlError(String);

impl YamlError {
    /// An error of the YAML reader; line 0 is not told.
    pub(super) fn new(line: usize, problem: &str) -> YamlError {
        match line {
            0 => YamlError(format!("yaml: {problem}")),
            _ => YamlError(format!("yaml: line {line}: {problem}")),
        }
    }

    /// An error in the words of what comes behind the YAML reader.
    pub(super) fn plain(text: &str) -> YamlError {
        YamlError(text.to_owned())
    }
}

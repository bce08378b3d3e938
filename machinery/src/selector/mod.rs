//! Selectors: which objects a list, a watch or a controller is about.

mod fields;
mod labels;
mod names;

pub use fields::{FieldSelector, FieldTerm};
pub use labels::{LabelSelector, Operator, Requirement};
pub use names::{label_key_errors, label_value_errors, subdomain_errors};

/// Why a text is no selector, in upstream's words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct SelectorError(String);

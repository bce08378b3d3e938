//! YAML as `sigs.k8s.io/yaml` reads and writes it: YAML 1.1 scalars, JSON's data model, sorted keys.

mod read;
mod scalar;
mod write;

pub use read::{Document, Duplicate, YamlError, documents, from_yaml};
pub use write::to_yaml;

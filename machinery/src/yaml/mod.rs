//! YAML as `sigs.k8s.io/yaml` reads and writes it: YAML 1.1 scalars, JSON's data model, sorted keys.
//!
//! The reader is one of its own, because it is Go's yaml.v2 that decides what is YAML here: its scanner differs from
//! YAML 1.2 in line breaks, keys and escapes, and clients see its errors.
//! Bytes become text (`source`), text becomes tokens (`scan`, `text`), tokens become nodes (`parse`), nodes become values
//! (`read`).

mod error;
mod parse;
mod read;
mod scalar;
mod scan;
mod source;
mod stream;
mod text;
mod token;
mod write;

pub use error::YamlError;
pub use read::{Document, Duplicate, from_bytes, from_yaml};
pub use stream::documents;
pub use write::to_yaml;

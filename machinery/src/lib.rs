//! What generated Kubernetes types stand on.
//!
//! A message is a plain struct that implements [`Message`]: a [`Descriptor`] says what its fields are, accessors
//! hand them out one by one. Everything that walks objects is written once against those two: the
//! [JSON](json) and [protobuf](proto) codecs, [YAML](yaml), [patches](patch), [selectors](selector).
//! Nothing here knows of HTTP or of storage.

pub mod arbitrary;
mod bytes;
pub mod descriptor;
pub mod envelope;
pub mod json;
pub mod kind;
#[cfg(feature = "kube")]
pub mod kube;
pub mod message;
pub mod names;
pub mod patch;
pub mod proto;
pub mod release;
pub mod selector;
pub mod serde;
pub mod status;
pub mod types;
pub mod yaml;

pub use descriptor::{Descriptor, Field, Type};
pub use message::{FieldMut, FieldRef, Message};

/// For the macros of this crate only.
#[doc(hidden)]
pub mod __private {
    pub use ::serde;
}

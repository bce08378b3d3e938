//! JSON as Go's encoder writes it and Kubernetes' decoder reads it.
//!
//! Output is byte for byte that of Go's `encoding/json` with HTML escaping; input is read case-sensitively, unknown
//! and duplicate fields are passed over and reported (`fieldValidation`, KEP-2885), errors have Go's wording because
//! clients match on it.

mod decode;
mod error;
mod parser;
mod writer;

pub(crate) use decode::decode_value;
pub use decode::{Strictness, decode, decode_with};
pub use error::JsonError;
pub use parser::JsonParser;
pub use writer::JsonWriter;

use crate::Message;

/// Compact JSON text of the message.
pub fn encode(message: &dyn Message) -> Vec<u8> {
    let mut w = JsonWriter::with_capacity(512);
    message.encode_json(&mut w);
    w.into_bytes()
}

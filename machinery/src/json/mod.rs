//! JSON as Go's encoder writes it and Kubernetes' decoder reads it.
//!
//! Output is byte for byte that of Go's `encoding/json` with HTML escaping; input is read case-sensitively, unknown
//! and duplicate fields are passed over and reported (`fieldValidation`, KEP-2885), errors have Go's wording because
//! clients match on it.

mod decode;
mod error;
mod parser;
mod path;
mod writer;

pub use decode::{JsonReader, Strictness, decode, decode_with};
pub use error::JsonError;
pub use parser::JsonParser;
pub use writer::JsonWriter;

use std::cell::Cell;

use crate::Message;

/// Compact JSON text of the message.
pub fn encode(message: &dyn Message) -> Vec<u8> {
    thread_local!(static SCRATCH: Cell<JsonWriter> = Cell::default());
    // Taken, not borrowed: a message may encode another meanwhile.
    let mut w = SCRATCH.take();
    message.encode_json(&mut w);
    let text = w.take();
    SCRATCH.set(w);
    text
}

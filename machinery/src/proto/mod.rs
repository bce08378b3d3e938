//! Protobuf as Kubernetes' generated Go code writes it.
//!
//! Values that are not pointers are always written, fields come in tag order, repeated scalars unpacked, map entries
//! by key. Unknown fields are skipped on reading; groups and truncated input are refused.

mod decode;
mod reader;
mod writer;

pub use decode::{decode, decode_message};
pub use reader::{ProtoError, ProtoReader, Wire};
pub use writer::ProtoWriter;

use std::cell::Cell;

use crate::Message;

/// The message's bytes, without envelope.
pub fn encode(message: &dyn Message) -> Vec<u8> {
    thread_local!(static SCRATCH: Cell<ProtoWriter> = Cell::default());
    // Taken, not borrowed: a message may encode another meanwhile.
    let mut w = SCRATCH.take();
    message.encode_proto(&mut w);
    let bytes = w.take();
    SCRATCH.set(w);
    bytes
}

//! Protobuf of any message, with and without its envelope.

#![no_main]

use kubeforge_fuzz::{hold, message_of};
use kubeforge_machinery::{envelope, proto};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((descriptor, bytes)) = message_of(input) else { return };
    let body = match envelope::decode(bytes) {
        Ok(unknown) => unknown.raw,
        Err(_) => bytes,
    };
    let mut message = descriptor.new_message();
    if proto::decode(body, &mut *message).is_ok() {
        hold::through_protobuf(&*message);
        hold::through_json(&*message);
    }
});

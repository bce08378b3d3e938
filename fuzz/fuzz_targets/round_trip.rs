//! Any message with any value: the input decides what its fields hold.

#![no_main]

use kubeforge_fuzz::{hold, message_of};
use kubeforge_machinery::arbitrary::{Choices, fill};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((descriptor, bytes)) = message_of(input) else { return };
    let mut message = descriptor.new_message();
    fill(&mut *message, &mut Choices::from_bytes(bytes));
    hold::through_copy(&*message);
    hold::through_json(&*message);
    hold::through_protobuf(&*message);
    hold::through_yaml(&*message);
    hold::through_serde(&*message);
});

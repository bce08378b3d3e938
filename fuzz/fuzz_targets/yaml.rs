//! YAML of one or several documents, and messages from them.

#![no_main]

use kubeforge_fuzz::{hold, message_of};
use kubeforge_machinery::{json, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((descriptor, bytes)) = message_of(input) else { return };
    let first = yaml::from_bytes(bytes).into_iter();
    let text = String::from_utf8_lossy(bytes);
    for document in first.chain(yaml::documents(&text).into_iter().flatten()) {
        assert_eq!(document.strict_error().is_some(), !document.duplicates.is_empty());
        hold::through_yaml_text(&document.value);
        let mut message = descriptor.new_message();
        if json::decode(document.value.to_string().as_bytes(), &mut *message).is_ok() {
            hold::through_json(&*message);
            hold::through_yaml(&*message);
        }
    }
});

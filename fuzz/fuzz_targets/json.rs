//! JSON of any message, read leniently and strictly.

#![no_main]

use kubeforge_fuzz::{hold, message_of};
use kubeforge_machinery::json::{Strictness, decode_with};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((descriptor, text)) = message_of(input) else { return };
    let (mut lenient, mut strict) = (descriptor.new_message(), descriptor.new_message());
    let reports = decode_with(text, &mut *lenient, Strictness::Lenient);
    let problems = decode_with(text, &mut *strict, Strictness::Report);
    match (reports, problems) {
        (Ok(reports), Ok(_)) => assert!(reports.is_empty(), "nobody asked for {reports:?}"),
        (Err(a), Err(b)) => return assert_eq!(a.to_string(), b.to_string()),
        (a, b) => panic!("lenient: {a:?}, strict: {b:?}"),
    }
    hold::same(&*lenient, &*strict, "lenient and strict decoding differ");
    hold::through_json(&*lenient);
    hold::through_protobuf(&*lenient);
});

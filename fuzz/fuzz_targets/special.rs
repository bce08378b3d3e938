//! Everything else that reads users' text: amounts, times, selectors, patches.

#![no_main]

use kubeforge_fuzz::forms::FORMS;
use kubeforge_fuzz::patches::{self, PATCHES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let choice = usize::from(*choice) % (FORMS.len() + PATCHES.len());
    match FORMS.get(choice) {
        Some((_, check)) => check(&text),
        None => {
            if let Some((object, patch)) = patches::parts(&text) {
                PATCHES[choice - FORMS.len()].1(object, patch);
            }
        }
    }
});

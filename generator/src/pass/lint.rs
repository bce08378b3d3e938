//! Limits and conventions that the generated code relies on.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Message, Origin, Release};

/// Tables hold field indexes in a byte, of which 255 means none.
const MAX_FIELDS: usize = 254;

/// Tables are kept by field number.
const MAX_TAG: u32 = 4095;

pub fn run(release: &Release, diagnostics: &mut Diagnostics) {
    for message in release.messages.values() {
        let inlined = message.fields.iter().filter(|field| field.inline).count();
        let fields = release.json_fields(message).len() + inlined;
        if fields > MAX_FIELDS {
            let text = format!("`{}` has {fields} fields, and {MAX_FIELDS} are the most", message.name);
            add(diagnostics, Code::KF0601, text, &message.origin, "split the type");
        }
        for field in message.fields.iter().filter(|field| field.tag.is_some_and(|tag| tag > MAX_TAG)) {
            let text = format!("the number of `{}.{}` is higher than {MAX_TAG}", message.name, field.json);
            add(diagnostics, Code::KF0602, text, &field.origin, "give it a lower number");
        }
    }
    for resource in release.resources.iter().filter(|resource| resource.storage.is_some()) {
        let kind = release.kind(&resource.group, &resource.version, &resource.kind);
        let message = kind.and_then(|kind| release.messages.get(&kind.message));
        if let Some(message) = message.filter(|message| !has_metadata(release, message)) {
            let text = format!("`{}` is stored, and its kind `{}` has no `metadata`", resource.name, resource.kind);
            add(diagnostics, Code::KF0603, text, &message.origin, "add the field `metadata` of type ObjectMeta");
        }
    }
}

fn has_metadata(release: &Release, message: &Message) -> bool {
    release.json_fields(message).iter().any(|field| field.json == "metadata")
}

fn add(diagnostics: &mut Diagnostics, code: Code, text: String, origin: &Origin, help: &str) {
    let mut diagnostic = Diagnostic::error(code, text).help(help);
    if let Some((_, place)) = origin.places.first() {
        diagnostic = diagnostic.at(place.clone(), "here");
    }
    diagnostics.add(diagnostic);
}

//! Objects from one version of their kind to another.
//!
//! The one place through which versions meet: what is stored passes here on its way in and out. Versions of the same
//! shape are copied field by field through JSON; where that would lose a field, the conversion is refused.

use kubeforge_machinery::release::Kind;
use kubeforge_machinery::{Message, json};

use crate::errors;
use crate::http::Status;

/// The object in another version.
///
/// # Errors
/// 501 naming kind and versions if `to` has no place for a field that is set.
pub fn convert(object: Box<dyn Message>, from: &Kind, to: &Kind) -> Result<Box<dyn Message>, Status> {
    if std::ptr::eq(from, to) {
        return Ok(object);
    }
    let refuse = |why: &str| {
        errors::no_conversion(from.kind, (from.group, from.version), (to.group, to.version), why)
    };
    let mut converted = (to.message.new)();
    let text = json::encode(object.as_ref());
    match json::decode_with(&text, converted.as_mut(), json::Strictness::Report) {
        Ok(lost) if lost.is_empty() => Ok(converted),
        Ok(lost) => Err(refuse(&lost.join(", "))),
        Err(error) => Err(refuse(&error.to_string())),
    }
}

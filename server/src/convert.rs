//! Objects from one version of their kind to another.
//!
//! The one place through which versions meet: what is stored passes here on its way in and out. Versions of different
//! shape have an entry in [`CONVERSIONS`]; the others are copied field by field through JSON. Where a field would be
//! lost, the conversion is refused.

mod go_struct;
mod horizontal_pod_autoscaler;

use kubeforge_machinery::release::Kind;
use kubeforge_machinery::{Message, json};
use serde_json::Value;

use crate::errors;
use crate::http::Status;

/// How an object of one version becomes one of another, when names or places of fields differ.
struct Conversion {
    group: &'static str,
    kind: &'static str,
    from: &'static str,
    to: &'static str,
    /// Changes the object's JSON, which holds no nulls, into that of version `to`. The error says what has no place there.
    run: fn(&mut Value) -> Result<(), String>,
}

const CONVERSIONS: &[Conversion] = &[
    Conversion {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        from: "v1",
        to: "v2",
        run: horizontal_pod_autoscaler::v1_to_v2,
    },
    Conversion {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        from: "v2",
        to: "v1",
        run: horizontal_pod_autoscaler::v2_to_v1,
    },
];

impl Conversion {
    fn find(from: &Kind, to: &Kind) -> Option<&'static Conversion> {
        let wanted = (from.group, from.kind, from.version, to.group, to.kind, to.version);
        CONVERSIONS.iter().find(|c| (c.group, c.kind, c.from, c.group, c.kind, c.to) == wanted)
    }
}

/// The object in another version.
///
/// # Errors
/// 501 naming kind and versions if `to` has no place for a field that is set.
pub fn convert(object: Box<dyn Message>, from: &Kind, to: &Kind) -> Result<Box<dyn Message>, Status> {
    if std::ptr::eq(from, to) {
        return Ok(object);
    }
    let refuse = |why: &str| errors::no_conversion(from.kind, (from.group, from.version), (to.group, to.version), why);
    let mut converted = to.message.new_message();
    let mut fields =
        serde_json::from_slice(&json::encode(object.as_ref())).map_err(|error| refuse(&error.to_string()))?;
    remove_nulls(&mut fields);
    if let Some(conversion) = Conversion::find(from, to) {
        (conversion.run)(&mut fields).map_err(|why| refuse(&why))?;
    }
    match json::decode_with(fields.to_string().as_bytes(), converted.as_mut(), json::Strictness::Report) {
        Ok(lost) if lost.is_empty() => Ok(converted),
        Ok(lost) => Err(refuse(&lost.join(", "))),
        Err(error) => Err(refuse(&error.to_string())),
    }
}

/// Fields that Go prints although they are not set cannot be lost.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

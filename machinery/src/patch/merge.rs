//! JSON Merge Patch (RFC 7386).

use serde_json::{Map, Value};

use super::PatchError;
use crate::types::go;

/// Applies a merge patch to an object: null deletes, objects merge, everything else replaces.
///
/// As upstream's library does, nulls vanish from objects inside a new list too.
pub fn merge_patch(object: &mut Value, patch: Value) -> Result<(), PatchError> {
    match patch {
        Value::Object(patch) => {
            merge(object, patch);
            Ok(())
        }
        Value::Null => Err(PatchError::BadRequest("Invalid JSON Patch".to_owned())),
        other => Err(PatchError::BadRequest(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            json_kind(&other)
        ))),
    }
}

fn merge(target: &mut Value, patch: Map<String, Value>) {
    let Value::Object(target) = target else {
        *target = without_nulls(Value::Object(patch));
        return;
    };
    for (key, change) in patch {
        match (target.get_mut(&key), change) {
            (_, Value::Null) => drop(target.remove(&key)),
            (Some(old @ Value::Object(_)), Value::Object(change)) => merge(old, change),
            (Some(old @ Value::Object(_)), change) => *old = change,
            (_, change) => drop(target.insert(key, without_nulls(change))),
        }
    }
}

/// Drops members that are null, at any depth; null elements of lists stay.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// What Go's decoder calls the value.
pub(super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        other => go::type_name(other),
    }
}

//! JSON Patch (RFC 6902) as version 4 of upstream's library takes it.
//!
//! More is allowed than the RFC says: `replace` adds a missing member, what stands before a path's first slash is
//! ignored, and negative indices count from the end.

use serde_json::{Map, Value};

use super::PatchError;
use super::merge::json_kind;

/// A list of operations.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPatch(Vec<Map<String, Value>>);

/// Most operations in one patch.
pub const MAX_OPERATIONS: usize = 10_000;

/// Most bytes of JSON that `copy` operations may add in total.
pub const MAX_COPIED_BYTES: usize = 3 << 20;

/// Deepest a patched document may nest, as deep as JSON is read: whoever walks it does so on the stack.
const MAX_DEPTH: usize = 500;

/// Most values that operations may put somewhere in total, those inside of others counted.
const MAX_PUT_VALUES: usize = 10_000_000;

/// What operations have used up of what a patch may.
#[derive(Default)]
struct Used {
    copied_bytes: usize,
    put_values: usize,
}

/// Why an operation does not apply.
type OpError = String;

impl JsonPatch {
    /// Takes the body of a request for a patch. Whether operations make sense shows when they are applied.
    pub fn new(body: Value) -> Result<JsonPatch, PatchError> {
        let malformed = |value: &Value, wanted: &str| {
            let kind = json_kind(value);
            PatchError::BadRequest(format!(
                "error decoding patch: json: cannot unmarshal {kind} into Go value of type {wanted}"
            ))
        };
        let operations = match body {
            Value::Array(operations) => operations,
            Value::Null => Vec::new(),
            other => return Err(malformed(&other, "[]handlers.jsonPatchOp")),
        };
        if operations.len() > MAX_OPERATIONS {
            return Err(PatchError::TooLarge(format!(
                "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
                operations.len()
            )));
        }
        let operation = |value| match value {
            Value::Object(operation) => Ok(operation),
            Value::Null => Ok(Map::new()),
            other => Err(malformed(&other, "handlers.jsonPatchOp")),
        };
        operations.into_iter().map(operation).collect::<Result<_, _>>().map(JsonPatch)
    }

    /// Applies the operations in turn. On failure the document is left half patched.
    pub fn apply(&self, document: &mut Value) -> Result<(), PatchError> {
        let mut used = Used::default();
        for operation in &self.0 {
            apply(operation, document, &mut used).map_err(PatchError::Unprocessable)?;
        }
        Ok(())
    }
}

fn apply(operation: &Map<String, Value>, document: &mut Value, used: &mut Used) -> Result<(), OpError> {
    let text = |name| operation.get(name).and_then(Value::as_str);
    let path = || text("path").ok_or("operation missing path field: missing value");
    let from = || text("from").ok_or("operation, missing from field: missing value");
    let value = || operation.get("value").cloned().unwrap_or_default();
    match text("op").unwrap_or("unknown") {
        "add" => put(document, path()?, value(), used),
        "remove" => Place::find(document, path()?)?.remove().map(drop),
        "replace" if path()?.is_empty() => match value() {
            whole @ (Value::Object(_) | Value::Array(_)) => {
                *document = whole;
                Ok(())
            }
            _ => Err("replace operation value must be object or array".to_owned()),
        },
        "replace" => {
            let value = value();
            used.check(path()?, &value)?;
            Place::find(document, path()?)?.replace(value)
        }
        "move" => {
            let value = Place::find(document, from()?)?.remove()?;
            put(document, path()?, value, used)
        }
        "copy" => {
            let value = Place::find(document, from()?)?.get()?.cloned().unwrap_or_default();
            used.copied_bytes += value.to_string().len();
            if used.copied_bytes > MAX_COPIED_BYTES {
                let copied = used.copied_bytes;
                return Err(format!("copies add {copied} bytes, more than the limit of {MAX_COPIED_BYTES}"));
            }
            put(document, path()?, value, used)
        }
        "test" => {
            let path = path()?;
            let wanted = value();
            let same = if path.is_empty() {
                *document == wanted
            } else {
                Place::find(document, path)?.get()?.unwrap_or(&Value::Null) == &wanted
            };
            if same { Ok(()) } else { Err(format!("testing value {path} failed: test failed")) }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn put(document: &mut Value, path: &str, value: Value, used: &mut Used) -> Result<(), OpError> {
    used.check(path, &value)?;
    Place::find(document, path)?.add(value)
}

impl Used {
    /// Counts a value that is to be put at `path`.
    fn check(&mut self, path: &str, value: &Value) -> Result<(), OpError> {
        let depth = path.matches('/').count() + depth(value, &mut self.put_values);
        if depth > MAX_DEPTH {
            return Err(format!("{path}: nests deeper than {MAX_DEPTH} levels"));
        }
        if self.put_values > MAX_PUT_VALUES {
            return Err(format!("the operations put more than {MAX_PUT_VALUES} values"));
        }
        Ok(())
    }
}

/// Levels of containers in a value, which are never more than [`MAX_DEPTH`].
fn depth(value: &Value, seen: &mut usize) -> usize {
    *seen += 1;
    let inner = match value {
        Value::Array(items) => items.iter().map(|item| depth(item, seen)).max(),
        Value::Object(members) => members.values().map(|member| depth(member, seen)).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or_default()
}

/// A member or an element, there or not, of a container that is there.
enum Place<'d> {
    Member(&'d mut Map<String, Value>, String),
    Element(&'d mut Vec<Value>, String),
}

impl<'d> Place<'d> {
    fn find(document: &'d mut Value, path: &str) -> Result<Place<'d>, OpError> {
        let missing = || format!("doc is missing path: {path}: missing value");
        let mut parts = path.split('/').skip(1).map(unescape);
        let mut key = parts.next().ok_or_else(missing)?;
        let mut container = document;
        for next in parts {
            container = match container {
                Value::Object(members) => members.get_mut(&key),
                Value::Array(items) => index(&key, items.len()).ok().and_then(|i| items.get_mut(i)),
                _ => None,
            }
            .ok_or_else(missing)?;
            key = next;
        }
        match container {
            Value::Object(members) => Ok(Place::Member(members, key)),
            Value::Array(items) => Ok(Place::Element(items, key)),
            _ => Err(missing()),
        }
    }

    fn get(&self) -> Result<Option<&Value>, OpError> {
        match self {
            Place::Member(members, key) => Ok(members.get(key)),
            Place::Element(items, key) => Ok(items.get(index(key, items.len())?)),
        }
    }

    fn add(self, value: Value) -> Result<(), OpError> {
        match self {
            Place::Member(members, key) => drop(members.insert(key, value)),
            Place::Element(items, key) if key == "-" => items.push(value),
            // The place behind the last element counts too, from both ends.
            Place::Element(items, key) => items.insert(index(&key, items.len() + 1)?, value),
        }
        Ok(())
    }

    fn replace(self, value: Value) -> Result<(), OpError> {
        match self {
            Place::Member(members, key) => drop(members.insert(key, value)),
            Place::Element(items, key) => {
                let index = index(&key, items.len())?;
                items[index] = value;
            }
        }
        Ok(())
    }

    fn remove(self) -> Result<Value, OpError> {
        match self {
            Place::Member(members, key) => {
                members.remove(&key).ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))
            }
            Place::Element(items, key) => {
                let index = index(&key, items.len())?;
                Ok(items.remove(index))
            }
        }
    }
}

/// An index below `len`; negative ones count from the end.
fn index(key: &str, len: usize) -> Result<usize, OpError> {
    let number: i64 = key.parse().map_err(|_| format!("value was not a proper array index: '{key}'"))?;
    let index = if number < 0 { len.checked_sub(number.unsigned_abs() as usize) } else { Some(number as usize) };
    index
        .filter(|i| *i < len)
        .ok_or_else(|| format!("Unable to access invalid index: {number}: invalid index referenced"))
}

/// RFC 6901: `~1` is a slash and `~0` a tilde, replaced in one pass.
fn unescape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('~') {
        out.push_str(&rest[..at]);
        let (decoded, len) = match rest.as_bytes().get(at + 1) {
            Some(b'1') => ('/', 2),
            Some(b'0') => ('~', 2),
            _ => ('~', 1),
        };
        out.push(decoded);
        rest = &rest[at + len..];
    }
    out + rest
}

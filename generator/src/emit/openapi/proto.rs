//! The OpenAPI v2 document as a gnostic `openapi.v2.Document` message, which kubectl asks for.
//!
//! Field numbers are those of gnostic's `OpenAPIv2.proto`; the tables below hold what Kubernetes' documents use.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

/// How a JSON value is written.
enum Kind {
    Str,
    Bool,
    Strs,
    /// A message with a field of its own for each member.
    Message(&'static Table),
    Messages(&'static Table),
    /// A message `{repeated Named = number}`, with `Named {string name = 1; value = 2}`.
    Named(u32, &'static Kind),
    /// A message with nothing but a field of this number.
    Within(u32, &'static Kind),
    /// `google.protobuf.Any` and YAML text; JSON is YAML.
    Any,
    Parameter,
    Parameters,
    AdditionalProperties,
    SecurityDefinition,
    SecurityRequirements,
}

struct Table {
    /// JSON name, field number, kind; by number.
    fields: &'static [(&'static str, u32, Kind)],
    /// Number of the list of `x-…` members; 0 if there is none.
    extensions: u32,
}

static DOCUMENT: Table = Table {
    fields: &[
        ("swagger", 1, Kind::Str),
        ("info", 2, Kind::Message(&INFO)),
        ("host", 3, Kind::Str),
        ("basePath", 4, Kind::Str),
        ("schemes", 5, Kind::Strs),
        ("consumes", 6, Kind::Strs),
        ("produces", 7, Kind::Strs),
        ("paths", 8, Kind::Named(2, &Kind::Message(&PATH_ITEM))),
        ("definitions", 9, Kind::Named(1, &Kind::Message(&SCHEMA))),
        ("parameters", 10, Kind::Named(1, &Kind::Parameter)),
        ("security", 12, Kind::SecurityRequirements),
        ("securityDefinitions", 13, Kind::Named(1, &Kind::SecurityDefinition)),
    ],
    extensions: 16,
};

static INFO: Table = Table {
    fields: &[("title", 1, Kind::Str), ("version", 2, Kind::Str), ("description", 3, Kind::Str)],
    extensions: 7,
};

static PATH_ITEM: Table = Table {
    fields: &[
        ("get", 2, Kind::Message(&OPERATION)),
        ("put", 3, Kind::Message(&OPERATION)),
        ("post", 4, Kind::Message(&OPERATION)),
        ("delete", 5, Kind::Message(&OPERATION)),
        ("options", 6, Kind::Message(&OPERATION)),
        ("head", 7, Kind::Message(&OPERATION)),
        ("patch", 8, Kind::Message(&OPERATION)),
        ("parameters", 9, Kind::Parameters),
    ],
    extensions: 10,
};

static OPERATION: Table = Table {
    fields: &[
        ("tags", 1, Kind::Strs),
        ("summary", 2, Kind::Str),
        ("description", 3, Kind::Str),
        ("operationId", 5, Kind::Str),
        ("produces", 6, Kind::Strs),
        ("consumes", 7, Kind::Strs),
        ("parameters", 8, Kind::Parameters),
        ("responses", 9, Kind::Named(1, &Kind::Within(1, &Kind::Message(&RESPONSE)))),
        ("schemes", 10, Kind::Strs),
        ("deprecated", 11, Kind::Bool),
        ("security", 12, Kind::SecurityRequirements),
    ],
    extensions: 13,
};

static RESPONSE: Table = Table {
    fields: &[("description", 1, Kind::Str), ("schema", 2, Kind::Within(1, &Kind::Message(&SCHEMA)))],
    extensions: 5,
};

static SCHEMA: Table = Table {
    fields: &[
        ("$ref", 1, Kind::Str),
        ("format", 2, Kind::Str),
        ("title", 3, Kind::Str),
        ("description", 4, Kind::Str),
        ("default", 5, Kind::Any),
        ("uniqueItems", 16, Kind::Bool),
        ("required", 19, Kind::Strs),
        ("additionalProperties", 21, Kind::AdditionalProperties),
        ("type", 22, Kind::Within(1, &Kind::Strs)),
        ("items", 23, Kind::Within(1, &Kind::Message(&SCHEMA))),
        ("allOf", 24, Kind::Messages(&SCHEMA)),
        ("properties", 25, Kind::Named(1, &Kind::Message(&SCHEMA))),
    ],
    extensions: 31,
};

static REFERENCE: Table = Table { fields: &[("$ref", 1, Kind::Str), ("description", 2, Kind::Str)], extensions: 0 };

static BODY: Table = Table {
    fields: &[
        ("description", 1, Kind::Str),
        ("name", 2, Kind::Str),
        ("in", 3, Kind::Str),
        ("required", 4, Kind::Bool),
        ("schema", 5, Kind::Message(&SCHEMA)),
    ],
    extensions: 6,
};

static QUERY: Table = Table {
    fields: &[
        ("required", 1, Kind::Bool),
        ("in", 2, Kind::Str),
        ("description", 3, Kind::Str),
        ("name", 4, Kind::Str),
        ("allowEmptyValue", 5, Kind::Bool),
        ("type", 6, Kind::Str),
        ("format", 7, Kind::Str),
        ("collectionFormat", 9, Kind::Str),
        ("default", 10, Kind::Any),
        ("uniqueItems", 20, Kind::Bool),
    ],
    extensions: 23,
};

/// Of path and header parameters.
static PATH: Table = Table {
    fields: &[
        ("required", 1, Kind::Bool),
        ("in", 2, Kind::Str),
        ("description", 3, Kind::Str),
        ("name", 4, Kind::Str),
        ("type", 5, Kind::Str),
        ("format", 6, Kind::Str),
        ("collectionFormat", 8, Kind::Str),
        ("default", 9, Kind::Any),
        ("uniqueItems", 19, Kind::Bool),
    ],
    extensions: 22,
};

static BASIC: Table = Table { fields: &[("type", 1, Kind::Str), ("description", 2, Kind::Str)], extensions: 3 };

static API_KEY: Table = Table {
    fields: &[("type", 1, Kind::Str), ("name", 2, Kind::Str), ("in", 3, Kind::Str), ("description", 4, Kind::Str)],
    extensions: 5,
};

/// The bytes of the document, whose members are given one by one.
pub fn encode(document: &BTreeMap<&str, Cow<'_, Value>>) -> Vec<u8> {
    let mut out = Vec::new();
    members(&mut out, &DOCUMENT, |name| document.get(name).map(|value| &**value));
    out
}

fn members<'a>(out: &mut Vec<u8>, table: &Table, get: impl Fn(&str) -> Option<&'a Value>) {
    for (name, number, kind) in table.fields {
        if let Some(value) = get(name) {
            field(out, *number, kind, value);
        }
    }
}

fn table(out: &mut Vec<u8>, table: &Table, value: &Value) {
    members(out, table, |name| value.get(name));
    let extensions = value.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("x-"));
    for (name, value) in extensions.filter(|_| table.extensions != 0) {
        named(out, table.extensions, name, &Kind::Any, value);
    }
}

fn field(out: &mut Vec<u8>, number: u32, kind: &Kind, value: &Value) {
    match kind {
        Kind::Str => bytes(out, number, value.as_str().unwrap_or_default().as_bytes()),
        Kind::Bool => {
            varint(out, u64::from(number) << 3);
            varint(out, value.as_bool().unwrap_or_default().into());
        }
        Kind::Strs => each(value).for_each(|item| field(out, number, &Kind::Str, item)),
        Kind::Message(shape) => nested(out, number, |out| table(out, shape, value)),
        Kind::Messages(shape) => each(value).for_each(|item| field(out, number, &Kind::Message(shape), item)),
        Kind::Named(inner, kind) => nested(out, number, |out| {
            for (name, value) in value.as_object().into_iter().flatten() {
                named(out, *inner, name, kind, value);
            }
        }),
        Kind::Within(inner, kind) => nested(out, number, |out| field(out, *inner, kind, value)),
        Kind::Any => nested(out, number, |out| bytes(out, 2, format!("{value}\n").as_bytes())),
        Kind::Parameter => nested(out, number, |out| parameter(out, value)),
        Kind::Parameters => each(value).for_each(|item| {
            nested(out, number, |out| match item.get("$ref") {
                Some(_) => field(out, 2, &Kind::Message(&REFERENCE), item),
                None => field(out, 1, &Kind::Parameter, item),
            });
        }),
        Kind::AdditionalProperties => nested(out, number, |out| match value {
            Value::Bool(_) => field(out, 2, &Kind::Bool, value),
            _ => field(out, 1, &Kind::Message(&SCHEMA), value),
        }),
        Kind::SecurityDefinition => nested(out, number, |out| match value["type"].as_str() {
            Some("basic") => field(out, 1, &Kind::Message(&BASIC), value),
            _ => field(out, 2, &Kind::Message(&API_KEY), value),
        }),
        Kind::SecurityRequirements => {
            each(value).for_each(|item| field(out, number, &Kind::Named(1, &Kind::Within(1, &Kind::Strs)), item));
        }
    }
}

/// `Parameter {oneof {body = 1; {oneof {header = 1; query = 3; path = 4}} = 2}}`
fn parameter(out: &mut Vec<u8>, value: &Value) {
    let (number, shape) = match value["in"].as_str() {
        Some("body") => return field(out, 1, &Kind::Message(&BODY), value),
        Some("header") => (1, &PATH),
        Some("path") => (4, &PATH),
        _ => (3, &QUERY),
    };
    nested(out, 2, |out| nested(out, number, |out| table(out, shape, value)));
}

fn named(out: &mut Vec<u8>, number: u32, name: &str, kind: &Kind, value: &Value) {
    nested(out, number, |out| {
        bytes(out, 1, name.as_bytes());
        field(out, 2, kind, value);
    });
}

/// The items of an array; anything else is its own only item.
fn each(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

fn nested(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    write(&mut body);
    bytes(out, number, &body);
}

fn bytes(out: &mut Vec<u8>, number: u32, value: &[u8]) {
    varint(out, u64::from(number) << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_written_field_by_field() {
        let spec = json!({
            "swagger": "2.0",
            "paths": {"/a": {"get": {"deprecated": true, "parameters": [{"in": "path", "name": "n"}]}}},
            "definitions": {"T": {"type": "object", "x-y": [1]}},
        });
        let document = spec.as_object().unwrap().iter().map(|(k, v)| (k.as_str(), Cow::Borrowed(v))).collect();
        let mut wanted = b"\x0a\x032.0".to_vec();
        // paths 8 { path 2 { name 1, value 2 { get 2 { parameters 8 {…}, deprecated 11 } } } }
        wanted.extend(b"\x42\x1d\x12\x1b\x0a\x02/a\x12\x15\x12\x13");
        // parameter 1 { non_body_parameter 2 { path 4 { in 2, name 4 } } }
        wanted.extend(b"\x42\x0f\x0a\x0d\x12\x0b\x22\x09\x12\x04path\x22\x01n\x58\x01");
        // definitions 9 { 1 { name 1, value 2 { type 22 { value 1 }, vendor_extension 31 { name 1, value 2 { yaml 2 }}}}}
        wanted.extend(b"\x4a\x22\x0a\x20\x0a\x01T\x12\x1b\xb2\x01\x08\x0a\x06object");
        wanted.extend(b"\xfa\x01\x0d\x0a\x03x-y\x12\x06\x12\x04[1]\n");
        assert_eq!(encode(&document), wanted);
    }
}

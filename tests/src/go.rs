//! What Go writes, worked out from `specs/RELEASE/go-facts.json` alone: nothing here looks at a descriptor.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The Go declarations of a release.
pub struct Go {
    structs: BTreeMap<String, Vec<Field>>,
    /// Types defined from another one.
    named: BTreeMap<String, String>,
}

/// A field as Go declares it.
#[derive(Debug)]
pub struct Field {
    /// `-` if it is not in JSON.
    pub json: String,
    /// Embedded without a name in JSON.
    pub inline: bool,
    pub kind: Kind,
    /// Of the value, the item or the map's value.
    pub elem: Elem,
    pub omitempty: bool,
    pub omitzero: bool,
    /// `None` if the field is not in protobuf.
    pub tag: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Value,
    Pointer,
    Slice,
    Map,
    Bytes,
    /// A slice type with a message of its own in protobuf.
    Wrapper,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Elem {
    Bool,
    Int32,
    Int64,
    Float64,
    String,
    Bytes,
    /// A list of strings that is a map's value.
    Strings,
    /// `interface{}`
    Any,
    Struct(String),
}

/// A field that is set, and whether to zero.
#[derive(Clone, Copy)]
pub struct Set<'f> {
    pub field: &'f Field,
    pub zero: bool,
}

/// JSON and protobuf of the zero value of types with codecs written by hand.
const BY_HAND: [(&str, &str, &[u8]); 17] = [
    ("apimachinery.pkg.api.resource.Quantity", "\"0\"", b"\x0a\x010"),
    ("apimachinery.pkg.apis.meta.v1.Duration", "\"0s\"", b"\x08\x00"),
    ("apimachinery.pkg.apis.meta.v1.FieldsV1", "null", b""),
    ("apimachinery.pkg.apis.meta.v1.GroupVersion", "\"\"", b"\x0a\x00\x12\x00"),
    ("apimachinery.pkg.apis.meta.v1.MicroTime", "null", b""),
    ("apimachinery.pkg.apis.meta.v1.Time", "null", b""),
    ("apimachinery.pkg.runtime.RawExtension", "null", b""),
    ("apimachinery.pkg.runtime.Unknown", "null", b"\x0a\x04\x0a\x00\x12\x00\x1a\x00\x22\x00"),
    ("apimachinery.pkg.util.intstr.IntOrString", "0", b"\x08\x00\x10\x00\x1a\x00"),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", "null", b""),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray", "null", b""),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool", "false", b"\x08\x00"),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray", "null", b""),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.JSON", "null", b""),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.JSONSchemaPropsOrArray", "null", b""),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.JSONSchemaPropsOrBool", "false", b"\x08\x00"),
    ("apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.JSONSchemaPropsOrStringArray", "null", b""),
];

fn by_hand(name: &str) -> Option<(&'static str, &'static [u8])> {
    let name = name.strip_prefix("io.k8s.")?;
    BY_HAND.iter().find(|(known, ..)| *known == name).map(|(_, json, proto)| (*json, *proto))
}

/// Whether the type's codecs are written by hand.
pub fn is_by_hand(name: &str) -> bool {
    by_hand(name).is_some()
}

/// Reading the declarations.
impl Go {
    pub fn read(release: &str) -> Go {
        let specs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs"));
        let text = std::fs::read(specs.join(release).join("go-facts.json")).expect("the release's facts");
        let facts: Value = serde_json::from_slice(&text).expect("JSON");
        let mut go = Go { structs: BTreeMap::new(), named: BTreeMap::new() };
        for (name, ty) in facts["types"].as_object().expect("types by name") {
            match ty["underlying"].as_str() {
                Some(other) => drop(go.named.insert(name.clone(), other.to_owned())),
                None => {
                    let fields = ty["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
                    go.structs.insert(name.clone(), fields.iter().map(field).collect());
                }
            }
        }
        go
    }

    /// The fields in Go's order; none if Go declares no such struct.
    pub fn fields(&self, name: &str) -> Option<&[Field]> {
        let mut name = name;
        while let Some(other) = self.named.get(name) {
            name = other;
        }
        self.structs.get(name).map(Vec::as_slice)
    }

    /// The fields that stand in the JSON object, those of inlined structs in place.
    pub fn flat(&self, name: &str) -> Vec<&Field> {
        let fields = self.fields(name).unwrap_or_default().iter().filter(|field| field.json != "-");
        fields.flat_map(|field| if field.inline { self.flat(struct_name(field)) } else { vec![field] }).collect()
    }
}

fn field(node: &Value) -> Field {
    let text = |key: &str| node[key].as_str().unwrap_or_default();
    let proto = &node["proto"];
    let kind = match text("kind") {
        "value" => Kind::Value,
        "pointer" => Kind::Pointer,
        "slice" if text("type").ends_with(".meta.v1.Verbs") => Kind::Wrapper,
        "slice" => Kind::Slice,
        "map" => Kind::Map,
        "bytes" => Kind::Bytes,
        other => panic!("no kind of field: {other}"),
    };
    let elem = match text("elemKind") {
        "bool" => Elem::Bool,
        "int32" => Elem::Int32,
        "int64" => Elem::Int64,
        "float64" => Elem::Float64,
        "string" => Elem::String,
        "bytes" | "" => Elem::Bytes,
        "slice" => Elem::Strings,
        "interface" => Elem::Any,
        _ => Elem::Struct(text("elem").to_owned()),
    };
    Field {
        json: text("json").to_owned(),
        inline: node["inline"] == true,
        kind,
        elem,
        omitempty: node["omitempty"] == true,
        omitzero: node["omitzero"] == true,
        tag: proto["tag"].as_u64().filter(|_| proto["wire"] != "-").map(|tag| tag as u32),
    }
}

fn struct_name(field: &Field) -> &str {
    match &field.elem {
        Elem::Struct(name) => name,
        other => panic!("{} is inlined but is {other:?}", field.json),
    }
}

/// JSON.
impl Go {
    /// A value that is zero but for what is set.
    pub fn json(&self, name: &str, set: Option<Set<'_>>) -> String {
        if let Some((json, _)) = by_hand(name) {
            return json.to_owned();
        }
        let members: Vec<_> = self.flat(name).into_iter().filter_map(|field| self.member(field, set)).collect();
        format!("{{{}}}", members.join(","))
    }

    fn member(&self, field: &Field, set: Option<Set<'_>>) -> Option<String> {
        let text = match set.filter(|set| std::ptr::eq(set.field, field)) {
            Some(set) => self.set_json(set),
            None => self.zero_json(field)?,
        };
        Some(format!("\"{}\":{text}", field.json))
    }

    /// `None` if the field is left out.
    fn zero_json(&self, field: &Field) -> Option<String> {
        match (field.kind, &field.elem) {
            (Kind::Value, Elem::Struct(name)) => (!field.omitzero).then(|| self.json(name, None)),
            _ if field.omitempty => None,
            (Kind::Value, _) => Some(self.elem_json(&field.elem, true)),
            _ => Some("null".to_owned()),
        }
    }

    fn set_json(&self, set: Set<'_>) -> String {
        let elem = |zero| self.elem_json(&set.field.elem, zero);
        match set.field.kind {
            Kind::Value | Kind::Pointer | Kind::Bytes => elem(set.zero),
            Kind::Slice | Kind::Wrapper => format!("[{},{}]", elem(false), elem(true)),
            Kind::Map => format!("{{\"a\":{},\"b\":{}}}", elem(false), elem(true)),
        }
    }

    fn elem_json(&self, elem: &Elem, zero: bool) -> String {
        let text = match (elem, zero) {
            (Elem::Bool, true) => "false",
            (Elem::Bool, false) => "true",
            (Elem::Int32 | Elem::Int64 | Elem::Float64, true) => "0",
            (Elem::Int32, false) => "-1",
            (Elem::Int64, false) => "-2",
            (Elem::Float64, false) => "-1.5",
            (Elem::String | Elem::Bytes, true) => "\"\"",
            (Elem::String, false) => "\"\\u003cx\"",
            (Elem::Bytes, false) => "\"/w==\"",
            (Elem::Strings, _) => "[\"\\u003cx\"]",
            (Elem::Any, _) => "null",
            (Elem::Struct(name), _) => return self.json(name, None),
        };
        text.to_owned()
    }
}

/// Protobuf.
impl Go {
    /// A value that is zero but for what is set.
    pub fn proto(&self, name: &str, set: Option<Set<'_>>) -> Vec<u8> {
        if let Some((_, proto)) = by_hand(name) {
            return proto.to_vec();
        }
        let tagged = self.fields(name).unwrap_or_default().iter().filter_map(|field| Some((field.tag?, field)));
        let mut fields: Vec<_> = tagged.collect();
        fields.sort_by_key(|(tag, _)| *tag);
        fields.into_iter().flat_map(|(tag, field)| self.field_proto(tag, field, set)).collect()
    }

    fn field_proto(&self, tag: u32, field: &Field, set: Option<Set<'_>>) -> Vec<u8> {
        if field.inline {
            return bytes(tag, &self.proto(struct_name(field), set));
        }
        let set = set.filter(|set| std::ptr::eq(set.field, field));
        let elem = |zero| self.elem_proto(tag, &field.elem, zero);
        match (field.kind, set) {
            (Kind::Value, _) => elem(set.is_none_or(|set| set.zero)),
            (_, None) => Vec::new(),
            (Kind::Pointer | Kind::Bytes, Some(set)) => elem(set.zero),
            (Kind::Slice, Some(_)) => [elem(false), elem(true)].concat(),
            (Kind::Wrapper, Some(_)) => {
                let item = |zero| self.elem_proto(1, &field.elem, zero);
                bytes(tag, &[item(false), item(true)].concat())
            }
            (Kind::Map, Some(_)) => {
                let value = |zero| self.elem_proto(2, &field.elem, zero);
                let entry = |key: &str, zero| bytes(tag, &[bytes(1, key.as_bytes()), value(zero)].concat());
                [entry("a", false), entry("b", true)].concat()
            }
        }
    }

    fn elem_proto(&self, tag: u32, elem: &Elem, zero: bool) -> Vec<u8> {
        let number = |value: i64| if zero { integer(tag, 0) } else { integer(tag, value) };
        match elem {
            Elem::Bool => number(1),
            Elem::Int32 => number(-1),
            Elem::Int64 => number(-2),
            Elem::Float64 => {
                let value = if zero { 0f64 } else { -1.5 };
                [varint(u64::from(tag << 3 | 1)), value.to_le_bytes().to_vec()].concat()
            }
            Elem::String => bytes(tag, if zero { b"" } else { b"<x" }),
            Elem::Bytes => bytes(tag, if zero { b"" } else { b"\xff" }),
            Elem::Strings => bytes(tag, &bytes(1, b"<x")),
            Elem::Any => Vec::new(),
            Elem::Struct(name) => bytes(tag, &self.proto(name, None)),
        }
    }
}

/// A varint field; negative numbers take ten bytes, whatever their size.
pub fn integer(tag: u32, value: i64) -> Vec<u8> {
    [varint(u64::from(tag << 3)), varint(value as u64)].concat()
}

/// A field with a length.
pub fn bytes(tag: u32, value: &[u8]) -> Vec<u8> {
    [varint(u64::from(tag << 3 | 2)), varint(value.len() as u64), value.to_vec()].concat()
}

/// Seven bits a byte, the lowest first.
pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

//! What a release *is*, joined from all inputs. No input or output happens here.
//!
//! Everything is sorted or in declared order, so that whoever walks the model produces the same bytes every time.

pub mod report;

use std::collections::BTreeMap;

use crate::diagnostic::Place;

/// A Kubernetes release, or anybody's own API group.
#[derive(Debug, Default)]
pub struct Release {
    /// Such as `v1.36`.
    pub name: String,
    /// Such as `v1.36.0`.
    pub git_version: String,
    /// Messages by full OpenAPI name, such as `io.k8s.api.core.v1.Pod`.
    pub messages: BTreeMap<String, Message>,
    /// String types with a set of named constants, by full OpenAPI name.
    pub enums: BTreeMap<String, Enum>,
    /// Registered kinds, sorted by group, version, kind.
    pub kinds: Vec<Kind>,
    /// API groups in discovery order.
    pub groups: Vec<Group>,
    /// Served resources, by group version in discovery order, then by name.
    pub resources: Vec<Resource>,
    /// The OpenAPI v2 document without what only upstream's file has.
    pub openapi: serde_json::Value,
}

/// A fact and where it was read.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Of each input that speaks of the thing: `openapi`, `proto`, `go facts`, `rules`.
    pub places: Vec<(&'static str, Place)>,
}

impl Origin {
    /// Notes that an input speaks of the thing, if it does.
    pub fn add(&mut self, input: &'static str, place: Option<&Place>) {
        self.places.extend(place.map(|place| (input, place.clone())));
    }
}

impl Release {
    /// The fields of a message in JSON: its own and those of inlined structs, in order.
    pub fn json_fields<'r>(&'r self, message: &'r Message) -> Vec<&'r Field> {
        let mut fields = Vec::with_capacity(message.fields.len());
        for field in &message.fields {
            match &field.ty {
                FieldType::Message(name) if field.inline && *name != message.name => {
                    fields.extend(self.messages.get(name).map(|inner| self.json_fields(inner)).unwrap_or_default());
                }
                _ if field.json.is_empty() => {}
                _ => fields.push(field),
            }
        }
        fields
    }

    /// The resource of a group version by its plural name.
    pub fn resource(&self, group: &str, version: &str, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.name == name && r.version == version && r.group == group)
    }

    /// The kind of a group version.
    pub fn kind(&self, group: &str, version: &str, kind: &str) -> Option<&Kind> {
        self.kinds.iter().find(|k| k.kind == kind && k.version == version && k.group == group)
    }

    /// The field at a path with dots, such as `spec.containers[].name`; lists are entered with `[]`.
    pub fn field_at(&self, message: &str, path: &str) -> Option<&Field> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let name = first.trim_end_matches("[]");
        let field = self.json_fields(self.messages.get(message)?).into_iter().find(|field| field.json == name)?;
        match (rest, &field.ty) {
            (None, _) => Some(field),
            (Some(rest), FieldType::Message(inner)) => self.field_at(inner, rest),
            (Some(rest), FieldType::List(inner)) => match &**inner {
                FieldType::Message(inner) => self.field_at(inner, rest),
                _ => None,
            },
            // The rest is a key of the map, dots and all.
            (Some(_), FieldType::Map(_)) => Some(field),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Message {
    pub name: String,
    /// Path of the Rust module below the crate, such as `["api", "core", "v1"]`.
    pub module: Vec<String>,
    /// Name of the Rust type, such as `Pod`.
    pub rust: String,
    /// `machinery` type that stands for it if its JSON is not its protobuf shape.
    pub special: Option<Special>,
    /// In Go order. Inlined structs are fields with [`Field::inline`] set.
    pub fields: Vec<Field>,
    /// From the full spec; empty if the spec is stripped to facts.
    pub description: String,
    /// Cargo feature that compiles it; `None` for what every group needs.
    pub feature: Option<String>,
    /// Has a protobuf message, or is JSON only.
    pub proto: bool,
    /// One value with one owner in server-side apply (`x-kubernetes-map-type: atomic` on the type).
    pub atomic: bool,
    pub origin: Origin,
}

/// Types with codecs of their own (`facts`: there are 17 and no 18th).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    Time,
    MicroTime,
    Duration,
    Quantity,
    IntOrString,
    RawExtension,
    FieldsV1,
    /// apiextensions' `JSON`.
    Json,
    JsonSchemaPropsOrBool,
    JsonSchemaPropsOrArray,
    JsonSchemaPropsOrStringArray,
    /// `ExtraValue` and `Verbs`: a list of strings in JSON, a message in protobuf.
    StringList,
    /// `meta.v1.Patch`
    Patch,
    /// `meta.v1.GroupVersion`
    GroupVersion,
    /// `runtime.Unknown`
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Field {
    /// JSON name; empty for inlined structs.
    pub json: String,
    /// Rust name, a raw identifier where it must be.
    pub rust: String,
    /// Protobuf field number; `None` if JSON only.
    pub tag: Option<u32>,
    pub ty: FieldType,
    /// `Option` in Rust.
    pub pointer: bool,
    pub omitempty: bool,
    pub omitzero: bool,
    /// Required in the OpenAPI schema.
    pub required: bool,
    /// The struct's fields are the parent's own in JSON.
    pub inline: bool,
    /// Go's name of the type in error messages where it differs from the plain one.
    pub go_type: String,
    pub merge: Merge,
    /// Constants of the string type, by name in [`Release::enums`].
    pub enum_name: Option<String>,
    /// Markers verbatim, such as `+optional`.
    pub markers: Vec<String>,
    pub description: String,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    Bool,
    I32,
    I64,
    F64,
    Str,
    Bytes,
    /// Name of a message.
    Message(String),
    List(Box<FieldType>),
    /// Keys are strings.
    Map(Box<FieldType>),
    /// Any JSON value (`Table` cells); JSON only.
    Any,
}

/// List, map and patch semantics as the spec states them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// `atomic`, `set`, `map` or empty.
    pub list_type: String,
    pub list_keys: Vec<String>,
    /// `atomic`, `granular` or empty.
    pub map_type: String,
    /// Such as `["merge", "retainKeys"]`.
    pub patch_strategy: Vec<String>,
    pub patch_key: String,
}

#[derive(Clone, Debug, Default)]
pub struct Enum {
    pub name: String,
    /// Go name and value.
    pub values: Vec<(String, String)>,
    /// The set is closed (`+enum`).
    pub closed: bool,
    pub origin: Origin,
}

#[derive(Clone, Debug, Default)]
pub struct Kind {
    pub group: String,
    pub version: String,
    pub kind: String,
    /// Name of the message.
    pub message: String,
    /// Releases such as `1.19` from the lifecycle markers.
    pub introduced: Option<String>,
    pub deprecated: Option<String>,
    pub removed: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Group {
    pub name: String,
    /// The preferred one first.
    pub versions: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Resource {
    pub group: String,
    pub version: String,
    pub name: String,
    pub singular: String,
    pub kind: String,
    pub namespaced: bool,
    pub verbs: Vec<String>,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub subresources: Vec<Subresource>,
    pub storage: Option<Storage>,
    pub generation: bool,
    pub delete_returns_object: bool,
    pub update_needs_version: bool,
    /// Label and path.
    pub selectable: Vec<(String, String)>,
    pub columns: Vec<Column>,
    pub scale: Option<Scale>,
    /// Path and JSON text.
    pub defaults: Vec<(String, String)>,
    pub origin: Origin,
}

#[derive(Clone, Debug, Default)]
pub struct Subresource {
    pub name: String,
    pub group: String,
    pub version: String,
    pub kind: String,
    pub verbs: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Storage {
    pub prefix: String,
    pub group: String,
    pub version: String,
    pub kind: String,
}

#[derive(Clone, Debug, Default)]
pub struct Column {
    pub name: String,
    pub ty: String,
    pub format: String,
    pub priority: i32,
    pub description: String,
    pub function: String,
    pub arguments: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Scale {
    pub spec_replicas: String,
    pub status_replicas: String,
    pub selector: String,
}

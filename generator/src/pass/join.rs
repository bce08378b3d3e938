//! Joins the inputs: which types there are, their fields, types, numbers and merge semantics.
//!
//! Fields come from the Go declaration if there is one, else from protobuf, else from OpenAPI. Field names stay as the
//! input has them; the naming pass makes Rust names of them.

use std::collections::{BTreeMap, BTreeSet};

use super::fixups::Fixups;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::input::go_facts::{self, Facts, FieldKind, Shape};
use crate::input::openapi::Schema;
use crate::input::{RawInputs, proto};
use crate::model::{Enum, Field, FieldType, Merge, Message, Origin, Release};

pub fn run(release: &mut Release, inputs: &RawInputs, fixups: &Fixups<'_>, diagnostics: &mut Diagnostics) {
    let no_facts = Facts::default();
    let go = inputs.go.as_ref().unwrap_or(&no_facts);
    let own = own_names(inputs, go);
    let mut join = Join { inputs, go, own: &own, diagnostics };
    release.enums = join.enums();
    let mut open: Vec<String> = own.iter().filter(|name| !fixups.skips(name)).cloned().collect();
    while let Some(name) = open.pop() {
        if release.messages.contains_key(&name) {
            continue;
        }
        let message = join.message(&name, &release.enums);
        open.extend(message.fields.iter().filter_map(|field| message_of(&field.ty)).map(str::to_owned));
        release.messages.insert(name, message);
    }
}

/// The message a type consists of, lists or maps.
pub fn message_of(ty: &FieldType) -> Option<&str> {
    match ty {
        FieldType::Message(name) => Some(name),
        FieldType::List(inner) | FieldType::Map(inner) => message_of(inner),
        _ => None,
    }
}

/// Types that are messages of their own even if Go defines them from another type.
fn own_names(inputs: &RawInputs, go: &Facts) -> BTreeSet<String> {
    let mut names: BTreeSet<String> =
        inputs.proto.messages.keys().chain(inputs.openapi.definitions.keys()).cloned().collect();
    // Go facts may be of more packages than the other inputs, such as a whole release beside a group of one's own.
    let packages: BTreeSet<String> =
        names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0.to_owned())).collect();
    for (prefix, package) in go.packages.iter().filter(|(prefix, _)| packages.contains(*prefix)) {
        let kinds = package.kinds.iter().map(|kind| format!("{prefix}.{kind}"));
        names.extend(kinds.filter(|name| go.fields(name).is_some()));
    }
    names
}

struct Join<'i, 'd> {
    inputs: &'i RawInputs,
    go: &'i Facts,
    own: &'i BTreeSet<String>,
    diagnostics: &'d mut Diagnostics,
}

impl Join<'_, '_> {
    fn message(&mut self, name: &str, enums: &BTreeMap<String, Enum>) -> Message {
        let definition = self.inputs.openapi.definitions.get(name);
        // Another name for a type of Go's is on the wire what that type is.
        let messages = &self.inputs.proto.messages;
        let proto = messages.get(name).or_else(|| messages.get(self.go.resolve(name)));
        let go = self.go.types.get(name);
        let mut message = Message { name: name.to_owned(), proto: proto.is_some(), ..Message::default() };
        message.origin.add("openapi", definition.map(|d| &d.place));
        message.origin.add("proto", proto.map(|p| &p.place));
        message.origin.add("go facts", go.map(|g| &g.place));
        message.description = definition.map(|d| d.schema.description.clone()).unwrap_or_default();
        if message.description.is_empty() {
            message.description = proto.map(|p| p.description.clone()).unwrap_or_default();
        }
        message.special = super::presence::special(name, self.inputs);
        message.atomic = definition.is_some_and(|d| d.schema.map_type == "atomic")
            || go.is_some_and(|g| g.markers.iter().any(|m| m == "+structType=atomic"));
        if message.special.is_some() {
            return message;
        }
        let schema = definition.map(|d| &d.schema);
        message.fields = match (self.go.fields(name), proto) {
            (Some(fields), _) => self.go_fields(name, fields, proto, schema, enums),
            (None, Some(proto)) => proto_fields(proto, schema),
            (None, None) => self.openapi_fields(name, schema),
        };
        message
    }

    fn go_fields(
        &mut self,
        message: &str,
        fields: &[go_facts::Field],
        proto: Option<&proto::Message>,
        schema: Option<&Schema>,
        enums: &BTreeMap<String, Enum>,
    ) -> Vec<Field> {
        let mut joined = Vec::with_capacity(fields.len());
        for go in fields.iter().filter(|field| field.json != "-" || field.proto.is_some()) {
            let Some(ty) = self.go_type(go) else {
                self.no_form(message, go);
                continue;
            };
            // A struct without a protobuf message keeps its JSON form only.
            let tag = go.proto.as_ref().map(|(tag, _)| *tag).filter(|_| proto.is_some());
            let wire = proto.and_then(|p| p.fields.iter().find(|f| Some(f.number) == tag));
            let property = schema.and_then(|s| s.property(&go.json));
            let mut field = Field {
                json: if go.json == "-" { String::new() } else { go.json.clone() },
                tag,
                inline: go.inline,
                go_type: go_type_text(go, &ty),
                merge: property.map_or_else(|| go_merge(go), openapi_merge),
                enum_name: self.enum_of(go, enums),
                markers: go.markers.clone(),
                description: description(property, wire),
                ..Field::new(&go.go, ty)
            };
            field.origin.add("openapi", property.map(|p| &p.place));
            field.origin.add("proto", wire.map(|w| &w.place));
            field.origin.add("go facts", Some(&go.place));
            joined.push(field);
        }
        joined
    }

    fn no_form(&mut self, message: &str, go: &go_facts::Field) {
        self.diagnostics.add(
            Diagnostic::error(
                Code::KF0306,
                format!("the Go type `{}` of `{message}.{}` has no API form", go.ty, go.go),
            )
            .at(go.place.clone(), "this field")
            .help("leave the type out with a `skip` entry in rules/fixups.yaml"),
        );
    }

    fn go_type(&self, go: &go_facts::Field) -> Option<FieldType> {
        let elem = || self.element(&go.elem, &go.elem_kind);
        Some(match go.kind {
            FieldKind::Bytes => FieldType::Bytes,
            FieldKind::Value | FieldKind::Pointer => elem()?,
            FieldKind::Slice if self.own.contains(&go.ty) => FieldType::Message(go.ty.clone()),
            FieldKind::Slice => FieldType::List(Box::new(elem()?)),
            FieldKind::Map => FieldType::Map(Box::new(elem()?)),
        })
    }

    fn element(&self, name: &str, kind: &str) -> Option<FieldType> {
        Some(match kind {
            "bool" => FieldType::Bool,
            "int32" => FieldType::I32,
            "int64" => FieldType::I64,
            "float64" => FieldType::F64,
            "string" => FieldType::Str,
            "bytes" => FieldType::Bytes,
            "interface" => FieldType::Any,
            "struct" if self.own.contains(name) => FieldType::Message(name.to_owned()),
            "struct" => FieldType::Message(self.go.resolve(name).to_owned()),
            "slice" if self.own.contains(name) => FieldType::Message(name.to_owned()),
            _ => return None,
        })
    }

    /// The enum that the field's values come from.
    fn enum_of(&self, go: &go_facts::Field, enums: &BTreeMap<String, Enum>) -> Option<String> {
        if go.elem_kind != "string" {
            return None;
        }
        [go.elem.as_str(), self.go.resolve(&go.elem)].into_iter().find(|n| enums.contains_key(*n)).map(str::to_owned)
    }

    fn openapi_fields(&mut self, message: &str, schema: Option<&Schema>) -> Vec<Field> {
        let mut fields = Vec::new();
        for (json, property) in schema.iter().flat_map(|s| &s.properties) {
            let Some(ty) = openapi_type(property) else {
                self.diagnostics.add(
                    Diagnostic::error(Code::KF0304, format!("the type of `{message}.{json}` is not known"))
                        .at(property.place.clone(), "this schema")
                        .help("give it a `type`, or a `$ref` to a definition"),
                );
                continue;
            };
            let mut field = Field {
                json: json.clone(),
                merge: openapi_merge(property),
                description: property.description.clone(),
                ..Field::new(json, ty)
            };
            field.origin.add("openapi", Some(&property.place));
            fields.push(field);
        }
        fields
    }

    fn enums(&self) -> BTreeMap<String, Enum> {
        let mut enums = BTreeMap::new();
        for (name, ty) in &self.go.types {
            let Shape::Named { consts, .. } = &ty.shape else { continue };
            if consts.is_empty() || self.underlying(name) != "string" {
                continue;
            }
            let values = consts.iter().map(|(name, value)| (name.clone(), self.constant(value))).collect();
            let mut origin = Origin::default();
            origin.add("go facts", Some(&ty.place));
            let closed = ty.markers.iter().any(|marker| marker == "+enum");
            enums.insert(name.clone(), Enum { name: name.clone(), values, closed, origin });
        }
        enums
    }

    fn underlying(&self, name: &str) -> &str {
        match self.go.types.get(self.go.resolve(name)).map(|ty| &ty.shape) {
            Some(Shape::Named { underlying, .. }) => underlying,
            _ => "",
        }
    }

    /// The value of a constant, through constants that are defined by others.
    fn constant(&self, value: &str) -> String {
        let mut value = value;
        for _ in 0..16 {
            let Some(other) = value.strip_prefix('=') else { break };
            let Some(next) = self.constants_named(other) else { break };
            value = next;
        }
        value.to_owned()
    }

    /// The value of `package.Name`, whichever type of the package it belongs to.
    fn constants_named(&self, qualified: &str) -> Option<&str> {
        let (package, constant) = qualified.rsplit_once('.')?;
        let of_package =
            self.go.types.iter().filter(|(name, _)| name.rsplit_once('.').is_some_and(|(p, _)| p == package));
        of_package.into_iter().find_map(|(_, ty)| match &ty.shape {
            Shape::Named { consts, .. } => consts.iter().find(|(name, _)| name == constant).map(|(_, v)| v.as_str()),
            Shape::Struct(_) => None,
        })
    }
}

impl Field {
    /// A field of which nothing but name and type is known.
    fn new(name: &str, ty: FieldType) -> Field {
        Field {
            json: String::new(),
            rust: name.to_owned(),
            tag: None,
            ty,
            pointer: false,
            omitempty: false,
            omitzero: false,
            required: false,
            inline: false,
            go_type: String::new(),
            merge: Merge::default(),
            enum_name: None,
            markers: Vec::new(),
            description: String::new(),
            origin: Origin::default(),
        }
    }
}

fn description(property: Option<&Schema>, wire: Option<&proto::Field>) -> String {
    let text = property.map(|p| p.description.as_str()).filter(|text| !text.is_empty());
    text.or(wire.map(|w| w.description.as_str())).unwrap_or_default().to_owned()
}

/// Fields in the order of the .proto file; JSON names from OpenAPI where they can be told.
fn proto_fields(proto: &proto::Message, schema: Option<&Schema>) -> Vec<Field> {
    let mut fields = Vec::with_capacity(proto.fields.len());
    for wire in &proto.fields {
        let (json, property) = json_name(&wire.name, schema);
        let mut field = Field {
            json,
            tag: Some(wire.number),
            merge: property.map(openapi_merge).unwrap_or_default(),
            markers: wire.markers.clone(),
            description: description(property, Some(wire)),
            ..Field::new(&wire.name, wire.ty.to_model())
        };
        field.origin.add("openapi", property.map(|p| &p.place));
        field.origin.add("proto", Some(&wire.place));
        fields.push(field);
    }
    // What OpenAPI has and protobuf has not is `kind` and `apiVersion`, which travel in the envelope.
    let type_meta = ["apiVersion", "kind"].into_iter().filter_map(|n| Some((n, schema?.property(n)?)));
    for (name, property) in type_meta.filter(|(name, _)| !proto.fields.iter().any(|f| f.name == *name)) {
        let mut field = Field { json: name.to_owned(), ..Field::new(name, FieldType::Str) };
        field.description = property.description.clone();
        field.origin.add("openapi", Some(&property.place));
        fields.insert(0, field);
    }
    fields
}

/// The property that a protobuf field is in JSON: the same name, the same in camel case, or the same but for case.
fn json_name<'s>(proto: &str, schema: Option<&'s Schema>) -> (String, Option<&'s Schema>) {
    let camel = lower_camel_case(proto);
    let properties = schema.map(|s| s.properties.as_slice()).unwrap_or_default();
    let find = |fits: &dyn Fn(&str) -> bool| properties.iter().find(|(name, _)| fits(name));
    let found = find(&|name| name == proto)
        .or_else(|| find(&|name| name == camel))
        .or_else(|| find(&|name| name.eq_ignore_ascii_case(&camel)));
    match found {
        Some((name, schema)) => (name.clone(), Some(schema)),
        None => (camel, None),
    }
}

/// As protobuf makes JSON names.
fn lower_camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

impl proto::Type {
    /// The same as a type of the model.
    pub fn to_model(&self) -> FieldType {
        match self {
            proto::Type::Bool => FieldType::Bool,
            proto::Type::I32 => FieldType::I32,
            proto::Type::I64 => FieldType::I64,
            proto::Type::F64 => FieldType::F64,
            proto::Type::Str => FieldType::Str,
            proto::Type::Bytes => FieldType::Bytes,
            proto::Type::Message(name) => FieldType::Message(name.clone()),
            proto::Type::List(inner) => FieldType::List(Box::new(inner.to_model())),
            proto::Type::Map(inner) => FieldType::Map(Box::new(inner.to_model())),
        }
    }
}

fn openapi_type(schema: &Schema) -> Option<FieldType> {
    if let Some(name) = &schema.reference {
        return Some(FieldType::Message(name.clone()));
    }
    Some(match (schema.ty.as_str(), schema.format.as_str()) {
        ("string", "byte") => FieldType::Bytes,
        ("string", _) => FieldType::Str,
        ("boolean", _) => FieldType::Bool,
        ("integer", "int32") => FieldType::I32,
        ("integer", _) => FieldType::I64,
        ("number", _) => FieldType::F64,
        ("array", _) => FieldType::List(Box::new(openapi_type(schema.items.as_deref()?)?)),
        ("object", _) => FieldType::Map(Box::new(openapi_type(schema.additional.as_deref()?)?)),
        _ => return None,
    })
}

/// Merge semantics by OpenAPI.
pub fn openapi_merge(schema: &Schema) -> Merge {
    Merge {
        list_type: schema.list_type.clone(),
        list_keys: schema.list_keys.clone(),
        map_type: schema.map_type.clone(),
        patch_strategy: split(&schema.patch_strategy),
        patch_key: schema.patch_key.clone(),
    }
}

/// Merge semantics by struct tags and markers.
pub fn go_merge(field: &go_facts::Field) -> Merge {
    let values = |marker: &str| -> Vec<String> {
        field.markers.iter().filter_map(|m| m.strip_prefix(marker)).map(|v| v.trim().to_owned()).collect()
    };
    let first = |marker: &str| values(marker).into_iter().next().unwrap_or_default();
    let mut list_keys = values("+listMapKey=");
    list_keys.dedup();
    Merge {
        list_type: first("+listType="),
        list_keys,
        map_type: Some(first("+mapType=")).filter(|m| !m.is_empty()).unwrap_or_else(|| first("+structType=")),
        patch_strategy: split(&field.patch_strategy),
        patch_key: field.patch_key.clone(),
    }
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Go's text for the type if it is not what the model's type says by itself.
fn go_type_text(go: &go_facts::Field, ty: &FieldType) -> String {
    let declared = shorten(go.ty.trim_start_matches('*'));
    if declared == plain_go_type(ty) { String::new() } else { declared }
}

/// `map[string]io.k8s.api.core.v1.Container` as Go prints it: `map[string]v1.Container`.
fn shorten(ty: &str) -> String {
    let mut short = String::with_capacity(ty.len());
    let mut word = String::new();
    for c in ty.chars().chain(std::iter::once(' ')) {
        if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') {
            word.push(c);
            continue;
        }
        let start = word.rmatch_indices('.').nth(1).map_or(0, |(i, _)| i + 1);
        short.push_str(&word[start..]);
        word.clear();
        short.push(c);
    }
    short.pop();
    short
}

fn plain_go_type(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "bool".into(),
        FieldType::I32 => "int32".into(),
        FieldType::I64 => "int64".into(),
        FieldType::F64 => "float64".into(),
        FieldType::Str => "string".into(),
        FieldType::Bytes => "[]byte".into(),
        FieldType::Message(name) => shorten(name),
        FieldType::List(inner) => format!("[]{}", plain_go_type(inner)),
        FieldType::Map(inner) => format!("map[string]{}", plain_go_type(inner)),
        FieldType::Any => "interface{}".into(),
    }
}

//! One OpenAPI v3 document per group version (KEP-2896), made from the v2 spec as upstream's builder makes its own.
//!
//! What v3 says beyond v2: the defaults of fields that are always present, and the alternatives of `IntOrString` and
//! `Quantity`. A definition is rendered once and then only copied, as text, into every document that needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::emit::names::Names;
use crate::model::{Field, FieldType, Message, Release, Special};

/// Everything that documents are put together from.
pub struct Documents {
    info: String,
    security: String,
    schemas: BTreeMap<String, Rendered>,
    /// By name of the document, then by path.
    paths: BTreeMap<String, BTreeMap<String, Rendered>>,
}

/// JSON text, and the definitions that it refers to.
struct Rendered {
    text: String,
    refs: BTreeSet<String>,
}

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl Documents {
    pub fn new(names: &Names<'_>) -> Documents {
        let spec = &names.release.openapi;
        let schemas = members(&spec["definitions"])
            .map(|(name, schema)| (name.clone(), definition(names.release, name, schema)))
            .collect();
        let mut paths: BTreeMap<String, BTreeMap<String, Rendered>> = BTreeMap::new();
        for (path, item) in members(&spec["paths"]) {
            paths.entry(document_name(path)).or_default().insert(path.clone(), path_item(spec, item));
        }
        let security = members(&spec["securityDefinitions"]).next().map(|_| spec["securityDefinitions"].to_string());
        Documents { info: super::info(names).to_string(), security: security.unwrap_or_default(), schemas, paths }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(String::as_str)
    }

    /// The text of a document.
    pub fn document(&self, name: &str) -> String {
        let paths = &self.paths[name];
        let mut components = Vec::new();
        let schemas = self.reachable(paths.values());
        if !schemas.is_empty() {
            let schemas = schemas.iter().map(|(name, schema)| (name.as_str(), schema.text.as_str()));
            components.push(("schemas", object(schemas)));
        }
        if !self.security.is_empty() {
            components.push(("securitySchemes", self.security.clone()));
        }
        object([
            ("components", object(components.iter().map(|(name, text)| (*name, text.as_str()))).as_str()),
            ("info", &self.info),
            ("openapi", "\"3.0.0\""),
            ("paths", &object(paths.iter().map(|(path, item)| (path.as_str(), item.text.as_str())))),
        ])
    }

    /// The definitions that the paths refer to, directly or not.
    fn reachable<'a>(&'a self, paths: impl Iterator<Item = &'a Rendered>) -> BTreeMap<&'a String, &'a Rendered> {
        let mut found = BTreeMap::new();
        let mut open: Vec<&String> = paths.flat_map(|path| &path.refs).collect();
        while let Some(name) = open.pop() {
            if let Some(schema) = self.schemas.get(name)
                && found.insert(name, schema).is_none()
            {
                open.extend(&schema.refs);
            }
        }
        found
    }
}

/// Name of the document that a path is in: its group version, or the path up to the first parameter.
fn document_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let length = match parts.first() {
        Some(&"api") => parts.len().min(2),
        Some(&"apis") => parts.len().min(3),
        _ => parts.iter().take_while(|part| !part.starts_with('{')).count(),
    };
    parts[..length].join("/")
}

fn definition(release: &Release, name: &str, schema: &Value) -> Rendered {
    let mut refs = BTreeSet::new();
    let message = release.messages.get(name);
    let mut schema = convert(schema, &mut refs);
    if let Some(alternatives) = message.and_then(|m| alternatives(m.special?)) {
        schema.remove("type");
        schema.insert("oneOf".into(), alternatives);
    }
    let fields = message.map(|message| json_fields(release, message)).unwrap_or_default();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            if let Some(field) = fields.get(name.as_str()) {
                *property = with_defaults(property.take(), field, release);
            }
        }
    }
    Rendered { text: Value::Object(schema).to_string(), refs }
}

fn alternatives(special: Special) -> Option<Value> {
    match special {
        Special::IntOrString => Some(json!([{ "type": "integer" }, { "type": "string" }])),
        Special::Quantity => Some(json!([{ "type": "string" }, { "type": "number" }])),
        _ => None,
    }
}

/// Fields by JSON name, those of inlined structs included.
fn json_fields<'a>(release: &'a Release, message: &'a Message) -> BTreeMap<&'a str, &'a Field> {
    let mut fields = BTreeMap::new();
    for field in &message.fields {
        match &field.ty {
            FieldType::Message(name) if field.inline => fields.extend(json_fields(release, &release.messages[name])),
            _ => drop(fields.insert(field.json.as_str(), field)),
        }
    }
    fields
}

/// A schema in v3 form: references point to components, and a reference with siblings becomes an `allOf`.
fn convert(schema: &Value, refs: &mut BTreeSet<String>) -> Map<String, Value> {
    let mut converted = Map::new();
    for (key, value) in members(schema) {
        let value = match (key.as_str(), value) {
            ("$ref", Value::String(reference)) => component(reference, refs),
            ("items" | "additionalProperties", Value::Object(_)) => Value::Object(convert(value, refs)),
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, p)| (name.clone(), Value::Object(convert(p, refs)))).collect()
            }
            _ => value.clone(),
        };
        converted.insert(key.clone(), value);
    }
    wrap_reference(&mut converted);
    converted
}

fn component(reference: &str, refs: &mut BTreeSet<String>) -> Value {
    let name = reference.strip_prefix("#/definitions/").unwrap_or(reference);
    refs.insert(name.to_owned());
    format!("#/components/schemas/{name}").into()
}

/// A property with the default that its field has, and its items with theirs.
fn with_defaults(property: Value, field: &Field, release: &Release) -> Value {
    let ty = plain(&field.ty, release);
    // Structs are there whatever `omitempty` says.
    let present = !field.pointer && (!field.omitempty || matches!(ty, FieldType::Message(_)));
    let default = marked(field, release).or(zero(ty).filter(|_| present));
    item_defaults(property, ty, default, release)
}

/// A list of strings that only protobuf has a message for is a list.
fn plain<'a>(ty: &'a FieldType, release: &Release) -> &'a FieldType {
    static STRINGS: LazyLock<FieldType> = LazyLock::new(|| FieldType::List(Box::new(FieldType::Str)));
    match ty {
        FieldType::Message(name) if release.messages[name].special == Some(Special::StringList) => &STRINGS,
        _ => ty,
    }
}

fn item_defaults(schema: Value, ty: &FieldType, default: Option<Value>, release: &Release) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    for key in ["items", "additionalProperties"] {
        if let (Some(inner), FieldType::List(item) | FieldType::Map(item)) = (schema.get_mut(key), ty) {
            let item = plain(item, release);
            *inner = item_defaults(inner.take(), item, zero(item), release);
        }
    }
    schema.extend(default.map(|default| ("default".to_owned(), default)));
    wrap_reference(&mut schema);
    schema.into()
}

/// In OpenAPI 3.0 nothing may stand beside a `$ref`.
fn wrap_reference(schema: &mut Map<String, Value>) {
    if schema.len() > 1
        && let Some(reference) = schema.remove("$ref")
    {
        schema.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

/// What Go has where nothing was given.
fn zero(ty: &FieldType) -> Option<Value> {
    match ty {
        FieldType::Bool => Some(false.into()),
        FieldType::I32 | FieldType::I64 => Some(0.into()),
        FieldType::Str => Some("".into()),
        FieldType::Message(_) => Some(json!({})),
        _ => None,
    }
}

/// The default of a `+default=` marker: JSON, or `ref()` to a constant of the field's type.
fn marked(field: &Field, release: &Release) -> Option<Value> {
    let text = field.markers.iter().find_map(|marker| marker.strip_prefix("+default="))?;
    let Some(constant) = text.strip_prefix("ref(").and_then(|rest| rest.strip_suffix(')')) else {
        return serde_json::from_str(text).ok();
    };
    let constants = release.enums.get(field.enum_name.as_ref()?)?;
    constants.values.iter().find(|(name, _)| name == constant).map(|(_, value)| value.as_str().into())
}

fn path_item(spec: &Value, item: &Value) -> Rendered {
    let mut refs = BTreeSet::new();
    let mut converted = Map::new();
    for (key, value) in members(item) {
        let value = match key.as_str() {
            method if METHODS.contains(&method) => operation(spec, value, &mut refs).into(),
            "parameters" => parameters(spec, value, &mut refs).0,
            _ => value.clone(),
        };
        converted.insert(key.clone(), value);
    }
    Rendered { text: Value::Object(converted).to_string(), refs }
}

fn operation(spec: &Value, operation: &Value, refs: &mut BTreeSet<String>) -> Map<String, Value> {
    let mut converted = Map::new();
    for (key, value) in members(operation) {
        match key.as_str() {
            "consumes" | "produces" | "schemes" => {}
            "parameters" => {
                let (listed, body) = parameters(spec, value, refs);
                if let Some(schema) = body {
                    let content = content(&operation["consumes"], &schema);
                    converted.insert("requestBody".into(), json!({ "content": content }));
                }
                if listed.as_array().is_some_and(|listed| !listed.is_empty()) {
                    converted.insert(key.clone(), listed);
                }
            }
            "responses" => {
                let response = |(code, r): (&String, &Value)| (code.clone(), response(r, &operation["produces"], refs));
                converted.insert(key.clone(), members(value).map(response).collect());
            }
            _ => drop(converted.insert(key.clone(), value.clone())),
        }
    }
    converted
}

/// The parameters, and the schema of the body.
fn parameters(spec: &Value, list: &Value, refs: &mut BTreeSet<String>) -> (Value, Option<Value>) {
    let mut listed: Vec<Value> = Vec::new();
    let mut body = None;
    for parameter in list.as_array().into_iter().flatten() {
        let shared = parameter["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/parameters/"));
        let parameter = shared.map_or(parameter, |name| &spec["parameters"][name]);
        if parameter["in"] == "body" {
            body = Some(convert(&parameter["schema"], refs).into());
            continue;
        }
        let mut converted = Map::new();
        let mut schema = Map::new();
        for (key, value) in members(parameter) {
            let beside = matches!(key.as_str(), "name" | "in" | "description" | "required");
            if beside { &mut converted } else { &mut schema }.insert(key.clone(), value.clone());
        }
        converted.insert("schema".into(), schema.into());
        listed.push(converted.into());
    }
    (listed.into(), body)
}

fn response(response: &Value, produces: &Value, refs: &mut BTreeSet<String>) -> Value {
    let mut converted = Map::new();
    for (key, value) in members(response) {
        match key.as_str() {
            "schema" => {
                let schema = convert(value, refs).into();
                converted.insert("content".into(), content(produces, &schema));
            }
            _ => drop(converted.insert(key.clone(), value.clone())),
        }
    }
    converted.into()
}

fn content(media_types: &Value, schema: &Value) -> Value {
    let types = media_types.as_array().into_iter().flatten().filter_map(Value::as_str);
    types.map(|media_type| (media_type.to_owned(), json!({ "schema": schema }))).collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// An object of members that are JSON text already.
fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let members = members.into_iter().map(|(name, text)| format!("{}:{text}", Value::from(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

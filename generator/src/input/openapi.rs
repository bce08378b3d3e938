//! The part of OpenAPI v2 that Kubernetes uses, with its `x-kubernetes-*` extensions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::node::{Node, Reader};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, Span};

/// A `swagger.json`.
#[derive(Debug, Default)]
pub struct Document {
    pub definitions: BTreeMap<String, Definition>,
    /// In the order of the file.
    pub operations: Vec<Operation>,
    /// The whole document.
    pub json: serde_json::Value,
}

#[derive(Debug)]
pub struct Definition {
    pub schema: Schema,
    /// `x-kubernetes-group-version-kind`.
    pub gvks: Vec<Gvk>,
    pub place: Place,
}

#[derive(Debug)]
pub struct Schema {
    /// `string`, `integer`, `number`, `boolean`, `array`, `object`, or empty.
    pub ty: String,
    pub format: String,
    /// Name of the definition that `$ref` points to.
    pub reference: Option<String>,
    pub items: Option<Box<Schema>>,
    pub additional: Option<Box<Schema>>,
    /// In the order of the file.
    pub properties: Vec<(String, Schema)>,
    pub required: Vec<String>,
    pub description: String,
    pub list_type: String,
    pub list_keys: Vec<String>,
    pub map_type: String,
    /// As written, such as `merge,retainKeys`.
    pub patch_strategy: String,
    pub patch_key: String,
    pub place: Place,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gvk {
    pub group: String,
    pub version: String,
    pub kind: String,
}

/// A method of a path.
#[derive(Debug)]
pub struct Operation {
    pub path: String,
    /// In lower case.
    pub method: String,
    /// `x-kubernetes-action`; empty if the operation is not about a resource.
    pub action: String,
    pub gvk: Option<Gvk>,
    pub place: Place,
}

impl Schema {
    pub fn property(&self, name: &str) -> Option<&Schema> {
        self.properties.iter().find(|(key, _)| key == name).map(|(_, schema)| schema)
    }
}

/// Reads the document and checks that every `$ref` leads somewhere. `None` if it is no such document.
pub fn read(file: &Arc<SourceFile>, diagnostics: &mut Diagnostics) -> Option<Document> {
    let root = super::json::parse(file, diagnostics)?;
    if root.get("swagger").and_then(Node::as_str) != Some("2.0") {
        let place = Place::new(file, root.get("swagger").map_or(Span::new(0, 0), |node| node.span));
        diagnostics.add(
            Diagnostic::error(Code::KF0122, "this is not an OpenAPI v2 document")
                .at(place, "expected `swagger: \"2.0\"`")
                .help("take upstream's `api/openapi-spec/swagger.json`, or what a server answers at `/openapi/v2`"),
        );
        return None;
    }
    let mut reader = Reader { file: file.clone(), diagnostics };
    let mut document = Document { json: root.to_json(), ..Document::default() };
    let Some(definitions) = root.get("definitions") else {
        reader.error(Code::KF0122, Span::new(0, 0), "the document has no `definitions`", "in this file");
        return None;
    };
    for (key, node) in reader.object(definitions, "`definitions`") {
        let gvks = node.get("x-kubernetes-group-version-kind").map(|list| gvks(&mut reader, list)).unwrap_or_default();
        let definition = Definition { schema: schema(&mut reader, node), gvks, place: reader.place(key.span) };
        document.definitions.insert(key.name.clone().into_owned(), definition);
    }
    if let Some(paths) = root.get("paths") {
        for (path, item) in reader.object(paths, "`paths`") {
            read_path(&mut reader, &path.name, item, &mut document.operations);
        }
    }
    check_references(&mut reader, &root, definitions);
    Some(document)
}

fn read_path(reader: &mut Reader<'_>, path: &str, item: &Node<'_>, operations: &mut Vec<Operation>) {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    for (method, node) in reader.object(item, "a path").iter().filter(|(key, _)| METHODS.contains(&&*key.name)) {
        operations.push(Operation {
            path: path.to_owned(),
            method: method.name.clone().into_owned(),
            action: node.text("x-kubernetes-action"),
            gvk: node.get("x-kubernetes-group-version-kind").map(gvk),
            place: reader.place(method.span),
        });
    }
}

fn gvks(reader: &mut Reader<'_>, list: &Node<'_>) -> Vec<Gvk> {
    reader.list(list, "`x-kubernetes-group-version-kind`").iter().map(gvk).collect()
}

fn gvk(node: &Node<'_>) -> Gvk {
    Gvk { group: node.text("group"), version: node.text("version"), kind: node.text("kind") }
}

fn schema(reader: &mut Reader<'_>, node: &Node<'_>) -> Schema {
    let inner = |reader: &mut Reader<'_>, key: &str| node.get(key).map(|n| Box::new(schema(reader, n)));
    reader.object(node, "a schema");
    let items = inner(reader, "items");
    let additional = match node.get("additionalProperties") {
        Some(n) if n.as_bool().is_none() => Some(Box::new(schema(reader, n))),
        _ => None,
    };
    let properties = match node.get("properties") {
        Some(n) => {
            let entries = reader.object(n, "`properties`");
            entries.iter().map(|(key, value)| (key.name.clone().into_owned(), schema(reader, value))).collect()
        }
        None => Vec::new(),
    };
    Schema {
        ty: node.text("type"),
        format: node.text("format"),
        reference: node.get("$ref").and_then(Node::as_str).and_then(|r| r.strip_prefix(DEFINITIONS)).map(str::to_owned),
        items,
        additional,
        properties,
        required: node.texts("required"),
        description: node.text("description"),
        list_type: node.text("x-kubernetes-list-type"),
        list_keys: node.texts("x-kubernetes-list-map-keys"),
        map_type: node.text("x-kubernetes-map-type"),
        patch_strategy: node.text("x-kubernetes-patch-strategy"),
        patch_key: node.text("x-kubernetes-patch-merge-key"),
        place: reader.place(node.span),
    }
}

const DEFINITIONS: &str = "#/definitions/";

/// `$ref`s stand anywhere: in definitions, parameters, bodies and answers.
fn check_references(reader: &mut Reader<'_>, node: &Node<'_>, definitions: &Node<'_>) {
    let names: std::collections::HashSet<&str> = definitions.entries().iter().map(|(key, _)| &*key.name).collect();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        stack.extend(node.items().iter().rev());
        for (key, value) in node.entries().iter().rev() {
            let target =
                (key.name == "$ref").then(|| value.as_str()).flatten().and_then(|r| r.strip_prefix(DEFINITIONS));
            match target {
                Some(name) if !names.contains(name) => {
                    let mut diagnostic = Diagnostic::error(Code::KF0121, format!("there is no definition `{name}`"))
                        .at(reader.place(value.span), "this leads nowhere");
                    if let Some(near) = super::nearest(name, names.iter().copied()) {
                        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    }
                    reader.diagnostics.add(diagnostic);
                }
                _ => stack.push(value),
            }
        }
    }
}

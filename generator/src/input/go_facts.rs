//! `go-facts.json`: what only the Go declarations say, above all presence, order and inlining.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::node::{Node, Reader};
use crate::diagnostic::{Code, Diagnostics, Place, SourceFile, Span};

#[derive(Debug, Default)]
pub struct Facts {
    /// By OpenAPI prefix, such as `io.k8s.api.core.v1`.
    pub packages: BTreeMap<String, Package>,
    /// By OpenAPI name.
    pub types: BTreeMap<String, Type>,
}

#[derive(Debug)]
pub struct Package {
    /// Go import path.
    pub import: String,
    /// `None` for packages that are no group version.
    pub group_version: Option<(String, String)>,
    pub kinds: Vec<String>,
}

#[derive(Debug)]
pub struct Type {
    pub shape: Shape,
    pub markers: Vec<String>,
    pub place: Place,
}

#[derive(Debug)]
pub enum Shape {
    /// Fields in Go order.
    Struct(Vec<Field>),
    /// A type defined from another one.
    Named {
        /// Such as `string`, `[]string`, or an OpenAPI name.
        underlying: String,
        /// Name and value; a value `=name` is that of another constant.
        consts: Vec<(String, String)>,
    },
}

#[derive(Debug)]
pub struct Field {
    pub go: String,
    /// JSON name; empty if inlined, `-` if not in JSON.
    pub json: String,
    pub inline: bool,
    pub kind: FieldKind,
    /// OpenAPI name, Go scalar or `[]byte` of the value, item or map value.
    pub elem: String,
    /// `elem` resolved through named types: `struct`, `string`, `bool`, `int32`, `slice`, `bytes`, …
    pub elem_kind: String,
    /// The declared type with OpenAPI names.
    pub ty: String,
    pub omitempty: bool,
    pub omitzero: bool,
    /// Tag and name from the struct tag.
    pub proto: Option<(u32, String)>,
    pub patch_strategy: String,
    pub patch_key: String,
    pub markers: Vec<String>,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Value,
    Pointer,
    Slice,
    Map,
    Bytes,
}

impl Facts {
    /// Follows types that are defined from another one to the end; the name itself if it is a struct or unknown.
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        let mut name = name;
        // A chain is never longer than a few steps; the bound is for inputs that go in circles.
        for _ in 0..16 {
            match self.types.get(name).map(|t| &t.shape) {
                Some(Shape::Named { underlying, .. }) if self.types.contains_key(underlying) => name = underlying,
                _ => break,
            }
        }
        name
    }

    /// The fields of a struct, also of one defined from another.
    pub fn fields(&self, name: &str) -> Option<&[Field]> {
        match &self.types.get(self.resolve(name))?.shape {
            Shape::Struct(fields) => Some(fields),
            Shape::Named { .. } => None,
        }
    }

    /// OpenAPI prefix by Go import path.
    pub fn prefixes(&self) -> HashMap<&str, &str> {
        self.packages.iter().map(|(prefix, package)| (package.import.as_str(), prefix.as_str())).collect()
    }
}

/// Reads the file. `None` if it cannot be parsed.
pub fn read(file: &Arc<SourceFile>, diagnostics: &mut Diagnostics) -> Option<Facts> {
    let root = super::json::parse(file, diagnostics)?;
    let mut reader = Reader { file: file.clone(), diagnostics };
    let mut facts = Facts::default();
    for key in ["packages", "types"] {
        if root.get(key).is_none() {
            reader.error(Code::KF0105, Span::new(0, 0), format!("the key `{key}` is missing"), "in this file");
        }
    }
    if let Some(packages) = root.get("packages") {
        for (key, node) in reader.object(packages, "`packages`") {
            let group_version = node.get("group").is_some().then(|| (node.text("group"), node.text("version")));
            let package = Package { import: node.text("import"), group_version, kinds: node.texts("registeredKinds") };
            facts.packages.insert(key.name.clone().into_owned(), package);
        }
    }
    if let Some(types) = root.get("types") {
        for (key, node) in reader.object(types, "`types`") {
            let ty =
                Type { shape: shape(&mut reader, node), markers: node.texts("markers"), place: reader.place(key.span) };
            facts.types.insert(key.name.clone().into_owned(), ty);
        }
    }
    Some(facts)
}

fn shape(reader: &mut Reader<'_>, node: &Node<'_>) -> Shape {
    if node.text("kind") == "named" {
        let consts = node.get("consts").map(Node::items).unwrap_or_default();
        let consts = consts.iter().map(|c| (c.text("name"), c.text("value"))).collect();
        return Shape::Named { underlying: node.text("underlying"), consts };
    }
    let fields = node.get("fields").map(Node::items).unwrap_or_default();
    Shape::Struct(fields.iter().filter_map(|node| field(reader, node)).collect())
}

fn field(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Field> {
    let kind = match node.text("kind").as_str() {
        "value" => FieldKind::Value,
        "pointer" => FieldKind::Pointer,
        "slice" => FieldKind::Slice,
        "map" => FieldKind::Map,
        "bytes" => FieldKind::Bytes,
        other => {
            let span = node.get("kind").map_or(node.span, |kind| kind.span);
            reader.error(Code::KF0104, span, format!("`{other}` is not a kind of field"), "unknown kind");
            return None;
        }
    };
    Some(Field {
        go: node.text("go"),
        json: node.text("json"),
        inline: node.flag("inline"),
        kind,
        elem: node.text("elem"),
        elem_kind: node.text("elemKind"),
        ty: node.text("type"),
        omitempty: node.flag("omitempty"),
        omitzero: node.flag("omitzero"),
        proto: node.get("proto").and_then(proto_tag),
        patch_strategy: node.text("patchStrategy"),
        patch_key: node.text("patchMergeKey"),
        markers: node.texts("markers"),
        place: reader.place(node.span),
    })
}

/// `wire` is `-` for fields kept out of protobuf.
fn proto_tag(node: &Node<'_>) -> Option<(u32, String)> {
    let tag = node.get("tag")?.as_i64().and_then(|tag| u32::try_from(tag).ok())?;
    (node.text("wire") != "-").then(|| (tag, node.text("name")))
}

//! The tree both JSON and YAML are read into, with the place of every value and key.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, Span};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub value: Value<'a>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// As written.
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// In the order of the file, without duplicates.
    Object(Vec<(Key<'a>, Node<'a>)>),
}

#[derive(Clone, Debug)]
pub struct Key<'a> {
    pub name: Cow<'a, str>,
    pub span: Span,
}

/// Deepest nesting that is read, in levels.
pub const MAX_DEPTH: usize = 128;

impl<'a> Node<'a> {
    /// The value of a key; `None` also if this is no object.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries().iter().find(|(k, _)| k.name == key).map(|(_, node)| node)
    }

    /// The members of an object; none if this is no object.
    pub fn entries(&self) -> &[(Key<'a>, Node<'a>)] {
        match &self.value {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none if this is no list.
    pub fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match &self.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The text of a key; empty if there is none.
    pub fn text(&self, key: &str) -> String {
        self.get(key).and_then(Node::as_str).unwrap_or_default().to_owned()
    }

    /// The texts of a list under a key; other items are left out.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let items = self.get(key).map(Node::items).unwrap_or_default();
        items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
    }

    /// Whether a key is `true`.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Node::as_bool) == Some(true)
    }

    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(text) => serde_json::from_str(text).unwrap_or(Json::Null),
            Value::String(text) => Json::String(text.clone().into_owned()),
            Value::Array(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Object(entries) => Json::Object(
                entries.iter().map(|(key, node)| (key.name.clone().into_owned(), node.to_json())).collect(),
            ),
        }
    }
}

/// What a reader of trees needs to complain: the file and where complaints go.
pub struct Reader<'d> {
    pub file: Arc<SourceFile>,
    pub diagnostics: &'d mut Diagnostics,
}

impl Reader<'_> {
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.file, span)
    }

    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.diagnostics.add(Diagnostic::error(code, message).at(Place::new(&self.file, span), label));
    }

    /// The members of an object; an error and none if it is something else.
    pub fn object<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> &'n [(Key<'a>, Node<'a>)] {
        if !matches!(node.value, Value::Object(_)) {
            self.wrong_type(node, what, "an object");
        }
        node.entries()
    }

    /// The items of a list; an error and none if it is something else.
    pub fn list<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> &'n [Node<'a>] {
        if !matches!(node.value, Value::Array(_)) {
            self.wrong_type(node, what, "a list");
        }
        node.items()
    }

    /// A text, or an error and an empty one.
    pub fn string(&mut self, node: &Node<'_>, what: &str) -> String {
        match node.as_str() {
            Some(text) => text.to_owned(),
            None => {
                self.wrong_type(node, what, "a text");
                String::new()
            }
        }
    }

    /// A list of texts; an error for what is something else.
    pub fn strings(&mut self, node: &Node<'_>, what: &str) -> Vec<String> {
        self.list(node, what).iter().map(|item| self.string(item, what)).collect()
    }

    /// A boolean, or an error and false.
    pub fn boolean(&mut self, node: &Node<'_>, what: &str) -> bool {
        node.as_bool().unwrap_or_else(|| {
            self.wrong_type(node, what, "a boolean");
            false
        })
    }

    /// A whole number, or an error and 0.
    pub fn integer(&mut self, node: &Node<'_>, what: &str) -> i64 {
        node.as_i64().unwrap_or_else(|| {
            self.wrong_type(node, what, "a whole number");
            0
        })
    }

    fn wrong_type(&mut self, node: &Node<'_>, what: &str, wanted: &str) {
        let found = node.type_name();
        self.error(
            Code::KF0104,
            node.span,
            format!("{what} must be {wanted}, and is {found}"),
            format!("expected {wanted}"),
        );
    }
}

//! `rules/*.yaml`: what no specification says, as data.
//!
//! A file is about one API group; `fixups.yaml` lists the known quirks of the inputs.

use std::sync::Arc;

use super::node::{Key, Node, Reader, Value};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile};

#[derive(Debug, Default)]
pub struct Rules {
    pub groups: Vec<Group>,
    pub fixups: Vec<Fixup>,
}

#[derive(Debug, Default)]
pub struct Group {
    pub name: String,
    /// Groups with a higher number come first in discovery.
    pub priority: Vec<Entry<i64>>,
    /// The same for the versions of the group.
    pub version_priority: Vec<Entry<Vec<(String, i64)>>>,
    pub kinds: Vec<Kind>,
    pub messages: Vec<Message>,
}

/// What is said of a message wherever it occurs.
#[derive(Debug)]
pub struct Message {
    /// OpenAPI name.
    pub name: String,
    pub place: Place,
    /// Path and JSON text.
    pub defaults: Vec<Entry<(String, String)>>,
}

/// What is said of a kind. Of single values the first entry that fits counts, of the others all that fit.
#[derive(Debug)]
pub struct Kind {
    pub name: String,
    pub place: Place,
    pub short_names: Vec<Entry<Vec<String>>>,
    pub categories: Vec<Entry<Vec<String>>>,
    /// `None`: answered and not kept.
    pub storage: Vec<Entry<Option<Storage>>>,
    pub generation: Vec<Entry<bool>>,
    pub delete_returns_object: Vec<Entry<bool>>,
    pub update_needs_version: Vec<Entry<bool>>,
    pub scale: Vec<Entry<Scale>>,
    /// Label and path.
    pub field_selectors: Vec<Entry<(String, String)>>,
    pub columns: Vec<Entry<Column>>,
    /// Path and JSON text.
    pub defaults: Vec<Entry<(String, String)>>,
}

/// A statement, when it holds, and where it stands.
#[derive(Debug)]
pub struct Entry<T> {
    pub when: When,
    pub value: T,
    pub place: Place,
}

/// The releases and API versions a statement is for; empty fields allow all.
#[derive(Clone, Debug, Default)]
pub struct When {
    pub since: Option<(u32, u32)>,
    pub until: Option<(u32, u32)>,
    pub versions: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Storage {
    pub prefix: Option<String>,
    pub group: Option<String>,
    pub version: Option<String>,
    pub kind: Option<String>,
}

#[derive(Debug, Default)]
pub struct Scale {
    pub spec_replicas: String,
    pub status_replicas: String,
    pub selector: String,
}

#[derive(Debug, Default)]
pub struct Column {
    /// Empty for a cell that is sent without a heading.
    pub name: String,
    pub ty: String,
    pub format: String,
    pub priority: i32,
    pub description: String,
    pub cell: Cell,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub function: String,
    /// Paths, or texts in double quotes.
    pub arguments: Vec<String>,
}

/// A known quirk of an input.
#[derive(Debug)]
pub struct Fixup {
    pub when: When,
    pub action: Action,
    pub place: Place,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave a type out.
    Skip(String),
    /// Do not report a contradiction (a code) of a type or of its field (`type.field`).
    Allow { code: String, at: String },
    /// Do without something that releases have by default.
    Without(Feature),
}

/// What a release may do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Singular names of resources in discovery.
    SingularNames,
}

impl When {
    /// Whether the statement holds for a release and an API version. Releases without a number take every statement.
    pub fn fits(&self, release: Option<(u32, u32)>, version: &str) -> bool {
        self.fits_release(release) && (self.versions.is_empty() || self.versions.iter().any(|v| v == version))
    }

    /// Whether it is for a release between the oldest and the newest of these.
    pub fn is_within(&self, releases: &[(u32, u32)]) -> bool {
        let (oldest, newest) = (releases.iter().min(), releases.iter().max());
        let starts = self.since.as_ref().is_none_or(|since| newest.is_some_and(|newest| since <= newest));
        let ends = self.until.as_ref().is_none_or(|until| oldest.is_some_and(|oldest| oldest <= until));
        starts && ends
    }

    pub fn fits_release(&self, release: Option<(u32, u32)>) -> bool {
        let Some(release) = release else { return true };
        self.since.is_none_or(|since| since <= release) && self.until.is_none_or(|until| release <= until)
    }
}

/// `v1.36`, or `v1.36.2`, as numbers.
pub fn release_number(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.splitn(3, '.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Reads all rules files. What is wrong in them is reported and left out.
pub fn read(files: &[Arc<SourceFile>], diagnostics: &mut Diagnostics) -> Rules {
    let mut rules = Rules::default();
    for file in files {
        let Some(root) = super::yaml::parse(file, diagnostics) else { continue };
        let mut reader = Reader { file: file.clone(), diagnostics };
        match root.get("fixups") {
            Some(fixups) => rules.fixups.extend(read_fixups(&mut reader, &root, fixups)),
            None => rules.groups.push(read_group(&mut reader, &root)),
        }
    }
    rules
}

fn read_fixups(reader: &mut Reader<'_>, root: &Node<'_>, fixups: &Node<'_>) -> Vec<Fixup> {
    known_keys(reader, root, &["fixups"]);
    let mut found = Vec::new();
    for node in reader.list(fixups, "`fixups`") {
        known_keys(reader, node, &["skip", "allow", "at", "without", "since", "until", "reason"]);
        if node.text("reason").is_empty() {
            reader.error(Code::KF0105, node.span, "a fix-up needs a `reason`", "this one has none");
        }
        let action = match (node.get("skip"), node.get("allow"), node.get("at"), node.get("without")) {
            (Some(name), None, None, None) => Action::Skip(reader.string(name, "`skip`")),
            (None, Some(code), Some(at), None) => {
                Action::Allow { code: reader.string(code, "`allow`"), at: reader.string(at, "`at`") }
            }
            (None, None, None, Some(what)) if what.as_str() == Some("singularNames") => {
                Action::Without(Feature::SingularNames)
            }
            _ => {
                let message = "a fix-up has either `skip`, or `allow` and `at`, or `without: singularNames`";
                reader.error(Code::KF0105, node.span, message, "here");
                continue;
            }
        };
        found.push(Fixup { when: when(reader, node), action, place: reader.place(node.span) });
    }
    found
}

fn read_group(reader: &mut Reader<'_>, root: &Node<'_>) -> Group {
    known_keys(reader, root, &["group", "groupPriority", "versionPriority", "messages", "kinds"]);
    reader.object(root, "a rules file");
    let mut group = Group::default();
    match root.get("group") {
        Some(name) => group.name = reader.string(name, "`group`"),
        None => {
            let start = crate::diagnostic::Span::new(0, 0);
            reader.error(Code::KF0105, start, "the key `group` is missing", "in this file");
        }
    }
    group.priority = values(reader, root.get("groupPriority"), |reader, node| reader.integer(node, "a priority"));
    group.version_priority = values(reader, root.get("versionPriority"), |reader, node| {
        let entries = reader.object(node, "`versionPriority`");
        entries.iter().map(|(key, node)| (key.name.to_string(), reader.integer(node, "a priority"))).collect()
    });
    if let Some(messages) = root.get("messages") {
        for (key, node) in reader.object(messages, "`messages`") {
            known_keys(reader, node, &["defaults"]);
            let defaults = pairs(reader, node.get("defaults"), json);
            group.messages.push(Message { name: key.name.to_string(), place: reader.place(key.span), defaults });
        }
    }
    if let Some(kinds) = root.get("kinds") {
        for (key, node) in reader.object(kinds, "`kinds`") {
            group.kinds.push(read_kind(reader, key, node));
        }
    }
    group
}

const KIND_KEYS: [&str; 10] = [
    "shortNames",
    "categories",
    "storage",
    "generation",
    "deleteReturnsObject",
    "updateNeedsVersion",
    "scale",
    "fieldSelectors",
    "columns",
    "defaults",
];

fn read_kind(reader: &mut Reader<'_>, key: &Key<'_>, node: &Node<'_>) -> Kind {
    if !matches!(node.value, Value::Null) {
        reader.object(node, "what is said of a kind");
    }
    known_keys(reader, node, &KIND_KEYS);
    let strings = |reader: &mut Reader<'_>, node: &Node<'_>| reader.strings(node, "a list of names");
    let boolean = |reader: &mut Reader<'_>, node: &Node<'_>| reader.boolean(node, "this");
    Kind {
        name: key.name.to_string(),
        place: reader.place(key.span),
        short_names: values(reader, node.get("shortNames"), strings),
        categories: values(reader, node.get("categories"), strings),
        storage: storage(reader, node.get("storage")),
        generation: values(reader, node.get("generation"), boolean),
        delete_returns_object: values(reader, node.get("deleteReturnsObject"), boolean),
        update_needs_version: values(reader, node.get("updateNeedsVersion"), boolean),
        scale: objects(reader, node.get("scale"), &["specReplicas", "statusReplicas", "selector"], |_, node| Scale {
            spec_replicas: node.text("specReplicas"),
            status_replicas: node.text("statusReplicas"),
            selector: node.text("selector"),
        }),
        field_selectors: pairs(reader, node.get("fieldSelectors"), |reader, node| reader.string(node, "a path")),
        columns: objects(reader, node.get("columns"), &COLUMN_KEYS, column),
        defaults: pairs(reader, node.get("defaults"), json),
    }
}

fn json(_: &mut Reader<'_>, node: &Node<'_>) -> String {
    node.to_json().to_string()
}

/// A value, or a list of `{since, until, versions, value}`.
fn values<T>(
    reader: &mut Reader<'_>,
    node: Option<&Node<'_>>,
    read: impl Fn(&mut Reader<'_>, &Node<'_>) -> T,
) -> Vec<Entry<T>> {
    let Some(node) = node else { return Vec::new() };
    if !matches!(node.items().first(), Some(Node { value: Value::Object(_), .. })) {
        return vec![Entry { when: When::default(), value: read(reader, node), place: reader.place(node.span) }];
    }
    let mut entries = Vec::new();
    for item in node.items() {
        known_keys(reader, item, &["since", "until", "versions", "value"]);
        match item.get("value") {
            Some(value) => {
                let entry =
                    Entry { when: when(reader, item), value: read(reader, value), place: reader.place(item.span) };
                entries.push(entry);
            }
            None => reader.error(Code::KF0105, item.span, "the key `value` is missing", "here"),
        }
    }
    entries
}

/// An object, or a list of objects, each with `since`, `until` and `versions` if wanted.
fn objects<T>(
    reader: &mut Reader<'_>,
    node: Option<&Node<'_>>,
    keys: &[&str],
    read: impl Fn(&mut Reader<'_>, &Node<'_>) -> T,
) -> Vec<Entry<T>> {
    let Some(node) = node else { return Vec::new() };
    let items = match &node.value {
        Value::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let keys: Vec<&str> = keys.iter().copied().chain(WHEN_KEYS).collect();
    let mut entries = Vec::new();
    for item in items {
        reader.object(item, "an entry");
        known_keys(reader, item, &keys);
        entries.push(Entry { when: when(reader, item), value: read(reader, item), place: reader.place(item.span) });
    }
    entries
}

/// An object of key and value, or a list of such objects, each with `since`, `until` and `versions` if wanted.
fn pairs(
    reader: &mut Reader<'_>,
    node: Option<&Node<'_>>,
    read: impl Fn(&mut Reader<'_>, &Node<'_>) -> String,
) -> Vec<Entry<(String, String)>> {
    let Some(node) = node else { return Vec::new() };
    let items = match &node.value {
        Value::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut entries = Vec::new();
    for item in items {
        let when = when(reader, item);
        for (key, value) in reader.object(item, "an entry") {
            if !WHEN_KEYS.contains(&&*key.name) {
                let value = (key.name.to_string(), read(reader, value));
                entries.push(Entry { when: when.clone(), value, place: reader.place(key.span) });
            }
        }
    }
    entries
}

fn storage(reader: &mut Reader<'_>, node: Option<&Node<'_>>) -> Vec<Entry<Option<Storage>>> {
    if let Some(node) = node.filter(|node| node.as_str() == Some("none")) {
        return vec![Entry { when: When::default(), value: None, place: reader.place(node.span) }];
    }
    objects(reader, node, &["version", "prefix", "group", "kind"], |_, node| {
        let text = |key| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Some(Storage { prefix: text("prefix"), group: text("group"), version: text("version"), kind: text("kind") })
    })
}

const COLUMN_KEYS: [&str; 6] = ["name", "type", "format", "priority", "description", "cell"];

fn column(reader: &mut Reader<'_>, node: &Node<'_>) -> Column {
    let mut column = Column {
        name: node.text("name"),
        ty: node.get("type").and_then(Node::as_str).unwrap_or("string").to_owned(),
        format: node.text("format"),
        priority: node.get("priority").map_or(0, |n| reader.integer(n, "`priority`") as i32),
        description: node.text("description"),
        cell: Cell::default(),
    };
    const TYPES: [&str; 5] = ["string", "integer", "boolean", "date", "number"];
    if !TYPES.contains(&column.ty.as_str()) {
        let span = node.get("type").map_or(node.span, |n| n.span);
        let message = format!("`{}` is not a type of column", column.ty);
        reader.error(Code::KF0204, span, message, format!("expected one of {}", TYPES.join(", ")));
    }
    if node.get("cell").is_none() {
        reader.error(Code::KF0105, node.span, "the key `cell` is missing", "in this column");
    }
    if let Some(cell) = node.get("cell") {
        let text = reader.string(cell, "`cell`");
        match super::cell::parse(&text) {
            Ok(parsed) => column.cell = parsed,
            Err((code, message, help)) => {
                let place = reader.place(cell.span);
                reader.diagnostics.add(Diagnostic::error(code, message).at(place, "in this cell").help(help));
            }
        }
    }
    column
}

const WHEN_KEYS: [&str; 3] = ["since", "until", "versions"];

fn when(reader: &mut Reader<'_>, node: &Node<'_>) -> When {
    let release = |reader: &mut Reader<'_>, key: &str| {
        let value = node.get(key)?;
        let number = value.as_str().and_then(release_number);
        if number.is_none() {
            reader.error(
                Code::KF0206,
                value.span,
                format!("`{key}` must be a release"),
                "expected a text such as v1.28",
            );
        }
        number
    };
    let (since, until) = (release(reader, "since"), release(reader, "until"));
    let versions = node.get("versions").map(|n| reader.strings(n, "`versions`")).unwrap_or_default();
    When { since, until, versions }
}

fn known_keys(reader: &mut Reader<'_>, node: &Node<'_>, known: &[&str]) {
    for (key, _) in node.entries().iter().filter(|(key, _)| !known.contains(&&*key.name)) {
        let help = match super::nearest(&key.name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        let diagnostic = Diagnostic::error(Code::KF0201, format!("the key `{}` is unknown", key.name));
        let place = reader.place(key.span);
        reader.diagnostics.add(diagnostic.at(place, "unknown key").help(help));
    }
}

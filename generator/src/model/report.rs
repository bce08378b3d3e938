//! What the model knows of a thing, as labelled facts for people and machines.

use std::fmt;

use super::{Field, FieldType, Kind, Message, Origin, Release, Resource};

/// Facts about one thing.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub title: String,
    /// Label and values.
    pub facts: Vec<(&'static str, Vec<String>)>,
    /// Name, type and presence of each field of a type.
    pub fields: Vec<[String; 3]>,
}

impl Report {
    fn new(title: impl Into<String>) -> Report {
        Report { title: title.into(), ..Report::default() }
    }

    fn add(&mut self, label: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.add_all(label, vec![value]);
        }
    }

    fn add_all(&mut self, label: &'static str, values: Vec<String>) {
        if !values.is_empty() {
            self.facts.push((label, values));
        }
    }

    fn add_origin(&mut self, origin: &Origin) {
        self.add_all("said by", origin.places.iter().map(|(input, place)| format!("{input}: {place}")).collect());
    }

    /// `{"title": …, "facts": {label: [value, …]}, "fields": [{"name", "type", "presence"}]}`
    pub fn to_json(&self) -> serde_json::Value {
        let facts: serde_json::Map<_, _> =
            self.facts.iter().map(|(label, values)| ((*label).to_owned(), serde_json::json!(values))).collect();
        let fields: Vec<_> = self
            .fields
            .iter()
            .map(|[name, ty, presence]| serde_json::json!({"name": name, "type": ty, "presence": presence}))
            .collect();
        serde_json::json!({"title": self.title, "facts": facts, "fields": fields})
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        let width = self.facts.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
        for (label, values) in &self.facts {
            for (i, value) in values.iter().enumerate() {
                writeln!(f, "  {:<width$}  {value}", if i == 0 { label } else { "" })?;
            }
        }
        let widths = [0, 1].map(|i| self.fields.iter().map(|row| row[i].len()).max().unwrap_or_default());
        for [name, ty, presence] in &self.fields {
            writeln!(f, "  {}", format!("{name:<0$}  {ty:<1$}  {presence}", widths[0], widths[1]).trim_end())?;
        }
        Ok(())
    }
}

/// How much of everything a release has.
pub fn overview(release: &Release) -> Report {
    let mut report = Report::new(release.name.clone());
    let fields: usize = release.messages.values().map(|message| message.fields.len()).sum();
    report.add("version", &release.git_version);
    report.add("groups", release.groups.len().to_string());
    report.add("resources", release.resources.len().to_string());
    report.add("kinds", release.kinds.len().to_string());
    report.add("types", format!("{} with {fields} fields", release.messages.len()));
    report.add("enumerations", release.enums.len().to_string());
    for group in &release.groups {
        let of_group = release.resources.iter().filter(|resource| resource.group == group.name);
        let name = if group.name.is_empty() { "core" } else { &group.name };
        let resources = match of_group.count() {
            1 => "1 resource".to_owned(),
            n => format!("{n} resources"),
        };
        report.fields.push([name.to_owned(), group.versions.join(" "), resources]);
    }
    report
}

/// What is known of `[group/][version/]Kind[.field…]` or a type's full name; nothing if there is no such thing.
pub fn describe(release: &Release, subject: &str) -> Vec<Report> {
    if let Some((message, path)) = by_full_name(release, subject) {
        return describe_type(release, message, None, path).into_iter().collect();
    }
    let (prefix, rest) = subject.rsplit_once('/').map_or((None, subject), |(prefix, rest)| (Some(prefix), rest));
    let (kind, path) = rest.split_once('.').unwrap_or((rest, ""));
    let kinds = release.kinds.iter().filter(|k| k.kind.eq_ignore_ascii_case(kind) && is_in(k, prefix));
    let (served, others): (Vec<&Kind>, Vec<&Kind>) = kinds.partition(|k| resource_of(release, k).is_some());
    let found = if served.is_empty() { others } else { served };
    let described = found.into_iter().filter_map(|kind| {
        let message = release.messages.get(&kind.message)?;
        describe_type(release, message, Some(kind), path)
    });
    described.collect()
}

/// The type with the longest name that the subject starts with, and the rest of the subject.
fn by_full_name<'r, 's>(release: &'r Release, subject: &'s str) -> Option<(&'r Message, &'s str)> {
    let ends = subject.match_indices('.').map(|(i, _)| i).chain(std::iter::once(subject.len()));
    let mut found = ends.filter_map(|end| Some((release.messages.get(&subject[..end])?, end)));
    found.next_back().map(|(message, end)| (message, subject[end..].trim_start_matches('.')))
}

/// Whether a kind is in `group/version`, `group` or `version`.
fn is_in(kind: &Kind, prefix: Option<&str>) -> bool {
    match prefix.map(|prefix| prefix.split_once('/')) {
        None => true,
        Some(Some((group, version))) => {
            (group == kind.group || group == "core" && kind.group.is_empty()) && version == kind.version
        }
        Some(None) => prefix.is_some_and(|p| p == kind.group || p == kind.version),
    }
}

fn resource_of<'r>(release: &'r Release, kind: &Kind) -> Option<&'r Resource> {
    release.resources.iter().find(|r| r.kind == kind.kind && r.version == kind.version && r.group == kind.group)
}

fn describe_type(release: &Release, message: &Message, kind: Option<&Kind>, path: &str) -> Option<Report> {
    let resource = kind.and_then(|kind| resource_of(release, kind));
    if !path.is_empty() {
        let field = release.field_at(&message.name, path)?;
        return Some(describe_field(release, field, &title(message, kind), path, resource));
    }
    let mut report = Report::new(title(message, kind));
    report.add("type", &message.name);
    report.add("rust", format!("{}::{}", message.module.join("::"), message.rust));
    report.add("codec", message.special.map(|special| format!("{special:?}")).unwrap_or_default());
    report.add("protobuf", if message.proto { "yes" } else { "no, JSON only" });
    report.add("description", message.description.lines().next().unwrap_or_default());
    if let Some(kind) = kind {
        report.add("introduced", kind.introduced.clone().unwrap_or_default());
        report.add("deprecated", kind.deprecated.clone().unwrap_or_default());
        report.add("removed", kind.removed.clone().unwrap_or_default());
    }
    if let Some(resource) = resource {
        describe_resource(&mut report, resource);
    }
    report.add_origin(&message.origin);
    report.fields = message.fields.iter().map(row).collect();
    Some(report)
}

fn title(message: &Message, kind: Option<&Kind>) -> String {
    match kind {
        Some(kind) if kind.group.is_empty() => format!("{}/{}", kind.version, kind.kind),
        Some(kind) => format!("{}/{}/{}", kind.group, kind.version, kind.kind),
        None => message.name.clone(),
    }
}

fn describe_resource(report: &mut Report, resource: &Resource) {
    let scope = if resource.namespaced { "namespaced" } else { "cluster" };
    report.add("resource", format!("{} ({scope})", resource.name));
    report.add("verbs", resource.verbs.join(", "));
    report.add("short names", resource.short_names.join(", "));
    report.add("categories", resource.categories.join(", "));
    let subresources = resource.subresources.iter();
    report.add_all(
        "subresources",
        subresources.map(|s| format!("{}: {} ({})", s.name, s.kind, s.verbs.join(", "))).collect(),
    );
    let storage = resource.storage.as_ref();
    let stored = storage.map(|s| format!("{}/{} {} under {}", s.group, s.version, s.kind, s.prefix));
    report.add("stored as", stored.as_deref().map_or("not stored", |text| text.trim_start_matches('/')));
    report.add_all("selectable", resource.selectable.iter().map(|(label, path)| pair(label, path)).collect());
    let columns = resource.columns.iter();
    report.add_all(
        "columns",
        columns.map(|c| format!("{}: {}({})", c.name, c.function, c.arguments.join(", "))).collect(),
    );
    report.add_all("defaults", resource.defaults.iter().map(|(path, json)| format!("{path}: {json}")).collect());
    report.add_all(
        "resource by",
        resource.origin.places.iter().map(|(input, place)| format!("{input}: {place}")).collect(),
    );
}

fn pair(label: &str, path: &str) -> String {
    if label == path { label.to_owned() } else { format!("{label}: {path}") }
}

fn row(field: &Field) -> [String; 3] {
    let name = if field.json.is_empty() { format!("({})", field.rust) } else { field.json.clone() };
    let tag = field.tag.map(|tag| format!(" = {tag}")).unwrap_or_default();
    [name, format!("{}{tag}", type_text(&field.ty)), presence(field)]
}

fn describe_field(release: &Release, field: &Field, title: &str, path: &str, resource: Option<&Resource>) -> Report {
    let mut report = Report::new(format!("{title}.{path}"));
    report.add("type", type_text(&field.ty));
    report.add("Go type", &field.go_type);
    report.add("rust", &field.rust);
    report.add("tag", field.tag.map_or("none, JSON only".to_owned(), |tag| tag.to_string()));
    report.add("presence", presence(field));
    report.add("description", field.description.lines().next().unwrap_or_default());
    let merge = &field.merge;
    report.add("list type", &merge.list_type);
    report.add("list keys", merge.list_keys.join(", "));
    report.add("map type", &merge.map_type);
    report.add("patch strategy", merge.patch_strategy.join(", "));
    report.add("patch key", &merge.patch_key);
    if let Some(values) = field.enum_name.as_ref().and_then(|name| release.enums.get(name)) {
        let closed = if values.closed { "" } else { " (others are allowed)" };
        let listed: Vec<&str> = values.values.iter().map(|(_, value)| value.as_str()).collect();
        report.add("values", format!("{}{closed}", listed.join(", ")));
    }
    report.add_all("markers", field.markers.clone());
    if let Some(resource) = resource {
        let plain = |path: &str| path.replace("[]", "");
        let same = |other: &&(String, String)| plain(&other.0) == plain(path);
        report.add_all("default", resource.defaults.iter().filter(same).map(|(_, json)| json.clone()).collect());
        let columns = resource.columns.iter().filter(|c| c.arguments.iter().any(|a| plain(a) == plain(path)));
        report.add_all("column", columns.map(|column| column.name.clone()).collect());
        let selectors = resource.selectable.iter().filter(|(_, p)| p == path);
        report.add_all("selector", selectors.map(|(label, _)| label.clone()).collect());
        report.add_all(
            "rules",
            resource.origin.places.iter().filter(|(i, _)| *i == "rules").map(|(_, p)| p.to_string()).collect(),
        );
    }
    report.add_origin(&field.origin);
    report
}

/// Such as `optional, omitempty, required`.
fn presence(field: &Field) -> String {
    let words = [
        (field.inline, "inline"),
        (field.pointer, "optional"),
        (!field.pointer && !field.inline, "plain"),
        (field.omitempty, "omitempty"),
        (field.omitzero, "omitzero"),
        (field.required, "required"),
    ];
    words.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}

/// Such as `[]v1.Container`.
fn type_text(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "bool".into(),
        FieldType::I32 => "int32".into(),
        FieldType::I64 => "int64".into(),
        FieldType::F64 => "double".into(),
        FieldType::Str => "string".into(),
        FieldType::Bytes => "bytes".into(),
        FieldType::Message(name) => name.clone(),
        FieldType::List(inner) => format!("[]{}", type_text(inner)),
        FieldType::Map(inner) => format!("map[string]{}", type_text(inner)),
        FieldType::Any => "any".into(),
    }
}

//! Where everything is in the generated crate: Rust paths of messages, names of their tables, shared merge tables.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToShoutySnakeCase, ToSnakeCase};

use crate::model::{Enum, Field, FieldType, Merge, Message, Release};

/// Messages and string types of one Rust module.
pub struct Package<'a> {
    /// Such as `["api", "core", "v1"]`.
    pub module: &'a [String],
    /// Cargo feature that compiles it.
    pub feature: Option<&'a str>,
    pub messages: Vec<&'a Message>,
    pub enums: Vec<&'a Enum>,
}

/// Looks up names for the emitters.
pub struct Names<'a> {
    pub release: &'a Release,
    /// Sorted by module.
    pub packages: Vec<Package<'a>>,
    /// Distinct merge semantics, by the name of their table.
    pub merges: BTreeMap<String, Merge>,
}

impl<'a> Names<'a> {
    pub fn new(release: &'a Release) -> Names<'a> {
        let fields = release.messages.values().flat_map(|m| &m.fields);
        let merges = fields.map(|field| merge(field, release)).map(|merge| (merge_name(&merge), merge)).collect();
        Names { release, packages: packages(release), merges }
    }

    pub fn message(&self, name: &str) -> &'a Message {
        // Readers report a reference to nothing; a model that has one is never emitted.
        &self.release.messages[name]
    }

    /// Path of the type as written in `package`.
    pub fn type_path(&self, message: &Message, package: &Package<'_>) -> String {
        within(&message.module, &message.rust, package)
    }

    /// Path of the static that describes the message, as written in `package`; `None` is outside of every package.
    pub fn table_path(&self, message: &Message, package: Option<&Package<'_>>) -> String {
        let name = table_name(message);
        match package {
            Some(package) => within(&message.module, &name, package),
            None => format!("crate::{}::{name}", message.module.join("::")),
        }
    }

    /// Features in order, each with those whose messages its own refer to.
    pub fn features(&self) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut features: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in &self.packages {
            let Some(feature) = package.feature else { continue };
            let needed = package.messages.iter().flat_map(|m| &m.fields).filter_map(|f| target(&f.ty));
            let needed = needed.filter_map(|name| self.message(name).feature.as_deref()).filter(|f| *f != feature);
            features.entry(feature).or_default().extend(needed);
        }
        features
    }
}

/// The message that a field's type names.
pub fn target(ty: &FieldType) -> Option<&str> {
    match ty {
        FieldType::Message(name) => Some(name),
        FieldType::List(item) | FieldType::Map(item) => target(item),
        _ => None,
    }
}

/// Name of the static that describes a message.
pub fn table_name(message: &Message) -> String {
    message.rust.to_shouty_snake_case()
}

/// Name of the module with a string type's constants.
pub fn enum_module(name: &str) -> String {
    let module = last(name).to_snake_case();
    if KEYWORDS.contains(&module.as_str()) { format!("r#{module}") } else { module }
}

/// Words that a module can only be called with `r#`.
const KEYWORDS: [&str; 47] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// Last part of a dotted name.
pub fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Merge semantics of a field: its own, or those of a type that is atomic wherever it is used.
pub fn merge(field: &Field, release: &Release) -> Merge {
    let atomic = |name: &String| release.messages.get(name).is_some_and(|message| message.atomic);
    match &field.ty {
        FieldType::Message(name) if field.merge.map_type.is_empty() && atomic(name) => {
            Merge { map_type: "atomic".into(), ..field.merge.clone() }
        }
        _ => field.merge.clone(),
    }
}

/// Name of the static for merge semantics, made of what they say: equal semantics share one static.
pub fn merge_name(merge: &Merge) -> String {
    let mut words = vec![merge.list_type.as_str(), merge.map_type.as_str()];
    words.extend(merge.list_keys.iter().map(String::as_str));
    words.extend(merge.patch_strategy.iter().map(String::as_str));
    words.push(&merge.patch_key);
    let words: Vec<String> = words.iter().filter(|w| !w.is_empty()).map(|w| w.to_shouty_snake_case()).collect();
    if words.is_empty() { "NONE".into() } else { words.join("_") }
}

fn within(module: &[String], name: &str, package: &Package<'_>) -> String {
    if module == package.module { name.into() } else { format!("crate::{}::{name}", module.join("::")) }
}

fn packages(release: &Release) -> Vec<Package<'_>> {
    let mut packages: BTreeMap<&[String], Package<'_>> = BTreeMap::new();
    let mut modules: BTreeMap<&str, &[String]> = BTreeMap::new();
    for message in release.messages.values() {
        modules.insert(parent(&message.name), &message.module);
        let package = packages.entry(&message.module).or_insert_with(|| Package {
            module: &message.module,
            feature: message.feature.as_deref(),
            messages: Vec::new(),
            enums: Vec::new(),
        });
        package.messages.push(message);
    }
    for constants in release.enums.values().filter(|e| !e.values.is_empty()) {
        let module = modules.get(parent(&constants.name));
        if let Some(package) = module.and_then(|module| packages.get_mut(module)) {
            package.enums.push(constants);
        }
    }
    packages.into_values().collect()
}

fn parent(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(parent, _)| parent)
}

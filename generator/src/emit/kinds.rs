//! What a type is to the API: `impl Kind`, and `impl Resource` for what is served.

use std::collections::BTreeMap;

use crate::model::{Field, FieldType, Kind, Message, Resource};

use super::code::Code;
use super::names::{Names, Package};

/// The traits of a package's messages.
pub fn package(code: &mut Code, package: &Package<'_>, names: &Names<'_>) {
    let mut kinds: BTreeMap<&str, Vec<&Kind>> = BTreeMap::new();
    for kind in &names.release.kinds {
        kinds.entry(&kind.message).or_default().push(kind);
    }
    for message in package.messages.iter().filter(|message| message.special.is_none()) {
        let registered = kinds.get(message.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        let Some(kind) = own(registered, message) else { continue };
        implement_kind(code, message, kind);
        let served = |r: &&Resource| r.kind == kind.kind && r.version == kind.version && r.group == kind.group;
        let resource = names.release.resources.iter().find(served);
        if let (Some(resource), Some(metadata)) = (resource, metadata(message)) {
            implement_resource(code, message, resource, metadata, names, package);
        }
    }
}

/// The kind that a message is. Some are registered in every group; theirs is the one that the package is named after.
fn own<'a>(registered: &[&'a Kind], message: &Message) -> Option<&'a Kind> {
    if let [kind] = registered {
        return Some(kind);
    }
    let [.., group, version] = message.module.as_slice() else { return None };
    let named = |kind: &&&Kind| kind.version == *version && kind.group.split('.').next() == Some(group);
    registered.iter().find(named).copied()
}

/// The field with the object's metadata.
fn metadata(message: &Message) -> Option<(&Field, &str)> {
    let field = message.fields.iter().find(|field| field.json == "metadata" && !field.pointer)?;
    match &field.ty {
        FieldType::Message(name) => Some((field, name)),
        _ => None,
    }
}

fn implement_kind(code: &mut Code, message: &Message, kind: &Kind) {
    let Kind { group, version, kind, .. } = kind;
    let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
    code.blank();
    code.block(format_args!("impl machinery::kind::Kind for {}", message.rust), |code| {
        code.line(format_args!("const GROUP: &'static str = {group:?};"));
        code.line(format_args!("const VERSION: &'static str = {version:?};"));
        code.line(format_args!("const API_VERSION: &'static str = {api_version:?};"));
        code.line(format_args!("const KIND: &'static str = {kind:?};"));
    });
}

fn implement_resource(
    code: &mut Code,
    message: &Message,
    resource: &Resource,
    (field, metadata): (&Field, &str),
    names: &Names<'_>,
    package: &Package<'_>,
) {
    let metadata = names.type_path(names.message(metadata), package);
    let scope = if resource.namespaced { "Namespaced" } else { "ClusterWide" };
    code.block(format_args!("impl machinery::kind::Resource for {}", message.rust), |code| {
        code.line(format_args!("type Scope = machinery::kind::{scope};"));
        code.line(format_args!("type Metadata = {metadata};"));
        code.line(format_args!("const PLURAL: &'static str = {:?};", resource.name));
        code.block("fn metadata(&self) -> &Self::Metadata", |code| {
            code.line(format_args!("&self.{}", field.rust));
        });
        code.block("fn metadata_mut(&mut self) -> &mut Self::Metadata", |code| {
            code.line(format_args!("&mut self.{}", field.rust));
        });
    });
}

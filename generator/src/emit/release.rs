//! The `RELEASE` table: kinds, resources, groups, messages and documents.

use std::fmt::Debug;

use crate::model::{Column, Resource, Scale, Storage, Subresource};

use super::code::Code;
use super::names::Names;
use super::openapi::Documents;

pub fn table(names: &Names<'_>, documents: &Documents) -> String {
    let release = names.release;
    let mut code = Code::file(&release.name);
    code.blank();
    code.line("use kubeforge_machinery::release::*;");
    code.blank();
    code.docs(&format!("Everything a server needs to know of Kubernetes {}.", release.name));
    code.open("pub static RELEASE: Release = Release {");
    code.line(format_args!("name: {:?},", release.name));
    code.line(format_args!("git_version: {:?},", release.git_version));
    groups(&mut code, names);
    kinds(&mut code, names);
    list(&mut code, "resources", &release.resources, resource);
    messages(&mut code, names);
    openapi(&mut code, documents);
    code.close("};");
    code.finish()
}

fn groups(code: &mut Code, names: &Names<'_>) {
    list(code, "groups", &names.release.groups, |code, group| {
        code.line(format_args!("Group {{ name: {:?}, versions: &{:?} }},", group.name, group.versions));
    });
}

fn kinds(code: &mut Code, names: &Names<'_>) {
    let mut kinds: Vec<_> = names.release.kinds.iter().collect();
    kinds.sort_by_key(|k| (&k.group, &k.version, &k.kind));
    list(code, "kinds", &kinds, |code, kind| {
        let message = names.table_path(names.message(&kind.message), None);
        let (group, version, kind) = (&kind.group, &kind.version, &kind.kind);
        code.line(format_args!(
            "Kind {{ group: {group:?}, version: {version:?}, kind: {kind:?}, message: &{message} }},"
        ));
    });
}

fn messages(code: &mut Code, names: &Names<'_>) {
    let messages: Vec<_> = names.release.messages.values().filter(|m| m.special.is_none()).collect();
    list(code, "messages", &messages, |code, message| {
        code.line(format_args!("&{},", names.table_path(message, None)));
    });
}

fn resource(code: &mut Code, r: &Resource) {
    code.open("Resource {");
    code.line(format_args!("group: {:?},", r.group));
    code.line(format_args!("version: {:?},", r.version));
    code.line(format_args!("name: {:?},", r.name));
    code.line(format_args!("singular: {:?},", r.singular));
    code.line(format_args!("kind: {:?},", r.kind));
    code.line(format_args!("namespaced: {},", r.namespaced));
    code.line(format_args!("verbs: &{:?},", r.verbs));
    code.line(format_args!("short_names: &{:?},", r.short_names));
    code.line(format_args!("categories: &{:?},", r.categories));
    list(code, "subresources", &r.subresources, subresource);
    code.line(format_args!("storage: {},", optional(&r.storage, storage)));
    code.line(format_args!("generation: {},", r.generation));
    code.line(format_args!("delete_returns_object: {},", r.delete_returns_object));
    code.line(format_args!("update_needs_version: {},", r.update_needs_version));
    list(code, "selectable", &r.selectable, |code, (label, path)| {
        code.line(format_args!("Selectable {{ label: {label:?}, path: {path:?} }},"));
    });
    list(code, "columns", &r.columns, column);
    code.line(format_args!("scale: {},", optional(&r.scale, scale)));
    list(code, "defaults", &r.defaults, |code, (path, json)| {
        code.line(format_args!("Default {{ path: {path:?}, json: {json:?} }},"));
    });
    code.close("},");
}

fn subresource(code: &mut Code, s: &Subresource) {
    let kind = format!("Gvk {{ group: {:?}, version: {:?}, kind: {:?} }}", s.group, s.version, s.kind);
    code.line(format_args!("Subresource {{ name: {:?}, kind: {kind}, verbs: &{:?} }},", s.name, s.verbs));
}

fn storage(s: &Storage) -> String {
    let Storage { prefix, group, version, kind } = s;
    format!("Storage {{ prefix: {prefix:?}, group: {group:?}, version: {version:?}, kind: {kind:?} }}")
}

fn scale(s: &Scale) -> String {
    let Scale { spec_replicas, status_replicas, selector } = s;
    format!(
        "Scale {{ spec_replicas: {spec_replicas:?}, status_replicas: {status_replicas:?}, selector: {selector:?} }}"
    )
}

fn column(code: &mut Code, c: &Column) {
    code.open("Column {");
    code.line(format_args!("name: {:?},", c.name));
    code.line(format_args!("ty: {:?},", c.ty));
    code.line(format_args!("format: {:?},", c.format));
    code.line(format_args!("priority: {},", c.priority));
    code.line(format_args!("description: {:?},", c.description));
    code.line(format_args!("cell: Cell {{ function: {:?}, arguments: &{:?} }},", c.function, c.arguments));
    code.close("},");
}

fn openapi(code: &mut Code, documents: &Documents) {
    code.open("openapi: OpenApi {");
    code.line(format_args!("v2_json: {},", document(&documents.v2_json.path, &documents.v2_json.sha512)));
    code.line(format_args!("v2_proto: {},", document(&documents.v2_proto.path, &documents.v2_proto.sha512)));
    list(code, "v3_json", &documents.v3_json, |code, (name, d)| {
        code.line(format_args!("({name:?}, {}),", document(&d.path, &d.sha512)));
    });
    code.close("},");
}

fn document(path: &str, sha512: &str) -> String {
    format!("Document {{ gzip: include_bytes!({path:?}), sha512: {sha512:?} }}")
}

fn list<T>(code: &mut Code, name: &str, items: &[T], mut item: impl FnMut(&mut Code, &T)) {
    if items.is_empty() {
        return code.line(format_args!("{name}: &[],"));
    }
    code.open(format_args!("{name}: &["));
    for each in items {
        item(code, each);
    }
    code.close("],");
}

fn optional<T: Debug>(value: &Option<T>, text: fn(&T) -> String) -> String {
    value.as_ref().map_or("None".into(), |value| format!("Some({})", text(value)))
}

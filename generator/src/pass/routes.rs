//! The served resources, read off the paths and their `x-kubernetes-action`s.

use std::collections::{BTreeMap, BTreeSet};

use super::fixups::Fixups;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::input::RawInputs;
use crate::input::openapi::{Gvk, Operation};
use crate::input::rules::Feature;
use crate::model::{Release, Resource, Subresource};

pub fn run(release: &mut Release, inputs: &RawInputs, fixups: &Fixups<'_>, diagnostics: &mut Diagnostics) {
    let mut found: BTreeMap<Key, Found> = BTreeMap::new();
    for operation in inputs.openapi.operations.iter().filter(|operation| !operation.action.is_empty()) {
        let Some(path) = parse(&operation.path) else { continue };
        let Some(verb) = verb(operation, diagnostics) else { continue };
        let entry = found.entry(path.key).or_default();
        entry.namespaced |= path.namespaced;
        let Some(gvk) = &operation.gvk else {
            let message = format!("`{} {}` has no kind", operation.method.to_uppercase(), operation.path);
            diagnostics.add(
                Diagnostic::error(Code::KF0401, message)
                    .at(operation.place.clone(), "this operation")
                    .help("add `x-kubernetes-group-version-kind`"),
            );
            continue;
        };
        match path.subresource {
            // Deprecated paths say that a resource can be watched, and no more.
            _ if path.watch => drop(entry.verbs.insert("watch")),
            None => entry.main(verb, gvk, operation, diagnostics),
            Some(name) => entry.sub(&name, verb, gvk, operation),
        }
    }
    for ((group, version, name), found) in found {
        release.resources.extend(found.into_resource(release, group, version, name, diagnostics));
    }
    if fixups.lacks(Feature::SingularNames) {
        release.resources.iter_mut().for_each(|resource| resource.singular.clear());
    }
}

/// Group, version, plural name.
type Key = (String, String, String);

struct Path {
    key: Key,
    namespaced: bool,
    watch: bool,
    subresource: Option<String>,
}

/// `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status` and the like; `None` for other paths.
fn parse(path: &str) -> Option<Path> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, mut rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let watch = rest.first() == Some(&"watch");
    if watch {
        rest = &rest[1..];
    }
    let namespaced = matches!(rest, ["namespaces", "{namespace}", _, ..]);
    if namespaced {
        rest = &rest[2..];
    }
    let (name, subresource) = match rest {
        [name] | [name, "{name}"] => (*name, None),
        // `proxy/{path}` belongs to `proxy`.
        [name, "{name}", sub, ..] => (*name, Some((*sub).to_owned())),
        _ => return None,
    };
    Some(Path { key: (group.to_owned(), version.to_owned(), name.to_owned()), namespaced, watch, subresource })
}

/// The verb of discovery; `None` for what discovery does not tell.
fn verb(operation: &Operation, diagnostics: &mut Diagnostics) -> Option<&'static str> {
    match (operation.action.as_str(), operation.method.as_str()) {
        ("get", _) | ("connect", "get") => Some("get"),
        ("list", _) => Some("list"),
        ("post", _) | ("connect", "post") => Some("create"),
        ("put", _) | ("connect", "put") => Some("update"),
        ("patch", _) | ("connect", "patch") => Some("patch"),
        ("delete", _) | ("connect", "delete") => Some("delete"),
        ("deletecollection", _) => Some("deletecollection"),
        ("watch" | "watchlist", _) => Some("watch"),
        ("connect", _) => None,
        (other, _) => {
            diagnostics.add(
                Diagnostic::error(Code::KF0403, format!("the action `{other}` is unknown"))
                    .at(operation.place.clone(), "of this operation")
                    .help("see `kubeforge check` on a release for the known ones, such as get, list and post"),
            );
            None
        }
    }
}

/// What the operations say of one resource.
#[derive(Default)]
struct Found {
    namespaced: bool,
    verbs: BTreeSet<&'static str>,
    gvk: Option<(Gvk, Place)>,
    subresources: BTreeMap<String, (Gvk, BTreeSet<&'static str>)>,
    /// Of the first operation.
    place: Option<Place>,
}

impl Found {
    fn main(&mut self, verb: &'static str, gvk: &Gvk, operation: &Operation, diagnostics: &mut Diagnostics) {
        self.verbs.insert(verb);
        self.place.get_or_insert_with(|| operation.place.clone());
        let (first, place) = self.gvk.get_or_insert_with(|| (gvk.clone(), operation.place.clone()));
        if first != gvk {
            let message = format!("`{}` serves both `{}` and `{}`", operation.path, first.kind, gvk.kind);
            diagnostics.add(
                Diagnostic::error(Code::KF0404, message)
                    .at(operation.place.clone(), format!("has the kind {}", gvk.kind))
                    .at(place.clone(), format!("has the kind {}", first.kind))
                    .help("operations on one resource have one kind"),
            );
        }
    }

    fn sub(&mut self, name: &str, verb: &'static str, gvk: &Gvk, operation: &Operation) {
        self.place.get_or_insert_with(|| operation.place.clone());
        let (_, verbs) = self.subresources.entry(name.to_owned()).or_insert_with(|| (gvk.clone(), BTreeSet::new()));
        verbs.insert(verb);
    }

    fn into_resource(
        self,
        release: &Release,
        group: String,
        version: String,
        name: String,
        diagnostics: &mut Diagnostics,
    ) -> Option<Resource> {
        let (gvk, place) = self.gvk?;
        if !release.kinds.iter().any(|k| k.kind == gvk.kind && k.version == gvk.version && k.group == gvk.group) {
            let message = format!("`{name}` serves the kind `{}`, for which there is no type", gvk.kind);
            diagnostics.add(
                Diagnostic::error(Code::KF0402, message)
                    .at(place, "served here")
                    .help("define the type, with `x-kubernetes-group-version-kind` in OpenAPI"),
            );
            return None;
        }
        let verbs = |verbs: BTreeSet<&str>| verbs.into_iter().map(str::to_owned).collect();
        let subresources = self.subresources.into_iter().map(|(name, (gvk, found))| Subresource {
            name,
            group: gvk.group,
            version: gvk.version,
            kind: gvk.kind,
            verbs: verbs(found),
        });
        let mut resource = Resource {
            singular: gvk.kind.to_lowercase(),
            subresources: subresources.collect(),
            verbs: verbs(self.verbs),
            namespaced: self.namespaced,
            kind: gvk.kind,
            group,
            version,
            name,
            ..Resource::default()
        };
        resource.origin.add("openapi", self.place.as_ref());
        Some(resource)
    }
}

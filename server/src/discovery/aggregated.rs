//! The aggregated documents: everything of all groups in one answer (KEP-3352).

use kubeforge_machinery::release::{Group, Release, Resource};
use serde::Serialize;

use super::{Document, foreign_group, resources_of};

/// Group of the aggregated kinds.
pub const AGGREGATED_GROUP: &str = "apidiscovery.k8s.io";

/// Both documents in one version of the group.
#[derive(Debug)]
pub struct Aggregated {
    pub version: &'static str,
    /// Of `/api`.
    pub core: Document,
    /// Of `/apis`.
    pub groups: Document,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    kind: &'a str,
    api_version: &'a str,
    metadata: Empty,
    items: Vec<GroupDiscovery<'a>>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct GroupDiscovery<'a> {
    metadata: Metadata<'a>,
    versions: Vec<VersionDiscovery<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct VersionDiscovery<'a> {
    version: &'a str,
    resources: Vec<ResourceDiscovery<'a>>,
    freshness: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceDiscovery<'a> {
    resource: &'a str,
    response_kind: ResponseKind<'a>,
    scope: &'a str,
    singular_resource: &'a str,
    verbs: &'a [&'a str],
    short_names: &'a [&'a str],
    categories: &'a [&'a str],
    subresources: Vec<SubresourceDiscovery<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubresourceDiscovery<'a> {
    subresource: &'a str,
    response_kind: ResponseKind<'a>,
    verbs: &'a [&'a str],
}

#[derive(Serialize)]
struct ResponseKind<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
}

/// The lists in every version that the release has messages for, the newest first.
pub(super) fn all(release: &'static Release) -> Vec<Aggregated> {
    const VERSIONS: [(&str, &str); 2] = [("v2", "apidiscovery.k8s.io/v2"), ("v2beta1", "apidiscovery.k8s.io/v2beta1")];
    let mut lists = Vec::new();
    for (version, api_version) in VERSIONS {
        let name = format!("io.k8s.api.apidiscovery.{version}.APIGroupDiscoveryList");
        let Some(descriptor) = release.message(&name) else { continue };
        let document = |wanted: fn(&Group) -> bool| {
            let items = release.groups.iter().filter(|group| wanted(group)).map(|group| item(release, group)).collect();
            let list = List { kind: "APIGroupDiscoveryList", api_version, metadata: Empty {}, items };
            let text = serde_json::to_vec(&list).expect("plain structs serialise");
            Document::new("APIGroupDiscoveryList", api_version, &text, descriptor.new_message())
        };
        let core = document(|group| group.name.is_empty());
        let groups = document(|group| !group.name.is_empty());
        lists.push(Aggregated { version, core, groups });
    }
    lists
}

fn item(release: &'static Release, group: &'static Group) -> GroupDiscovery<'static> {
    let versions = group.versions.iter().map(|version| VersionDiscovery {
        version,
        resources: resources_of(release, group.name, version).map(resource).collect(),
        freshness: "Current",
    });
    GroupDiscovery { metadata: Metadata { name: group.name }, versions: versions.collect() }
}

fn resource(resource: &'static Resource) -> ResourceDiscovery<'static> {
    let subresources = resource.subresources.iter().map(|sub| {
        let (group, version) = foreign_group(resource, &sub.kind).unwrap_or_default();
        let response_kind = ResponseKind { group, version, kind: sub.kind.kind };
        SubresourceDiscovery { subresource: sub.name, response_kind, verbs: sub.verbs }
    });
    ResourceDiscovery {
        resource: resource.name,
        response_kind: ResponseKind { group: "", version: "", kind: resource.kind },
        scope: if resource.namespaced { "Namespaced" } else { "Cluster" },
        singular_resource: resource.singular,
        verbs: resource.verbs,
        short_names: resource.short_names,
        categories: resource.categories,
        subresources: subresources.collect(),
    }
}

//! The classic documents: one per root, group and group version.

use std::collections::HashMap;

use kubeforge_machinery::release::{Group, Release, Resource};
use kubeforge_machinery::{Descriptor, Message};
use serde::Serialize;

use super::{Document, foreign_group, group_version, resources_of, storage_version_hash};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiVersions<'a> {
    kind: &'a str,
    versions: &'a [&'a str],
    #[serde(rename = "serverAddressByClientCIDRs")]
    server_addresses: [ServerAddress<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerAddress<'a> {
    #[serde(rename = "clientCIDR")]
    client_cidr: &'a str,
    server_address: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiGroupList<'a> {
    kind: &'a str,
    api_version: &'a str,
    groups: Vec<ApiGroup<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiGroup<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'a str,
    name: &'a str,
    versions: Vec<GroupVersion<'a>>,
    preferred_version: Option<GroupVersion<'a>>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupVersion<'a> {
    group_version: String,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiResourceList<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'a str,
    group_version: String,
    resources: Vec<ApiResource<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiResource<'a> {
    name: String,
    singular_name: &'a str,
    namespaced: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    kind: &'a str,
    verbs: &'a [&'a str],
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    short_names: &'a [&'a str],
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    categories: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_version_hash: Option<String>,
}

/// Every document by its path.
pub(super) fn all(release: &'static Release, address: &str) -> HashMap<String, Document> {
    let mut documents = HashMap::new();
    let mut add = |path: String, kind: &'static str, api_version: &'static str, body: Vec<u8>| {
        if let Some(message) = empty(release, kind) {
            documents.insert(path, Document::new(kind, api_version, &body, message));
        }
    };
    let groups = || release.groups.iter().filter(|group| !group.name.is_empty());

    add(
        "/apis".into(),
        "APIGroupList",
        "v1",
        text(&ApiGroupList {
            kind: "APIGroupList",
            api_version: "v1",
            groups: groups().map(|group| api_group(group, "", "")).collect(),
        }),
    );
    for group in groups() {
        add(format!("/apis/{}", group.name), "APIGroup", "v1", text(&api_group(group, "APIGroup", "v1")));
    }
    for group in release.groups {
        if group.name.is_empty() {
            let server_addresses = [ServerAddress { client_cidr: "0.0.0.0/0", server_address: address }];
            let body = ApiVersions { kind: "APIVersions", versions: group.versions, server_addresses };
            add("/api".into(), "APIVersions", "", text(&body));
        }
        for version in group.versions {
            let (path, api_version) = match group.name {
                "" => (format!("/api/{version}"), ""),
                name => (format!("/apis/{name}/{version}"), "v1"),
            };
            let body = resource_list(release, group.name, version, api_version);
            add(path, "APIResourceList", api_version, text(&body));
        }
    }
    documents
}

fn api_group<'a>(group: &'a Group, kind: &'a str, api_version: &'a str) -> ApiGroup<'a> {
    let versions: Vec<GroupVersion<'a>> = group
        .versions
        .iter()
        .map(|version| GroupVersion { group_version: group_version(group.name, version), version })
        .collect();
    ApiGroup { kind, api_version, name: group.name, preferred_version: versions.first().cloned(), versions }
}

fn resource_list(
    release: &'static Release,
    group: &str,
    version: &str,
    api_version: &'static str,
) -> ApiResourceList<'static> {
    ApiResourceList {
        kind: "APIResourceList",
        api_version,
        group_version: group_version(group, version),
        resources: resources_of(release, group, version).flat_map(entries).collect(),
    }
}

/// A resource and its subresources.
fn entries(resource: &'static Resource) -> Vec<ApiResource<'static>> {
    let mut entries = Vec::with_capacity(1 + resource.subresources.len());
    if !resource.verbs.is_empty() {
        entries.push(ApiResource {
            name: resource.name.to_owned(),
            singular_name: resource.singular,
            namespaced: resource.namespaced,
            group: "",
            version: "",
            kind: resource.kind,
            verbs: resource.verbs,
            short_names: resource.short_names,
            categories: resource.categories,
            storage_version_hash: storage_version_hash(resource),
        });
    }
    for sub in resource.subresources {
        let (group, version) = foreign_group(resource, &sub.kind).unwrap_or_default();
        entries.push(ApiResource {
            name: format!("{}/{}", resource.name, sub.name),
            singular_name: "",
            namespaced: resource.namespaced,
            group,
            version,
            kind: sub.kind.kind,
            verbs: sub.verbs,
            short_names: &[],
            categories: &[],
            storage_version_hash: None,
        });
    }
    entries
}

/// An empty message of a meta/v1 kind.
fn empty(release: &'static Release, kind: &str) -> Option<Box<dyn Message>> {
    let name = format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}");
    release.message(&name).map(|descriptor: &'static Descriptor| descriptor.new_message())
}

fn text(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("plain structs serialise")
}

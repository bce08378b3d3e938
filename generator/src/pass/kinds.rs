//! The registered kinds and their life cycle.

use std::collections::BTreeMap;

use crate::input::RawInputs;
use crate::model::{Kind, Release};

/// Kinds that every group version has: upstream registers them with each (`metav1.AddToGroupVersion`).
const EVERYWHERE: [&str; 7] =
    ["CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "WatchEvent"];

/// Kinds without version, which are kept under `v1` of the core group.
const UNVERSIONED: [&str; 5] = ["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"];

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

pub fn run(release: &mut Release, inputs: &RawInputs) {
    let mut kinds: BTreeMap<(String, String, String), String> = BTreeMap::new();
    let mut add = |group: &str, version: &str, kind: &str, message: String| {
        if release.messages.contains_key(&message) {
            kinds.entry((group.to_owned(), version.to_owned(), kind.to_owned())).or_insert(message);
        }
    };
    for (prefix, package) in inputs.go.iter().flat_map(|facts| &facts.packages) {
        let Some((group, version)) = &package.group_version else { continue };
        for kind in &package.kinds {
            add(group, version, kind, format!("{prefix}.{kind}"));
        }
        for kind in EVERYWHERE {
            add(group, version, kind, format!("{META}.{kind}"));
        }
    }
    for kind in UNVERSIONED {
        add("", "v1", kind, format!("{META}.{kind}"));
    }
    for (name, definition) in &inputs.openapi.definitions {
        for gvk in &definition.gvks {
            add(&gvk.group, &gvk.version, &gvk.kind, name.clone());
        }
    }
    release.kinds = kinds
        .into_iter()
        .map(|((group, version, kind), message)| {
            let life = |event: &str| lifecycle(inputs, &message, event);
            let (introduced, deprecated, removed) = (life("introduced"), life("deprecated"), life("removed"));
            Kind { group, version, kind, introduced, deprecated, removed, message }
        })
        .collect();
}

/// The release of `+k8s:prerelease-lifecycle-gen:introduced=1.19`.
fn lifecycle(inputs: &RawInputs, message: &str, event: &str) -> Option<String> {
    let markers = &inputs.go.as_ref()?.types.get(message)?.markers;
    let prefix = format!("+k8s:prerelease-lifecycle-gen:{event}=");
    markers.iter().find_map(|marker| marker.strip_prefix(&prefix)).map(str::to_owned)
}

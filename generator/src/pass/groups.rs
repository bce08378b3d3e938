//! API groups and their versions in the order of discovery.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::input::RawInputs;
use crate::input::rules::release_number;
use crate::model::{Group, Release};

pub fn run(release: &mut Release, inputs: &RawInputs) {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for resource in &release.resources {
        let versions = groups.entry(&resource.group).or_default();
        if !versions.contains(&resource.version.as_str()) {
            versions.push(&resource.version);
        }
    }
    let mut sorted: Vec<Group> = groups
        .into_iter()
        .map(|(name, mut versions)| {
            versions.sort_by_key(|version| Reverse((version_priority(inputs, name, version), stability(version))));
            Group { name: name.to_owned(), versions: versions.into_iter().map(str::to_owned).collect() }
        })
        .collect();
    sorted.sort_by_key(|group| {
        (!group.name.is_empty(), Reverse(group_priority(inputs, &group.name)), group.name.clone())
    });
    release.groups = sorted;
    let groups = &release.groups;
    release.resources.sort_by_cached_key(|r| {
        let group = groups.iter().position(|g| g.name == r.group);
        let version = group.and_then(|g| groups[g].versions.iter().position(|v| *v == r.version));
        (group, version, r.name.clone())
    });
}

fn group_priority(inputs: &RawInputs, group: &str) -> i64 {
    let release = release_number(&inputs.release);
    let rules = inputs.rules.groups.iter().filter(|rules| rules.name == group);
    let mut entries = rules.flat_map(|rules| &rules.priority);
    entries.find(|entry| entry.when.fits_release(release)).map_or(0, |entry| entry.value)
}

fn version_priority(inputs: &RawInputs, group: &str, version: &str) -> i64 {
    let release = release_number(&inputs.release);
    let rules = inputs.rules.groups.iter().filter(|rules| rules.name == group);
    let entries = rules.flat_map(|rules| &rules.version_priority).find(|entry| entry.when.fits_release(release));
    let found = entries.and_then(|entry| entry.value.iter().find(|(name, _)| name == version));
    found.map_or(0, |(_, priority)| *priority)
}

/// Sorts as Kubernetes does: v2, v1, v2beta1, v1beta2, v1alpha1, and what has another form last.
fn stability(version: &str) -> (u8, u64, u64, Reverse<String>) {
    let parsed = parse(version);
    let (level, major, minor) = parsed.unwrap_or((0, 0, 0));
    (level, major, minor, Reverse(version.to_owned()))
}

fn parse(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..digits].parse().ok()?;
    let stage = &rest[digits..];
    if stage.is_empty() {
        return Some((3, major, 0));
    }
    let (level, minor) = match (stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
        (Some(minor), _) => (2, minor),
        (_, Some(minor)) => (1, minor),
        _ => return None,
    };
    Some((level, major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_and_newer_versions_come_first() {
        let mut versions = vec!["v1alpha1", "v2beta1", "odd", "v1", "v10", "v1beta2", "v2"];
        versions.sort_by_key(|version| Reverse(stability(version)));
        assert_eq!(versions, ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "odd"]);
    }
}

//! Cells of quotas, certificates, bindings, admission policies, API services and storage versions.

use kubeforge_machinery::message::MessageMap;
use kubeforge_machinery::{FieldRef, Message};

use crate::table::functions::{CellValue, Row, condition_of, sample_of};
use crate::table::path::{field_at, items_at, message_at, text_at};
use crate::table::selector;

/// `quota("requests")` or `quota("limits")`: what is used of what: `pods: 1/2, count/secrets: 0/1`.
pub fn quota(row: &Row<'_>) -> CellValue {
    let limits = row.argument(0) == "limits";
    let Some(hard) = map_at(row.object, "status.hard") else { return "".into() };
    let used = map_at(row.object, "status.used");
    let entry = |(resource, hard): (&str, &dyn Message)| {
        let used = used.and_then(|used| used.get(resource)).map_or_else(|| "0".to_owned(), quantity);
        (resource.starts_with("limits.") == limits).then(|| format!("{resource}: {used}/{}", quantity(hard)))
    };
    hard.entries().filter_map(entry).collect::<Vec<_>>().join(", ").into()
}

fn map_at<'a>(object: &'a dyn Message, path: &str) -> Option<&'a dyn MessageMap> {
    match field_at(object, path)? {
        FieldRef::Map(map) => Some(map),
        _ => None,
    }
}

fn quantity(quantity: &dyn Message) -> String {
    let quantity = quantity.as_any().downcast_ref::<kubeforge_machinery::types::Quantity>();
    quantity.map(ToString::to_string).unwrap_or_default()
}

/// Decision on a certificate signing request, and what came of it.
pub fn csr_condition(row: &Row<'_>) -> CellValue {
    let has = |ty: &str| condition_of(row.object, "status.conditions", ty).is_some();
    let mut text = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    }
    .to_owned();
    if has("Failed") {
        text.push_str(",Failed");
    }
    if matches!(field_at(row.object, "status.certificate"), Some(FieldRef::OptBytes(Some(c))) if !c.0.is_empty()) {
        text.push_str(",Issued");
    }
    text.into()
}

/// `subjects(kind)`: the subjects of a binding that are of the kind.
pub fn subjects(row: &Row<'_>) -> CellValue {
    let of_kind = items_at(row.object, "subjects").into_iter().filter(|s| text_at(*s, "kind") == row.argument(0));
    let name = |subject: &dyn Message| match (row.argument(0), text_at(subject, "namespace")) {
        ("ServiceAccount", namespace) if !namespace.is_empty() => format!("{namespace}/{}", text_at(subject, "name")),
        _ => text_at(subject, "name").into_owned(),
    };
    of_kind.map(name).collect::<Vec<_>>().join(", ").into()
}

/// The parameters an admission policy is bound with.
pub fn param_reference(row: &Row<'_>) -> CellValue {
    let Some(reference) = message_at(row.object, "spec.paramRef") else { return "<unset>".into() };
    let (namespace, name) = (text_at(reference, "namespace"), text_at(reference, "name"));
    match (name.is_empty(), namespace.is_empty(), message_at(reference, "selector")) {
        (false, false, _) => format!("{namespace}/{name}").into(),
        (false, true, _) => format!("*/{name}").into(),
        (true, _, Some(labels)) => selector::dump(labels).into(),
        (true, _, None) => "<unset>".into(),
    }
}

/// Status of the condition `Available`, with the reason if it is not true.
pub fn apiservice_available(row: &Row<'_>) -> CellValue {
    let Some(condition) = condition_of(row.object, "status.conditions", "Available") else { return "Unknown".into() };
    let (status, reason) = (text_at(condition, "status"), text_at(condition, "reason"));
    match status == "True" || reason.is_empty() {
        true => status.into(),
        false => format!("{status} ({reason})").into(),
    }
}

/// Which server encodes in which version.
pub fn storage_versions(row: &Row<'_>) -> CellValue {
    let version = |v: &dyn Message| format!("{}={}", text_at(v, "apiServerID"), text_at(v, "encodingVersion"));
    sample_of(&items_at(row.object, "status.storageVersions").into_iter().map(version).collect::<Vec<_>>()).into()
}

/// `resource.version.group`; the version is not there in all API versions.
pub fn migrated_resource(row: &Row<'_>) -> CellValue {
    let Some(resource) = message_at(row.object, "spec.resource") else { return "".into() };
    let [name, version, group] = ["resource", "version", "group"].map(|field| text_at(resource, field));
    match field_at(resource, "version") {
        Some(_) => format!("{name}.{version}.{group}").into(),
        None => format!("{name}.{group}").into(),
    }
}

//! What happens to an object between the client's document and the store, the same for every kind.
//!
//! Where upstream treats one kind its own way, a [`Strategy`] says so; most kinds have the default one.

use std::collections::BTreeSet;
use std::time::Duration;

use kubeforge_machinery::names::{label_key_errors, label_value_errors};
use kubeforge_machinery::status::{Cause, OBJECT_MODIFIED};
use kubeforge_machinery::types::SmallStr;
use kubeforge_machinery::types::go::quote;
use kubeforge_machinery::{FieldRef, Message};

use super::{Store, kinds, names};
use crate::http::Status;
use crate::meta;

/// Particulars of a kind.
pub struct Strategy {
    group: &'static str,
    resource: &'static str,
    /// How long an object lives after its last write.
    pub ttl: Option<Duration>,
    /// Whether an object may be created with a status, although status is a subresource.
    pub keeps_status: bool,
    /// Status of a new object.
    pub initial_status: fn(&dyn Message) -> Option<String>,
    /// Changes before a new object is checked.
    pub on_create: fn(&mut dyn Message),
    /// Changes before an object (first) replaces another (second).
    pub on_update: fn(&mut dyn Message, &dyn Message),
    /// Seconds an object stays before it is deleted, given those the client wants; `None` if the kind has no grace.
    pub grace: fn(&dyn Message, Option<i64>) -> Option<i64>,
    /// Whether the object must stay although nothing in its metadata holds it.
    pub is_held: fn(&dyn Message) -> bool,
    /// Changes to an object that is about to be deleted but stays for now.
    pub on_deleting: fn(&mut dyn Message),
    /// Names that may not be deleted.
    pub protected: &'static [&'static str],
    /// Which changes count as a new generation.
    pub generation: Generation,
    /// Whether dependents are orphaned if a deletion does not say what becomes of them.
    pub orphans: bool,
    /// What such a deletion warns of; empty for nothing.
    pub orphan_warning: &'static str,
    /// Metadata that writes of the status subresource do not change.
    pub status_leaves: &'static [&'static str],
}

/// Which changes count as a new generation, of kinds whose generation is counted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Everything but metadata and status.
    Spec,
    SpecAndAnnotations,
    /// Labels too.
    SpecAndLabels,
    /// As [`Generation::Spec`], but new objects have none.
    SpecFromZero,
    /// No change.
    Fixed,
}

impl Strategy {
    const DEFAULT: Strategy = Strategy {
        group: "",
        resource: "",
        ttl: None,
        keeps_status: false,
        initial_status: |_| None,
        on_create: |_| {},
        on_update: |_, _| {},
        grace: |_, _| None,
        is_held: |_| false,
        on_deleting: |_| {},
        protected: &[],
        generation: Generation::Spec,
        orphans: false,
        orphan_warning: "",
        status_leaves: &[],
    };

    /// The strategy of a resource.
    pub fn of(group: &str, resource: &str) -> &'static Strategy {
        static DEFAULT: Strategy = Strategy::DEFAULT;
        STRATEGIES.iter().find(|s| s.group == group && s.resource == resource).unwrap_or(&DEFAULT)
    }
}

/// Most bytes of all annotations together.
const MAX_ANNOTATIONS: usize = 256 * 1024;
/// Most problems of labels and annotations that one answer tells; a body full of them would make one of gigabytes.
const MAX_PROBLEMS: usize = 1000;
const ALL_METADATA: &[&str] = &["labels", "annotations", "finalizers", "ownerReferences"];
const EVENT_TTL: Option<Duration> = Some(Duration::from_secs(3600));

static STRATEGIES: [Strategy; 17] = [
    Strategy { resource: "events", ttl: EVENT_TTL, ..Strategy::DEFAULT },
    Strategy { group: "events.k8s.io", resource: "events", ttl: EVENT_TTL, ..Strategy::DEFAULT },
    Strategy {
        resource: "namespaces",
        initial_status: |_| Some(r#"{"phase":"Active"}"#.into()),
        on_create: kinds::namespaces::on_create,
        on_update: kinds::namespaces::on_update,
        is_held: kinds::namespaces::is_held,
        on_deleting: kinds::namespaces::on_deleting,
        protected: &["default", "kube-public", "kube-system"],
        status_leaves: ALL_METADATA,
        ..Strategy::DEFAULT
    },
    Strategy { resource: "nodes", keeps_status: true, ..Strategy::DEFAULT },
    Strategy { resource: "persistentvolumeclaims", initial_status: pending, ..Strategy::DEFAULT },
    Strategy { resource: "persistentvolumes", initial_status: pending, ..Strategy::DEFAULT },
    Strategy {
        resource: "pods",
        initial_status: kinds::pods::initial_status,
        grace: kinds::pods::grace,
        ..Strategy::DEFAULT
    },
    Strategy {
        resource: "secrets",
        on_create: kinds::secrets::take_strings,
        on_update: |new, _| kinds::secrets::take_strings(new),
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "apps",
        resource: "deployments",
        generation: Generation::SpecAndAnnotations,
        status_leaves: &["labels"],
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "admissionregistration.k8s.io",
        resource: "validatingadmissionpolicies",
        status_leaves: ALL_METADATA,
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "batch",
        resource: "jobs",
        orphans: true,
        orphan_warning: "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to \
            remove them or set propagationPolicy=Orphan to suppress this warning",
        ..Strategy::DEFAULT
    },
    Strategy { resource: "replicationcontrollers", orphans: true, ..Strategy::DEFAULT },
    Strategy {
        group: "discovery.k8s.io",
        resource: "endpointslices",
        generation: Generation::SpecAndLabels,
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "scheduling.k8s.io",
        resource: "priorityclasses",
        generation: Generation::Fixed,
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "storage.k8s.io",
        resource: "csidrivers",
        generation: Generation::SpecFromZero,
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "internal.apiserver.k8s.io",
        resource: "storageversions",
        status_leaves: ALL_METADATA,
        ..Strategy::DEFAULT
    },
    Strategy {
        group: "storage.k8s.io",
        resource: "volumeattachments",
        status_leaves: ALL_METADATA,
        ..Strategy::DEFAULT
    },
];

fn pending(_: &dyn Message) -> Option<String> {
    Some(r#"{"phase":"Pending"}"#.into())
}

/// Which part of an object a write may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything but the status of kinds with a status subresource.
    Object,
    /// The status, and the metadata that goes with it.
    Status,
    /// `spec.finalizers` of namespaces.
    Finalize,
}

/// Prepares an object of the stored version for creation. `namespace` is the URL's.
pub fn prepare_create(store: &Store, object: &mut dyn Message, namespace: &str) -> Result<(), Status> {
    let is_namespaced = store.resource.namespaced;
    if !meta::get(object, "resourceVersion").is_empty() {
        return Err(Status::internal("resourceVersion should not be set on objects to be created"));
    }
    if is_namespaced {
        meta::set(object, "namespace", namespace);
    }
    if meta::get(object, "name").is_empty() && !meta::get(object, "generateName").is_empty() {
        let name = names::generate(meta::get(object, "generateName"));
        meta::set(object, "name", &name);
    }
    if let Some(metadata) = meta::of_mut(object) {
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"] {
            meta::clear_field(metadata, field);
        }
        meta::set_text(metadata, "uid", &uuid::Uuid::new_v4().to_string());
        meta::set_time_from_now(metadata, "creationTimestamp", 0);
        if store.resource.generation {
            meta::set_number(metadata, "generation", Some(1));
        }
    }
    (store.strategy.on_create)(object);
    if store.has_status && !store.strategy.keeps_status {
        meta::clear_field(object, "status");
    }
    if let Some(status) = (store.strategy.initial_status)(object) {
        meta::set_json(object, "status", &status);
    }
    check_names(store, object)?;
    check_metadata(store, object)
}

/// Checks what every kind's metadata has to be.
fn check_metadata(store: &Store, object: &dyn Message) -> Result<(), Status> {
    let entries = |name| meta::of(object).and_then(|metadata| meta::map(metadata, name)).into_iter().flatten();
    let labels = entries("labels").flat_map(|(key, value)| {
        let problems = |shown, details: Vec<String>| {
            details.into_iter().map(move |detail| Cause::invalid("metadata.labels", quote(shown), &detail))
        };
        problems(key, label_key_errors(key)).chain(problems(value, label_value_errors(value)))
    });
    let annotations = entries("annotations").flat_map(|(key, _)| {
        let details = label_key_errors(&key.to_lowercase()).into_iter();
        details.map(move |detail| Cause::invalid("metadata.annotations", quote(key), &detail))
    });
    let mut errors: Vec<Cause> = labels.chain(annotations).take(MAX_PROBLEMS).collect();
    let size: usize = entries("annotations").map(|(key, value)| key.len() + value.len()).sum();
    if size > MAX_ANNOTATIONS {
        errors.push(Cause::too_long("metadata.annotations", MAX_ANNOTATIONS));
    }
    if errors.is_empty() { Ok(()) } else { Err(store.invalid(meta::get(object, "name"), errors)) }
}

fn check_names(store: &Store, object: &dyn Message) -> Result<(), Status> {
    let (name, namespace) = (meta::get(object, "name"), meta::get(object, "namespace"));
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push(Cause::required("metadata.name", "name or generateName is required"));
    } else {
        let problems = store.names.problems(name);
        errors.extend(problems.iter().map(|text| Cause::invalid("metadata.name", quote(name), text)));
    }
    if !store.resource.namespaced && !namespace.is_empty() {
        errors.push(Cause::forbidden("metadata.namespace", "not allowed on this type"));
    }
    if errors.is_empty() { Ok(()) } else { Err(store.invalid(name, errors)) }
}

/// Prepares `new`, the client's document in the stored version, to replace `old`: restores what the client may not
/// change, and counts the generation. `uid_must_match` is for documents that name the object they were made for.
pub fn prepare_update(store: &Store, new: &mut dyn Message, old: &dyn Message, part: Part) -> Result<(), Status> {
    check_version(store, new, old)?;
    keep_system_metadata(store, new, old)?;
    match part {
        Part::Object => {
            if store.has_status {
                meta::copy_field(new, old, "status");
            }
            (store.strategy.on_update)(new, old);
        }
        Part::Status => {
            keep_all_but(new, old, &["metadata", "status"]);
            keep_metadata(new, old, store.strategy.status_leaves);
        }
        Part::Finalize => {
            let mut kept = old.clone_message();
            if let (Some(to), Some(from)) = (meta::child_mut(kept.as_mut(), "spec"), meta::child(new, "spec")) {
                meta::copy_field(to, from, "finalizers");
            }
            keep_all_but(new, kept.as_ref(), &[]);
        }
    }
    count_generation(store, new, old, part);
    check_finalizers(store, new, old)?;
    check_metadata(store, new)
}

/// The document's resourceVersion must be the object's, where it names one.
fn check_version(store: &Store, new: &dyn Message, old: &dyn Message) -> Result<(), Status> {
    let name = meta::get(old, "name");
    let (wanted, current) = (meta::get(new, "resourceVersion"), meta::get(old, "resourceVersion"));
    if wanted.is_empty() {
        if !store.resource.update_needs_version {
            return Ok(());
        }
        let error = Cause::invalid("metadata.resourceVersion", "0x0", "must be specified for an update");
        // Upstream names the resource here where it names the kind elsewhere.
        return Err(Status::invalid(store.group_resource(), name, vec![error]));
    }
    if wanted.parse::<u64>().is_err() {
        let error = Cause::invalid("metadata.resourceVersion", quote(wanted), "must be an unsigned integer");
        return Err(store.invalid(name, vec![error]));
    }
    if wanted != current {
        return Err(Status::conflict(store.group_resource(), name, OBJECT_MODIFIED));
    }
    Ok(())
}

fn keep_system_metadata(store: &Store, new: &mut dyn Message, old: &dyn Message) -> Result<(), Status> {
    let uid = meta::get(new, "uid");
    if !uid.is_empty() && uid != meta::get(old, "uid") {
        // Upstream finds this twice, once for each of two checks.
        let error = Cause::invalid("metadata.uid", quote(uid), "field is immutable");
        return Err(store.invalid(meta::get(old, "name"), vec![error.clone(), error]));
    }
    keep_metadata(
        new,
        old,
        &[
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "managedFields",
        ],
    );
    Ok(())
}

fn keep_metadata(new: &mut dyn Message, old: &dyn Message, fields: &[&str]) {
    if let (Some(to), Some(from)) = (meta::of_mut(new), meta::of(old)) {
        for field in fields {
            meta::copy_field(to, from, field);
        }
    }
}

/// Copies every member of the object but some from `old`.
fn keep_all_but(new: &mut dyn Message, old: &dyn Message, open: &[&str]) {
    let fields = old.descriptor().fields.iter().map(|field| field.json.as_ref());
    for field in fields.filter(|name| !name.is_empty() && !open.contains(name)) {
        meta::copy_field(new, old, field);
    }
}

/// Whether the change counts as a new generation.
fn is_new_generation(store: &Store, new: &dyn Message, old: &dyn Message) -> bool {
    let counts = store.strategy.generation;
    if counts == Generation::Fixed || (!store.resource.generation && counts != Generation::SpecFromZero) {
        return false;
    }
    let mut same = new.clone_message();
    for field in ["metadata", "status", "kind", "apiVersion"] {
        meta::copy_field(same.as_mut(), old, field);
    }
    if !same.equals(old) {
        return true;
    }
    let differs = |name| match (meta::of(new), meta::of(old)) {
        (Some(new), Some(old)) => !meta::same_field(new, old, name),
        _ => false,
    };
    match counts {
        Generation::SpecAndAnnotations => differs("annotations"),
        Generation::SpecAndLabels => differs("labels"),
        _ => false,
    }
}

fn count_generation(store: &Store, new: &mut dyn Message, old: &dyn Message, part: Part) {
    if part == Part::Object && is_new_generation(store, new, old) {
        let generation = meta::of(old).and_then(|m| meta::number(m, "generation")).unwrap_or_default();
        if let Some(metadata) = meta::of_mut(new) {
            meta::set_number(metadata, "generation", Some(generation.saturating_add(1)));
        }
    }
}

/// While an object is being deleted, finalizers may only go.
fn check_finalizers(store: &Store, new: &dyn Message, old: &dyn Message) -> Result<(), Status> {
    if !meta::is_deleting(old) {
        return Ok(());
    }
    let before: BTreeSet<&SmallStr> = meta::finalizers(old).iter().collect();
    let added: Vec<String> =
        meta::finalizers(new).iter().filter(|name| !before.contains(name)).map(|name| quote(name)).collect();
    if added.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    let error = Cause::forbidden("metadata.finalizers", &detail);
    Err(store.invalid(meta::get(old, "name"), vec![error.clone(), error]))
}

/// Whether an object that is being deleted has nothing left that keeps it.
pub fn may_go(store: &Store, object: &dyn Message) -> bool {
    let grace = match meta::of(object).and_then(|metadata| meta::field(metadata, "deletionGracePeriodSeconds")) {
        Some(FieldRef::OptI64(grace)) => grace.unwrap_or_default(),
        _ => 0,
    };
    meta::is_deleting(object) && grace == 0 && !is_held(store, object)
}

/// Whether finalizers keep the object.
pub fn is_held(store: &Store, object: &dyn Message) -> bool {
    !meta::finalizers(object).is_empty() || (store.strategy.is_held)(object)
}

//! Namespaces: a label with their name, a finalizer of their own, and a phase.

use kubeforge_machinery::Message;
use kubeforge_machinery::types::SmallStr;

use crate::meta;

/// The finalizer in `spec` that stands for the namespace's contents.
pub const FINALIZER: &str = "kubernetes";
/// The label with which selectors find a namespace by name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub fn on_create(object: &mut dyn Message) {
    set_label(object);
    if let Some(spec) = meta::child_mut(object, "spec")
        && let Some(finalizers) = meta::texts_mut(spec, "finalizers")
        && !finalizers.iter().any(|name| name == FINALIZER)
    {
        finalizers.push(FINALIZER.into());
    }
}

/// `spec.finalizers` changes through the finalize subresource only.
pub fn on_update(new: &mut dyn Message, old: &dyn Message) {
    set_label(new);
    if let (Some(to), Some(from)) = (meta::child_mut(new, "spec"), meta::child(old, "spec")) {
        meta::copy_field(to, from, "finalizers");
    }
}

pub fn is_held(object: &dyn Message) -> bool {
    meta::child(object, "spec").is_some_and(|spec| !meta::texts(spec, "finalizers").is_empty())
}

pub fn on_deleting(object: &mut dyn Message) {
    if let Some(status) = meta::child_mut(object, "status") {
        meta::set_text(status, "phase", "Terminating");
    }
    if let Some(metadata) = meta::of_mut(object) {
        meta::clear_field(metadata, "deletionGracePeriodSeconds");
    }
}

fn set_label(object: &mut dyn Message) {
    let name = SmallStr::from(meta::get(object, "name"));
    if let Some(metadata) = meta::of_mut(object)
        && let Some(labels) = meta::map_mut(metadata, "labels")
        && !name.is_empty()
    {
        labels.insert(NAME_LABEL.into(), name);
    }
}

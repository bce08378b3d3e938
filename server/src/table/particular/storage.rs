//! Cells of volumes and claims, of resource claims too.

use kubeforge_machinery::Message;

use crate::table::functions::{CellValue, Row};
use crate::table::path::{len_at, message_at, text_at, time_at, values_at};
use crate::table::selector::labels_at;

/// `access_modes(path)`, abbreviated: `RWO,RWX`.
pub fn access_modes(row: &Row<'_>) -> CellValue {
    modes(row.object, row.argument(0)).into()
}

/// Of the volume that the claim is bound to.
pub fn claim_access_modes(row: &Row<'_>) -> CellValue {
    match text_at(row.object, "spec.volumeName").is_empty() {
        true => "".into(),
        false => modes(row.object, "status.accessModes").into(),
    }
}

/// Of the volume that the claim is bound to.
pub fn claim_capacity(row: &Row<'_>) -> CellValue {
    if text_at(row.object, "spec.volumeName").is_empty() {
        return "".into();
    }
    match text_at(row.object, "status.capacity.storage") {
        capacity if capacity.is_empty() => "0".into(),
        capacity => capacity.into(),
    }
}

/// The class of a volume or claim; the annotation of old goes first.
pub fn storage_class(row: &Row<'_>) -> CellValue {
    let annotations = labels_at(row.object, "metadata.annotations");
    match annotations.and_then(|a| a.get("volume.beta.kubernetes.io/storage-class")) {
        Some(class) => class.as_str().into(),
        None => text_at(row.object, "spec.storageClassName").into(),
    }
}

/// What a resource claim has come to: `allocated,reserved`.
pub fn claim_state(row: &Row<'_>) -> CellValue {
    let deleted = time_at(row.object, "metadata.deletionTimestamp").is_some();
    let allocated = message_at(row.object, "status.allocation").is_some();
    let states = [
        (deleted, "deleted"),
        (!deleted && !allocated, "pending"),
        (allocated, "allocated"),
        (allocated && len_at(row.object, "status.reservedFor") > 0, "reserved"),
    ];
    states.into_iter().filter_map(|(holds, state)| holds.then_some(state)).collect::<Vec<_>>().join(",").into()
}

fn modes(object: &dyn Message, path: &str) -> String {
    const MODES: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let given: Vec<String> = values_at(object, path).iter().map(|mode| mode.to_string()).collect();
    let short = MODES.into_iter().filter(|(mode, _)| given.iter().any(|g| g == mode)).map(|(_, short)| short);
    short.collect::<Vec<_>>().join(",")
}

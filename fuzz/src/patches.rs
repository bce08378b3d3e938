//! Patches: an object and a patch, one line each.

use kubeforge_machinery::patch::{JsonPatch, merge_patch, strategic_merge_patch};
use kubeforge_v1_36::RELEASE;
use serde_json::Value;

/// Name, and what must hold for an object and a patch.
pub type Patch = (&'static str, fn(Value, Value));

/// What a patch may be. The first byte of an input chooses.
pub const PATCHES: [Patch; 3] =
    [("json_patch", json_patch), ("merge_patch", merge), ("strategic_merge_patch", strategic)];

/// Object and patch of an input.
pub fn parts(text: &str) -> Option<(Value, Value)> {
    let (object, patch) = text.split_once('\n')?;
    Some((serde_json::from_str(object).ok()?, serde_json::from_str(patch).ok()?))
}

fn json_patch(mut document: Value, patch: Value) {
    let Ok(patch) = JsonPatch::new(patch) else { return };
    let mut again = document.clone();
    let outcome = patch.apply(&mut document);
    assert_eq!(patch.apply(&mut again), outcome, "the same again");
    assert_eq!(document, again);
}

fn merge(mut object: Value, patch: Value) {
    if merge_patch(&mut object, patch.clone()).is_ok() {
        let once = object.clone();
        merge_patch(&mut object, patch).expect("it was a patch before");
        assert_eq!(object, once, "a merge patch applied twice");
    }
}

fn strategic(object: Value, patch: Value) {
    for name in ["io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.Service", "io.k8s.api.apps.v1.Deployment"] {
        let descriptor = RELEASE.message(name).expect("a message of the release");
        let mut patched = object.clone();
        let _ = strategic_merge_patch(&mut patched, patch.clone(), descriptor);
        let mut same = object.clone();
        if strategic_merge_patch(&mut same, Value::Object(Default::default()), descriptor).is_ok() {
            assert_eq!(same, object, "an empty patch");
        }
    }
}

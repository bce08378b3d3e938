//! What fuzz targets share: which message an input is about, and what must hold for every message.

#![forbid(unsafe_code)]

use kubeforge_machinery::{Descriptor, Message};
use kubeforge_v1_36::RELEASE;

pub mod forms;
#[path = "../../tests/src/held.rs"]
mod held;
pub mod hold;
pub mod patches;

/// Messages with deep nesting, recursion, inlined structs, and every special type. Half of all inputs are about them.
pub const RICH: [&str; 14] = [
    "io.k8s.api.core.v1.Pod",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps",
    "io.k8s.api.apps.v1.Deployment",
    "io.k8s.api.apps.v1.ControllerRevision",
    "io.k8s.api.core.v1.Secret",
    "io.k8s.api.core.v1.Service",
    "io.k8s.api.core.v1.Event",
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "io.k8s.api.coordination.v1.Lease",
    "io.k8s.api.resource.v1.ResourceClaim",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Table",
    "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
    "io.k8s.api.networking.v1.NetworkPolicy",
];

/// The message that the first two bytes choose, and what follows them.
pub fn message_of(input: &[u8]) -> Option<(&'static Descriptor, &[u8])> {
    let (choice, rest) = input.split_first_chunk()?;
    let choice = usize::from(u16::from_be_bytes(*choice));
    let descriptor = if choice.is_multiple_of(2) {
        RELEASE.message(RICH[choice / 2 % RICH.len()]).expect("a message of the release")
    } else {
        RELEASE.messages[choice / 2 % RELEASE.messages.len()]
    };
    Some((descriptor, rest))
}

/// The two bytes that make [`message_of`] choose a message.
pub fn choice_of(name: &str) -> [u8; 2] {
    let rich = RICH.iter().position(|rich| *rich == name).map(|index| index * 2);
    let any = || RELEASE.messages.iter().position(|d| d.name == name).map(|index| index * 2 + 1);
    let choice = rich.or_else(any).expect("a message of the release");
    u16::try_from(choice).expect("fewer than 2^15 messages").to_be_bytes()
}

/// An empty message of the same type.
fn empty(message: &dyn Message) -> Box<dyn Message> {
    message.descriptor().new_message()
}

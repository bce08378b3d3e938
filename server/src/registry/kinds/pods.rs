//! Pods: a phase and a quality-of-service class from the start, and time to end in.

use kubeforge_machinery::message::{MessageList, MessageMap};
use kubeforge_machinery::{FieldRef, Message};

use crate::meta;

/// Seconds a pod gets to end if it does not say.
const DEFAULT_GRACE: i64 = 30;
/// Resources that decide the class.
const CLASSED: [&str; 2] = ["cpu", "memory"];

pub fn initial_status(pod: &dyn Message) -> Option<String> {
    Some(format!(r#"{{"phase":"Pending","qosClass":"{}"}}"#, quality_of_service(pod)))
}

/// Pods that no node has, and pods that ended, go at once.
pub fn grace(pod: &dyn Message, wanted: Option<i64>) -> Option<i64> {
    let spec = meta::child(pod, "spec")?;
    let phase = meta::child(pod, "status").map_or("", |status| meta::text(status, "phase"));
    if meta::text(spec, "nodeName").is_empty() || matches!(phase, "Succeeded" | "Failed") {
        return Some(0);
    }
    let own = || meta::number(spec, "terminationGracePeriodSeconds").unwrap_or(DEFAULT_GRACE);
    let seconds = wanted.unwrap_or_else(own);
    Some(if seconds < 0 { 1 } else { seconds })
}

/// `Guaranteed` if every container's requests equal its limits for CPU and memory, `BestEffort` if there are none at
/// all, else `Burstable`.
fn quality_of_service(pod: &dyn Message) -> &'static str {
    let Some(spec) = meta::child(pod, "spec") else { return "BestEffort" };
    let lists = ["containers", "initContainers"].into_iter().filter_map(|name| match meta::field(spec, name)? {
        FieldRef::List(list) => Some(list),
        _ => None,
    });
    let containers: Vec<&dyn Message> =
        lists.flat_map(|list: &dyn MessageList| (0..list.len()).filter_map(move |i| list.get(i))).collect();
    let resources = |container: &'_ dyn Message| -> (usize, bool) {
        let Some(resources) = meta::child(container, "resources") else { return (0, false) };
        let (requests, limits) = (quantities(resources, "requests"), quantities(resources, "limits"));
        let amount =
            |map: Option<&dyn MessageMap>, name: &str| map.and_then(|m| m.get(name)).map(|q| q.clone_message());
        let mut named = 0;
        let mut guaranteed = true;
        for name in CLASSED {
            let limit = amount(limits, name);
            let request = amount(requests, name).or_else(|| limit.as_ref().map(|q| q.clone_message()));
            named += usize::from(limit.is_some() || request.is_some());
            guaranteed &= matches!((&limit, &request), (Some(l), Some(r)) if l.equals(r.as_ref()));
        }
        (named, guaranteed)
    };
    let all: Vec<(usize, bool)> = containers.into_iter().map(resources).collect();
    if all.iter().all(|(named, _)| *named == 0) {
        "BestEffort"
    } else if all.iter().all(|(_, guaranteed)| *guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

fn quantities<'a>(resources: &'a dyn Message, name: &str) -> Option<&'a dyn MessageMap> {
    match meta::field(resources, name)? {
        FieldRef::Map(map) => Some(map),
        _ => None,
    }
}

//! Cells of pods: a summary of the states of their containers, as upstream's `printPod` makes it.

use kubeforge_machinery::Message;

use crate::table::duration;
use crate::table::functions::{CellValue, Completion, Row, condition_holds};
use crate::table::path::{bool_at, int_at, items_at, message_at, text_at, time_at};

pub fn ready(row: &Row<'_>) -> CellValue {
    let summary = Summary::of(row.object);
    format!("{}/{}", summary.ready, summary.containers).into()
}

pub fn status(row: &Row<'_>) -> CellValue {
    Summary::of(row.object).reason.into()
}

/// Succeeded and failed pods are at their end.
pub fn completion(pod: &dyn Message) -> Option<Completion> {
    match &*text_at(pod, "status.phase") {
        "Succeeded" => Some(Completion { reason: "Succeeded", message: "The pod has completed successfully." }),
        "Failed" => Some(Completion { reason: "Failed", message: "The pod failed." }),
        _ => None,
    }
}

/// Number of restarts and how long ago the last one was: `4 (5m ago)`.
pub fn restarts(row: &Row<'_>) -> CellValue {
    let summary = Summary::of(row.object);
    match (summary.restarts.count, summary.restarts.last) {
        (1.., Some(last)) => format!("{} ({} ago)", summary.restarts.count, duration::human(row.now - last)).into(),
        (count, _) => count.to_string().into(),
    }
}

pub fn restart_count(row: &Row<'_>) -> CellValue {
    CellValue::Int(Summary::of(row.object).restarts.count)
}

/// How many of the readiness gates have a true condition.
pub fn readiness_gates(row: &Row<'_>) -> CellValue {
    let gates = items_at(row.object, "spec.readinessGates");
    if gates.is_empty() {
        return "<none>".into();
    }
    let open = |gate: &&dyn Message| condition_holds(row.object, "status.conditions", &text_at(*gate, "conditionType"));
    let count = gates.len();
    format!("{}/{count}", gates.into_iter().filter(open).count()).into()
}

struct Summary {
    ready: usize,
    containers: usize,
    restarts: Restarts,
    reason: String,
}

#[derive(Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<i64>,
}

impl Restarts {
    fn add(&mut self, container: &dyn Message) {
        self.count += int_at(container, "restartCount");
        self.last = self.last.max(time_at(container, "lastState.terminated.finishedAt"));
    }
}

impl Summary {
    fn of(pod: &dyn Message) -> Summary {
        let mut summary = Summary {
            ready: 0,
            containers: items_at(pod, "spec.containers").len() + sidecars(pod).count(),
            restarts: Restarts::default(),
            reason: reason_of_status(pod),
        };
        let mut of_sidecars = Restarts::default();
        let initializing = summary.add_init_containers(pod, &mut of_sidecars);
        if !initializing || condition_holds(pod, "status.conditions", "Initialized") {
            summary.restarts = of_sidecars;
            summary.add_containers(pod);
        }
        if time_at(pod, "metadata.deletionTimestamp").is_some() {
            summary.delete(pod);
        }
        summary
    }

    /// Returns whether init containers are still at work.
    fn add_init_containers(&mut self, pod: &dyn Message, of_sidecars: &mut Restarts) -> bool {
        let total = items_at(pod, "spec.initContainers").len();
        for (index, container) in items_at(pod, "status.initContainerStatuses").into_iter().enumerate() {
            let name = text_at(container, "name");
            let sidecar = sidecars(pod).any(|s| text_at(s, "name") == name);
            self.restarts.add(container);
            if sidecar {
                of_sidecars.add(container);
            }
            let terminated = message_at(container, "state.terminated");
            if terminated.is_some_and(|t| int_at(t, "exitCode") == 0) {
                continue;
            }
            if sidecar && bool_at(container, "started") {
                self.ready += usize::from(bool_at(container, "ready"));
                continue;
            }
            let waiting = text_at(container, "state.waiting.reason");
            self.reason = match terminated {
                Some(terminated) => format!("Init:{}", reason_of_end(terminated)),
                None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
                None => format!("Init:{index}/{total}"),
            };
            return true;
        }
        false
    }

    fn add_containers(&mut self, pod: &dyn Message) {
        let mut running = false;
        for container in items_at(pod, "status.containerStatuses").into_iter().rev() {
            self.restarts.add(container);
            let waiting = text_at(container, "state.waiting.reason");
            if !waiting.is_empty() {
                self.reason = waiting.into_owned();
            } else if let Some(terminated) = message_at(container, "state.terminated") {
                self.reason = reason_of_end(terminated);
            } else if bool_at(container, "ready") && message_at(container, "state.running").is_some() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" && running {
            let ready = condition_holds(pod, "status.conditions", "Ready");
            self.reason = if ready { "Running" } else { "NotReady" }.to_owned();
        }
    }

    fn delete(&mut self, pod: &dyn Message) {
        if text_at(pod, "status.reason") == "NodeLost" {
            self.reason = "Unknown".to_owned();
        } else if !matches!(&*text_at(pod, "status.phase"), "Succeeded" | "Failed") {
            self.reason = "Terminating".to_owned();
        }
    }
}

/// Init containers that run as long as the pod does (KEP-753).
fn sidecars(pod: &dyn Message) -> impl Iterator<Item = &dyn Message> {
    items_at(pod, "spec.initContainers").into_iter().filter(|c| text_at(*c, "restartPolicy") == "Always")
}

fn reason_of_status(pod: &dyn Message) -> String {
    const GATED: &str = "SchedulingGated";
    let gated = |c: &dyn Message| text_at(c, "type") == "PodScheduled" && text_at(c, "reason") == GATED;
    if items_at(pod, "status.conditions").into_iter().any(gated) {
        return GATED.to_owned();
    }
    let reason = text_at(pod, "status.reason");
    if reason.is_empty() { text_at(pod, "status.phase") } else { reason }.into_owned()
}

fn reason_of_end(terminated: &dyn Message) -> String {
    let reason = text_at(terminated, "reason");
    match (reason.is_empty(), int_at(terminated, "signal")) {
        (false, _) => reason.into_owned(),
        (true, 0) => format!("ExitCode:{}", int_at(terminated, "exitCode")),
        (true, signal) => format!("Signal:{signal}"),
    }
}

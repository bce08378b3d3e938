//! Cells of jobs, controller revisions and autoscalers.

use kubeforge_machinery::Message;
use kubeforge_machinery::json::JsonWriter;
use serde_json::Value as Json;

use crate::table::duration;
use crate::table::functions::{CellValue, Row, condition_holds};
use crate::table::path::{bool_at, int_at, items_at, text_at, time_at, value_at};

pub fn job_status(row: &Row<'_>) -> CellValue {
    let has = |ty: &str| condition_holds(row.object, "status.conditions", ty);
    let deleted = time_at(row.object, "metadata.deletionTimestamp").is_some();
    let states = [
        (has("Complete"), "Complete"),
        (has("Failed"), "Failed"),
        (deleted, "Terminating"),
        (has("Suspended"), "Suspended"),
        (has("FailureTarget"), "FailureTarget"),
    ];
    states.into_iter().find(|(holds, _)| *holds).map_or("Running", |(_, state)| state).into()
}

/// `1/3`, or `1/1 of 3` for a work queue with three workers.
pub fn job_completions(row: &Row<'_>) -> CellValue {
    let succeeded = int_at(row.object, "status.succeeded");
    match (value_at(row.object, "spec.completions"), int_at(row.object, "spec.parallelism")) {
        (Some(completions), _) => format!("{succeeded}/{completions}").into(),
        (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}").into(),
        (None, _) => format!("{succeeded}/1").into(),
    }
}

pub fn job_duration(row: &Row<'_>) -> CellValue {
    match time_at(row.object, "status.startTime") {
        Some(start) => duration::human(time_at(row.object, "status.completionTime").unwrap_or(row.now) - start).into(),
        None => "".into(),
    }
}

/// The owner that controls the object: `statefulset.apps/web`.
pub fn controller(row: &Row<'_>) -> CellValue {
    let owners = items_at(row.object, "metadata.ownerReferences");
    let Some(owner) = owners.into_iter().find(|owner| bool_at(*owner, "controller")) else { return "<none>".into() };
    let (version, kind) = (text_at(owner, "apiVersion"), text_at(owner, "kind"));
    let kind = match version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}"),
        None => kind.into_owned(),
    };
    format!("{}/{}", kind.to_lowercase(), text_at(owner, "name")).into()
}

/// Current and wanted value of the first two metrics; `hpa_targets("named")` says which resource they are of.
pub fn hpa_targets(row: &Row<'_>) -> CellValue {
    const MOST: usize = 2;
    let (wanted, current) = metrics(row.object);
    if wanted.is_empty() {
        return "<none>".into();
    }
    let named = row.argument(0) == "named";
    let shown: Vec<String> =
        wanted.iter().take(MOST).enumerate().map(|(i, metric)| target(metric, current.get(i), named)).collect();
    match wanted.len() {
        more if more > MOST => format!("{} + {} more...", shown.join(", "), more - MOST).into(),
        _ => shown.join(", ").into(),
    }
}

/// Wanted and current metrics in any version's JSON. Version v1 has all but processor time in annotations, which
/// hold v2beta1.
fn metrics(object: &dyn Message) -> (Vec<Json>, Vec<Json>) {
    let mut writer = JsonWriter::default();
    object.encode_json(&mut writer);
    let object: Json = serde_json::from_slice(writer.as_bytes()).unwrap_or_default();
    let list = |pointer: &str, annotation: &str, percent: &str, name: &str| {
        if let Some(Json::Array(metrics)) = object.pointer(pointer) {
            return metrics.clone();
        }
        let annotations = &object["metadata"]["annotations"];
        let annotated = annotations[annotation].as_str().and_then(|text| serde_json::from_str(text).ok());
        let mut metrics: Vec<Json> = annotated.unwrap_or_default();
        if let Some(percent) = object.pointer(percent).filter(|value| value.is_number()) {
            metrics.push(serde_json::json!({"type": "Resource", "resource": {"name": "cpu", name: percent}}));
        }
        metrics
    };
    (
        list(
            "/spec/metrics",
            "autoscaling.alpha.kubernetes.io/metrics",
            "/spec/targetCPUUtilizationPercentage",
            "targetAverageUtilization",
        ),
        list(
            "/status/currentMetrics",
            "autoscaling.alpha.kubernetes.io/current-metrics",
            "/status/currentCPUUtilizationPercentage",
            "currentAverageUtilization",
        ),
    )
}

fn target(wanted: &Json, current: Option<&Json>, named: bool) -> String {
    let field = match wanted["type"].as_str() {
        Some("External") => "external",
        Some("Pods") => "pods",
        Some("Object") => "object",
        Some("Resource") => "resource",
        Some("ContainerResource") => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let (wanted, current) = (&wanted[field], current.map(|c| &c[field]).filter(|c| !c.is_null()));
    let value = |what: &str| (number(wanted, "target", what), current.and_then(|c| number(c, "current", what)));
    match field {
        "external" | "object" => match value("averageValue") {
            (Some(target), current) => format!("{}/{target} (avg)", or_unknown(current)),
            _ => plain(value("value"), current.is_some()),
        },
        "pods" => plain(value("averageValue"), current.is_some()),
        _ => {
            let text = match value("averageValue") {
                (Some(target), now) => plain((Some(target), now), current.is_some()),
                _ => {
                    let (target, now) = value("averageUtilization");
                    let target = target.map_or_else(|| "<auto>".to_owned(), |target| format!("{target}%"));
                    format!("{}/{target}", or_unknown(now.map(|now| format!("{now}%"))))
                }
            };
            match wanted["name"].as_str().filter(|_| named) {
                Some(name) => format!("{name}: {text}"),
                None => text,
            }
        }
    }
}

/// A value in v2's form (`target.averageValue`) or v2beta1's (`targetAverageValue`, and `averageValue` of objects).
fn number(metric: &Json, side: &str, what: &str) -> Option<String> {
    let mut flat = format!("{side}{what}");
    flat[side.len()..side.len() + 1].make_ascii_uppercase();
    let plain = (what == "averageValue").then(|| metric.get(what)).flatten();
    let value = metric[side].get(what).or_else(|| metric.get(&flat)).or(plain)?;
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What Go prints for a quantity that is not there, once there is a status, is `<nil>`.
fn plain((target, current): (Option<String>, Option<String>), has_status: bool) -> String {
    const NIL: &str = "<nil>";
    let current = current.unwrap_or_else(|| if has_status { NIL } else { "<unknown>" }.to_owned());
    format!("{current}/{}", target.as_deref().unwrap_or(NIL))
}

fn or_unknown(value: Option<String>) -> String {
    value.unwrap_or_else(|| "<unknown>".to_owned())
}

#[cfg(test)]
mod tests {
    use super::target;
    use serde_json::json;

    #[test]
    fn targets_of_either_version_read_the_same() {
        let v2 = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}});
        let v2_now = json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 72}}});
        assert_eq!(target(&v2, None, false), "<unknown>/80%");
        assert_eq!(target(&v2, Some(&v2_now), true), "cpu: 72%/80%");

        let old = json!({"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 60}});
        let old_now = json!({"type": "Resource", "resource": {"name": "cpu", "currentAverageUtilization": 72}});
        assert_eq!(target(&old, Some(&old_now), false), "72%/60%");

        let object = json!({"type": "Object", "object": {"targetValue": "0", "averageValue": "1500m"}});
        assert_eq!(target(&object, None, false), "<unknown>/1500m (avg)");
        let external = json!({"type": "External", "external": {"target": {"type": "Value", "value": "1k"}}});
        assert_eq!(target(&external, None, false), "<unknown>/1k");
        assert_eq!(target(&json!({"type": "Nope"}), None, false), "<unknown type>");
    }
}

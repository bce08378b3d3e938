//! HorizontalPodAutoscaler between autoscaling/v1 and autoscaling/v2.
//!
//! Version v1 has a field for the target of processor utilisation and no other metric. The rest of v2 travels in four
//! annotations, in the texts that upstream's servers write: metrics with v1's names (which v2beta1 shares), behavior with
//! the names of upstream's internal Go structs. One text differs from upstream's since v1.33, which writes
//! `"Tolerance":null` where none is set.

use serde_json::{Map, Value, json};

use super::go_struct::Absent::{Null, Omitted, Zero};
use super::go_struct::Shape::{Integer, List, Quantity, Struct, Text, TextMap, Time};
use super::go_struct::{Member, Shape, get, set, take};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Utilisation that v1 wants if it names neither a target nor a metric, in percent.
const DEFAULT_CPU_UTILIZATION: i64 = 80;

/// Moves what v1 has no field for into annotations. Of several targets for the processor, v1 has place for the first.
///
/// # Errors
/// None.
pub fn v2_to_v1(object: &mut Value) -> Result<(), String> {
    let metrics = into_list(take(object, "spec.metrics"));
    let current_metrics = into_list(take(object, "status.currentMetrics"));
    let conditions = into_list(take(object, "status.conditions"));
    let behavior = take(object, "spec.behavior");

    if let Some(percent) = metrics.iter().find(|m| is_cpu(m)).and_then(|m| get(m, "resource.target.averageUtilization"))
    {
        set(object, "spec.targetCPUUtilizationPercentage", percent.clone());
    }
    let mut utilizations =
        current_metrics.iter().filter(|m| is_cpu(m)).filter_map(|m| get(m, "resource.current.averageUtilization"));
    if let Some(percent) = utilizations.next_back() {
        set(object, "status.currentCPUUtilizationPercentage", percent.clone());
    }
    let other_metrics: Vec<Value> = metrics.into_iter().filter(|m| !is_cpu_utilization(m)).collect();

    let (mut annotations, _) = take_annotations(object);
    for (name, shape, list) in [
        (METRICS, &METRIC_SPECS, other_metrics),
        (CURRENT_METRICS, &METRIC_STATUSES, current_metrics),
        (CONDITIONS, &CONDITION_LIST, conditions),
    ] {
        if !list.is_empty() {
            annotations.insert(name.to_owned(), shape.write(&Value::Array(list)).into());
        }
    }
    if !behavior.is_null() {
        annotations.insert(BEHAVIOR.to_owned(), BEHAVIOR_STRUCT.write(&behavior).into());
    }
    put_annotations(object, annotations);
    Ok(())
}

/// Moves the annotations into v2's fields. An annotation that cannot be read is dropped like the others.
///
/// # Errors
/// None.
pub fn v1_to_v2(object: &mut Value) -> Result<(), String> {
    let (annotations, texts) = take_annotations(object);
    put_annotations(object, annotations);
    let read = |name: &str, shape: &Shape| shape.read(texts.get(name)?.as_str()?);

    let mut metrics = read(METRICS, &METRIC_SPECS).map(into_list).unwrap_or_default();
    metrics.iter_mut().for_each(set_target_type);
    match take(object, "spec.targetCPUUtilizationPercentage") {
        Value::Null if metrics.is_empty() => metrics.push(cpu_target(DEFAULT_CPU_UTILIZATION.into())),
        Value::Null => {}
        percent => metrics.push(cpu_target(percent)),
    }
    set(object, "spec.metrics", metrics.into());

    if let Some(behavior) = read(BEHAVIOR, &BEHAVIOR_STRUCT).filter(|behavior| *behavior != json!({})) {
        set(object, "spec.behavior", behavior);
    }

    let current_cpu = match take(object, "status.currentCPUUtilizationPercentage") {
        Value::Null => Vec::new(),
        percent => vec![cpu_status(percent)],
    };
    let current_metrics = read(CURRENT_METRICS, &METRIC_STATUSES).map(into_list).unwrap_or(current_cpu);
    let conditions = read(CONDITIONS, &CONDITION_LIST).map(into_list).unwrap_or_default();
    for (path, list) in [("status.currentMetrics", current_metrics), ("status.conditions", conditions)] {
        if !list.is_empty() {
            set(object, path, list.into());
        }
    }
    Ok(())
}

/// Takes the annotations away: first those of the user, second the four of this conversion.
fn take_annotations(object: &mut Value) -> (Map<String, Value>, Map<String, Value>) {
    let Value::Object(annotations) = take(object, "metadata.annotations") else { return Default::default() };
    let ours = |name: &str| [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR].contains(&name);
    annotations.into_iter().partition(|(name, _)| !ours(name))
}

fn put_annotations(object: &mut Value, annotations: Map<String, Value>) {
    if !annotations.is_empty() {
        set(object, "metadata.annotations", annotations.into());
    }
}

fn into_list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn is_cpu(metric: &Value) -> bool {
    metric["type"] == "Resource" && metric["resource"]["name"] == "cpu"
}

fn is_cpu_utilization(metric: &Value) -> bool {
    is_cpu(metric) && get(metric, "resource.target.averageUtilization").is_some()
}

fn cpu_target(percent: Value) -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": percent});
    json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
}

fn cpu_status(percent: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": percent}}})
}

/// Type of a target, of which v1's metrics say nothing: by source, a field, the type if it is set, the type if not.
const TARGET_TYPES: [(&str, &str, &str, &str); 5] = [
    ("object", "averageValue", "AverageValue", "Value"),
    ("pods", "averageValue", "AverageValue", "AverageValue"),
    ("resource", "averageUtilization", "Utilization", "AverageValue"),
    ("containerResource", "averageUtilization", "Utilization", "AverageValue"),
    ("external", "value", "Value", "AverageValue"),
];

fn set_target_type(metric: &mut Value) {
    for (source, field, if_set, if_not) in TARGET_TYPES {
        if let Some(source) = metric.get_mut(source) {
            let is_set = source.get("target").is_some_and(|target| target.get(field).is_some());
            set(source, "target.type", if is_set { if_set } else { if_not }.into());
        }
    }
}

const METRIC_SPECS: Shape = List(&Struct(&[
    Member::new("type", "type", Text, Zero),
    Member::new("object", "object", Struct(OBJECT_TARGET), Omitted),
    Member::new("pods", "pods", Struct(PODS_TARGET), Omitted),
    Member::new("resource", "resource", Struct(RESOURCE_TARGET), Omitted),
    Member::new("containerResource", "containerResource", Struct(CONTAINER_RESOURCE_TARGET), Omitted),
    Member::new("external", "external", Struct(EXTERNAL_TARGET), Omitted),
]));

const OBJECT_TARGET: &[Member] = &[
    Member::new("target", "describedObject", REFERENCE, Zero),
    Member::new("metricName", "metric.name", Text, Zero),
    Member::new("targetValue", "target.value", Quantity, Zero),
    Member::new("selector", "metric.selector", SELECTOR, Omitted),
    Member::new("averageValue", "target.averageValue", Quantity, Omitted),
];

const PODS_TARGET: &[Member] = &[
    Member::new("metricName", "metric.name", Text, Zero),
    Member::new("targetAverageValue", "target.averageValue", Quantity, Zero),
    Member::new("selector", "metric.selector", SELECTOR, Omitted),
];

const RESOURCE_TARGET: &[Member] = &[
    Member::new("name", "name", Text, Zero),
    Member::new("targetAverageUtilization", "target.averageUtilization", Integer, Omitted),
    Member::new("targetAverageValue", "target.averageValue", Quantity, Omitted),
];

const CONTAINER_RESOURCE_TARGET: &[Member] = &[
    Member::new("name", "name", Text, Zero),
    Member::new("targetAverageUtilization", "target.averageUtilization", Integer, Omitted),
    Member::new("targetAverageValue", "target.averageValue", Quantity, Omitted),
    Member::new("container", "container", Text, Zero),
];

const EXTERNAL_TARGET: &[Member] = &[
    Member::new("metricName", "metric.name", Text, Zero),
    Member::new("metricSelector", "metric.selector", SELECTOR, Omitted),
    Member::new("targetValue", "target.value", Quantity, Omitted),
    Member::new("targetAverageValue", "target.averageValue", Quantity, Omitted),
];

const METRIC_STATUSES: Shape = List(&Struct(&[
    Member::new("type", "type", Text, Zero),
    Member::new("object", "object", Struct(OBJECT_STATUS), Omitted),
    Member::new("pods", "pods", Struct(PODS_STATUS), Omitted),
    Member::new("resource", "resource", Struct(RESOURCE_STATUS), Omitted),
    Member::new("containerResource", "containerResource", Struct(CONTAINER_RESOURCE_STATUS), Omitted),
    Member::new("external", "external", Struct(EXTERNAL_STATUS), Omitted),
]));

const OBJECT_STATUS: &[Member] = &[
    Member::new("target", "describedObject", REFERENCE, Zero),
    Member::new("metricName", "metric.name", Text, Zero),
    Member::new("currentValue", "current.value", Quantity, Zero),
    Member::new("selector", "metric.selector", SELECTOR, Omitted),
    Member::new("averageValue", "current.averageValue", Quantity, Omitted),
];

const PODS_STATUS: &[Member] = &[
    Member::new("metricName", "metric.name", Text, Zero),
    Member::new("currentAverageValue", "current.averageValue", Quantity, Zero),
    Member::new("selector", "metric.selector", SELECTOR, Omitted),
];

const RESOURCE_STATUS: &[Member] = &[
    Member::new("name", "name", Text, Zero),
    Member::new("currentAverageUtilization", "current.averageUtilization", Integer, Omitted),
    Member::new("currentAverageValue", "current.averageValue", Quantity, Zero),
];

const CONTAINER_RESOURCE_STATUS: &[Member] = &[
    Member::new("name", "name", Text, Zero),
    Member::new("currentAverageUtilization", "current.averageUtilization", Integer, Omitted),
    Member::new("currentAverageValue", "current.averageValue", Quantity, Zero),
    Member::new("container", "container", Text, Zero),
];

const EXTERNAL_STATUS: &[Member] = &[
    Member::new("metricName", "metric.name", Text, Zero),
    Member::new("metricSelector", "metric.selector", SELECTOR, Omitted),
    Member::new("currentValue", "current.value", Quantity, Zero),
    Member::new("currentAverageValue", "current.averageValue", Quantity, Omitted),
];

const REFERENCE: Shape = Struct(&[
    Member::new("kind", "kind", Text, Zero),
    Member::new("name", "name", Text, Zero),
    Member::new("apiVersion", "apiVersion", Text, Omitted),
]);

const SELECTOR: Shape = Struct(&[
    Member::new("matchLabels", "matchLabels", TextMap, Omitted),
    Member::new("matchExpressions", "matchExpressions", List(&REQUIREMENT), Omitted),
]);

const REQUIREMENT: Shape = Struct(&[
    Member::new("key", "key", Text, Zero),
    Member::new("operator", "operator", Text, Zero),
    Member::new("values", "values", List(&Text), Omitted),
]);

const CONDITION_LIST: Shape = List(&Struct(&[
    Member::new("type", "type", Text, Zero),
    Member::new("status", "status", Text, Zero),
    Member::new("lastTransitionTime", "lastTransitionTime", Time, Zero),
    Member::new("reason", "reason", Text, Omitted),
    Member::new("message", "message", Text, Omitted),
]));

const BEHAVIOR_STRUCT: Shape = Struct(&[
    Member::new("ScaleUp", "scaleUp", SCALING_RULES, Null),
    Member::new("ScaleDown", "scaleDown", SCALING_RULES, Null),
]);

const SCALING_RULES: Shape = Struct(&[
    Member::new("StabilizationWindowSeconds", "stabilizationWindowSeconds", Integer, Null),
    Member::new("SelectPolicy", "selectPolicy", Text, Null),
    Member::new("Policies", "policies", List(&SCALING_POLICY), Null),
    Member::new("Tolerance", "tolerance", Quantity, Omitted),
]);

const SCALING_POLICY: Shape = Struct(&[
    Member::new("Type", "type", Text, Zero),
    Member::new("Value", "value", Integer, Zero),
    Member::new("PeriodSeconds", "periodSeconds", Integer, Zero),
]);

#[cfg(test)]
mod tests;

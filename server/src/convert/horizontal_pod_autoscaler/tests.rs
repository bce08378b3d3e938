//! Most annotation texts are as servers of v1.20 and v1.28 write them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn to_v1(mut object: Value) -> Value {
    v2_to_v1(&mut object).unwrap();
    object
}

fn to_v2(mut object: Value) -> Value {
    v1_to_v2(&mut object).unwrap();
    object
}

fn with_metrics(metrics: Value) -> Value {
    json!({"metadata": {"name": "web"}, "spec": {"maxReplicas": 4, "metrics": metrics}, "status": {"desiredReplicas": 0}})
}

fn with_annotation(name: &str, text: &str) -> Value {
    json!({"metadata": {"annotations": {(name): text, "put": "b"}}, "spec": {"maxReplicas": 4}, "status": {}})
}

fn utilization(name: &str, percent: i32) -> Value {
    json!({"type": "Resource",
        "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}}})
}

fn selector() -> Value {
    json!({"matchLabels": {"verb": "GET"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]})
}

fn ingress() -> Value {
    json!({"kind": "Ingress", "name": "main", "apiVersion": "networking.k8s.io/v1"})
}

#[test]
fn a_target_of_processor_utilization_is_a_field_of_v1() {
    let v2 = with_metrics(json!([utilization("cpu", 70)]));
    let v1 = json!({"metadata": {"name": "web"}, "spec": {"maxReplicas": 4, "targetCPUUtilizationPercentage": 70},
        "status": {"desiredReplicas": 0}});
    assert_eq!(to_v1(v2.clone()), v1);
    assert_eq!(to_v2(v1), v2);
}

#[test]
fn other_metrics_and_behavior_are_annotations_of_v1() {
    let mut v2 = with_metrics(json!([
        {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "500Mi"}}},
        utilization("cpu", 60),
    ]));
    v2["spec"]["behavior"] = json!({
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}]},
        "scaleDown": {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
    });
    let v1 = to_v1(v2.clone());
    assert_eq!(v1["spec"], json!({"maxReplicas": 4, "targetCPUUtilizationPercentage": 60}));
    assert_eq!(
        v1["metadata"]["annotations"],
        json!({
            METRICS: r#"[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"500Mi"}}]"#,
            BEHAVIOR: concat!(
                r#"{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","#,
                r#""Policies":[{"Type":"Pods","Value":2,"PeriodSeconds":30}]},"#,
                r#""ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","#,
                r#""Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}]}}"#
            ),
        })
    );
    assert_eq!(to_v2(v1), v2);
}

#[test]
fn metrics_of_every_source_have_upstreams_text() {
    let v2 = with_metrics(json!([
        {"type": "Pods", "pods": {"metric": {"name": "packets-per-second", "selector": selector()},
            "target": {"type": "AverageValue", "averageValue": "1k"}}},
        {"type": "Object", "object": {"describedObject": ingress(),
            "metric": {"name": "requests-per-second", "selector": selector()},
            "target": {"type": "Value", "value": "2k"}}},
        {"type": "External", "external": {"metric": {"name": "queue", "selector": selector()},
            "target": {"type": "AverageValue", "averageValue": "30"}}},
        {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "500m"}}},
    ]));
    let v1 = to_v1(v2.clone());
    assert_eq!(v1["spec"].get("targetCPUUtilizationPercentage"), None);
    assert_eq!(
        v1["metadata"]["annotations"][METRICS],
        concat!(
            r#"[{"type":"Pods","pods":{"metricName":"packets-per-second","targetAverageValue":"1k","#,
            r#""selector":{"matchLabels":{"verb":"GET"},"#,
            r#""matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]}}},"#,
            r#"{"type":"Object","object":{"target":{"kind":"Ingress","name":"main","apiVersion":"networking.k8s.io/v1"},"#,
            r#""metricName":"requests-per-second","targetValue":"2k","selector":{"matchLabels":{"verb":"GET"},"#,
            r#""matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]}}},"#,
            r#"{"type":"External","external":{"metricName":"queue","metricSelector":{"matchLabels":{"verb":"GET"},"#,
            r#""matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]},"targetAverageValue":"30"}},"#,
            r#"{"type":"External","external":{"metricName":"queue","targetValue":"500m"}}]"#
        )
    );
    assert_eq!(to_v2(v1), v2);
}

/// v1 cannot say that an object's plain value is not wanted, so it comes back as zero.
#[test]
fn an_average_of_an_object_gains_a_value_of_zero() {
    let object = |target: Value| {
        with_metrics(json!([{"type": "Object",
            "object": {"describedObject": ingress(), "metric": {"name": "hits"}, "target": target}}]))
    };
    let v1 = to_v1(object(json!({"type": "AverageValue", "averageValue": "1500m"})));
    assert_eq!(
        v1["metadata"]["annotations"][METRICS],
        concat!(
            r#"[{"type":"Object","object":{"target":{"kind":"Ingress","name":"main","apiVersion":"networking.k8s.io/v1"},"#,
            r#""metricName":"hits","targetValue":"0","averageValue":"1500m"}}]"#
        )
    );
    assert_eq!(to_v2(v1), object(json!({"type": "AverageValue", "value": "0", "averageValue": "1500m"})));
}

#[test]
fn statuses_and_conditions_are_annotations_of_v1() {
    let v2 = json!({"metadata": {}, "spec": {"maxReplicas": 10, "metrics": [utilization("cpu", 55)]}, "status": {
        "observedGeneration": 3, "currentReplicas": 3, "desiredReplicas": 4, "lastScaleTime": "2020-12-08T10:12:13Z",
        "conditions": [
            {"type": "AbleToScale", "status": "True", "lastTransitionTime": "2020-12-08T10:11:12Z",
                "reason": "ReadyForNewScale", "message": "recommended size matches current size"},
            {"type": "ScalingActive", "status": "False", "message": "0 < 1"},
        ],
        "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu",
                "current": {"averageUtilization": 44, "averageValue": "440m"}}},
            {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "210Mi"}}},
            {"type": "Object", "object": {"describedObject": ingress(), "metric": {"name": "requests-per-second"},
                "current": {"value": "1900"}}},
            {"type": "External", "external": {"metric": {"name": "queue", "selector": selector()},
                "current": {"value": "0", "averageValue": "3"}}},
        ],
    }});
    let v1 = to_v1(v2.clone());
    assert_eq!(
        v1["status"],
        json!({"observedGeneration": 3, "currentReplicas": 3, "desiredReplicas": 4,
            "lastScaleTime": "2020-12-08T10:12:13Z", "currentCPUUtilizationPercentage": 44})
    );
    assert_eq!(
        v1["metadata"]["annotations"],
        json!({
            CURRENT_METRICS: concat!(
                r#"[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":44,"#,
                r#""currentAverageValue":"440m"}},"#,
                r#"{"type":"Resource","resource":{"name":"memory","currentAverageValue":"210Mi"}},"#,
                r#"{"type":"Object","object":{"target":{"kind":"Ingress","name":"main","#,
                r#""apiVersion":"networking.k8s.io/v1"},"metricName":"requests-per-second","currentValue":"1900"}},"#,
                r#"{"type":"External","external":{"metricName":"queue","metricSelector":{"matchLabels":{"verb":"GET"},"#,
                r#""matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]},"#,
                r#""currentValue":"0","currentAverageValue":"3"}}]"#
            ),
            CONDITIONS: concat!(
                r#"[{"type":"AbleToScale","status":"True","lastTransitionTime":"2020-12-08T10:11:12Z","#,
                r#""reason":"ReadyForNewScale","message":"recommended size matches current size"},"#,
                r#"{"type":"ScalingActive","status":"False","lastTransitionTime":null,"message":"0 \u003c 1"}]"#
            ),
        })
    );
    assert_eq!(to_v2(v1), v2);
}

#[test]
fn processor_status_of_v1_is_a_current_metric() {
    let v1 = json!({"metadata": {}, "spec": {}, "status": {"currentCPUUtilizationPercentage": 72}});
    let current = json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 72}}}]);
    assert_eq!(to_v2(v1)["status"], json!({"currentMetrics": current}));
}

#[test]
fn no_metric_at_all_means_eighty_percent_of_processor() {
    let v1 = json!({"metadata": {"name": "web"}, "spec": {"maxReplicas": 4}, "status": {"desiredReplicas": 0}});
    assert_eq!(to_v2(v1), with_metrics(json!([utilization("cpu", 80)])));
    assert_eq!(to_v2(with_annotation(METRICS, "[]"))["spec"]["metrics"], json!([utilization("cpu", 80)]));
}

#[test]
fn the_first_target_for_the_processor_decides() {
    let by_value = json!({"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "AverageValue", "averageValue": "1"}}});
    let v1 = to_v1(with_metrics(json!([by_value, utilization("cpu", 60)])));
    assert_eq!(v1["spec"], json!({"maxReplicas": 4}));
}

#[test]
fn annotations_are_read_as_go_reads_json() {
    let text = r#"{"scaleup": {"SELECTPOLICY": "Min", "policies": [{"type": "Pods", "Value": 1}], "x": 1}, "ScaleDown": null}"#;
    let rules = json!({"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 0}]});
    assert_eq!(to_v2(with_annotation(BEHAVIOR, text))["spec"]["behavior"], json!({"scaleUp": rules}));

    let text = r#"[{"type": "Pods", "pods": {"metricName": "rate", "targetAverageValue": 0.5}}]"#;
    let target = json!({"type": "AverageValue", "averageValue": "500m"});
    assert_eq!(
        to_v2(with_annotation(METRICS, text))["spec"]["metrics"],
        json!([{"type": "Pods", "pods": {"metric": {"name": "rate"}, "target": target}}])
    );
}

#[test]
fn unreadable_annotations_are_dropped() {
    let plain = to_v2(json!({"metadata": {"annotations": {"put": "b"}}, "spec": {"maxReplicas": 4}, "status": {}}));
    for (name, text) in [
        (METRICS, "no json"),
        (METRICS, r#"{"type": "Pods"}"#),
        (METRICS, r#"[{"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": "60"}}]"#),
        (METRICS, r#"[{"type": "Pods", "pods": {"metricName": "m", "targetAverageValue": "many"}}]"#),
        (CURRENT_METRICS, r#"[{"type": 1}]"#),
        (CONDITIONS, r#"[{"type": "AbleToScale", "lastTransitionTime": "yesterday"}]"#),
        (BEHAVIOR, r#"{"ScaleUp": {"Policies": [{"Value": 1.5}]}}"#),
        (BEHAVIOR, r#"{"ScaleUp": {"StabilizationWindowSeconds": 3000000000}}"#),
        (BEHAVIOR, "{}"),
        (BEHAVIOR, "null"),
    ] {
        assert_eq!(to_v2(with_annotation(name, text)), plain, "{name}: {text}");
    }
}

#[test]
fn annotations_left_over_in_v2_do_not_reach_v1() {
    let mut v2 = with_metrics(json!([utilization("cpu", 70)]));
    v2["metadata"]["annotations"] = json!({METRICS: "old", BEHAVIOR: "old", "put": "b"});
    assert_eq!(to_v1(v2)["metadata"]["annotations"], json!({"put": "b"}));
}

fn quantity() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..999u32).prop_map(|n| n.to_string()),
        (1..999u32).prop_map(|n| format!("{n}Mi")),
        Just("500m".into())
    ]
}

fn metric() -> impl Strategy<Value = Value> {
    let selector =
        proptest::option::of("[a-z]{1,5}").prop_map(|value| value.map(|v| json!({"matchLabels": {"name": v}})));
    ("\\PC{0,12}", selector).prop_map(|(name, selector)| {
        let mut metric = json!({"name": name});
        if let Some(selector) = selector {
            metric["selector"] = selector;
        }
        metric
    })
}

/// A metric with a target that v1 can express.
fn metric_spec() -> impl Strategy<Value = Value> {
    let average = || quantity().prop_map(|q| json!({"type": "AverageValue", "averageValue": q}));
    let value = || quantity().prop_map(|q| json!({"type": "Value", "value": q}));
    let utilization = || (1..200i32).prop_map(|n| json!({"type": "Utilization", "averageUtilization": n}));
    prop_oneof![
        average().prop_map(|t| json!({"type": "Resource", "resource": {"name": "cpu", "target": t}})),
        prop_oneof![average(), utilization()]
            .prop_map(|t| json!({"type": "Resource", "resource": {"name": "memory", "target": t}})),
        ("[a-z]{1,8}", prop_oneof![average(), utilization()]).prop_map(|(container, t)| json!({
            "type": "ContainerResource", "containerResource": {"name": "cpu", "container": container, "target": t}})),
        (metric(), average()).prop_map(|(m, t)| json!({"type": "Pods", "pods": {"metric": m, "target": t}})),
        (metric(), value(), any::<bool>()).prop_map(|(m, mut t, averaged)| {
            if averaged {
                t["type"] = "AverageValue".into();
                t["averageValue"] = "3".into();
            }
            json!({"type": "Object", "object": {"describedObject": ingress(), "metric": m, "target": t}})
        }),
        (metric(), prop_oneof![average(), value()])
            .prop_map(|(m, t)| json!({"type": "External", "external": {"metric": m, "target": t}})),
    ]
}

fn metric_status() -> impl Strategy<Value = Value> {
    let averages = |percent: Option<i32>, q: String| match percent {
        Some(percent) => json!({"averageUtilization": percent, "averageValue": q}),
        None => json!({"averageValue": q}),
    };
    let percent = || proptest::option::of(0..200i32);
    prop_oneof![
        ("cpu|memory", percent(), quantity()).prop_map(move |(name, percent, q)| json!({
            "type": "Resource", "resource": {"name": name, "current": averages(percent, q)}})),
        (percent(), quantity()).prop_map(move |(percent, q)| json!({"type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": "main", "current": averages(percent, q)}})),
        (metric(), quantity())
            .prop_map(|(m, q)| json!({"type": "Pods", "pods": {"metric": m, "current": {"averageValue": q}}})),
        (metric(), quantity()).prop_map(|(m, q)| json!({"type": "Object",
            "object": {"describedObject": ingress(), "metric": m, "current": {"value": q}}})),
        (metric(), quantity(), quantity()).prop_map(|(m, value, average)| json!({"type": "External",
            "external": {"metric": m, "current": {"value": value, "averageValue": average}}})),
    ]
}

fn scaling_rules() -> impl Strategy<Value = Value> {
    (0..3600i32, "Max|Min|Disabled", 1..100i32).prop_map(|(window, select, value)| {
        json!({"stabilizationWindowSeconds": window, "selectPolicy": select,
            "policies": [{"type": "Pods", "value": value, "periodSeconds": 15}], "tolerance": "50m"})
    })
}

prop_compose! {
    /// Targets for the processor's utilisation come last, as v1 gives them back; no list is empty.
    fn v2_object()(
        mut metrics in proptest::collection::vec(metric_spec(), 1..6),
        cpu in proptest::option::of(1..200i32),
        statuses in proptest::collection::vec(metric_status(), 1..6),
        message in "\\PC{1,20}",
        rules in scaling_rules(),
    ) -> Value {
        if let Some(percent) = cpu {
            metrics.retain(|metric| !is_cpu(metric));
            metrics.push(utilization("cpu", percent));
        }
        json!({
            "metadata": {"name": "web", "annotations": {"put": "b"}},
            "spec": {"maxReplicas": 4, "metrics": metrics, "behavior": {"scaleDown": rules}},
            "status": {"currentMetrics": statuses, "conditions": [
                {"type": "AbleToScale", "status": "True", "lastTransitionTime": "2020-12-08T10:11:12Z", "message": message}]},
        })
    }
}

proptest! {
    #[test]
    fn v1_loses_nothing_of_v2(v2 in v2_object()) {
        let v1 = to_v1(v2.clone());
        prop_assert!(v1["spec"].get("metrics").is_none() && v1["spec"].get("behavior").is_none());
        prop_assert_eq!(to_v2(v1), v2);
    }

    #[test]
    fn no_annotation_survives_or_breaks_the_way_to_v2(text in "\\PC*", name in 0..4usize) {
        let name = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR][name];
        let v2 = to_v2(with_annotation(name, &text));
        prop_assert_eq!(&v2["metadata"]["annotations"], &json!({"put": "b"}));
    }

    /// Documents of the right outline with values of any kind.
    #[test]
    fn any_json_in_an_annotation_gives_readable_metrics(value in prop_oneof![
        Just(json!(null)), any::<i64>().prop_map(Value::from), "\\PC*".prop_map(Value::from), Just(json!([null])), Just(json!({"name": 1})),
    ], member in "type|object|pods|resource|containerResource|external") {
        let v2 = to_v2(with_annotation(METRICS, &json!([{ (member): value }]).to_string()));
        prop_assert!(v2["spec"]["metrics"].as_array().is_some_and(|metrics| metrics.len() == 1));
        let again = to_v2(to_v1(v2.clone()));
        prop_assert_eq!(again, v2);
    }
}

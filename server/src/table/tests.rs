//! Cells of objects that are given as JSON, and the form of whole tables.

mod object;

use std::collections::BTreeSet;

use kubeforge_machinery::Message;
use kubeforge_machinery::release::{Cell, Column, Gvk};
use serde_json::{Value as Json, json};

use super::functions::{self, CellValue, FUNCTIONS, Row};
use super::path::{self, Value};
use super::{IncludeObject, ListMeta, Options, table};
use object::object;

/// 2026-11-23T00:00:00Z
const NOW: i64 = 1_795_392_000;

fn cell(function: &str, arguments: &'static [&'static str], of: Json) -> CellValue {
    let function = functions::find(function).unwrap_or_else(|| panic!("no function {function}"));
    (function.cell)(&Row { object: &object(&of), arguments, now: NOW })
}

fn text(function: &str, arguments: &'static [&'static str], of: Json) -> String {
    match cell(function, arguments, of) {
        CellValue::Text(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

#[test]
fn names_of_functions_are_unique_and_their_numbers_in_order() {
    let names: BTreeSet<&str> = FUNCTIONS.iter().map(|f| f.name).collect();
    assert_eq!(names.len(), FUNCTIONS.len());
    assert!(FUNCTIONS.iter().all(|f| f.least <= f.most));
}

#[test]
fn every_function_takes_an_empty_object() {
    let empty = object(&json!({}));
    for function in FUNCTIONS {
        let arguments = vec!["spec.none"; function.most].leak();
        (function.cell)(&Row { object: &empty, arguments, now: NOW });
    }
}

#[test]
fn paths_lead_through_messages_maps_and_lists() {
    let pod = object(&json!({
        "metadata": {"labels": {"kubernetes.io/role": "db"}},
        "spec": {"hostNetwork": true, "containers": [{"name": "a"}, {"name": "b"}]},
        "status": {"podIPs": [{"ip": "10.0.0.1"}]}
    }));
    let at = |p: &str| path::value_at(&pod, p).map(|v| v.to_string());
    assert_eq!(at("metadata.labels.kubernetes.io/role").as_deref(), Some("db"));
    assert_eq!(at("spec.hostNetwork").as_deref(), Some("true"));
    assert_eq!(at("spec.containers"), None);
    assert_eq!(at("spec.nowhere.name"), None);
    assert_eq!(at(""), None);
    let names = path::values_at(&pod, "spec.containers.name");
    assert_eq!(names, [Value::Text("a".into()), Value::Text("b".into())]);
    assert_eq!(path::len_at(&pod, "spec.containers"), 2);
}

#[test]
fn general_functions() {
    let deployment = json!({
        "metadata": {"name": "web", "creationTimestamp": "2024-01-01T00:00:00Z"},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [
            {"name": "c", "image": "app:1"}, {"name": "d", "image": "log:2"}]}}},
        "status": {"readyReplicas": 1}
    });
    let of = || deployment.clone();
    assert_eq!(text("name", &[], of()), "web");
    assert_eq!(text("age", &[], of()), "2y327d");
    assert_eq!(text("age", &["status.none", "\"<none>\""], of()), "<none>");
    assert_eq!(text("age", &["status.none"], of()), "<unknown>");
    assert_eq!(text("fraction", &["status.readyReplicas", "spec.replicas"], of()), "1/3");
    assert_eq!(text("names", &["spec.template.spec.containers"], of()), "c,d");
    assert_eq!(text("images", &["spec.template.spec.containers"], of()), "app:1,log:2");
    assert_eq!(text("path", &["spec.none", "\"<none>\""], of()), "<none>");
    assert_eq!(cell("path", &["spec.replicas"], of()), CellValue::Int(3));
    assert_eq!(text("text", &["spec.replicas"], of()), "3");
    assert_eq!(cell("integer", &["spec.none"], of()), CellValue::Int(0));
    assert_eq!(cell("boolean", &["spec.none", "\"true\""], of()), CellValue::Bool(true));
    assert_eq!(cell("timestamp", &["metadata.creationTimestamp"], of()), "2024-01-01T00:00:00Z".into());
    assert_eq!(cell("timestamp", &["metadata.deletionTimestamp"], of()), CellValue::Null);
    assert_eq!(text("pair", &["spec.claimRef.namespace", "spec.claimRef.name", "\"\""], of()), "");
    assert_eq!(text("sample", &["spec.template.spec.containers.name"], of()), "c,d");
    assert_eq!(text("sample", &["spec.none"], of()), "<unset>");
    assert_eq!(text("sample", &["items"], json!({"items": ["a", "b", "c", "d", "e"]})), "a,b,c + 2 more...");
    assert_eq!(text("duration", &["seconds"], json!({"seconds": 7200})), "120m");
}

#[test]
fn selectors_read_as_requirements() {
    let of = |selector: Json| json!({"spec": {"selector": selector}});
    let path = &["spec.selector"];
    assert_eq!(text("selector", path, json!({"spec": {}})), "<none>");
    assert_eq!(text("selector", path, of(json!({}))), "<none>");
    assert_eq!(text("selector", &["spec.selector", "\"\""], of(json!({}))), "");
    let selector = json!({"matchLabels": {"b": "2", "app": "x"}, "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["web", "api"]},
        {"key": "env", "operator": "NotIn", "values": ["dev"]},
        {"key": "a", "operator": "Exists"},
        {"key": "z", "operator": "DoesNotExist"}]});
    assert_eq!(text("selector", path, of(selector)), "a,app=x,b=2,env notin (dev),tier in (api,web),!z");
    let wrong = json!({"matchExpressions": [{"key": "a", "operator": "Like"}]});
    assert_eq!(text("selector", path, of(wrong.clone())), "<error>");
    assert_eq!(text("selector", &["spec.selector", "\"\""], of(wrong)), "<invalid>");
    assert_eq!(text("labels", &["labels"], json!({"labels": {"b": "2", "a": "1"}})), "a=1,b=2");
}

#[test]
fn parameters_of_policies_read_as_go_dumps_them() {
    let binding = |reference: Json| json!({"spec": {"paramRef": reference}});
    assert_eq!(text("param_reference", &[], json!({"spec": {}})), "<unset>");
    assert_eq!(text("param_reference", &[], binding(json!({"name": "p"}))), "*/p");
    assert_eq!(text("param_reference", &[], binding(json!({"name": "p", "namespace": "n"}))), "n/p");
    let selector = json!({"matchLabels": {"a": "b"}, "matchExpressions": [
        {"key": "k", "operator": "In", "values": ["x", "y"]}]});
    assert_eq!(
        text("param_reference", &[], binding(json!({"selector": selector}))),
        "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{\
         LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}"
    );
}

/// The states that the recordings of v1.28 show.
#[test]
fn pods_summarize_their_containers() {
    let pod = |status: Json| json!({"spec": {"containers": [{"name": "c"}]}, "status": status});
    let state = |state: Json| json!({"name": "c", "ready": false, "restartCount": 0, "state": state});
    let status = |statuses: Json| pod(json!({"phase": "Running", "containerStatuses": [statuses]}));

    assert_eq!(text("pod_status", &[], pod(json!({"phase": "Pending"}))), "Pending");
    assert_eq!(text("pod_ready", &[], pod(json!({"phase": "Pending"}))), "0/1");
    assert_eq!(
        text("pod_status", &[], status(state(json!({"terminated": {"exitCode": 137, "signal": 9}})))),
        "Signal:9"
    );
    assert_eq!(text("pod_status", &[], status(state(json!({"terminated": {"exitCode": 3}})))), "ExitCode:3");
    let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
    assert_eq!(text("pod_status", &[], status(state(waiting))), "ContainerCreating");

    let crashing = json!({"name": "c", "ready": false, "restartCount": 4,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2024-01-02T00:00:00Z"}}});
    assert_eq!(text("pod_status", &[], status(crashing.clone())), "CrashLoopBackOff");
    assert_eq!(text("pod_restarts", &[], status(crashing.clone())), "4 (2y326d ago)");
    assert_eq!(cell("pod_restart_count", &[], status(crashing)), CellValue::Int(4));

    let running = json!({"name": "c", "ready": true, "restartCount": 0, "state": {"running": {"x": 1}}});
    assert_eq!(text("pod_ready", &[], status(running.clone())), "1/1");
    assert_eq!(text("pod_status", &[], status(running)), "Running");

    let gated = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]});
    assert_eq!(text("pod_status", &[], pod(gated)), "SchedulingGated");

    let mut deleted = pod(json!({"phase": "Running"}));
    deleted["metadata"] = json!({"deletionTimestamp": "2026-11-22T00:00:00Z"});
    assert_eq!(text("pod_status", &[], deleted.clone()), "Terminating");
    deleted["status"]["phase"] = json!("Succeeded");
    assert_eq!(text("pod_status", &[], deleted.clone()), "Succeeded");
    deleted["status"]["reason"] = json!("NodeLost");
    assert_eq!(text("pod_status", &[], deleted), "Unknown");
}

#[test]
fn pods_wait_for_init_containers_and_count_sidecars() {
    let pod = |statuses: Json| {
        json!({
            "spec": {"containers": [{"name": "c"}], "initContainers": [
                {"name": "side", "restartPolicy": "Always"}, {"name": "init"}]},
            "status": {"phase": "Pending", "initContainerStatuses": statuses}
        })
    };
    let side =
        json!({"name": "side", "ready": true, "started": true, "restartCount": 2, "state": {"running": {"x": 1}}});
    let init = |state: Json| json!({"name": "init", "ready": false, "restartCount": 1, "state": state});
    let with = |state: Json| pod(json!([side.clone(), init(state)]));
    assert_eq!(text("pod_status", &[], with(json!({"running": {"x": 1}}))), "Init:1/2");
    assert_eq!(text("pod_ready", &[], with(json!({"running": {"x": 1}}))), "1/2");
    assert_eq!(text("pod_restarts", &[], with(json!({"running": {"x": 1}}))), "3");
    assert_eq!(text("pod_status", &[], with(json!({"waiting": {"reason": "ErrImagePull"}}))), "Init:ErrImagePull");
    assert_eq!(text("pod_status", &[], with(json!({"terminated": {"exitCode": 2}}))), "Init:ExitCode:2");
    // All done: only the sidecar's restarts count on.
    assert_eq!(text("pod_restarts", &[], with(json!({"terminated": {"exitCode": 0}}))), "2");
}

#[test]
fn nodes_services_and_endpoints() {
    let node = json!({
        "metadata": {"labels": {
            "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "db", "node-role.kubernetes.io/": ""}},
        "spec": {"unschedulable": true},
        "status": {"conditions": [{"type": "Ready", "status": "False"}],
            "addresses": [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "10.0.0.9"}]}
    });
    assert_eq!(text("node_status", &[], node.clone()), "NotReady,SchedulingDisabled");
    assert_eq!(text("node_roles", &[], node.clone()), "db,worker");
    assert_eq!(text("node_address", &["\"InternalIP\""], node.clone()), "10.0.0.9");
    assert_eq!(text("node_address", &["\"ExternalIP\""], node), "<none>");

    let service = |spec: Json, ingress: Json| json!({"spec": spec, "status": {"loadBalancer": {"ingress": ingress}}});
    let balanced = json!({"type": "LoadBalancer", "externalIPs": ["1.2.3.4"],
        "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]});
    let points = json!([{"hostname": "lb.example.com"}, {"ip": "192.0.2.10"}]);
    assert_eq!(
        text("service_external_ip", &[], service(balanced.clone(), points)),
        "192.0.2.10,lb.example.com,1.2.3.4"
    );
    assert_eq!(text("service_ports", &[], service(balanced, json!([]))), "80:30080/TCP,53/UDP");
    assert_eq!(text("service_external_ip", &[], service(json!({"type": "LoadBalancer"}), json!([]))), "<pending>");
    assert_eq!(text("service_external_ip", &[], service(json!({"type": "ClusterIP"}), json!([]))), "<none>");

    let subsets = json!({"subsets": [
        {"addresses": [{"ip": "10.1.1.1"}, {"ip": "fd00::1"}], "ports": [{"port": 80}, {"port": 81}]}]});
    assert_eq!(text("endpoints", &[], subsets), "10.1.1.1:80,[fd00::1]:80,10.1.1.1:81 + 1 more...");
    assert_eq!(text("endpoints", &[], json!({})), "<none>");
    let ports = json!({"ports": [{"port": 80}, {"name": "web"}, {"x": 1}]});
    assert_eq!(text("endpoint_slice_ports", &[], ports), "80,web,*");

    let hosts = |hosts: Json| json!({"spec": {"rules": hosts}});
    assert_eq!(text("ingress_hosts", &[], hosts(json!([]))), "*");
    let many = json!([{"host": "a"}, {"host": "b"}, {"x": 1}, {"host": "c"}, {"host": "d"}]);
    assert_eq!(text("ingress_hosts", &[], hosts(many)), "a,b,c + 2 more...");
}

#[test]
fn events_of_either_group_read_the_same() {
    let core = json!({"involvedObject": {"kind": "Pod", "name": "p"}, "source": {"component": "kubelet", "host": "n1"},
        "firstTimestamp": "2026-11-22T00:00:00Z", "lastTimestamp": "2026-11-22T12:00:00Z", "count": 3});
    let events = json!({"regarding": {"kind": "Pod", "name": "p"}, "reportingController": "kubelet",
        "reportingInstance": "n1", "eventTime": "2026-11-22T00:00:00Z",
        "series": {"count": 3, "lastObservedTime": "2026-11-22T12:00:00Z"}});
    for event in [core, events] {
        assert_eq!(text("event_object", &[], event.clone()), "pod/p");
        assert_eq!(text("event_source", &[], event.clone()), "kubelet, n1");
        assert_eq!(text("event_first_seen", &[], event.clone()), "24h");
        assert_eq!(text("event_last_seen", &[], event.clone()), "12h");
        assert_eq!(cell("event_count", &[], event), CellValue::Int(3));
    }
    assert_eq!(cell("event_count", &[], json!({})), CellValue::Int(1));
}

#[test]
fn autoscalers_of_v1_have_their_metrics_in_annotations() {
    let v1 = json!({
        "metadata": {"annotations": {"autoscaling.alpha.kubernetes.io/metrics":
            r#"[{"type":"External","external":{"metricName":"q","targetValue":"25"}}]"#}},
        "spec": {"targetCPUUtilizationPercentage": 70}
    });
    assert_eq!(text("hpa_targets", &[], v1.clone()), "<unknown>/25, <unknown>/70%");
    assert_eq!(text("hpa_targets", &["\"named\""], v1), "<unknown>/25, cpu: <unknown>/70%");
    assert_eq!(text("hpa_targets", &[], json!({"spec": {}})), "<none>");
}

#[test]
fn quotas_sort_limits_from_requests() {
    let quota = json!({"status": {"hard": {"pods": "2", "limits.cpu": "1500m"}, "used": {"pods": "1"}}});
    assert_eq!(text("quota", &["\"requests\""], quota.clone()), "pods: 1/2");
    assert_eq!(text("quota", &["\"limits\""], quota), "limits.cpu: 0/1500m");
}

#[test]
fn volumes_jobs_and_the_rest() {
    let claim = json!({"spec": {"volumeName": "v", "storageClassName": "slow"},
        "status": {"accessModes": ["ReadWriteMany", "ReadWriteOnce"], "capacity": {"storage": "5Gi"}}});
    assert_eq!(text("claim_access_modes", &[], claim.clone()), "RWO,RWX");
    assert_eq!(text("claim_capacity", &[], claim.clone()), "5Gi");
    assert_eq!(text("storage_class", &[], claim), "slow");
    assert_eq!(text("claim_capacity", &[], json!({"spec": {"volumeName": ""}})), "");
    assert_eq!(
        text("claim_state", &[], json!({"status": {"allocation": {"x": 1}, "reservedFor": [{"x": 1}]}})),
        "allocated,reserved"
    );

    let job = json!({"spec": {"parallelism": 3}, "status": {"succeeded": 1, "startTime": "2026-11-22T23:59:00Z"}});
    assert_eq!(text("job_completions", &[], job.clone()), "1/1 of 3");
    assert_eq!(text("job_duration", &[], job.clone()), "60s");
    assert_eq!(text("job_status", &[], job), "Running");

    let owned = json!({"metadata": {"ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": true}]}});
    assert_eq!(text("controller", &[], owned), "statefulset.apps/web");
    let subjects =
        json!({"subjects": [{"kind": "User", "name": "a"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}]});
    assert_eq!(text("subjects", &["\"ServiceAccount\""], subjects.clone()), "n/s");
    assert_eq!(text("subjects", &["\"Group\""], subjects), "");
    let service =
        json!({"status": {"conditions": [{"type": "Available", "status": "False", "reason": "ServiceNotFound"}]}});
    assert_eq!(text("apiservice_available", &[], service), "False (ServiceNotFound)");
    let address = json!({"spec": {"parentRef": {"resource": "services", "group": "", "namespace": "b", "name": "a"}}});
    assert_eq!(text("resource_reference", &["spec.parentRef"], address), "services/b/a");
    assert_eq!(text("migrated_resource", &[], json!({"spec": {"resource": {"resource": "x", "group": "g"}}})), "x.g");
}

static COLUMNS: [Column; 3] =
    [of_column("Name", "name", &[]), of_column("Status", "pod_status", &[]), of_column("", "age", &[])];

const fn of_column(name: &'static str, function: &'static str, arguments: &'static [&'static str]) -> Column {
    Column { name, ty: "string", format: "", priority: 0, description: "", cell: Cell { function, arguments } }
}

const POD: Gvk = Gvk { group: "", version: "v1", kind: "Pod" };

fn options(include: IncludeObject, definitions: bool) -> Options<'static> {
    Options { version: "v1", include, definitions, now: NOW }
}

#[test]
fn tables_have_the_fields_and_order_of_upstream() {
    let pod = object(&json!({"metadata": {"name": "done"}, "status": {"phase": "Succeeded"}}));
    let list = ListMeta { resource_version: "7", continue_token: "c", remaining: Some(2) };
    let json = table(&COLUMNS, POD, [&pod as &dyn Message], &list, &options(IncludeObject::Metadata, true));
    same(
        &json,
        concat!(
            r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","#,
            r#""metadata":{"resourceVersion":"7","continue":"c","remainingItemCount":2},"columnDefinitions":["#,
            r#"{"name":"Name","type":"string","format":"","description":"","priority":0},"#,
            r#"{"name":"Status","type":"string","format":"","description":"","priority":0}],"#,
            r#""rows":[{"cells":["done","Succeeded","\u003cunknown\u003e"],"#,
            r#""conditions":[{"type":"Completed","status":"True","reason":"Succeeded","message":"The pod has completed successfully."}],"#,
            r#""object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"done"}}}]}"#
        ),
    );
}

#[test]
fn empty_tables_and_later_watch_events() {
    let none = table(&COLUMNS, POD, [], &ListMeta::default(), &options(IncludeObject::Metadata, false));
    same(&none, r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},"columnDefinitions":null,"rows":[]}"#);
}

#[test]
fn rows_hold_what_is_asked_for() {
    let pod = object(&json!({"metadata": {"name": "p"}}));
    let row = |include| {
        let json = table(&[], POD, [&pod as &dyn Message], &ListMeta::default(), &options(include, false));
        serde_json::from_slice::<Json>(&json).expect("JSON")["rows"][0].clone()
    };
    assert_eq!(row(IncludeObject::None), json!({"cells": ["p", null], "object": null}));
    let whole = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p"}});
    assert_eq!(row(IncludeObject::Object)["object"], whole);
}

fn same(json: &[u8], expected: &str) {
    assert_eq!(String::from_utf8_lossy(json), expected);
}

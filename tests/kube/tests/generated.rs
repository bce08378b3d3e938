//! kube's `Api` and reflector with generated types instead of k8s-openapi's.

mod client;

use std::time::Duration;

use client::client;
use futures_util::TryStreamExt;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Resource, ResourceExt};
use kubeforge_machinery::kind::{self, Kind, Resource as _};
use kubeforge_machinery::kube::Object;
use kubeforge_machinery::types::SmallStr;
use kubeforge_tests::server::Server;
use kubeforge_v1_36::api::apps::v1::Deployment;
use kubeforge_v1_36::api::core::v1::{ConfigMap, Container, Node};
use kubeforge_v1_36::apimachinery::meta::v1::{self as meta, LabelSelector};
use serde_json::json;

fn metadata(name: &str) -> ObjectMeta {
    let labels = [("app".to_owned(), "web".to_owned())];
    ObjectMeta { name: Some(name.into()), labels: Some(labels.into()), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn api() {
    let server = Server::start("v1.36");
    let configmaps: Api<Object<ConfigMap>> = Api::namespaced(client(&server).await, "default");

    let mut body = Object { metadata: metadata("settings"), object: ConfigMap::default() };
    body.data.insert("color".into(), "blue".into());
    let created = configmaps.create(&PostParams::default(), &body).await.expect("create");
    assert!(created.uid().is_some());
    assert_eq!(created.data, body.data);
    let conflict = configmaps.create(&PostParams::default(), &body).await.expect_err("created twice");
    assert!(matches!(conflict, kube::Error::Api(status) if status.code == 409));

    let listed = configmaps.list(&ListParams::default().labels("app=web")).await.expect("list");
    assert_eq!(listed.items, std::slice::from_ref(&created));

    let mut replaced = created.clone();
    replaced.labels_mut().insert("tier".into(), "front".into());
    let replaced = configmaps.replace("settings", &PostParams::default(), &replaced).await.expect("replace");
    assert_eq!(replaced.labels()["tier"], "front");
    assert_eq!(replaced.labels()["app"], "web");

    let patch = Patch::Merge(json!({"data": {"color": "green"}}));
    let patched = configmaps.patch("settings", &PatchParams::default(), &patch).await.expect("patch");
    assert_eq!(patched.data["color"], "green");

    let version = created.resource_version().expect("a version");
    configmaps.delete("settings", &DeleteParams::default()).await.expect("delete");
    let events = configmaps.watch(&WatchParams::default().timeout(5), &version).await.expect("watch");
    let events: Vec<_> = events.try_collect().await.expect("events");
    let seen = events.into_iter().filter_map(|event| match event {
        WatchEvent::Bookmark(_) => None,
        WatchEvent::Modified(object) => Some(("MODIFIED", object.object.data)),
        WatchEvent::Deleted(object) => Some(("DELETED", object.object.data)),
        WatchEvent::Added(_) | WatchEvent::Error(_) => panic!("the object was there, and the version is known"),
    });
    let (blue, green) = (created.object.data, patched.object.data);
    assert_eq!(seen.collect::<Vec<_>>(), [("MODIFIED", blue), ("MODIFIED", green.clone()), ("DELETED", green)]);
    assert!(configmaps.get_opt("settings").await.expect("get").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn api_without_namespace() {
    let server = Server::start("v1.36");
    let nodes: Api<Object<Node>> = Api::all(client(&server).await);
    let mut node = Object { metadata: metadata("worker"), object: Node::default() };
    node.spec.unschedulable = true;
    nodes.create(&PostParams::default(), &node).await.expect("create");
    let read = nodes.get("worker").await.expect("get");
    assert!(read.spec.unschedulable && read.namespace().is_none());
    let partial = nodes.get_metadata("worker").await.expect("metadata only");
    assert_eq!(partial.metadata, read.metadata);
}

#[tokio::test(flavor = "multi_thread")]
async fn reflector_follows_changes() {
    let server = Server::start("v1.36");
    let deployments: Api<Object<Deployment>> = Api::namespaced(client(&server).await, "default");
    let (store, writer) = reflector::store();
    let changes = watcher(deployments.clone(), watcher::Config::default());
    let mut stream = std::pin::pin!(changes.reflect(writer).applied_objects());
    let seen = async {
        let mut replicas = Vec::new();
        while replicas.last() != Some(&Some(5)) {
            let deployment = stream.try_next().await.expect("a healthy stream").expect("no end");
            replicas.push(deployment.spec.replicas);
        }
        replicas
    };
    let change = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        deployments.create(&PostParams::default(), &deployment(2)).await.expect("create");
        let scale = Patch::Merge(json!({"spec": {"replicas": 5}}));
        deployments.patch_scale("web", &PatchParams::default(), &scale).await.expect("scale");
    };
    let (replicas, ()) = tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(seen, change) })
        .await
        .expect("events in time");
    assert_eq!(replicas, [Some(2), Some(5)]);
    let key = reflector::ObjectRef::new("web").within("default");
    assert_eq!(store.get(&key).expect("reflected").spec.replicas, Some(5));
}

fn deployment(replicas: i32) -> Object<Deployment> {
    let mut deployment = Object { metadata: metadata("web"), object: Deployment::default() };
    let labels: [(SmallStr, SmallStr); 1] = [("app".into(), "web".into())];
    let spec = &mut deployment.spec;
    spec.replicas = Some(replicas);
    spec.selector = Some(Box::new(LabelSelector { match_labels: labels.clone().into(), ..Default::default() }));
    spec.template.metadata.labels = labels.into();
    spec.template.spec.containers = vec![Container { name: "web".into(), image: "web:1".into(), ..Default::default() }];
    deployment
}

#[test]
fn types_say_what_they_are() {
    assert_eq!(
        (Deployment::API_VERSION, Deployment::KIND, Deployment::PLURAL),
        ("apps/v1", "Deployment", "deployments")
    );
    assert_eq!((ConfigMap::GROUP, ConfigMap::API_VERSION), ("", "v1"));
    assert_eq!(meta::ListOptions::API_VERSION, "meta.k8s.io/v1");
    assert_eq!((Deployment::NAMESPACED, Node::NAMESPACED), (true, false));
    assert_eq!(kind::new::<Deployment>().type_meta.api_version, "apps/v1");
    assert_eq!(Object::<Deployment>::url_path(&(), Some("default")), "/apis/apps/v1/namespaces/default/deployments");
    assert_eq!(Object::<Node>::url_path(&(), None), "/api/v1/nodes");
}

#[test]
fn one_metadata_at_a_time() {
    let text = r#"{"metadata":{"name":"a","creationTimestamp":"2026-01-02T03:04:05Z"},"data":{"k":"v"}}"#;
    let mut object: Object<ConfigMap> = serde_json::from_str(text).expect("without type, as in a list");
    assert_eq!(object.object.metadata, meta::ObjectMeta::default());
    object.metadata.name = Some("b".into());
    object.object.metadata.name = "not sent".into();
    let sent = serde_json::to_value(&object).expect("JSON");
    let expected = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"},
        "metadata": {"name": "b", "creationTimestamp": "2026-01-02T03:04:05Z"},
    });
    assert_eq!(sent, expected);
    assert_eq!(object.into_inner().expect("a config map").metadata.name, "b");
}

#[test]
fn metadata_survives_both_ways() {
    let metadata = json!({
        "name": "a", "generateName": "a-", "namespace": "n", "uid": "u", "resourceVersion": "7", "generation": 2,
        "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T03:04:06Z",
        "deletionGracePeriodSeconds": 30, "labels": {"l": "1"}, "annotations": {"a": "<&>"}, "finalizers": ["f"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "o", "uid": "u", "controller": true}],
        "managedFields": [{
            "manager": "m", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-02T03:04:05Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {".": {}, "f:k": {}}},
        }],
    });
    let object: Object<ConfigMap> = serde_json::from_value(json!({"metadata": metadata})).expect("a config map");
    assert_eq!(serde_json::to_value(&object.metadata).expect("JSON"), metadata);
    let inner = object.clone().into_inner().expect("a config map");
    assert_eq!(serde_json::to_value(&inner.metadata).expect("JSON"), metadata);
    assert_eq!(Object::new(inner).expect("an object").metadata, object.metadata);
}

#[test]
fn another_kind_is_refused() {
    let error = serde_json::from_str::<Object<ConfigMap>>(r#"{"apiVersion":"v1","kind":"Secret"}"#).unwrap_err();
    assert_eq!(error.to_string(), "expected ConfigMap of v1, found Secret of v1");
}

#[test]
fn a_time_that_has_no_text_is_an_error() {
    let metadata = ObjectMeta { creation_timestamp: Some(Time(k8s_openapi::jiff::Timestamp::MIN)), ..metadata("old") };
    let error = Object { metadata, object: ConfigMap::default() }.into_inner().unwrap_err();
    assert!(error.to_string().starts_with("the metadata of a ConfigMap has no other form: "), "{error}");
    let mut future = ConfigMap::default();
    future.metadata.creation_timestamp.seconds = 400_000_000_000;
    assert!(Object::new(future).is_err());
}

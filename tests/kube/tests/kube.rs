//! create, list, watch, patch and delete with kube's `Api`, and its reflector on a stream of changes.

mod client;

use std::time::Duration;

use client::client;
use futures_util::TryStreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use kubeforge_tests::server::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn api() {
    let server = Server::start("v1.36");
    let client = client(&server).await;
    let configmaps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");

    let body: ConfigMap = serde_json::from_value(json!({
        "metadata": {"name": "settings", "labels": {"app": "web"}}, "data": {"color": "blue"}
    }))
    .expect("a config map");
    let created = configmaps.create(&PostParams::default(), &body).await.expect("create");
    assert!(created.uid().is_some());
    let conflict = configmaps.create(&PostParams::default(), &body).await.expect_err("created twice");
    assert!(matches!(conflict, kube::Error::Api(status) if status.code == 409));

    let listed = configmaps.list(&ListParams::default().labels("app=web")).await.expect("list");
    assert_eq!(listed.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["settings"]);

    let patch = Patch::Merge(json!({"data": {"color": "green"}}));
    let patched = configmaps.patch("settings", &PatchParams::default(), &patch).await.expect("patch");
    assert_eq!(patched.data.expect("data")["color"], "green");

    let version = created.resource_version().expect("a version");
    configmaps.delete("settings", &DeleteParams::default()).await.expect("delete");
    let events = configmaps.watch(&WatchParams::default().timeout(5), &version).await.expect("watch");
    let events: Vec<_> = events.try_collect().await.expect("events");
    let kinds = events.iter().map(|event| match event {
        WatchEvent::Added(_) => "ADDED",
        WatchEvent::Modified(_) => "MODIFIED",
        WatchEvent::Deleted(_) => "DELETED",
        WatchEvent::Bookmark(_) => "BOOKMARK",
        WatchEvent::Error(_) => "ERROR",
    });
    assert_eq!(kinds.filter(|kind| *kind != "BOOKMARK").collect::<Vec<_>>(), ["MODIFIED", "DELETED"]);
    assert!(configmaps.get_opt("settings").await.expect("get").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn watcher_follows_changes() {
    let server = Server::start("v1.36");
    let client = client(&server).await;
    let deployments: Api<Deployment> = Api::namespaced(client, "default");
    let mut stream = std::pin::pin!(watcher(deployments.clone(), watcher::Config::default()).applied_objects());
    let seen = async {
        let mut replicas = Vec::new();
        while replicas.last() != Some(&Some(5)) {
            let deployment = stream.try_next().await.expect("a healthy stream").expect("no end");
            replicas.push(deployment.spec.and_then(|spec| spec.replicas));
        }
        replicas
    };
    let change = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let body: Deployment = serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "web:1"}]},
                },
            },
        }))
        .expect("a deployment");
        deployments.create(&PostParams::default(), &body).await.expect("create");
        let scale = Patch::Merge(json!({"spec": {"replicas": 5}}));
        deployments.patch_scale("web", &PatchParams::default(), &scale).await.expect("scale");
    };
    let (replicas, ()) = tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(seen, change) })
        .await
        .expect("events in time");
    assert_eq!(replicas, [Some(2), Some(5)]);
}

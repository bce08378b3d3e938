//! The API as its handlers answer, without a network: verbs, forms and errors on a real release.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kubeforge_server::authn::UserInfo;
use kubeforge_server::handlers::{Api, Config};
use kubeforge_server::http::{Handler, HeaderMap, Method, Request, RequestInfo, Response, ResponseBody};
use kubeforge_server::storage::MemoryStorage;
use kubeforge_v1_28::RELEASE;
use serde_json::{Value, json};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

struct Answer {
    code: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

struct Client {
    api: Api,
}

impl Client {
    fn new() -> Client {
        Client::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Client {
        let mut config = Config::of(&RELEASE);
        change(&mut config);
        Client { api: Api::new(&RELEASE, Arc::new(MemoryStorage::new()), config) }
    }

    async fn respond(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                kubeforge_server::http::header::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        let request = Request {
            info: RequestInfo::new(&method, path, &query),
            method,
            uri: uri.to_owned(),
            path: path.to_owned(),
            query,
            headers: map,
            body: Bytes::copy_from_slice(body).into(),
            user: Arc::new(UserInfo { name: "ann".into(), ..UserInfo::anonymous() }),
            audit_id: "a".into(),
        };
        self.api.handle(request).await
    }

    async fn send(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let response = self.respond(method, uri, headers, body).await;
        let ResponseBody::Full(body) = response.body else { panic!("{uri} is a stream") };
        Answer { code: response.status.as_u16(), headers: response.headers, body }
    }

    async fn get(&self, uri: &str) -> Answer {
        self.send("GET", uri, &[], b"").await
    }

    async fn post(&self, uri: &str, body: Value) -> Answer {
        self.send("POST", uri, &[], body.to_string().as_bytes()).await
    }

    async fn put(&self, uri: &str, body: Value) -> Answer {
        self.send("PUT", uri, &[], body.to_string().as_bytes()).await
    }

    async fn patch(&self, uri: &str, kind: &str, body: Value) -> Answer {
        self.send("PATCH", uri, &[("content-type", kind)], body.to_string().as_bytes()).await
    }

    async fn delete(&self, uri: &str) -> Answer {
        self.send("DELETE", uri, &[], b"").await
    }

    async fn create_map(&self, name: &str) -> Value {
        let answer = self.post(MAPS, config_map(name)).await;
        assert_eq!(answer.code, 201, "{}", answer.message());
        answer.json()
    }

    /// The first `count` frames of a watch.
    async fn watch(&self, uri: &str, headers: &[(&str, &str)], count: usize) -> Vec<Bytes> {
        let response = self.respond("GET", uri, headers, b"").await;
        let ResponseBody::Stream(mut frames) = response.body else { panic!("{uri} is no stream") };
        let mut seen = Vec::new();
        while seen.len() < count {
            let frame = tokio::time::timeout(Duration::from_secs(5), frames.recv()).await;
            seen.push(frame.unwrap_or_else(|_| panic!("only {} frames", seen.len())).expect("the watch goes on"));
        }
        seen
    }

    async fn events(&self, uri: &str, count: usize) -> Vec<(String, Value)> {
        let frames = self.watch(uri, &[], count).await;
        let events = frames.iter().map(|frame| serde_json::from_slice::<Value>(frame).unwrap());
        events.map(|e| (e["type"].as_str().unwrap().to_owned(), e["object"].clone())).collect()
    }
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}})
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "registry.test/app:1.0"}]},
            },
        },
        "status": {"replicas": 7},
    })
}

#[tokio::test]
async fn an_object_lives_and_dies() {
    let client = Client::new();
    let created = client.create_map("a").await;
    assert_eq!((&created["kind"], &created["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
    let metadata = &created["metadata"];
    assert_eq!(metadata["namespace"], "default");
    assert_eq!(metadata["uid"].as_str().unwrap().len(), 36);
    assert!(metadata["creationTimestamp"].as_str().unwrap().ends_with('Z'));
    assert!(metadata["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap() > 1);
    assert_eq!(client.get(&format!("{MAPS}/a")).await.json(), created);

    let again = client.post(MAPS, config_map("a")).await;
    assert_eq!((again.code, again.message().as_str()), (409, "configmaps \"a\" already exists"));

    let mut changed = created.clone();
    changed["data"]["k"] = json!("w");
    let updated = client.put(&format!("{MAPS}/a"), changed.clone()).await;
    assert_eq!(updated.code, 200);
    assert_ne!(updated.json()["metadata"]["resourceVersion"], metadata["resourceVersion"]);
    assert_eq!(updated.json()["metadata"]["uid"], metadata["uid"]);
    let stale = client.put(&format!("{MAPS}/a"), changed).await;
    assert_eq!(stale.code, 409);
    assert_eq!(
        stale.message(),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes \
         to the latest version and try again"
    );

    let deleted = client.delete(&format!("{MAPS}/a")).await.json();
    assert_eq!((&deleted["status"], &deleted["details"]["uid"]), (&json!("Success"), &metadata["uid"]));
    let missing = client.get(&format!("{MAPS}/a")).await;
    assert_eq!((missing.code, missing.message().as_str()), (404, "configmaps \"a\" not found"));
}

#[tokio::test]
async fn writes_without_effect_keep_the_revision() {
    let client = Client::new();
    let created = client.create_map("a").await;
    let same = client.patch(&format!("{MAPS}/a"), MERGE_PATCH, json!({"data": {"k": "v"}})).await;
    assert_eq!(same.json(), created);
    let dry = client.patch(&format!("{MAPS}/a?dryRun=All"), MERGE_PATCH, json!({"data": {"k": "w"}})).await.json();
    assert_eq!(
        (&dry["data"]["k"], &dry["metadata"]["resourceVersion"]),
        (&json!("w"), &created["metadata"]["resourceVersion"])
    );
    assert_eq!(client.get(&format!("{MAPS}/a")).await.json(), created);
    let dry = client.post(&format!("{MAPS}?dryRun=All"), config_map("b")).await;
    assert_eq!((dry.code, &dry.json()["metadata"]["resourceVersion"]), (201, &Value::Null));
    assert_eq!(client.get(&format!("{MAPS}/b")).await.code, 404);
}

#[tokio::test]
async fn documents_are_refused_with_upstreams_words() {
    let client = Client::new();
    let told = async |body: &[u8]| {
        let answer = client.send("POST", MAPS, &[], body).await;
        format!("{} {}", answer.code, answer.message())
    };
    for (body, wanted) in [
        (
            &br#"{"apiVersion":"v1","kind":"ConfigMap","#[..],
            r#"400 the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({"apiVersion":"v1","kind":"Con ...)"#,
        ),
        (
            b"",
            "400 the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
        ),
        (
            b"[1,2]",
            r#"400 the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b312c325d)"#,
        ),
        (b"null", r#"422 ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required"#),
        (
            br#"{"kind":"Secret"}"#,
            r#"400 Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion"#,
        ),
        (
            br#"{"kind":"Zorp"}"#,
            r#"400 Zorp in version "v1" cannot be handled as a ConfigMap: no kind "Zorp" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#,
        ),
        (
            br#"{"apiVersion":"apps/v1","kind":"ConfigMap"}"#,
            r#"400 ConfigMap in version "v1" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30""#,
        ),
        (
            br#"{"apiVersion":"a/b/c","kind":"ConfigMap","metadata":{}}"#,
            r#"400 the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)"#,
        ),
        (
            br#"{"metadata":{"name":"t","namespace":"other"}}"#,
            "400 the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            br#"{"metadata":{"name":"t"},"data":"str"}"#,
            r#"400 ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string"#,
        ),
        (
            br#"{"metadata":{"name":"t","resourceVersion":"1"}}"#,
            "500 resourceVersion should not be set on objects to be created",
        ),
    ] {
        assert_eq!(told(body).await, wanted, "{}", String::from_utf8_lossy(body));
    }
    let answer = client.post("/api/v1/namespaces/nope/configmaps", config_map("x")).await;
    assert_eq!((answer.code, answer.message().as_str()), (404, "namespaces \"nope\" not found"));
    let answer = client.send("POST", MAPS, &[("content-type", "text/plain")], b"{}").await;
    assert_eq!(answer.code, 415);
}

#[tokio::test]
async fn unknown_fields_warn_or_fail() {
    let client = Client::new();
    let body = json!({"metadata": {"name": "a", "nope": "y"}, "bogus": 1});
    let warned = client.post(MAPS, body.clone()).await;
    assert_eq!(warned.code, 201);
    let warnings: Vec<_> = warned.headers.get_all("warning").iter().map(|v| v.to_str().unwrap()).collect();
    assert!(warnings.contains(&"299 - \"unknown field \\\"metadata.nope\\\"\""), "{warnings:?}");
    assert_eq!(warnings.len(), 2);
    let strict = client
        .send(
            "POST",
            &format!("{MAPS}?fieldValidation=Strict"),
            &[],
            br#"{"metadata":{"name":"b","nope":"y"},"bogus":1}"#,
        )
        .await;
    assert_eq!(strict.code, 400);
    assert_eq!(
        strict.message(),
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: \
         unknown field \"metadata.nope\", unknown field \"bogus\""
    );
    let bad = client.post(&format!("{MAPS}?fieldValidation=Nope"), body).await;
    assert_eq!(
        bad.message(),
        "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"Nope\": supported values: \
         \"\", \"Ignore\", \"Strict\", \"Warn\""
    );
}

#[tokio::test]
async fn lists_come_in_pages_of_one_revision() {
    let client = Client::new();
    for i in 0..7 {
        client.create_map(&format!("o-{i}")).await;
    }
    let first = client.get(&format!("{MAPS}?limit=3")).await.json();
    assert_eq!((&first["kind"], &first["metadata"]["remainingItemCount"]), (&json!("ConfigMapList"), &json!(4)));
    assert!(first["items"][0].get("kind").is_none());
    client.delete(&format!("{MAPS}/o-4")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = client.get(&format!("{MAPS}?limit=3&continue={token}")).await.json();
    let names = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|i| i["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&second), ["o-3", "o-4", "o-5"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let token = second["metadata"]["continue"].as_str().unwrap();
    let third = client.get(&format!("{MAPS}?limit=3&continue={token}")).await.json();
    assert_eq!(names(&third), ["o-6"]);
    assert!(third["metadata"].get("continue").is_none());
    assert_eq!(client.get(&format!("{MAPS}?limit=6")).await.json()["metadata"].get("continue"), None);
    assert_eq!(client.get("/api/v1/configmaps").await.json()["items"].as_array().unwrap().len(), 6);
    let empty = client.get("/api/v1/namespaces/nope/configmaps").await;
    assert_eq!((empty.code, &empty.json()["items"]), (200, &json!([])));
    assert_eq!(client.get(&format!("{MAPS}?continue=zzz")).await.code, 400);
    let bad = client.get(&format!("{MAPS}?resourceVersion=abc")).await;
    assert_eq!((bad.code, bad.json().get("reason")), (500, None));
}

#[tokio::test]
async fn selectors_select() {
    let client = Client::new();
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        let body = json!({"metadata": {"name": name, "labels": {"app": app}}});
        client.post(MAPS, body).await;
    }
    let names = async |query: &str| -> Vec<String> {
        let list = client.get(&format!("{MAPS}?{query}")).await.json();
        list["items"].as_array().unwrap().iter().map(|i| i["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("labelSelector=app=x").await, ["a", "c"]);
    assert_eq!(names("fieldSelector=metadata.name=b").await, ["b"]);
    assert_eq!(names("fieldSelector=metadata.name!=b&labelSelector=app in (x,y)").await, ["a", "c"]);
    assert_eq!(names("labelSelector=app=x&limit=1").await, ["a"]);
    let bad = client.get(&format!("{MAPS}?fieldSelector=data.x=1")).await;
    assert_eq!(
        bad.message(),
        "\"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    );
}

#[tokio::test]
async fn deployments_have_defaults_generations_status_and_scale() {
    let client = Client::new();
    let created = client.post(DEPLOYMENTS, deployment("d")).await;
    assert_eq!(created.code, 201, "{}", created.message());
    let created = created.json();
    assert_eq!(created["metadata"]["generation"], 1);
    assert_eq!(created["status"], json!({}));
    let url = format!("{DEPLOYMENTS}/d");

    let status = json!({"status": {"replicas": 2, "readyReplicas": 1}, "spec": {"replicas": 9}});
    let updated = client.patch(&format!("{url}/status"), MERGE_PATCH, status).await.json();
    assert_eq!(updated["status"]["replicas"], 2);
    assert_eq!(
        (&updated["spec"]["replicas"], &updated["metadata"]["generation"]),
        (&created["spec"]["replicas"], &json!(1))
    );

    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "registry.test/app:2"}]}}}, "status": null});
    let patched = client.patch(&url, STRATEGIC, image).await;
    assert_eq!(patched.code, 200, "{}", patched.message());
    let patched = patched.json();
    assert_eq!((&patched["metadata"]["generation"], &patched["status"]["replicas"]), (&json!(2), &json!(2)));
    assert_eq!(patched["spec"]["template"]["spec"]["containers"].as_array().unwrap().len(), 1);

    let scaled = client.patch(&format!("{url}/scale"), MERGE_PATCH, json!({"spec": {"replicas": 5}})).await;
    assert_eq!(scaled.code, 200, "{}", scaled.message());
    let scaled = scaled.json();
    assert_eq!((&scaled["kind"], &scaled["spec"]["replicas"]), (&json!("Scale"), &json!(5)));
    assert_eq!(scaled["status"], json!({"replicas": 2, "selector": "app=d"}));
    assert_eq!(client.get(&url).await.json()["spec"]["replicas"], 5);
    let negative = client.patch(&format!("{url}/scale"), MERGE_PATCH, json!({"spec": {"replicas": -1}})).await;
    assert_eq!(
        negative.message(),
        "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    );
}

#[tokio::test]
async fn patches_follow_their_types() {
    let client = Client::new();
    client.create_map("p").await;
    let url = format!("{MAPS}/p");
    let patched = client.patch(&url, JSON_PATCH, json!([{"op": "replace", "path": "/data/zz", "value": "x"}])).await;
    assert_eq!(patched.json()["data"], json!({"k": "v", "zz": "x"}));
    let failed = client.patch(&url, JSON_PATCH, json!([{"op": "test", "path": "/data/k", "value": "no"}])).await;
    assert_eq!(
        (failed.code, failed.message().as_str()),
        (422, "the server rejected our request due to an error in our request")
    );
    let renamed =
        client.patch(&url, JSON_PATCH, json!([{"op": "replace", "path": "/metadata/name", "value": "q"}])).await;
    assert_eq!(renamed.message(), "the name of the object (q) does not match the name on the URL (p)");
    let uid = client.patch(&url, MERGE_PATCH, json!({"metadata": {"uid": "nope"}})).await;
    assert_eq!(uid.message(), "ConfigMap \"p\" is invalid: metadata.uid: Invalid value: \"nope\": field is immutable");
    let stale =
        client.patch(&url, MERGE_PATCH, json!({"metadata": {"resourceVersion": "1"}, "data": {"a": "b"}})).await;
    assert_eq!(stale.code, 409);
    let kind = client.patch(&url, MERGE_PATCH, json!({"kind": "Secret"})).await;
    assert_eq!(kind.code, 422);
    assert!(kind.message().starts_with(" \"\" is invalid: patch: Invalid value: "), "{}", kind.message());
    let malformed = client.send("PATCH", &url, &[("content-type", MERGE_PATCH)], b"{\"a\":").await;
    assert_eq!(malformed.message(), "error decoding patch: unexpected end of JSON input");
    let unknown = client.send("PATCH", &url, &[("content-type", "application/json")], b"{}").await;
    assert_eq!((unknown.code, unknown.message().as_str()), (415, "415: Unsupported Media Type"));
}

#[tokio::test]
async fn finalizers_hold_objects() {
    let client = Client::new();
    let url = format!("{MAPS}/f");
    client.post(MAPS, json!({"metadata": {"name": "f", "finalizers": ["x.test/f"]}})).await;
    let marked = client.delete(&url).await.json();
    assert_eq!((&marked["kind"], &marked["metadata"]["deletionGracePeriodSeconds"]), (&json!("ConfigMap"), &json!(0)));
    assert!(marked["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(client.delete(&url).await.json(), marked);
    let more = client.patch(&url, MERGE_PATCH, json!({"metadata": {"finalizers": ["x.test/f", "x.test/g"]}})).await;
    assert_eq!(
        more.message(),
        "ConfigMap \"f\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is \
         being deleted, found new finalizers []string{\"x.test/g\"}"
    );
    let freed = client.patch(&url, MERGE_PATCH, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(
        (freed.code, &freed.json()["metadata"]["resourceVersion"]),
        (200, &marked["metadata"]["resourceVersion"])
    );
    assert_eq!(client.get(&url).await.code, 404);
}

#[tokio::test]
async fn deletions_have_preconditions_and_policies() {
    let client = Client::new();
    let url = format!("{MAPS}/a");
    let created = client.create_map("a").await;
    let uid = created["metadata"]["uid"].as_str().unwrap();
    let delete = async |body: Value| client.send("DELETE", &url, &[], body.to_string().as_bytes()).await;
    let wrong = delete(json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "x"}})).await;
    assert_eq!(wrong.code, 409);
    assert_eq!(
        wrong.message(),
        format!(
            "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (x) does not match the UID in \
             record ({uid}). The object might have been deleted and then recreated"
        )
    );
    let bad = client.delete(&format!("{url}?propagationPolicy=Nope")).await;
    assert_eq!(bad.code, 422, "{}", bad.message());
    assert_eq!(client.delete(&format!("{url}?dryRun=All")).await.json()["status"], "Success");
    let marked = delete(json!({"propagationPolicy": "Foreground"})).await.json();
    assert_eq!(marked["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    assert_eq!(delete(json!({"propagationPolicy": "Background"})).await.json()["status"], "Success");
    assert_eq!(client.get(&url).await.code, 404);

    client.create_map("b").await;
    client.create_map("c").await;
    let gone = client.delete(MAPS).await.json();
    assert_eq!((&gone["kind"], gone["items"].as_array().unwrap().len()), (&json!("ConfigMapList"), 2));
    assert_eq!(client.get(MAPS).await.json()["items"], json!([]));
}

#[tokio::test]
async fn watches_tell_what_their_selector_sees() {
    let client = Client::new();
    let marker = client.create_map("marker").await;
    let revision = marker["metadata"]["resourceVersion"].as_str().unwrap();
    client.post(MAPS, json!({"metadata": {"name": "a", "labels": {"app": "x"}}})).await;
    let url = format!("{MAPS}/a");
    client.patch(&url, MERGE_PATCH, json!({"data": {"n": "1"}})).await;
    client.patch(&url, MERGE_PATCH, json!({"metadata": {"labels": {"app": "z"}}})).await;
    client.patch(&url, MERGE_PATCH, json!({"metadata": {"labels": {"app": "x"}}})).await;
    let last = client.get(&url).await.json();
    client.delete(&url).await;
    let uri = format!("{MAPS}?watch=true&resourceVersion={revision}&labelSelector=app=x");
    let events = client.events(&uri, 5).await;
    let kinds: Vec<_> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]);
    assert_eq!(events[2].1["metadata"]["labels"]["app"], "x");
    assert_ne!(events[4].1["metadata"]["resourceVersion"], last["metadata"]["resourceVersion"]);
    assert_eq!(events[0].1["kind"], "ConfigMap");

    let now = client.events(&format!("{MAPS}?watch=true&fieldSelector=metadata.name=marker"), 1).await;
    assert_eq!((now[0].0.as_str(), &now[0].1), ("ADDED", &marker));
    let old = client.events("/api/v1/watch/namespaces/default/configmaps/marker", 1).await;
    assert_eq!(old[0].1, marker);

    let tables = client.watch(&uri, &[("accept", TABLE)], 2).await;
    let table = |frame: &Bytes| serde_json::from_slice::<Value>(frame).unwrap()["object"].clone();
    assert!(table(&tables[0])["columnDefinitions"].is_array());
    assert!(table(&tables[1])["columnDefinitions"].is_null());
    assert_eq!(table(&tables[1])["rows"].as_array().unwrap().len(), 1);

    let frames = client.watch(&uri, &[("accept", "application/vnd.kubernetes.protobuf;stream=watch")], 1).await;
    let length = u32::from_be_bytes(frames[0][..4].try_into().unwrap());
    assert_eq!(length as usize, frames[0].len() - 4);
    assert!(frames[0].windows(4).any(|w| w == b"k8s\0"));
}

#[tokio::test]
async fn watches_end_in_time() {
    let client = Client::new();
    let response = client.respond("GET", &format!("{MAPS}?watch=true&timeoutSeconds=1"), &[], b"").await;
    let ResponseBody::Stream(mut frames) = response.body else { panic!("no stream") };
    let end = tokio::time::timeout(Duration::from_secs(3), frames.recv()).await;
    assert_eq!(end.expect("an end"), None);
}

#[tokio::test]
async fn forms_follow_accept() {
    let client = Client::new();
    client.create_map("a").await;
    let url = format!("{MAPS}/a");
    let get = async |accept: &str, url: &str| client.send("GET", url, &[("accept", accept)], b"").await;
    let table = get(TABLE, MAPS).await.json();
    assert_eq!((&table["kind"], &table["rows"][0]["cells"][0]), (&json!("Table"), &json!("a")));
    let partial = get("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", &url).await.json();
    assert_eq!((&partial["kind"], partial.get("data")), (&json!("PartialObjectMetadata"), None));
    let partials = get("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", MAPS).await.json();
    assert_eq!(partials["items"][0]["kind"], "PartialObjectMetadata");
    let wrong = get("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", MAPS).await;
    assert_eq!(wrong.code, 406);
    let yaml = get("application/yaml", &url).await;
    assert!(yaml.body.starts_with(b"apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\n"), "{:?}", yaml.body);
    for uri in [url.as_str(), MAPS] {
        let protobuf = get(PROTOBUF, uri).await;
        assert!(protobuf.body.starts_with(b"k8s\0"));
        assert_eq!(protobuf.header("content-type"), PROTOBUF);
    }
    let created = client.send("POST", MAPS, &[("content-type", PROTOBUF)], &get(PROTOBUF, &url).await.body).await;
    assert_eq!(created.message(), "resourceVersion should not be set on objects to be created");
    let missing = get(PROTOBUF, &format!("{MAPS}/none")).await;
    assert!(missing.code == 404 && missing.body.starts_with(b"k8s\0"));
    assert_eq!(get("text/html", MAPS).await.code, 406);
    let pretty = client.get(&format!("{url}?pretty=true")).await;
    assert!(pretty.body.starts_with(b"{\n  \"kind\": \"ConfigMap\",\n  \"apiVersion\": \"v1\",\n"));
}

#[tokio::test]
async fn every_type_is_routed() {
    let client = Client::new();
    for (method, uri, code) in [
        ("GET", "/apis/apps/v9/namespaces/x/deployments", 404),
        ("GET", "/api/v1/namespaces/x/widgets", 404),
        ("GET", "/api/v1/namespaces/x/configmaps/a/status", 404),
        ("POST", "/api/v1/namespaces/default/configmaps/x", 405),
        ("PUT", "/api/v1/namespaces/default/configmaps", 405),
        ("HEAD", "/api/v1/namespaces/default/configmaps", 405),
        ("DELETE", "/api/v1/namespaces", 405),
        ("POST", "/api/v1/configmaps", 405),
        ("GET", "/api/v1/namespaces/default/configmaps/", 200),
        ("GET", "/apis/nope.example.com/v1/things", 404),
        ("GET", "/nope", 404),
    ] {
        assert_eq!(client.send(method, uri, &[], b"{}").await.code, code, "{method} {uri}");
    }
    for resource in RELEASE.resources.iter().filter(|r| r.storage.is_some() && r.verbs.contains(&"list")) {
        let root = if resource.group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{}/{}", resource.group, resource.version)
        };
        let answer = client.get(&format!("{root}/{}", resource.name)).await;
        assert_eq!(answer.code, 200, "{root} {}: {}", resource.name, answer.message());
        let table = client.send("GET", &format!("{root}/{}", resource.name), &[("accept", TABLE)], b"").await;
        assert_eq!(table.json()["kind"], "Table", "{root} {}", resource.name);
    }
}

#[tokio::test]
async fn namespaces_are_emptied_and_removed() {
    let client = Client::new();
    assert_eq!(client.post("/api/v1/namespaces", json!({"metadata": {"name": "n"}})).await.code, 201);
    let map = json!({"metadata": {"name": "a", "finalizers": ["x.test/f"]}});
    client.post("/api/v1/namespaces/n/configmaps", map).await;
    client.post("/api/v1/namespaces/n/secrets", json!({"metadata": {"name": "s"}})).await;
    let marked = client.delete("/api/v1/namespaces/n").await.json();
    assert_eq!(marked["status"]["phase"], "Terminating");
    assert_eq!(marked["metadata"].get("deletionGracePeriodSeconds"), None);
    let refused = client.post("/api/v1/namespaces/n/configmaps", config_map("b")).await;
    assert_eq!(refused.code, 403);
    assert_eq!(refused.json()["details"]["causes"][0]["reason"], "NamespaceTerminating");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(client.get("/api/v1/namespaces/n/secrets/s").await.code, 404);
    assert_eq!(client.get("/api/v1/namespaces/n").await.code, 200);
    client.patch("/api/v1/namespaces/n/configmaps/a", MERGE_PATCH, json!({"metadata": {"finalizers": []}})).await;
    for _ in 0..50 {
        if client.get("/api/v1/namespaces/n").await.code == 404 {
            let kept = client.delete("/api/v1/namespaces/default").await;
            assert_eq!(kept.message(), "namespaces \"default\" is forbidden: this namespace may not be deleted");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the namespace stays");
}

#[tokio::test]
async fn without_the_lifecycle_namespaces_wait_for_finalize() {
    let client = Client::with(|config| config.namespace_lifecycle = false);
    client
        .post(
            "/api/v1/namespaces",
            json!({"metadata": {"name": "n", "labels": {"kubernetes.io/metadata.name": "other"}}}),
        )
        .await;
    let read = client.get("/api/v1/namespaces/n").await.json();
    assert_eq!(read["metadata"]["labels"]["kubernetes.io/metadata.name"], "n");
    assert_eq!(read["spec"]["finalizers"], json!(["kubernetes"]));
    client.delete("/api/v1/namespaces/n").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let marked = client.get("/api/v1/namespaces/n").await.json();
    let finalize =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}, "spec": {"finalizers": []}});
    let gone = client.put("/api/v1/namespaces/n/finalize", finalize).await;
    assert_eq!((gone.code, &gone.json()["spec"]), (200, &json!({})), "{}", gone.message());
    assert_eq!(gone.json()["metadata"]["resourceVersion"], marked["metadata"]["resourceVersion"]);
    assert_eq!(client.get("/api/v1/namespaces/n").await.code, 404);
}

#[tokio::test]
async fn pods_take_time_to_go_once_a_node_has_them() {
    let client = Client::new();
    let pods = "/api/v1/namespaces/default/pods";
    let pod = |name: &str, node: &str| json!({"metadata": {"name": name}, "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]}});
    let created = client.post(pods, pod("p", "")).await.json();
    assert_eq!(created["status"], json!({"phase": "Pending", "qosClass": "BestEffort"}));
    assert_eq!(client.delete(&format!("{pods}/p")).await.json()["kind"], "Pod");
    assert_eq!(client.get(&format!("{pods}/p")).await.code, 404);
    client.post(pods, pod("q", "n1")).await;
    let grace = async |seconds: &str| {
        client.delete(&format!("{pods}/q?gracePeriodSeconds={seconds}")).await.json()["metadata"]["deletionGracePeriodSeconds"].clone()
    };
    assert_eq!(grace("").await, 30);
    assert_eq!(grace("5").await, 5);
    assert_eq!(grace("50").await, 5);
    assert_eq!(client.get(&format!("{pods}/q")).await.code, 200);
    grace("0").await;
    assert_eq!(client.get(&format!("{pods}/q")).await.code, 404);
}

#[tokio::test]
async fn discovery_is_what_the_release_serves() {
    let client = Client::new();
    let core = client.get("/api/v1").await.json();
    let names: HashMap<_, _> =
        core["resources"].as_array().unwrap().iter().map(|r| (r["name"].as_str().unwrap(), r)).collect();
    assert_eq!(names["configmaps"]["storageVersionHash"], "qFsyl6wFWjQ=");
    assert_eq!(names["pods/eviction"]["group"], "policy");
    assert_eq!(core.get("apiVersion"), None);
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    let aggregated = client.send("GET", "/apis?timeout=32s", &[("accept", accept)], b"").await;
    assert_eq!(
        aggregated.header("content-type"),
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    );
    assert_eq!(aggregated.json()["items"][0]["metadata"]["name"], "apiregistration.k8s.io");
    let etag = aggregated.header("etag").to_owned();
    let known = client.send("GET", "/apis", &[("accept", accept), ("if-none-match", &etag)], b"").await;
    assert_eq!((known.code, known.body.len()), (304, 0));
    let bad = "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList";
    assert_eq!(client.send("GET", "/apis", &[("accept", bad)], b"").await.code, 406);
    assert_eq!(client.get("/apis/apps/").await.json()["preferredVersion"]["groupVersion"], "apps/v1");
    assert_eq!(client.get("/apis/zzz").await.body, "404 page not found\n");
    assert_eq!(client.send("GET", "/api", &[("accept", PROTOBUF)], b"").await.body[..4], *b"k8s\0");
}

#[tokio::test]
async fn openapi_is_cached_by_hash() {
    let client = Client::new();
    let index = client.get("/openapi/v3").await.json();
    let url = index["paths"]["apis/apps/v1"]["serverRelativeURL"].as_str().unwrap().to_owned();
    let document = client.get(&url).await;
    assert_eq!(document.json()["openapi"], "3.0.0");
    let etag = document.header("etag").to_owned();
    assert_eq!(client.send("GET", &url, &[("if-none-match", &etag)], b"").await.code, 304);
    let moved = client.get("/openapi/v3/apis/apps/v1?hash=ABC").await;
    assert_eq!((moved.code, moved.header("location")), (301, url.as_str()));
    assert_eq!(client.get("/openapi/v3/apis/apps/v9").await.code, 404);
    let v2 = client.get("/openapi/v2").await;
    assert_eq!(v2.json()["swagger"], "2.0");
    let protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    let answer = client.send("GET", "/openapi/v2", &[("accept", protobuf), ("accept-encoding", "gzip")], b"").await;
    assert_eq!(answer.header("content-type"), "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert_eq!(client.send("GET", "/openapi/v2", &[("accept", "text/plain")], b"").await.code, 406);
}

#[tokio::test]
async fn generated_names_and_reviews() {
    let client = Client::new();
    let made = client.post(MAPS, json!({"metadata": {"generateName": "gen-"}})).await.json();
    let name = made["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("gen-") && name.len() == 9, "{name}");
    let upper = client.post(MAPS, config_map("UPPER")).await;
    assert!(upper.message().starts_with(
        "ConfigMap \"UPPER\" is invalid: metadata.name: Invalid value: \"UPPER\": a lowercase RFC 1123 subdomain must"
    ));
    let review = client
        .post(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}),
        )
        .await;
    assert_eq!((review.code, &review.json()["status"]["allowed"]), (201, &json!(true)));
    let me = client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({})).await.json();
    assert_eq!(me["status"]["userInfo"]["username"], "ann");
    let exec = client.post("/api/v1/namespaces/default/pods/p/eviction", json!({})).await;
    assert_eq!(exec.code, 501);
}

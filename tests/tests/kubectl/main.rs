//! What people type, with a current kubectl and an old one, against the real binary.

use kubeforge_tests::server::{Kubectl, Server, program};

type Program = (&'static [&'static str], &'static str);

const NEW: Program = (&["kubectl-1.32", "kubectl"], "`.ci/install` brings it; any kubectl on PATH does too");
const OLD: Program = (&["kubectl-1.20"], "`.ci/install` brings it (kubernetes-client of Debian bookworm)");

/// One object of each kind that people meet first.
const MANIFESTS: &str = include_str!("manifests.yaml");

/// Resource and name of every object in the manifests.
const OBJECTS: [(&str, &str); 20] = [
    ("deployment", "web"),
    ("pod", "web-0"),
    ("service", "web"),
    ("configmap", "settings"),
    ("secret", "password"),
    ("node", "node-1"),
    ("job", "once"),
    ("cronjob", "nightly"),
    ("ingress", "web"),
    ("role", "reader"),
    ("rolebinding", "readers"),
    ("hpa", "web"),
    ("pv", "disk"),
    ("pvc", "claim"),
    ("storageclass", "fast"),
    ("csr", "request"),
    ("lease", "leader"),
    ("event", "started"),
    ("statefulset", "db"),
    ("daemonset", "agent"),
];

/// Described by kubectl 1.20 in a beta version that upstream removed in 1.25.
const GONE: [&str; 1] = ["cronjob"];

#[test]
fn new_kubectl_on_v1_36() {
    session("v1.36", NEW);
}

#[test]
fn old_kubectl_on_v1_36() {
    session("v1.36", OLD);
}

#[test]
fn new_kubectl_on_v1_28() {
    session("v1.28", NEW);
}

#[test]
fn old_kubectl_on_v1_28() {
    session("v1.28", OLD);
}

fn session(release: &str, (names, install): Program) {
    let Some(kubectl) = program(names, install) else { return };
    let server = Server::start(release);
    let k = Kubectl::new(kubectl, &server);
    discovery(&k);
    apply_and_read(&k);
    change(&k);
    watch(&k);
    imperative(&k);
    delete(&k);
}

fn discovery(k: &Kubectl<'_>) {
    let resources = k.run(&["api-resources"]);
    for word in ["deployments", "deploy", "pods", "customresourcedefinitions", "horizontalpodautoscalers"] {
        assert!(resources.contains(word), "no {word} in\n{resources}");
    }
    let versions = k.run(&["api-versions"]);
    assert!(versions.lines().any(|l| l == "apps/v1") && versions.lines().any(|l| l == "v1"), "{versions}");
    let explained = k.run(&["explain", "deployment.spec.template.spec.containers"]);
    assert!(explained.contains("imagePullPolicy"), "{explained}");
    assert!(k.run(&["explain", "pods", "--recursive"]).contains("terminationGracePeriodSeconds"));
    assert!(k.run(&["cluster-info"]).contains("is running at"));
    assert!(k.run(&["get", "namespaces"]).contains("kube-system"));
    assert!(k.run(&["version"]).contains("Server Version"));
}

fn apply_and_read(k: &Kubectl<'_>) {
    let applied = k.run_with(&["apply", "-f", "-"], MANIFESTS);
    assert_eq!(applied.lines().filter(|l| l.ends_with(" created")).count(), OBJECTS.len(), "{applied}");
    let version = || k.run(&["get", "statefulset", "db", "-o", "jsonpath={.metadata.resourceVersion}"]);
    let before = version();
    let again = k.run_with(&["apply", "-f", "-"], MANIFESTS);
    for line in again.lines() {
        // Lists that kubectl compares as a whole differ by their defaults: claim templates for every kubectl, containers
        // for one that does not know the kind.
        let whole_lists = line.starts_with("statefulset.apps/db ") || line.starts_with("cronjob.batch/nightly ");
        assert!(line.ends_with(" unchanged") || whole_lists && line.ends_with(" configured"), "{again}");
    }
    assert_eq!(version(), before, "a patch without effect is not written");
    for (resource, name) in OBJECTS {
        read(k, resource, name);
    }
    let pods = k.run(&["get", "pods", "-l", "app=web"]);
    assert!(pods.contains("0/1") && pods.contains("Pending"), "{pods}");
    assert!(k.run(&["get", "pods", "-l", "app!=web", "-A"]).trim().is_empty());
    assert!(k.run(&["get", "pods", "--field-selector", "metadata.name=web-0"]).contains("web-0"));
    assert!(k.run(&["get", "pods", "--field-selector", "metadata.name=other"]).trim().is_empty());
    assert!(k.run(&["get", "all"]).contains("deployment.apps/web"));
}

fn read(k: &Kubectl<'_>, resource: &str, name: &str) {
    let get = |more: &[&str]| k.run(&[&["get", resource, name], more].concat());
    // Events show by what happened, everything else by its name.
    let shown = if resource == "event" { "Started container web" } else { name };
    let table = get(&[]);
    assert!(table.contains(shown), "{resource}: {table}");
    assert!(get(&["-o", "wide"]).contains(name));
    assert!(get(&["-o", "yaml"]).contains("uid: "), "{resource}");
    let json: serde_json::Value = serde_json::from_str(&get(&["-o", "json"])).expect("JSON");
    assert_eq!(json["metadata"]["name"], name, "{resource}");
    assert_eq!(get(&["-o", "jsonpath={.metadata.name}"]), name);
    assert!(get(&["-o", "custom-columns=N:.metadata.name,U:.metadata.uid"]).contains(name));
    let described = k.output(&["describe", resource, name], "");
    let old_version = String::from_utf8_lossy(&described.stderr).contains("could not find the requested resource");
    // An old kubectl asks for versions that these releases do not serve any more.
    if !(old_version && GONE.contains(&resource) && k.client_version().contains("1.20")) {
        assert!(String::from_utf8_lossy(&described.stdout).contains(name), "{resource}: {described:?}");
    }
}

fn change(k: &Kubectl<'_>) {
    let deployment = |path: &str| k.run(&["get", "deployment", "web", "-o", &format!("jsonpath={path}")]);
    let color = || k.run(&["get", "configmap", "settings", "-o", "jsonpath={.data.color}"]);

    k.run(&["label", "deployment", "web", "team=shop"]);
    k.run(&["annotate", "deployment", "web", "note=hello"]);
    assert_eq!(deployment("{.metadata.labels.team} {.metadata.annotations.note}"), "shop hello");

    let strategic = r#"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}"#;
    k.run(&["patch", "deployment", "web", "-p", strategic]);
    k.run(&["patch", "deployment", "web", "--type=merge", "-p", r#"{"spec":{"paused":true}}"#]);
    let json = r#"[{"op":"replace","path":"/spec/replicas","value":4}]"#;
    k.run(&["patch", "deployment", "web", "--type=json", "-p", json]);
    let changed = "{.spec.template.spec.containers[*].image} {.spec.paused} {.spec.replicas}";
    assert_eq!(deployment(changed), "web:2 true 4");
    assert_eq!(deployment("{.spec.template.spec.containers[0].ports[0].containerPort}"), "8080");

    k.run(&["scale", "deployment", "web", "--replicas=7"]);
    assert_eq!(deployment("{.spec.replicas}"), "7");
    k.run(&["set", "image", "deployment/web", "web=web:3"]);
    assert_eq!(deployment("{.spec.template.spec.containers[0].image}"), "web:3");

    let old = k.run(&["get", "configmap", "settings", "-o", "json"]);
    k.run_with(&["replace", "-f", "-"], &old.replace("blue", "green"));
    assert_eq!(color(), "green");
    let stale = k.output(&["replace", "-f", "-"], &old);
    assert!(String::from_utf8_lossy(&stale.stderr).contains("the object has been modified"));
    k.run(&["edit", "configmap", "settings"]);
    assert_eq!(color(), "red", "the editor of these tests replaces green by red");
}

fn watch(k: &Kubectl<'_>) {
    let watched = k.output(&["get", "configmaps", "--watch", "--request-timeout=2s"], "");
    assert!(String::from_utf8_lossy(&watched.stdout).contains("settings"));
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    let mut deployment: serde_json::Value = serde_json::from_str(&k.run(&["get", "--raw", path])).expect("JSON");
    deployment["status"]["conditions"] = serde_json::json!([{"type": "Available", "status": "True"}]);
    k.run_with(&["replace", "--raw", &format!("{path}/status"), "-f", "-"], &deployment.to_string());
    k.run(&["wait", "--for=condition=Available", "deployment/web", "--timeout=10s"]);
}

fn imperative(k: &Kubectl<'_>) {
    let in_shop = |arguments: &[&str]| k.run(&[&["-n", "shop"], arguments].concat());
    k.run(&["create", "namespace", "shop"]);
    in_shop(&["create", "deployment", "api", "--image=api:1"]);
    in_shop(&["create", "configmap", "c", "--from-literal=a=b"]);
    in_shop(&["create", "secret", "generic", "s", "--from-literal=password=hunter2"]);
    assert_eq!(in_shop(&["get", "secret", "s", "-o", "jsonpath={.data.password}"]), "aHVudGVyMg==");
    in_shop(&["create", "serviceaccount", "robot"]);
    in_shop(&["create", "role", "reader", "--verb=get,list", "--resource=pods"]);
    in_shop(&["create", "rolebinding", "robots", "--role=reader", "--serviceaccount=shop:robot"]);
    in_shop(&["run", "once", "--image=busybox", "--restart=Never"]);
    assert!(k.fail(&["-n", "shop", "create", "configmap", "c", "--from-literal=a=b"]).contains("already exists"));
    assert!(k.fail(&["-n", "nowhere", "create", "configmap", "c"]).contains("namespaces \"nowhere\" not found"));
    assert!(k.fail(&["get", "pods", "none"]).contains("pods \"none\" not found"));
    assert!(k.fail(&["get", "nonsense"]).contains("doesn't have a resource type \"nonsense\""));
}

fn delete(k: &Kubectl<'_>) {
    assert!(k.run(&["-n", "shop", "delete", "configmap", "c"]).contains("deleted"));
    assert!(k.run(&["delete", "namespace", "shop", "--timeout=30s"]).contains("deleted"));
    assert!(k.fail(&["get", "namespace", "shop"]).contains("not found"));
    for (resource, name) in OBJECTS.into_iter().rev() {
        assert!(k.run(&["delete", resource, name, "--timeout=30s"]).contains("deleted"), "{resource}");
    }
    assert!(k.run(&["get", "deployments,statefulsets,pods,ingresses"]).trim().is_empty());
}

"""Create, list, watch, patch and delete through the Python client; the kubeconfig's path is the argument."""

import sys
import threading

from kubernetes import client, config, watch

config.load_kube_config(sys.argv[1])
core, apps = client.CoreV1Api(), client.AppsV1Api()

seen = []
started = threading.Event()


def watch_config_maps():
    stream = watch.Watch().stream(core.list_namespaced_config_map, "default", timeout_seconds=20)
    started.set()
    for event in stream:
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            return


watcher = threading.Thread(target=watch_config_maps)
watcher.start()
started.wait()

body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="settings", labels={"app": "web"}), data={"color": "blue"})
created = core.create_namespaced_config_map("default", body)
assert created.metadata.uid and created.data == {"color": "blue"}, created
listed = core.list_namespaced_config_map("default", label_selector="app=web")
assert [item.metadata.name for item in listed.items] == ["settings"], listed
patched = core.patch_namespaced_config_map("settings", "default", {"data": {"color": "green", "size": "xl"}})
assert patched.data == {"color": "green", "size": "xl"}, patched
assert patched.metadata.resource_version != created.metadata.resource_version

try:
    core.create_namespaced_config_map("default", body)
    raise AssertionError("created twice")
except client.ApiException as error:
    assert error.status == 409, error

template = client.V1PodTemplateSpec(
    metadata=client.V1ObjectMeta(labels={"app": "web"}),
    spec=client.V1PodSpec(containers=[client.V1Container(name="web", image="web:1")]),
)
spec = client.V1DeploymentSpec(selector=client.V1LabelSelector(match_labels={"app": "web"}), template=template)
apps.create_namespaced_deployment("default", client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec))
apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 5}})
assert apps.read_namespaced_deployment("web", "default").spec.replicas == 5
apps.delete_namespaced_deployment("web", "default")

core.delete_namespaced_config_map("settings", "default")
watcher.join(30)
assert ("ADDED", "settings") in seen and ("MODIFIED", "settings") in seen and seen[-1] == ("DELETED", "settings"), seen
assert [ns.metadata.name for ns in core.list_namespace().items if ns.metadata.name == "kube-system"]
print("all well")

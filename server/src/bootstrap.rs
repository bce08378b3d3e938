//! What a fresh cluster has before the first client comes.

use std::sync::Arc;

use kubeforge_machinery::{Message, json};
use serde_json::{Value, json as value};

use crate::http::Status;
use crate::registry::{Registry, defaults, strategy};

/// Namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// The address of the API itself inside the default service range, `10.0.0.0/24`.
const API_ADDRESS: &str = "10.0.0.1";

/// Makes what is missing: the namespaces, and the `kubernetes` service in `default`.
///
/// # Errors
/// If the storage fails. What exists already is left as it is.
pub async fn run(registry: &Arc<Registry>, port: u16) -> Result<(), Status> {
    for name in NAMESPACES {
        create(registry, "namespaces", "", value!({ "metadata": { "name": name } })).await?;
    }
    create(registry, "services", "default", service(port)).await
}

async fn create(registry: &Registry, resource: &str, namespace: &str, document: Value) -> Result<(), Status> {
    let Some(store) = registry.store("", "v1", resource) else { return Ok(()) };
    let mut object: Box<dyn Message> = store.served.message.new_message();
    json::decode(document.to_string().as_bytes(), object.as_mut())
        .map_err(|error| Status::internal(format!("the built-in {resource} does not fit this release: {error}")))?;
    defaults::apply(object.as_mut(), store.resource.defaults);
    let mut object = store.write(object)?;
    strategy::prepare_create(store, object.as_mut(), namespace)?;
    match store.create(object.as_mut()).await {
        Err(status) if status.reason != "AlreadyExists" => Err(status),
        _ => Ok(()),
    }
}

fn service(port: u16) -> Value {
    value!({
        "metadata": {
            "name": "kubernetes",
            "labels": { "component": "apiserver", "provider": "kubernetes" },
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": API_ADDRESS,
            "clusterIPs": [API_ADDRESS],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
            "ports": [{ "name": "https", "protocol": "TCP", "port": 443, "targetPort": port }],
        },
    })
}

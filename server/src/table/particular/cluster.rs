//! Cells of nodes, services, endpoints, ingresses and components.

use std::collections::BTreeSet;

use kubeforge_machinery::Message;
use kubeforge_machinery::types::SmallStr;

use crate::table::functions::{CellValue, Row, condition_of, sample_of};
use crate::table::path::{Value, bool_at, int_at, items_at, len_at, message_at, text_at, value_at, values_at};
use crate::table::selector::labels_at;

/// `Ready`, `NotReady` or `Unknown`, and whether pods may be placed.
pub fn node_status(row: &Row<'_>) -> CellValue {
    // Upstream keeps the last condition of a type.
    let ready = items_at(row.object, "status.conditions").into_iter().rfind(|c| text_at(*c, "type") == "Ready");
    let mut status = match ready.map(|condition| text_at(condition, "status") == "True") {
        Some(true) => "Ready",
        Some(false) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if bool_at(row.object, "spec.unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    status.into()
}

/// Roles out of the labels `node-role.kubernetes.io/ROLE` and `kubernetes.io/role`.
pub fn node_roles(row: &Row<'_>) -> CellValue {
    let role = |(key, value): (&SmallStr, &SmallStr)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => (!role.is_empty()).then(|| role.to_owned()),
        None => (key == "kubernetes.io/role" && !value.is_empty()).then(|| value.to_string()),
    };
    let labels = labels_at(row.object, "metadata.labels");
    let roles: BTreeSet<String> = labels.into_iter().flatten().filter_map(role).collect();
    or_none(roles.into_iter().collect::<Vec<_>>().join(","))
}

/// `node_address(type)`: the first address of the type.
pub fn node_address(row: &Row<'_>) -> CellValue {
    let addresses = items_at(row.object, "status.addresses");
    let address = addresses.into_iter().find(|address| text_at(*address, "type") == row.argument(0));
    address.map_or("<none>".into(), |address| text_at(address, "address").into())
}

/// The terms of a node selector, as Go prints the structs.
pub fn node_selector(row: &Row<'_>) -> CellValue {
    let Some(selector) = message_at(row.object, row.argument(0)) else { return "<none>".into() };
    let requirement = |r: &dyn Message| {
        let values = values_at(r, "values").iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
        format!("{{{} {} [{values}]}}", text_at(r, "key"), text_at(r, "operator"))
    };
    let mut terms = Vec::new();
    for term in items_at(selector, "nodeSelectorTerms") {
        for (title, field) in [("MatchExpressions", "matchExpressions"), ("MatchFields", "matchFields")] {
            let requirements: Vec<String> = items_at(term, field).into_iter().map(requirement).collect();
            if !requirements.is_empty() {
                terms.push(format!("{title}: [{}]", requirements.join(" ")));
            }
        }
    }
    terms.join(",").into()
}

pub fn service_external_ip(row: &Row<'_>) -> CellValue {
    let external: Vec<String> = values_at(row.object, "spec.externalIPs").iter().map(Value::to_string).collect();
    match &*text_at(row.object, "spec.type") {
        "ClusterIP" | "NodePort" => or_none(external.join(",")),
        "LoadBalancer" => {
            let all: Vec<String> =
                ingress_points(row.object, "status.loadBalancer").into_iter().chain(external).collect();
            if all.is_empty() { "<pending>".into() } else { all.join(",").into() }
        }
        "ExternalName" => text_at(row.object, "spec.externalName").into(),
        _ => "<unknown>".into(),
    }
}

/// Ports, node ports and protocols: `80:30080/TCP`.
pub fn service_ports(row: &Row<'_>) -> CellValue {
    let port = |port: &dyn Message| {
        let (number, protocol) = (int_at(port, "port"), text_at(port, "protocol"));
        match int_at(port, "nodePort") {
            node_port @ 1.. => format!("{number}:{node_port}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    };
    or_none(items_at(row.object, "spec.ports").into_iter().map(port).collect::<Vec<_>>().join(","))
}

/// `load_balancer(path)`: its addresses and host names, sorted.
pub fn load_balancer(row: &Row<'_>) -> CellValue {
    ingress_points(row.object, row.argument(0)).into_iter().collect::<Vec<_>>().join(",").into()
}

fn ingress_points(object: &dyn Message, path: &str) -> BTreeSet<String> {
    let point = |ingress: &dyn Message| match text_at(ingress, "ip") {
        ip if ip.is_empty() => text_at(ingress, "hostname").into_owned(),
        ip => ip.into_owned(),
    };
    let points = items_at(object, &format!("{path}.ingress")).into_iter().map(point);
    points.filter(|point| !point.is_empty()).collect()
}

/// Up to three addresses with ports.
pub fn endpoints(row: &Row<'_>) -> CellValue {
    let mut all = Vec::new();
    for subset in items_at(row.object, "subsets") {
        let addresses = || items_at(subset, "addresses").into_iter().map(|address| text_at(address, "ip"));
        let ports = items_at(subset, "ports");
        if ports.is_empty() {
            all.extend(addresses().map(|ip| ip.into_owned()));
        }
        for port in ports {
            let port = int_at(port, "port");
            all.extend(
                addresses().map(|ip| if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }),
            );
        }
    }
    match (all.is_empty(), len_at(row.object, "subsets")) {
        (true, 0) => "<none>".into(),
        (true, _) => "".into(),
        (false, _) => sample_of(&all).into(),
    }
}

pub fn endpoint_slice_ports(row: &Row<'_>) -> CellValue {
    let port = |port: &dyn Message| {
        let value = value_at(port, "port").or_else(|| value_at(port, "name"));
        value.map_or_else(|| "*".to_owned(), |value| value.to_string())
    };
    sample_of(&items_at(row.object, "ports").into_iter().map(port).collect::<Vec<_>>()).into()
}

/// Up to three hosts; `*` if no rule names one. Rules without host count among the further ones, as upstream has it.
pub fn ingress_hosts(row: &Row<'_>) -> CellValue {
    const MOST: usize = 3;
    let rules = items_at(row.object, "spec.rules");
    let (mut shown, mut more) = (Vec::new(), false);
    for rule in &rules {
        more |= shown.len() == MOST;
        let host = text_at(*rule, "host");
        if !more && !host.is_empty() {
            shown.push(host);
        }
    }
    match (shown.is_empty(), more) {
        (true, _) => "*".into(),
        (_, true) => format!("{} + {} more...", shown.join(","), rules.len() - MOST).into(),
        (_, false) => shown.join(",").into(),
    }
}

pub fn ingress_ports(row: &Row<'_>) -> CellValue {
    if len_at(row.object, "spec.tls") > 0 { "80, 443".into() } else { "80".into() }
}

/// `Kind.group/name`
pub fn ingress_class_parameters(row: &Row<'_>) -> CellValue {
    let Some(parameters) = message_at(row.object, "spec.parameters") else { return "<none>".into() };
    let group = value_at(parameters, "apiGroup").map(|group| format!(".{group}")).unwrap_or_default();
    format!("{}{group}/{}", text_at(parameters, "kind"), text_at(parameters, "name")).into()
}

pub fn component_status(row: &Row<'_>) -> CellValue {
    match condition_of(row.object, "conditions", "Healthy").map(|condition| text_at(condition, "status") == "True") {
        Some(true) => "Healthy".into(),
        Some(false) => "Unhealthy".into(),
        None => "Unknown".into(),
    }
}

fn or_none(text: String) -> CellValue {
    if text.is_empty() { "<none>".into() } else { text.into() }
}

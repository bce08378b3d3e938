//! The functions that cells are made with: the list of all, and those that serve any kind.

use std::borrow::Cow;

use kubeforge_machinery::Message;

use super::duration;
use super::particular::{cluster, event, pod, policy, storage, workload};
use super::path::{Value, int_at, items_at, len_at, message_at, text_at, time_at, value_at, values_at};
use super::selector;

/// What a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

/// What a function sees: an object, its arguments, and the time in seconds since 1970.
pub struct Row<'a> {
    pub object: &'a dyn Message,
    pub arguments: &'a [&'static str],
    pub now: i64,
}

/// A function of the cell language and how many arguments it takes.
pub struct Function {
    pub name: &'static str,
    pub least: usize,
    pub most: usize,
    pub cell: fn(&Row<'_>) -> CellValue,
    /// For kinds that come to an end.
    pub completion: Option<fn(&dyn Message) -> Option<Completion>>,
}

/// How an object has come to its end, as the condition `Completed` of its row.
pub struct Completion {
    pub reason: &'static str,
    pub message: &'static str,
}

impl<'a> Row<'a> {
    /// An argument without the quotes of a text; empty if it is not given.
    pub fn argument(&self, index: usize) -> &'static str {
        self.optional(index).unwrap_or_default()
    }

    /// As [`Row::argument`]; `None` if it is not given.
    pub fn optional(&self, index: usize) -> Option<&'static str> {
        let argument = *self.arguments.get(index)?;
        Some(argument.strip_prefix('"').and_then(|a| a.strip_suffix('"')).unwrap_or(argument))
    }

    /// The text at the path that the argument names.
    pub fn text(&self, index: usize) -> Cow<'a, str> {
        text_at(self.object, self.argument(index))
    }

    /// How long ago a point in time is.
    pub fn since(&self, time: Option<i64>) -> String {
        time.map_or_else(|| "<unknown>".to_owned(), |time| duration::human(self.now - time))
    }
}

impl From<String> for CellValue {
    fn from(text: String) -> CellValue {
        CellValue::Text(text)
    }
}

impl From<&str> for CellValue {
    fn from(text: &str) -> CellValue {
        CellValue::Text(text.to_owned())
    }
}

impl From<Cow<'_, str>> for CellValue {
    fn from(text: Cow<'_, str>) -> CellValue {
        CellValue::Text(text.into_owned())
    }
}

impl From<Value<'_>> for CellValue {
    fn from(value: Value<'_>) -> CellValue {
        match value {
            Value::Bool(value) => CellValue::Bool(value),
            Value::Int(value) => CellValue::Int(value),
            Value::Float(value) => CellValue::Float(value),
            Value::Text(text) => CellValue::Text(text.into_owned()),
        }
    }
}

/// The function of a name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

const fn function(name: &'static str, least: usize, most: usize, cell: fn(&Row<'_>) -> CellValue) -> Function {
    Function { name, least, most, cell, completion: None }
}

/// All of them. Rules are checked against the same names and numbers.
pub const FUNCTIONS: &[Function] = &[
    function("name", 0, 0, name),
    function("path", 1, 2, path),
    function("text", 1, 2, text),
    function("integer", 1, 1, integer),
    function("boolean", 1, 2, boolean),
    function("bool_text", 1, 2, bool_text),
    function("first", 1, 2, first),
    function("age", 0, 2, age),
    function("timestamp", 1, 1, timestamp),
    function("duration", 1, 2, seconds),
    function("fraction", 2, 2, fraction),
    function("count", 1, 4, count),
    function("join", 2, 3, join),
    function("sample", 1, 1, sample),
    function("names", 1, 1, names),
    function("images", 1, 1, images),
    function("selector", 1, 2, label_selector),
    function("labels", 1, 1, labels),
    function("pair", 2, 3, pair),
    function("phase", 1, 1, phase),
    function("trim", 1, 1, trim),
    function("condition", 3, 4, condition),
    function("marked_name", 1, 2, marked_name),
    function("resource_reference", 1, 1, resource_reference),
    function("pod_ready", 0, 0, pod::ready),
    Function { completion: Some(pod::completion), ..function("pod_status", 0, 0, pod::status) },
    function("pod_restarts", 0, 0, pod::restarts),
    function("pod_restart_count", 0, 0, pod::restart_count),
    function("pod_readiness_gates", 0, 0, pod::readiness_gates),
    function("node_status", 0, 0, cluster::node_status),
    function("node_roles", 0, 0, cluster::node_roles),
    function("node_address", 1, 1, cluster::node_address),
    function("node_selector", 1, 1, cluster::node_selector),
    function("service_external_ip", 0, 0, cluster::service_external_ip),
    function("service_ports", 0, 0, cluster::service_ports),
    function("load_balancer", 1, 1, cluster::load_balancer),
    function("endpoints", 0, 0, cluster::endpoints),
    function("endpoint_slice_ports", 0, 0, cluster::endpoint_slice_ports),
    function("ingress_hosts", 0, 0, cluster::ingress_hosts),
    function("ingress_ports", 0, 0, cluster::ingress_ports),
    function("ingress_class_parameters", 0, 0, cluster::ingress_class_parameters),
    function("component_status", 0, 0, cluster::component_status),
    function("event_last_seen", 0, 0, event::last_seen),
    function("event_first_seen", 0, 0, event::first_seen),
    function("event_object", 0, 0, event::object),
    function("event_source", 0, 0, event::source),
    function("event_count", 0, 0, event::count),
    function("access_modes", 1, 1, storage::access_modes),
    function("claim_access_modes", 0, 0, storage::claim_access_modes),
    function("claim_capacity", 0, 0, storage::claim_capacity),
    function("storage_class", 0, 0, storage::storage_class),
    function("claim_state", 0, 0, storage::claim_state),
    function("quota", 1, 1, policy::quota),
    function("job_status", 0, 0, workload::job_status),
    function("job_completions", 0, 0, workload::job_completions),
    function("job_duration", 0, 0, workload::job_duration),
    function("controller", 0, 0, workload::controller),
    function("hpa_targets", 0, 1, workload::hpa_targets),
    function("csr_condition", 0, 0, policy::csr_condition),
    function("subjects", 1, 1, policy::subjects),
    function("param_reference", 0, 0, policy::param_reference),
    function("apiservice_available", 0, 0, policy::apiservice_available),
    function("storage_versions", 0, 0, policy::storage_versions),
    function("migrated_resource", 0, 0, policy::migrated_resource),
];

/// `metadata.name`
fn name(row: &Row<'_>) -> CellValue {
    text_at(row.object, "metadata.name").into()
}

/// `path(path, default)`: the value; the default, or an empty text, if it is absent or empty.
fn path(row: &Row<'_>) -> CellValue {
    match value_at(row.object, row.argument(0)) {
        Some(Value::Text(text)) if text.is_empty() => row.argument(1).into(),
        Some(value) => value.into(),
        None => row.argument(1).into(),
    }
}

/// As [`path`], numbers and booleans as text.
fn text(row: &Row<'_>) -> CellValue {
    match row.text(0) {
        text if text.is_empty() => row.argument(1).into(),
        text => text.into(),
    }
}

/// The number, or 0.
fn integer(row: &Row<'_>) -> CellValue {
    CellValue::Int(int_at(row.object, row.argument(0)))
}

/// `boolean(path, default)`: the boolean; false if it is absent and there is no default.
fn boolean(row: &Row<'_>) -> CellValue {
    match value_at(row.object, row.argument(0)) {
        Some(Value::Bool(value)) => CellValue::Bool(value),
        _ => CellValue::Bool(row.argument(1) == "true"),
    }
}

/// `bool_text(path, default)`: `True`, `False`, or the default, which is `<unset>` if it is not given.
fn bool_text(row: &Row<'_>) -> CellValue {
    match value_at(row.object, row.argument(0)) {
        Some(Value::Bool(true)) => "True".into(),
        Some(Value::Bool(false)) => "False".into(),
        _ => row.optional(1).unwrap_or("<unset>").into(),
    }
}

/// `first(path, default)`: the first of the values.
fn first(row: &Row<'_>) -> CellValue {
    match values_at(row.object, row.argument(0)).into_iter().next() {
        Some(Value::Text(text)) if text.is_empty() => row.argument(1).into(),
        Some(value) => value.into(),
        None => row.argument(1).into(),
    }
}

/// `age(path, default)`: how long ago; the creation without a path. An absent time is the default or `<unknown>`.
fn age(row: &Row<'_>) -> CellValue {
    let time = time_at(row.object, row.optional(0).unwrap_or("metadata.creationTimestamp"));
    match (time, row.optional(1)) {
        (None, Some(default)) => default.into(),
        (time, _) => row.since(time).into(),
    }
}

/// The time in RFC 3339; null if it is absent.
fn timestamp(row: &Row<'_>) -> CellValue {
    value_at(row.object, row.argument(0)).map_or(CellValue::Null, CellValue::from)
}

/// `duration(path, default)`: a number of seconds as people say it.
fn seconds(row: &Row<'_>) -> CellValue {
    match value_at(row.object, row.argument(0)) {
        Some(Value::Int(seconds)) => duration::human(seconds).into(),
        _ => row.argument(1).into(),
    }
}

/// Two numbers as `1/3`.
fn fraction(row: &Row<'_>) -> CellValue {
    format!("{}/{}", int_at(row.object, row.argument(0)), int_at(row.object, row.argument(1))).into()
}

/// How many entries the lists or maps have together.
fn count(row: &Row<'_>) -> CellValue {
    let paths = (0..row.arguments.len()).map(|i| row.argument(i));
    CellValue::Int(paths.map(|path| len_at(row.object, path) as i64).sum())
}

/// `join(path, separator, default)`; the default is for no values.
fn join(row: &Row<'_>) -> CellValue {
    let values = values_at(row.object, row.argument(0));
    match values.as_slice() {
        [] => row.argument(2).into(),
        values => texts(values).join(row.argument(1)).into(),
    }
}

/// Up to three values and how many more there are; `<unset>` if none.
fn sample(row: &Row<'_>) -> CellValue {
    sample_of(&texts(&values_at(row.object, row.argument(0)))).into()
}

pub(super) fn sample_of(values: &[String]) -> String {
    const MOST: usize = 3;
    let shown = values[..values.len().min(MOST)].join(",");
    match values.len() {
        more if more > MOST => format!("{shown} + {} more...", more - MOST),
        _ if shown.is_empty() => "<unset>".to_owned(),
        _ => shown,
    }
}

/// Names of the containers.
fn names(row: &Row<'_>) -> CellValue {
    of_items(row, "name")
}

/// Images of the containers.
fn images(row: &Row<'_>) -> CellValue {
    of_items(row, "image")
}

fn of_items(row: &Row<'_>, field: &str) -> CellValue {
    let items = items_at(row.object, row.argument(0));
    items.into_iter().map(|item| text_at(item, field)).collect::<Vec<_>>().join(",").into()
}

/// `selector(path, default)`: a label selector; the default, or `<none>`, if it selects everything.
fn label_selector(row: &Row<'_>) -> CellValue {
    let empty = row.optional(1);
    match message_at(row.object, row.argument(0)).map(selector::format) {
        Some(Some(text)) if !text.is_empty() => text.into(),
        // Where an empty selector shows as an empty text, upstream calls a wrong one by another name.
        Some(None) => if empty.is_some() { "<invalid>" } else { "<error>" }.into(),
        _ => empty.unwrap_or("<none>").into(),
    }
}

/// A map of labels.
fn labels(row: &Row<'_>) -> CellValue {
    selector::format_labels(selector::labels_at(row.object, row.argument(0))).into()
}

/// `pair(path, path, default)`: two texts with a slash between them; the default if neither is there.
fn pair(row: &Row<'_>) -> CellValue {
    let values = [0, 1].map(|i| value_at(row.object, row.argument(i)));
    match (values, row.optional(2)) {
        ([None, None], Some(default)) => default.into(),
        (values, _) => {
            let [a, b] = values.map(|value| value.map(|v| v.to_string()).unwrap_or_default());
            format!("{a}/{b}").into()
        }
    }
}

/// The phase, unless the object is being deleted.
fn phase(row: &Row<'_>) -> CellValue {
    match time_at(row.object, "metadata.deletionTimestamp") {
        Some(_) => "Terminating".into(),
        None => row.text(0).into(),
    }
}

/// The text without the blanks around it.
fn trim(row: &Row<'_>) -> CellValue {
    row.text(0).trim().into()
}

/// `condition(path, type, field, default)`: a field of the condition of that type.
fn condition(row: &Row<'_>) -> CellValue {
    match condition_of(row.object, row.argument(0), row.argument(1)) {
        Some(condition) => text_at(condition, row.argument(2)).into(),
        None => row.argument(3).into(),
    }
}

/// The first condition of a type.
pub(super) fn condition_of<'a>(object: &'a dyn Message, path: &str, ty: &str) -> Option<&'a dyn Message> {
    items_at(object, path).into_iter().find(|condition| text_at(*condition, "type") == ty)
}

/// Whether the first condition of a type has the status `True`.
pub(super) fn condition_holds(object: &dyn Message, path: &str, ty: &str) -> bool {
    condition_of(object, path, ty).is_some_and(|condition| text_at(condition, "status") == "True")
}

/// The name, marked if one of the annotations makes this the default of its kind.
fn marked_name(row: &Row<'_>) -> CellValue {
    let name = text_at(row.object, "metadata.name");
    let annotations = selector::labels_at(row.object, "metadata.annotations");
    let is = |key: &str| annotations.and_then(|a| a.get(key)).is_some_and(|value| value == "true");
    match (0..row.arguments.len()).any(|i| is(row.argument(i))) {
        true => format!("{name} (default)").into(),
        false => name.into(),
    }
}

/// A reference with group, resource, namespace and name, such as `services/default/web`; `<none>` if there is none.
fn resource_reference(row: &Row<'_>) -> CellValue {
    let Some(reference) = message_at(row.object, row.argument(0)) else { return "<none>".into() };
    let [group, resource, namespace, name] =
        ["group", "resource", "namespace", "name"].map(|field| text_at(reference, field));
    let mut text = match group.is_empty() {
        true => resource.to_lowercase(),
        false => format!("{resource}.{group}").to_lowercase(),
    };
    for part in [namespace, name].iter().skip_while(|part| part.is_empty()) {
        text = format!("{text}/{part}");
    }
    text.into()
}

fn texts(values: &[Value<'_>]) -> Vec<String> {
    values.iter().map(Value::to_string).collect()
}

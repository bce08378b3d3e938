//! Label selectors and label sets as text.

use std::collections::BTreeMap;

use kubeforge_machinery::types::SmallStr;
use kubeforge_machinery::{FieldRef, Message};

use super::path::{field_at, items_at, text_at};

/// A `LabelSelector` as requirements sorted by key and joined by commas, as Go's `labels.Selector.String` writes them;
/// empty if it has none, `None` if an operator is unknown or has the wrong number of values.
pub fn format(selector: &dyn Message) -> Option<String> {
    let mut requirements: Vec<(String, String)> = labels_at(selector, "matchLabels")
        .map(|labels| labels.iter().map(|(key, value)| (key.to_string(), format!("{key}={value}"))).collect())
        .unwrap_or_default();
    for expression in items_at(selector, "matchExpressions") {
        let key = text_at(expression, "key").into_owned();
        let text = requirement(&key, &text_at(expression, "operator"), values(expression))?;
        requirements.push((key, text));
    }
    requirements.sort_by(|a, b| a.0.cmp(&b.0));
    Some(requirements.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

/// A set of labels: `a=b,c=d`, sorted; `<none>` if empty.
pub fn format_labels(labels: Option<&BTreeMap<SmallStr, SmallStr>>) -> String {
    match labels {
        Some(labels) if !labels.is_empty() => {
            labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
        }
        _ => "<none>".to_owned(),
    }
}

/// A `LabelSelector` as Go's protobuf `String` dumps it, which upstream shows for parameters of admission policies.
pub fn dump(selector: &dyn Message) -> String {
    let labels: String = labels_at(selector, "matchLabels")
        .map(|labels| labels.iter().map(|(key, value)| format!("{key}: {value},")).collect())
        .unwrap_or_default();
    let expressions: String = items_at(selector, "matchExpressions")
        .into_iter()
        .map(|e| {
            let (key, operator) = (text_at(e, "key"), text_at(e, "operator"));
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values(e).join(" "))
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}

/// The `map<string, string>` at the path.
pub fn labels_at<'a>(message: &'a dyn Message, path: &str) -> Option<&'a BTreeMap<SmallStr, SmallStr>> {
    match field_at(message, path)? {
        FieldRef::StrMap(labels) => Some(labels),
        _ => None,
    }
}

fn values(expression: &dyn Message) -> Vec<SmallStr> {
    match field_at(expression, "values") {
        Some(FieldRef::Strs(values)) => values.to_vec(),
        _ => Vec::new(),
    }
}

fn requirement(key: &str, operator: &str, mut values: Vec<SmallStr>) -> Option<String> {
    values.sort();
    match (operator, values.is_empty()) {
        ("Exists", true) => Some(key.to_owned()),
        ("DoesNotExist", true) => Some(format!("!{key}")),
        ("In", false) => Some(format!("{key} in ({})", values.join(","))),
        ("NotIn", false) => Some(format!("{key} notin ({})", values.join(","))),
        _ => None,
    }
}

//! Rust names: modules, types, fields and cargo features.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Message, Release};

pub fn run(release: &mut Release, diagnostics: &mut Diagnostics) {
    for message in release.messages.values_mut() {
        let (module, feature) = module(&message.name);
        message.module = module;
        message.feature = feature;
        let name = message.name.rsplit('.').next().unwrap_or_default();
        message.rust = type_name(name);
        for field in &mut message.fields {
            // The Go or protobuf name was kept until here; what has a JSON name is called after that.
            let name = if field.json.is_empty() { &field.rust } else { &field.json };
            field.rust = snake_case(name);
        }
        check_fields(message, diagnostics);
    }
    check_types(release, diagnostics);
}

/// Module and cargo feature of a message; what every group needs has no feature.
fn module(name: &str) -> (Vec<String>, Option<String>) {
    let parts: Vec<&str> = name.split('.').collect();
    let path = &parts[..parts.len() - 1];
    let owned = |parts: &[&str]| parts.iter().map(|part| identifier(&part.replace('-', "_"))).collect::<Vec<_>>();
    match path {
        ["io", "k8s", "apimachinery", "pkg", "apis", rest @ ..] => (owned(&[&["apimachinery"], rest].concat()), None),
        ["io", "k8s", "apimachinery", "pkg", rest @ ..] => (owned(&[&["apimachinery"], rest].concat()), None),
        ["io", "k8s", _, "pkg", "apis", rest @ ..] => (owned(rest), rest.first().map(|group| (*group).to_owned())),
        ["io", "k8s", "api", rest @ ..] => {
            (owned(&[&["api"], rest].concat()), rest.first().map(|group| (*group).to_owned()))
        }
        // Anybody's own group: the last two parts are group and version.
        [.., group, version] => (owned(&["api", group, version]), Some((*group).to_owned())),
        rest => (owned(&[&["api"], rest].concat()), rest.first().map(|group| (*group).to_owned())),
    }
}

/// Go's name, unless it is one that Rust keeps for itself.
fn type_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if name == "Self" { "Self_".to_owned() } else { name }
}

/// `podIPs` is `pod_ips`, `hostIPC` is `host_ipc`, `x-kubernetes-list-type` is `x_kubernetes_list_type`.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, c) in chars.iter().copied().enumerate() {
        if !c.is_alphanumeric() {
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            continue;
        }
        if starts_word(&chars, i) && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    identifier(snake.trim_end_matches('_'))
}

/// An upper-case letter starts a word after a lower-case one, and as the last of several before a lower-case one,
/// unless that is the `s` of a plural such as `IPs`.
fn starts_word(chars: &[char], i: usize) -> bool {
    if !chars[i].is_uppercase() || i == 0 {
        return false;
    }
    if !chars[i - 1].is_uppercase() {
        return true;
    }
    let next_is_lower = chars.get(i + 1).is_some_and(|next| next.is_lowercase());
    let plural = chars.get(i + 1) == Some(&'s') && chars.get(i + 2).is_none_or(|after| !after.is_lowercase());
    next_is_lower && !plural
}

/// A name that Rust keeps for itself, or that starts with a digit, gets an underscore.
fn identifier(name: &str) -> String {
    const KEYWORDS: &[&str] = &[
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
        "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
        "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
        "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
        "Self",
    ];
    match name {
        "" => "_empty".to_owned(),
        _ if KEYWORDS.contains(&name) => format!("{name}_"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        _ => name.to_owned(),
    }
}

fn check_fields(message: &Message, diagnostics: &mut Diagnostics) {
    let mut seen = HashMap::new();
    for field in &message.fields {
        let Some(first) = seen.insert(field.rust.as_str(), field) else { continue };
        let text = format!("two fields of `{}` are called `{}` in Rust", message.name, field.rust);
        let mut diagnostic = Diagnostic::error(Code::KF0501, text).help("rename one of the two");
        for (_, place) in field.origin.places.iter().take(1).chain(first.origin.places.iter().take(1)) {
            diagnostic = diagnostic.at(place.clone(), "this one");
        }
        diagnostics.add(diagnostic);
    }
}

fn check_types(release: &Release, diagnostics: &mut Diagnostics) {
    let mut seen: HashMap<(&[String], &str), &Message> = HashMap::new();
    for message in release.messages.values() {
        let Some(first) = seen.insert((&message.module, &message.rust), message) else { continue };
        let path = format!("{}::{}", message.module.join("::"), message.rust);
        let text = format!("`{}` and `{}` are both `{path}` in Rust", first.name, message.name);
        let mut diagnostic = Diagnostic::error(Code::KF0501, text).help("rename one of the two");
        for (_, place) in message.origin.places.iter().take(1).chain(first.origin.places.iter().take(1)) {
            diagnostic = diagnostic.at(place.clone(), "this one");
        }
        diagnostics.add(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_snake_case() {
        let names = [
            ("podIPs", "pod_ips"),
            ("clusterIPs", "cluster_ips"),
            ("clusterIP", "cluster_ip"),
            ("hostIPC", "host_ipc"),
            ("targetWWNs", "target_wwns"),
            ("nonResourceURLs", "non_resource_urls"),
            ("serverAddressByClientCIDRs", "server_address_by_client_cidrs"),
            ("externalID", "external_id"),
            ("JSONPath", "json_path"),
            ("VolumeSource", "volume_source"),
            ("$ref", "ref_"),
            ("$schema", "schema"),
            ("x-kubernetes-list-type", "x_kubernetes_list_type"),
            ("type", "type_"),
            ("self", "self_"),
            ("2fast", "_2fast"),
            ("already_snake", "already_snake"),
            ("---", "_empty"),
        ];
        for (name, expected) in names {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn modules_follow_the_packages() {
        let module = |name: &str| {
            let (module, feature) = module(name);
            format!("{} {}", module.join("::"), feature.unwrap_or_default())
        };
        assert_eq!(module("io.k8s.api.core.v1.Pod"), "api::core::v1 core");
        assert_eq!(module("io.k8s.apimachinery.pkg.apis.meta.v1.Time"), "apimachinery::meta::v1 ");
        assert_eq!(module("io.k8s.apimachinery.pkg.util.intstr.IntOrString"), "apimachinery::util::intstr ");
        assert_eq!(module("io.k8s.apimachinery.pkg.apis.testapigroup.v1.Carp"), "apimachinery::testapigroup::v1 ");
        assert_eq!(
            module("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON"),
            "apiextensions::v1 apiextensions"
        );
        assert_eq!(
            module("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService"),
            "apiregistration::v1 apiregistration"
        );
        assert_eq!(module("com.example.zoo.v1.Animal"), "api::zoo::v1 zoo");
        assert_eq!(module("Animal"), "api ");
    }
}

//! Names of objects: generated ones and what a given one may be.

use kubeforge_machinery::names::{MAX_LABEL, label_1035_errors, label_errors, subdomain_errors};
use rand::RngExt as _;

/// Characters of generated suffixes: no vowels, so that no words come out, and nothing that looks like another.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;

/// What a kind demands of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// RFC 1123 subdomain: most kinds.
    Subdomain,
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label: may not start with a digit.
    Label1035,
    /// Anything that is one part of a path.
    PathSegment,
}

/// Kinds whose names are no subdomains, by group and resource.
const RULES: [(&str, &str, NameRule); 8] = [
    ("", "namespaces", NameRule::Label),
    ("", "services", NameRule::Label1035),
    ("apiregistration.k8s.io", "apiservices", NameRule::PathSegment),
    ("certificates.k8s.io", "clustertrustbundles", NameRule::PathSegment),
    ("rbac.authorization.k8s.io", "clusterrolebindings", NameRule::PathSegment),
    ("rbac.authorization.k8s.io", "clusterroles", NameRule::PathSegment),
    ("rbac.authorization.k8s.io", "rolebindings", NameRule::PathSegment),
    ("rbac.authorization.k8s.io", "roles", NameRule::PathSegment),
];

impl NameRule {
    /// The rule of a resource.
    pub fn of(group: &str, resource: &str) -> NameRule {
        RULES.iter().find(|(g, r, _)| *g == group && *r == resource).map_or(NameRule::Subdomain, |(_, _, rule)| *rule)
    }

    /// What is wrong with a name, in upstream's words; nothing if it is good.
    pub fn problems(self, name: &str) -> Vec<String> {
        match self {
            NameRule::Subdomain => subdomain_errors(name),
            NameRule::Label => label_errors(name),
            NameRule::Label1035 => label_1035_errors(name),
            NameRule::PathSegment => path_segment(name),
        }
    }
}

/// A name made of `base`, which is cut so that the name stays a label, and five random characters.
pub fn generate(base: &str) -> String {
    let mut end = base.len().min(MAX_LABEL - SUFFIX);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    let mut name = base[..end].to_owned();
    let mut rng = rand::rng();
    name.extend((0..SUFFIX).map(|_| ALPHABET[rng.random_range(0..ALPHABET.len())] as char));
    name
}

fn path_segment(name: &str) -> Vec<String> {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    let forbidden = ['/', '%'].into_iter().filter(|c| name.contains(*c));
    forbidden.map(|c| format!("may not contain '{c}'")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_fit_in_a_label() {
        let name = generate(&"a".repeat(80));
        assert_eq!(name.len(), MAX_LABEL);
        assert!(NameRule::Label.problems(&generate("web-")).is_empty());
        assert_ne!(generate("web-"), generate("web-"));
        assert!(generate(&"ä".repeat(40)).starts_with("ää"));
    }

    #[test]
    fn rules_differ_by_kind() {
        let problems = |group, resource, name: &str| NameRule::of(group, resource).problems(name).len();
        assert_eq!(problems("", "configmaps", "a.b-c.0"), 0);
        assert_eq!(problems("", "configmaps", "UPPER"), 1);
        assert_eq!(problems("", "configmaps", &"A".repeat(254)), 2);
        assert_eq!(problems("", "namespaces", "0-a"), 0);
        assert_eq!(problems("", "namespaces", "a.b"), 1);
        assert_eq!(problems("", "services", "0a"), 1);
        assert_eq!(problems("rbac.authorization.k8s.io", "roles", "system:a b"), 0);
        assert_eq!(NameRule::PathSegment.problems("a/b%"), ["may not contain '/'", "may not contain '%'"]);
    }
}

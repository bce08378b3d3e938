//! Names of objects: generated ones and what a given one may be.

use rand::RngExt as _;

/// Longest name of an object that is not a label.
const MAX_SUBDOMAIN: usize = 253;
/// Longest DNS label.
const MAX_LABEL: usize = 63;
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
            NameRule::Subdomain => shaped(name, MAX_SUBDOMAIN, SUBDOMAIN_TEXT, is_subdomain),
            NameRule::Label => shaped(name, MAX_LABEL, LABEL_TEXT, is_label),
            NameRule::Label1035 => shaped(name, MAX_LABEL, LABEL_1035_TEXT, |name| {
                is_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase())
            }),
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

const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
    or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and \
    must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_TEXT: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with \
    an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
    validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

fn shaped(name: &str, longest: usize, text: &str, is_good: impl Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > longest {
        problems.push(format!("must be no more than {longest} characters"));
    }
    if !is_good(name) {
        problems.push(text.to_owned());
    }
    problems
}

fn is_subdomain(name: &str) -> bool {
    name.split('.').all(is_label)
}

fn is_label(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    bytes.iter().all(|b| is_alphanumeric(b) || *b == b'-')
        && bytes.first().is_some_and(is_alphanumeric)
        && bytes.last().is_some_and(is_alphanumeric)
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
        assert!(NameRule::of("", "configmaps").problems("a.b-c.0").is_empty());
        assert_eq!(NameRule::of("", "configmaps").problems("UPPER"), [SUBDOMAIN_TEXT]);
        assert_eq!(NameRule::of("", "namespaces").problems("a.b"), [LABEL_TEXT]);
        assert_eq!(NameRule::of("", "services").problems("0a"), [LABEL_1035_TEXT]);
        assert!(NameRule::of("rbac.authorization.k8s.io", "roles").problems("system:a b").is_empty());
        assert_eq!(NameRule::of("rbac.authorization.k8s.io", "roles").problems("a/b%"), [
            "may not contain '/'",
            "may not contain '%'"
        ]);
        assert_eq!(NameRule::Subdomain.problems(&"a".repeat(254)), ["must be no more than 253 characters"]);
    }
}

//! Rules for names, label keys and label values, worded as upstream words them. Each function returns what is wrong, if
//! anything.

/// Longest DNS label, name part of a label key, and label value.
pub const MAX_LABEL: usize = 63;
/// Longest DNS subdomain.
const MAX_SUBDOMAIN: usize = 253;

const NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const NAME_MESSAGE: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

/// A qualified name: `[subdomain/]name`.
pub fn label_key_errors(key: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match key.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                errors.extend(subdomain_errors(prefix).into_iter().map(|error| format!("prefix part {error}")));
            }
            name
        }
        _ => {
            let rule = pattern(NAME_MESSAGE, NAME, &["MyName", "my.name", "123-abc"]);
            let prefix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a qualified name {rule} {prefix}")];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > MAX_LABEL {
        errors.push(format!("name part {}", too_long(MAX_LABEL)));
    }
    if !is_name(name) {
        errors.push(format!("name part {}", pattern(NAME_MESSAGE, NAME, &["MyName", "my.name", "123-abc"])));
    }
    errors
}

/// Empty, or a name of at most 63 characters.
pub fn label_value_errors(value: &str) -> Vec<String> {
    let message = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
        must start and end with an alphanumeric character";
    let examples = ["MyValue", "my_value", "12345"];
    let fits = value.is_empty() || is_name(value);
    shape_errors(value, MAX_LABEL, fits, || pattern(message, &format!("({NAME})?"), &examples))
}

/// RFC 1123 subdomain: lower-case labels joined by points.
pub fn subdomain_errors(value: &str) -> Vec<String> {
    let message = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
        and must start and end with an alphanumeric character";
    shape_errors(value, MAX_SUBDOMAIN, value.split('.').all(is_label), || pattern(message, SUBDOMAIN, &["example.com"]))
}

/// RFC 1123 label: lower-case letters, digits and dashes.
pub fn label_errors(value: &str) -> Vec<String> {
    let message = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
        start and end with an alphanumeric character";
    let examples = ["my-name", "123-abc"];
    shape_errors(value, MAX_LABEL, is_label(value), || pattern(message, "[a-z0-9]([-a-z0-9]*[a-z0-9])?", &examples))
}

/// RFC 1035 label: as [`label_errors`], and no digit in front.
pub fn label_1035_errors(value: &str) -> Vec<String> {
    let message = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
        alphabetic character, and end with an alphanumeric character";
    let fits = is_label(value) && value.starts_with(|c: char| c.is_ascii_lowercase());
    let examples = ["my-name", "abc-123"];
    shape_errors(value, MAX_LABEL, fits, || pattern(message, "[a-z]([-a-z0-9]*[a-z0-9])?", &examples))
}

fn shape_errors(value: &str, max: usize, fits: bool, rule: impl Fn() -> String) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > max {
        errors.push(too_long(max));
    }
    if !fits {
        errors.push(rule());
    }
    errors
}

fn is_label(text: &str) -> bool {
    let outer = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    is_bounded(text, outer, |b| outer(b) || b == b'-')
}

fn is_name(name: &str) -> bool {
    is_bounded(name, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Whether the text begins and ends with an `outer` character and has `inner` ones between.
fn is_bounded(text: &str, outer: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    match text.as_bytes() {
        [] => false,
        [one] => outer(*one),
        [first, middle @ .., last] => outer(*first) && outer(*last) && middle.iter().all(|b| inner(*b)),
    }
}

fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// Upstream joins examples with a comma and an `or`.
fn pattern(message: &str, regex: &str, examples: &[&str]) -> String {
    let examples: Vec<_> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{regex}')", examples.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_worded_as_upstream_words_them() {
        let subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
            and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
            '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        let label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
            start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
            '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
        let label_1035 = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
            alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
            validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
        assert_eq!(subdomain_errors("a..b"), [subdomain]);
        assert_eq!(label_errors("a.b"), [label]);
        assert_eq!(label_1035_errors("0a"), [label_1035]);
        assert_eq!(subdomain_errors(&"a".repeat(254)), ["must be no more than 253 characters"]);
        for good in ["a.b-c.0", "0"] {
            assert!(subdomain_errors(good).is_empty(), "{good}");
        }
        assert!(label_errors("0-a").is_empty() && label_1035_errors("a-0").is_empty());
    }
}

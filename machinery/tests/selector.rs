//! Label and field selectors with upstream's error texts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kubeforge_machinery::selector::{FieldSelector, LabelSelector};
use kubeforge_machinery::types::SmallStr;
use proptest::prelude::*;
use serde_json::json;

fn labels(text: &str) -> BTreeMap<SmallStr, SmallStr> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (k.into(), v.into())).collect()
}

fn selects(selector: &str, on: &str) -> bool {
    selector.parse::<LabelSelector>().unwrap_or_else(|error| panic!("{selector}: {error}")).matches(&labels(on))
}

#[test]
fn matches_labels() {
    for (selector, on, expected) in [
        ("", "a=b", true),
        ("a=b", "a=b", true),
        ("a==b", "a=c", false),
        ("a!=b", "x=y", true),
        ("a!=b", "a=b", false),
        ("a in (b, c)", "a=c", true),
        ("a in (b,c)", "x=y", false),
        ("a notin (b)", "x=y", true),
        ("a notin (b)", "a=b", false),
        ("a", "a=", true),
        ("!a", "a=", false),
        ("! a", "x=y", true),
        ("a=", "a=", true),
        ("a in ()", "a=", true),
        ("a in (,b)", "a=", true),
        ("a in (b,)", "a=", true),
        ("i>5", "i=6", true),
        ("i<5", "i=6", false),
        ("i>5", "i=x", false),
        ("in in (notin)", "in=notin", true),
        ("a=b,c", "a=b,c=d", true),
        ("a=b , c!=d", "a=b,c=d", false),
        ("example.com/a=b", "example.com/a=b", true),
    ] {
        assert_eq!(selects(selector, on), expected, "{selector} on {on}");
    }
}

#[test]
fn refuses_with_upstreams_words() {
    for (selector, error) in [
        ("=b", "found '=', expected: !, identifier, or 'end of string'"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("!=b", "found '!=', expected: !, identifier, or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        (
            "i>abc",
            "unable to parse requirement: values[0]: Invalid value: \"abc\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        (
            "x/y/z",
            "unable to parse requirement: <nil>: Invalid value: \"x/y/z\": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        ),
    ] {
        assert_eq!(selector.parse::<LabelSelector>().unwrap_err().to_string(), error, "{selector}");
    }
    let long = format!("a={}", "x".repeat(64));
    assert!(long.parse::<LabelSelector>().unwrap_err().to_string().contains("must be no more than 63 characters"));
}

#[test]
fn prints_sorted_by_key() {
    let text = "z,b in (y,x),!c,a=1,d notin (q),e!=f,g>1";
    let selector: LabelSelector = text.parse().unwrap();
    assert_eq!(selector.to_string(), "a=1,b in (x,y),!c,d notin (q),e!=f,g>1,z");
}

#[test]
fn reads_the_json_form() {
    let selector = json!({
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["b", "a"]},
            {"key": "canary", "operator": "DoesNotExist"},
        ],
    });
    let selector = LabelSelector::from_value(&selector).unwrap();
    assert_eq!(selector.to_string(), "app=web,!canary,tier in (a,b)");
    assert!(LabelSelector::from_value(&json!({})).unwrap().is_empty());
    let wrong = json!({"matchExpressions": [{"key": "a", "operator": "Zorp"}]});
    let error = LabelSelector::from_value(&wrong).unwrap_err();
    assert_eq!(error.to_string(), "\"Zorp\" is not a valid label selector operator");
    assert!(LabelSelector::from_value(&json!({"matchExpressions": [{"key": "a", "operator": "In"}]})).is_err());
}

#[test]
fn field_selectors() {
    let selector: FieldSelector = r"metadata.name=a\,b,status.phase!=Running,spec.x==1,".parse().unwrap();
    assert_eq!(selector.to_string(), r"metadata.name=a\,b,spec.x=1,status.phase!=Running");
    assert_eq!(selector.exact("metadata.name"), Some("a,b"));
    assert_eq!(selector.exact("status.phase"), None);
    let fields = |field: &str| match field {
        "metadata.name" => Cow::Borrowed("a,b"),
        "spec.x" => Cow::Borrowed("1"),
        _ => Cow::Borrowed(""),
    };
    assert!(selector.matches(fields));
    assert!(!"spec.x!=1".parse::<FieldSelector>().unwrap().matches(fields));
    assert!("absent=".parse::<FieldSelector>().unwrap().matches(fields));
    for (text, error) in [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("metadata.name in (a)", "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'"),
        (r"a=\x", r"invalid field selector: invalid escape sequence: \x"),
        (r"a=b\", r"invalid field selector: invalid escape sequence: \"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
    ] {
        assert_eq!(text.parse::<FieldSelector>().unwrap_err().to_string(), error, "{text}");
    }
}

proptest! {
    #[test]
    fn label_selectors_print_what_they_read(text in "(!?[a-c]{1,2}(=|==|!=| in \\(|>)?[a-b,()0-9 ]{0,6}){0,3}") {
        if let Ok(selector) = text.parse::<LabelSelector>() {
            prop_assert_eq!(selector.to_string().parse::<LabelSelector>().unwrap(), selector);
        }
    }

    #[test]
    fn field_values_survive(field in "[a-z.]{1,8}", value in "\\PC{0,12}", equal in any::<bool>()) {
        let selector = FieldSelector {
            terms: vec![kubeforge_machinery::selector::FieldTerm { field, equal, value }],
        };
        prop_assert_eq!(selector.to_string().parse::<FieldSelector>().unwrap(), selector);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,30}") {
        let _ = text.parse::<LabelSelector>();
        let _ = text.parse::<FieldSelector>();
    }
}

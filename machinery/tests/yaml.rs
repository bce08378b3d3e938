//! YAML in Kubernetes' dialect.

use kubeforge_machinery::yaml::{documents, from_yaml, to_yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> Value {
    from_yaml(text).unwrap_or_else(|error| panic!("{text}: {error}")).value
}

#[test]
fn scalars_follow_yaml_1_1() {
    for (text, expected) in [
        ("yes", json!(true)),
        ("On", json!(true)),
        ("n", json!(false)),
        ("OFF", json!(false)),
        ("~", json!(null)),
        ("", json!(null)),
        ("Null", json!(null)),
        ("0777", json!(511)),
        ("0o17", json!(15)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("-0b101", json!(-5)),
        ("1_000", json!(1000)),
        ("08", json!(8)),
        ("+12", json!(12)),
        ("18446744073709551615", json!(18446744073709551615u64)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("1.0", json!(1)),
        ("1e3", json!(1000)),
        (".5", json!(0.5)),
        ("1e999", json!("1e999")),
        ("1:30", json!("1:30")),
        ("190:20:30", json!("190:20:30")),
        ("2001-01-01", json!("2001-01-01")),
        ("2001-12-14t21:59:43.10-05:00", json!("2001-12-14t21:59:43.10-05:00")),
        ("\"yes\"", json!("yes")),
        ("'1'", json!("1")),
        ("!!str 1", json!("1")),
        ("!!float 1", json!(1)),
        ("!!binary aGk=", json!("hi")),
        ("!custom 1", json!("1")),
        ("1.2.3", json!("1.2.3")),
        ("-", json!([null])),
        ("--", json!("--")),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn keys_become_strings() {
    assert_eq!(
        read("1: a\ntrue: b\nyes: b\n0.5: c\n2001-01-01: d\n"),
        json!({"1": "a", "true": "b", "0.5": "c", "2001-01-01": "d"})
    );
    assert!(from_yaml("null: 1").is_err());
    assert!(from_yaml("[a]: 1").is_err());
}

#[test]
fn duplicates_are_told_and_the_last_wins() {
    let document = from_yaml("metadata:\n  a: 1\n  name: x\n  name: z\ndata:\n  a:\n    1\n  a: 2\n").unwrap();
    assert_eq!(document.value, json!({"metadata": {"a": 1, "name": "z"}, "data": {"a": 2}}));
    assert_eq!(
        document.strict_error().unwrap(),
        "yaml: unmarshal errors:\n  line 4: key \"name\" already set in map\n  line 8: key \"a\" already set in map"
    );
    assert_eq!(from_yaml("a: 1").unwrap().strict_error(), None);
}

#[test]
fn aliases_and_merges() {
    assert_eq!(read("a: &x [1, 2]\nb: *x\n"), json!({"a": [1, 2], "b": [1, 2]}));
    assert_eq!(read("base: &b {x: 1, z: 2}\nc:\n  <<: *b\n  z: 3\n")["c"], json!({"x": 1, "z": 3}));
    assert_eq!(read("c:\n  <<: [{x: 1}, {x: 2, z: 3}]\n")["c"], json!({"x": 1, "z": 3}));
    assert!(from_yaml("a: *nope").is_err());
    assert!(from_yaml("a: &a [*a]").is_err());
    assert!(from_yaml("<<: 1").is_err());
}

#[test]
fn hostile_documents_are_refused() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for i in 1..30 {
        let previous = vec![format!("*a{}", i - 1); 9].join(",");
        bomb.push_str(&format!("a{i}: &a{i} [{previous}]\n"));
    }
    assert_eq!(from_yaml(&bomb).unwrap_err().to_string(), "yaml: document contains excessive aliasing");
    let big = "x".repeat(1 << 20);
    let copies = "*b,".repeat(1000);
    assert!(from_yaml(&format!("a: &b {big}\nc: [{copies}]\n")).is_err());
    assert!(from_yaml(&"[".repeat(100_000)).is_err());
    let nested: String = (0..5000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert!(from_yaml(&nested).is_err());
    assert!(from_yaml(&"- ".repeat(100_000)).is_err());
    assert_eq!(from_yaml("a: \u{1}").unwrap_err().to_string(), "yaml: control characters are not allowed");
    assert!(from_yaml("a: .nan").is_err());
    assert!(from_yaml("a: !!int x").is_err());
}

#[test]
fn streams_have_documents() {
    let values: Vec<Value> = documents("a: 1\n---\nb: 2\n---\n...\n").unwrap().into_iter().map(|d| d.value).collect();
    assert_eq!(values, [json!({"a": 1}), json!({"b": 2}), Value::Null]);
    assert_eq!(read("a: 1\n---\nb: 2\n"), json!({"a": 1}));
    assert_eq!(read("# nothing\n"), Value::Null);
    assert_eq!(read("\u{feff}a: 1"), json!({"a": 1}));
}

#[test]
fn errors_have_lines() {
    assert_eq!(from_yaml("a: [1\n").unwrap_err().to_string(), "yaml: line 1: did not find expected ',' or ']'");
}

#[test]
fn layout_is_that_of_yaml_v2() {
    let value = json!({
        "apiVersion": "v1",
        "empty": {"list": [], "map": {}, "text": "", "nothing": null},
        "list": [{"b": 1, "a": [1, [2, 3], []]}, "x", {}],
        "quoted": ["yes", "1", "1:30", "- a", "a: b", "#a", "a #b", "*a", " a", "2001-01-01", "~", "<<", "a\tb", "é", "🙂", "it's", "", "null", "0x1"],
        "lines": ["a\nb", "a\n", "a\n\n", "\na", " a\nb", "a \nb", "\n"],
        "numbers": [1, -1, 1.5, 1e6, 1e-7, 123456.75, 1e21],
        "true": "x",
        "a10": 1, "a9": 2, "a-b": 3, "aB": 4
    });
    let expected = r##"a-b: 3
a9: 2
a10: 1
aB: 4
apiVersion: v1
empty:
  list: []
  map: {}
  nothing: null
  text: ""
lines:
- |-
  a
  b
- |
  a
- |+
  a

- |2-

  a
- |2-
   a
  b
- "a \nb"
- |2+

list:
- a:
  - 1
  - - 2
    - 3
  - []
  b: 1
- x
- {}
numbers:
- 1
- -1
- 1.5
- 1e+06
- 1e-07
- 123456.75
- 1e+21
quoted:
- "yes"
- "1"
- "1:30"
- '- a'
- 'a: b'
- '#a'
- 'a #b'
- '*a'
- ' a'
- "2001-01-01"
- "~"
- "<<"
- "a\tb"
- é
- "\U0001F642"
- it's
- ""
- "null"
- "0x1"
"true": x
"##;
    assert_eq!(to_yaml(&value), expected);
    let folded = json!({"message": "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"});
    assert_eq!(
        to_yaml(&folded),
        "message: 'only the following media types are accepted: application/json;stream=watch,\n  application/vnd.kubernetes.protobuf;stream=watch'\n"
    );
    let long_key = json!({"k".repeat(129): {"a": [1]}, "two\nlines": [1, 2]});
    let expected = format!("? {}\n: a:\n  - 1\n? |-\n  two\n  lines\n: - 1\n  - 2\n", "k".repeat(129));
    assert_eq!(to_yaml(&long_key), expected);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "[a-z0-9 \n:#'\"-]{0,20}",
        "([a-z]{1,12}[ ,:]{1,2}){8,30}[a-z]",
        "[0-9+._:eExobTZ-]{1,12}",
        prop::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        prop::sample::select(vec![
            "yes",
            "no",
            "on",
            "~",
            "null",
            "<<",
            "---",
            "...",
            "- a",
            "? a",
            ": a",
            "a:",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "\u{2028}a",
            "a\u{85}b",
            "\u{feff}x",
            "a\r\nb",
            "=",
            "!",
            "!x",
            "&a"
        ])
        .prop_map(String::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("a fraction", |f| f.is_finite() && f.fract() != 0.0).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_reads_back(value in value()) {
        let text = to_yaml(&value);
        let document = from_yaml(&text).map_err(|error| TestCaseError::fail(format!("{error}:\n{text}")))?;
        prop_assert_eq!(&document.value, &value, "{}", text);
        prop_assert!(document.duplicates.is_empty());
    }

    #[test]
    fn json_is_yaml(value in value()) {
        let text = value.to_string();
        if !text.chars().any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')) {
            prop_assert_eq!(read(&text), value);
        }
    }

    #[test]
    fn any_text_is_answered(text in "[a-c:\\-\\[\\]{}&*!|>'\"#%? \n,<0-9~.]{0,60}") {
        let _ = documents(&text);
    }
}

//! YAML in Kubernetes' dialect.

use kubeforge_machinery::yaml::{documents, from_bytes, from_yaml, to_yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> Value {
    from_yaml(text).unwrap_or_else(|error| panic!("{text}: {error}")).value
}

fn error_of(text: &str) -> String {
    from_yaml(text).map_or_else(|error| error.to_string(), |document| panic!("{text}: {}", document.value))
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
        // Go's base 0: a sign only for 63 bits, what is no octal becomes a float.
        ("+9223372036854775808", json!(9223372036854775808.0)),
        ("18446744073709551616", json!(18446744073709551616.0)),
        ("-0x10", json!(-16)),
        ("0b-101", json!(-5)),
        ("0b", json!("0b")),
        ("0o8", json!("0o8")),
        ("0xg", json!("0xg")),
        ("0x_ff", json!(255)),
        ("-0", json!(0)),
        ("1__0", json!(10)),
        ("_1", json!("_1")),
        ("1.", json!(1)),
        ("+.5", json!(0.5)),
        (".1_5", json!(0.15)),
        ("._5", json!("._5")),
        (".5_", json!(".5_")),
        ("1e", json!("1e")),
        ("1_e1_0", json!(1e10 as u64)),
        ("685.230_15e+03", json!(685230.15)),
        ("+", json!("+")),
        (".", json!(".")),
        ("yEs", json!("yEs")),
        ("nULL", json!("nULL")),
        ("<<", json!("<<")),
        ("=", json!("=")),
        ("! 1", json!("1")),
        ("! yes", json!("yes")),
        ("!!bool yes", json!(true)),
        ("!!int '0x10'", json!(16)),
        ("!!null ''", json!(null)),
        ("!!float .5", json!(0.5)),
        ("!!timestamp 2001-01-01", json!("2001-01-01")),
        ("!!timestamp '2001-1-1   2:3:4.5'", json!("2001-1-1   2:3:4.5")),
        ("!<tag:yaml.org,2002:int> 7", json!(7)),
        ("!!set 1", json!("1")),
        ("!!binary \"/w==\"", json!("\u{fffd}")),
        ("2001-13-01", json!("2001-13-01")),
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
    assert_eq!(
        read("1.0: a\n-.inf: b\n.NaN: c\n1e300: d\n123456789.5: e\n0x10: f\n"),
        json!({"1": "a", "-.inf": "b", ".nan": "c", ".inf": "d", "1.2345679e+08": "e", "16": "f"})
    );
    for (text, error) in [
        ("null: 1", "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1"),
        (
            "18446744073709551615: [a, ~]",
            "unsupported map key of type: uint64, key: 0xffffffffffffffff, value: []interface {}{\"a\", interface {}(nil)}",
        ),
        ("? [a]\n: 1", "yaml: invalid map key: []interface {}{\"a\"}"),
        ("{[.]}", "yaml: invalid map key: []interface {}{\".\"}"),
        ("{{.}}", "yaml: invalid map key: map[interface {}]interface {}{\".\":interface {}(nil)}"),
    ] {
        assert_eq!(error_of(text), error, "{text}");
    }
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
    let document = from_yaml("1: a\n1: b\nyes: c\ntrue: d\n").unwrap();
    assert_eq!(
        document.strict_error().unwrap(),
        "yaml: unmarshal errors:\n  line 2: key 1 already set in map\n  line 4: key true already set in map"
    );
    // Merged members are told at the line where they stand.
    let document = from_yaml("a: &a\n  x: 1\nb:\n  x: 2\n  <<: *a\n").unwrap();
    assert_eq!(document.value["b"], json!({"x": 1}));
    assert_eq!(document.strict_error().unwrap(), "yaml: unmarshal errors:\n  line 2: key \"x\" already set in map");
}

#[test]
fn aliases_and_merges() {
    assert_eq!(read("a: &x [1, 2]\nb: *x\n"), json!({"a": [1, 2], "b": [1, 2]}));
    assert_eq!(read("base: &b {x: 1, z: 2}\nc:\n  <<: *b\n  z: 3\n")["c"], json!({"x": 1, "z": 3}));
    assert_eq!(read("c:\n  <<: [{x: 1}, {x: 2, z: 3}]\n")["c"], json!({"x": 1, "z": 3}));
    assert_eq!(read("c:\n  '<<': 1\n  !!merge <<: {x: 1}\n")["c"], json!({"<<": 1, "x": 1}));
    assert_eq!(read("a: &a {x: 1}\nb: {<<: [*a, {z: 2}]}\n")["b"], json!({"x": 1, "z": 2}));
    // A name may be given again; aliases are keys, too.
    assert_eq!(read("[&a 1, *a, &a 2, *a, {*a : 3}]"), json!([1, 1, 2, 2, {"2": 3}]));
    assert_eq!(read("a: &e\nb: *e\nc: &s !!str\nd: *s\n"), json!({"a": null, "b": null, "c": "", "d": ""}));
    let wants_map = "yaml: map merge requires map or sequence of maps as the value";
    for (text, error) in [
        ("a: *b\n", "yaml: unknown anchor 'b' referenced"),
        ("b: *a\na: &a {c: 1}", "yaml: unknown anchor 'a' referenced"),
        ("a: &a [*a]", "yaml: anchor 'a' value contains itself"),
        ("a: &a\n  b: *a\n", "yaml: anchor 'a' value contains itself"),
        ("a: &a {<<: *a}", "yaml: anchor 'a' value contains itself"),
        ("<<: 1", wants_map),
        ("<<: [1]", wants_map),
        ("<<: [[{a: 1}]]", wants_map),
        ("a: &x null\n<<:\n- *x\nb: &x {}\n", wants_map),
    ] {
        assert_eq!(error_of(text), error, "{text}");
    }
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
    let flat = format!("{{a: &a [{{a}}{}], b: &b [*a{}]}}", ",{a}".repeat(255_900), ",*a".repeat(99));
    assert_eq!(error_of(&flat), "yaml: document contains excessive aliasing");
    for (text, line) in [("[".repeat(100_000), ""), ("- ".repeat(100_000), ""), ("{a: ".repeat(100_000), "")] {
        assert_eq!(error_of(&text), format!("yaml: {line}exceeded max depth of 500"));
    }
    let nested: String = (0..5000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert_eq!(error_of(&nested), "yaml: line 500: exceeded max depth of 500");
    // Aliases do not go deeper than brackets.
    let mut deep = format!("- &a0 []\n{}", "- x\n".repeat(5000));
    for i in 1..260 {
        deep.push_str(&format!("- &a{i} [[*a{}]]\n", i - 1));
    }
    assert_eq!(error_of(&deep), "yaml: exceeded max depth of 500");
    assert_eq!(read(&format!("{}{}", "[".repeat(500), "]".repeat(500))).as_array().map(Vec::len), Some(1));
}

#[test]
fn long_documents_take_no_longer_than_they_are() {
    let size = 1 << 18;
    let fill = |unit: &str| unit.repeat(size / unit.len());
    for text in [
        fill("a"),
        fill("a "),
        fill("a\n"),
        fill("\n"),
        fill(" "),
        fill("# \n"),
        fill("\t"),
        fill("- a\n"),
        fill("? a\n"),
        fill("a: b\n"),
        fill("a: &a b\n"),
        fill("'"),
        fill("''"),
        fill("\"\\u0041"),
        fill("---\n"),
        fill("..."),
        fill("!a"),
        fill("!a "),
        fill("&a "),
        fill("{}"),
        fill("[],"),
        format!("[{}]", fill("a,")),
        format!("[{}]", fill("{a: b},")),
        format!("{{{}}}", fill("a: b, ")),
        format!("\"{}\"", fill("a b\n")),
        format!("\"{}\"", fill("é–x ")),
        format!("|\n{}", fill(" a\n")),
        format!("|\n{}", fill(" \n")),
        format!(">\n{}", fill(" a\n\n")),
        format!("a: 1\n{}", fill(" ")),
        format!("%TAG ! {}", fill("a%41")),
        format!("{}---\n", (0..size / 16).map(|i| format!("%TAG !{i}! x\n")).collect::<String>()),
    ] {
        let _ = (from_yaml(&text), documents(&text));
    }
    let text = format!("a: {}\nb: '{}'\n", fill("x"), fill("y"));
    let value = read(&text);
    assert_eq!((value["a"].as_str().map(str::len), value["b"].as_str().map(str::len)), (Some(size), Some(size)));
}

#[test]
fn streams_have_documents() {
    let values = |text: &str| -> Vec<Value> {
        let documents = documents(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        documents.into_iter().map(|document| document.value).collect()
    };
    assert_eq!(values("a: 1\n---\nb: 2\n--- # more\nc: 3"), [json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]);
    assert_eq!(values("a: 1\r\n---\r\nb: |\r\n  x\r\n"), [json!({"a": 1}), json!({"b": "x\n"})]);
    assert_eq!(values("# nothing\n---\na: 1\n---\n"), [json!(null), json!({"a": 1})]);
    assert_eq!(values("---\n---\na: 1"), [json!(null), json!({"a": 1})]);
    assert_eq!(values("a: 1\n---\n---\nb: 2"), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(values("a: 1\n...\nb: 2\n"), [json!({"a": 1})]);
    assert_eq!(values("{\"a\": 1}\n{\"b\": 2} {\"c\": 3}"), [json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]);
    assert_eq!(values("{\"a\": 1}\n---\nb: 2"), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(values("{a: 1}\n---\n{b: 2}"), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(values(""), [] as [Value; 0]);
    let error = |text: &str| documents(text).unwrap_err().to_string();
    assert_eq!(error("a: 1\n--- b\n"), "invalid Yaml document separator: b");
    assert_eq!(error("----\n"), "invalid Yaml document separator: -");
    assert_eq!(error("a: 1\n---\nb: 2\n---\n...\n"), "yaml: did not find expected node content");
    assert!(error("{\"a\": 1}{\"b\": 2}{\"c\": 3").starts_with("json: "));
}

#[test]
fn one_document_is_read_to_its_end() {
    assert_eq!(read("a: 1\n---\nb: 2\n"), json!({"a": 1}));
    assert_eq!(read("{a: 1} trailing"), json!({"a": 1}));
    assert_eq!(read("a: 1\n...\n]"), json!({"a": 1}));
    assert_eq!(read("# nothing\n"), Value::Null);
    assert_eq!(read("---\n"), Value::Null);
    assert_eq!(read("--- a\n"), json!("a"));
    assert_eq!(read("%YAML 1.1\n%TAG !k! tag:yaml.org,2002:\n--- !k!int '1'\n"), json!(1));
    for (text, error) in [
        ("%YAML 1.2\n--- a", "yaml: found incompatible YAML document"),
        ("%YAML 1.1\n%YAML 1.1\n--- a", "yaml: line 1: found duplicate %YAML directive"),
        ("%YAML 1.1\na", "yaml: line 1: did not find expected <document start>"),
        ("%FOO\n--- a", "yaml: found unknown directive name"),
        ("%TAG !%79! tag:yaml.org,2002:\n---\nv: !%79!int '1'", "yaml: did not find expected whitespace"),
        ("!k!a b", "yaml: found undefined tag handle"),
    ] {
        assert_eq!(error_of(text), error, "{text}");
    }
}

#[test]
fn bytes_become_text() {
    let read = |bytes: &[u8]| from_bytes(bytes).map(|document| document.value).map_err(|error| error.to_string());
    assert_eq!(read(b"\xef\xbb\xbfa: 1"), Ok(json!({"a": 1})));
    let utf16 = |order: fn(u16) -> [u8; 2]| "\u{feff}a: é🙂".encode_utf16().flat_map(order).collect::<Vec<u8>>();
    assert_eq!(read(&utf16(u16::to_le_bytes)), Ok(json!({"a": "é🙂"})));
    assert_eq!(read(&utf16(u16::to_be_bytes)), Ok(json!({"a": "é🙂"})));
    assert_eq!(
        read("a: \u{85} b\u{feff}\u{fffd}\u{10ffff}".as_bytes()),
        Ok(json!({"a": "b\u{feff}\u{fffd}\u{10ffff}"}))
    );
    for (bytes, error) in [
        (&b"a: \x01"[..], "control characters are not allowed"),
        (b"a: \0", "control characters are not allowed"),
        (b"a: \x7f", "control characters are not allowed"),
        (b"a: \xc2\x80", "control characters are not allowed"),
        (b"a: \xef\xbf\xbf", "control characters are not allowed"),
        (b"a: \xff", "invalid leading UTF-8 octet"),
        (b"a: \xe2(", "incomplete UTF-8 octet sequence"),
        (b"a: \xe2((", "invalid trailing UTF-8 octet"),
        (b"a: \xc0\x80", "invalid length of a UTF-8 sequence"),
        (b"a: \xe0\x80\x80", "invalid length of a UTF-8 sequence"),
        (b"a: \xed\xa0\x80", "invalid Unicode character"),
        (b"a: \xf4\x90\x80\x80", "invalid Unicode character"),
        (b"\xff\xfea", "incomplete UTF-16 character"),
        (b"\xff\xfea\0\0\xdc", "unexpected low surrogate area"),
        (b"\xff\xfe\0\xd8a\0", "expected low surrogate area"),
        (b"\xff\xfe\0\xd8", "incomplete UTF-16 surrogate pair"),
    ] {
        assert_eq!(read(bytes), Err(format!("yaml: {error}")), "{bytes:?}");
    }
    // What is wrong far behind shows only if somebody gets there.
    assert_eq!(
        read(format!("a: ]\n{}\u{1}", "#".repeat(600)).as_bytes()),
        Err("yaml: did not find expected node content".to_owned())
    );
    assert_eq!(read(format!("{{}}\n---\n{}\u{1}", "#".repeat(600)).as_bytes()), Ok(json!({})));
}

#[test]
fn lines_break_as_in_yaml_1_1() {
    assert_eq!(read("a: 1\rb: 2\r\nc: 3\u{85}d: 4\u{2028}e: 5"), json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}));
    assert_eq!(read("a: |\r\n  x\r\n  y\r\n"), json!({"a": "x\ny\n"}));
    assert_eq!(read("a: \"x\u{2028} y\u{85}\n z\""), json!({"a": "x\u{2028}y\nz"}));
    assert_eq!(read("a: x\n  y\n\n  z\n"), json!({"a": "x y\nz"}));
    assert_eq!(read("a: 'x\n\n  y  z '"), json!({"a": "x\ny  z "}));
    assert_eq!(read("a: \"x \\\n  y\\\n\n  z\\\n\""), json!({"a": "x y\nz"}));
    assert_eq!(read("a: >\n  x\n  y\n\n   z\n  w\n\n"), json!({"a": "x y\n\n z\nw\n"}));
    assert_eq!(read("a: |+\n  x\n\nb: |-\n  y\n\n"), json!({"a": "x\n\n", "b": "y"}));
    assert_eq!(read("a: |2\n    x\n  y\n"), json!({"a": "  x\ny\n"}));
    assert_eq!(read("|1-\n  x"), json!(" x"));
}

#[test]
fn quotes_know_escapes() {
    let text = r#""\0\a\b\t\n\v\f\r\e\ \"\'\\\N\_\L\P\x41\u00e9\U0001F642""#;
    let expected = "\0\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1b} \"'\\\u{85}\u{a0}\u{2028}\u{2029}Aé🙂";
    assert_eq!(read(text), json!(expected));
    assert_eq!(read("'it''s'"), json!("it's"));
    assert_eq!(read("'a\\n'"), json!("a\\n"));
    for (text, error) in [
        (r#""\/""#, "yaml: found unknown escape character"),
        (r#""\ud83d\ude42""#, "yaml: found invalid Unicode character escape code"),
        (r#""\u12g4""#, "yaml: did not find expected hexdecimal number"),
        ("\"a", "yaml: found unexpected end of stream"),
        ("a: 'b\n---\n'", "yaml: line 2: found unexpected document indicator"),
    ] {
        assert_eq!(error_of(text), error, "{text}");
    }
}

#[test]
fn brackets_and_indentation() {
    for (text, expected) in [
        ("{a, b: 1, ? c, ? d : 2, \"e\":3}", json!({"a": null, "b": 1, "c": null, "d": 2, "e": 3})),
        ("{a:1}", json!({"a:1": null})),
        ("[a: 1, b, ? c : 2, ]", json!([{"a": 1}, "b", {"c": 2}])),
        ("[http://a, b]", json!(["http://a", "b"])),
        ("a:\n- 1\n-\n- - 2\n  -   3\nb: 4", json!({"a": [1, null, [2, 3]], "b": 4})),
        ("- a: 1\n  b: 2\n-\n  c: 3", json!([{"a": 1, "b": 2}, {"c": 3}])),
        ("? a\n? b\n: 1\n: 2\n", json!(null)),
        ("? a\n: - 1\n  - 2\n", json!({"a": [1, 2]})),
        ("a:\n  - 1\n # comment\n  - 2 # more\n", json!({"a": [1, 2]})),
        ("a#b: c #d\ne: f#g", json!({"a#b": "c", "e": "f#g"})),
        ("a: b: c", json!(null)),
        ("a: -1\nb: - \n", json!(null)),
        ("a:\tb", json!({"a": "b"})),
        ("a: [\n\t1,\n\t2]", json!({"a": [1, 2]})),
    ] {
        match expected {
            Value::Null => assert!(from_yaml(text).is_err(), "{text}"),
            _ => assert_eq!(read(text), expected, "{text}"),
        }
    }
    let key = "k".repeat(1024);
    assert_eq!(read(&format!("{key}: 1")), json!({ key.as_str(): 1 }));
    assert_eq!(read(&format!("{{\"{}\": 1}}", &key[2..])), json!({ &key[2..]: 1 }));
}

#[test]
fn errors_are_gos() {
    for (text, error) in [
        ("a: [1\n", "yaml: line 1: did not find expected ',' or ']'"),
        ("{a: 1\n", "yaml: line 1: did not find expected ',' or '}'"),
        ("[a b: c\n d", "yaml: line 2: did not find expected ',' or ']'"),
        ("v: [A,", "yaml: line 1: did not find expected node content"),
        ("v:\n- [A,", "yaml: line 2: did not find expected node content"),
        ("]", "yaml: did not find expected node content"),
        ("a:\n- b: *,", "yaml: line 2: did not find expected alphabetic or numeric character"),
        ("value: -", "yaml: block sequence entries are not allowed in this context"),
        ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ("a: 1\n b: 2", "yaml: line 2: mapping values are not allowed in this context"),
        ("a: ? b", "yaml: mapping keys are not allowed in this context"),
        ("a: 1\nb\nc: 2", "yaml: line 3: could not find expected ':'"),
        ("a:\n  1:\nb\n  2:", "yaml: line 4: could not find expected ':'"),
        ("a: 1\n- b", "yaml: line 1: did not find expected key"),
        ("- a\nb: 1", "yaml: line 1: did not find expected '-' indicator"),
        ("a:\n\tb: 1", "yaml: line 2: found character that cannot start any token"),
        ("a: @b", "yaml: found character that cannot start any token"),
        ("a: `b", "yaml: found character that cannot start any token"),
        ("a: %b", "yaml: found character that cannot start any token"),
        ("a: b\n\tc", "yaml: line 2: found a tab character that violates indentation"),
        ("a: |\n\tb", "yaml: line 2: found a tab character where an indentation space is expected"),
        ("a: |0\n", "yaml: found an indentation indicator equal to 0"),
        ("a: | b\n", "yaml: did not find expected comment or line break"),
        ("[? : x]", "yaml: did not find expected ',' or ']'"),
        ("!<a b", "yaml: did not find the expected '>'"),
        ("!<> b", "yaml: did not find expected tag URI"),
        ("!a%zz b", "yaml: did not find URI escaped octet"),
        ("a: .nan", "json: unsupported value: NaN"),
        ("a: [-.inf]", "json: unsupported value: -Inf"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("v: !!float 'error'", "yaml: cannot decode !!str `error` as a !!float"),
        ("!!bool ''", "yaml: cannot decode !!null `` as a !!bool"),
        ("!!int 2001-01-01", "yaml: cannot decode !!str `2001-01-01` as a !!int"),
        ("!!timestamp 2001-02-30", "yaml: cannot decode !!str `2001-02-30` as a !!timestamp"),
        ("!!float 18446744073709551615", "yaml: cannot decode !!int `18446744073709551615` as a !!float"),
        ("a: !!binary ==", "yaml: !!binary value contains invalid base64 data"),
    ] {
        assert_eq!(error_of(text), error, "{text}");
    }
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
- <<
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

#[test]
fn rare_characters_are_laid_out_as_yaml_v2_does() {
    for (text, expected) in [
        ("a\u{2028}b", "'a\u{2028}  b'\n"),
        ("a\u{2028} b", "\"a\\L b\"\n"),
        ("a \u{2028}b", "\"a \\Lb\"\n"),
        ("a\u{2028}\nb", "|-\n  a\u{2028}\n  b\n"),
        ("a\n\u{2029}", "|+\n  a\n\u{2029}"),
        ("\u{feff}a b", "\"\\uFEFF\\x61\\x20\\x62\"\n"),
        ("a\u{feff}b", "\"a\\uFEFFb\"\n"),
        ("\u{85}\u{a0}\u{7f}", "\"\\N_\\x7F\"\n".replace('_', "\u{a0}").leak()),
        ("?", "'?'\n"),
        ("?a", "?a\n"),
        ("-a", "-a\n"),
        ("a:", "'a:'\n"),
        ("a: ", "'a: '\n"),
        (":a", ":a\n"),
        ("a#", "a#\n"),
        ("---a", "'---a'\n"),
        ("2001-1-1  1:2:3", "\"2001-1-1  1:2:3\"\n"),
        ("0x", "0x\n"),
        ("1_0", "\"1_0\"\n"),
        ("on", "\"on\"\n"),
        ("<<", "<<\n"),
        ("=", "=\n"),
    ] {
        assert_eq!(to_yaml(&json!(text)), expected, "{text:?}");
        assert_eq!(read(expected), json!(text));
    }
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
            "<",
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
        // Line separators end lines, which Go's JSON knows and escapes them.
        if !text.chars().any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')) {
            prop_assert_eq!(read(&text), value);
        }
    }

    #[test]
    fn any_text_is_answered(text in "[a-c:\\-\\[\\]{}&*!|>'\"#%? \n,<0-9~.]{0,60}") {
        let _ = documents(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..80), mark in 0usize..4) {
        let marks: [&[u8]; 4] = [b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"];
        let _ = from_bytes(&[marks[mark], &bytes].concat());
    }

    #[test]
    fn changed_documents_are_answered(value in value(), at in any::<prop::sample::Index>(), with in "[\\PC\\s]{0,3}") {
        let mut characters: Vec<char> = to_yaml(&value).chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..(at + 1).min(characters.len()), with.chars());
        let _ = documents(&String::from_iter(characters));
    }
}

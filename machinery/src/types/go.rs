//! Values as Go's `fmt` and `strconv` print them, for error texts that clients know by heart.

use serde_json::Value;

/// A string as `%q` prints it.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if !is_print(c) && (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if !is_print(c) => out.push_str(&format!("\\U{:08x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A string as the `time` package quotes it in its errors: all that is not ASCII byte by byte.
pub fn quote_time(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => out.extend(['\\', char::from(b)]),
            b' '..=b'\x7f' => out.push(char::from(b)),
            _ => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push('"');
    out
}

/// Rust's `Debug` escapes what is not printable, by the same Unicode classes as Go.
fn is_print(c: char) -> bool {
    c == '\'' || c == ' ' || (!c.is_whitespace() && c.escape_debug().len() == 1)
}

/// A float as `strconv.FormatFloat(value, 'g', -1, 64)` prints it: shortest digits, with an exponent of at least two
/// digits below 1e-4 and from 1e6.
pub fn float_g(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    // Rust's `{:e}` gives the shortest digits, such as 1.5e-7.
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A JSON value as `%v` prints its Go form: `map[a:1 b:[x y]]`.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(" ")),
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(k, v)| format!("{k}:{}", self::value(v))).collect();
            format!("map[{}]", members.join(" "))
        }
    }
}

/// A value as `%#v` prints what the YAML reader made of it: `map[interface {}]interface {}{"a":1}`.
pub fn syntax(value: &Value) -> String {
    let nested = |value: &Value| if value.is_null() { "interface {}(nil)".to_owned() } else { syntax(value) };
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quote(text),
        Value::Number(number) if number.is_f64() => float_g(number.as_f64().unwrap_or_default()),
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(nested).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(k, v)| format!("{}:{}", quote(k), nested(v))).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// The Go type that a JSON value becomes in an `interface{}`.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_go() {
        assert_eq!(quote("a\"\\\n\u{1}\u{7f}é'\u{200b}"), "\"a\\\"\\\\\\n\\x01\\x7fé'\\u200b\"");
        for (float, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (-1e100, "-1e+100"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float_g(float), text);
        }
        assert_eq!(quote_time("a\"\\\n\u{7f}é"), "\"a\\\"\\\\\\x0a\u{7f}\\xc3\\xa9\"");
        let map = serde_json::json!({"b": [1, "x", null], "a": true});
        assert_eq!(
            syntax(&map),
            "map[interface {}]interface {}{\"a\":true, \"b\":[]interface {}{1, \"x\", interface {}(nil)}}"
        );
        assert_eq!(value(&map), "map[a:true b:[1 x <nil>]]");
    }
}

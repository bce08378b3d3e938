//! JSON for version control: a value is one line while it fits, and a line per member where it does not.

use std::fmt::Write;

/// Columns of a line: a Go field, a parameter or a small definition fits, so that a changed fact is a changed line.
const WIDTH: usize = 400;

/// Lays out compact JSON (as `serde_json::to_string` writes it) in lines, with an indentation of one space.
pub fn lines(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 5 / 4);
    value(compact, 0, &mut out);
    out.push('\n');
    out
}

fn value(text: &str, indent: usize, out: &mut String) {
    let (open, close) = match text.as_bytes() {
        [b'{', .., b'}'] => ('{', '}'),
        [b'[', .., b']'] => ('[', ']'),
        _ => return out.push_str(text),
    };
    if indent + text.len() <= WIDTH {
        return out.push_str(text);
    }
    out.push(open);
    let mut separator = "";
    for member in members(&text[1..text.len() - 1]) {
        let _ = write!(out, "{separator}\n{:1$}", "", indent + 1);
        let content = if open == '{' { string_len(member) + 1 } else { 0 };
        out.push_str(&member[..content]);
        value(&member[content..], indent + 1, out);
        separator = ",";
    }
    let _ = write!(out, "\n{:indent$}{close}", "");
}

/// Splits the inside of an object or array at its own commas.
fn members(inside: &str) -> impl Iterator<Item = &str> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (mut at, mut depth) = (0, 0_usize);
        while at < rest.len() {
            match rest.as_bytes()[at] {
                b'"' => {
                    at += string_len(&rest[at..]);
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
        let member = &rest[..at];
        rest = rest.get(at + 1..).unwrap_or("");
        Some(member)
    })
}

/// The length of the string literal `text` starts with, quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_stay_on_one_line() {
        assert_eq!(lines(r#"{"a":[1,{"b":null}]}"#), "{\"a\":[1,{\"b\":null}]}\n");
    }

    #[test]
    fn long_values_get_a_line_per_member() {
        let long = "x".repeat(WIDTH);
        let text = format!(r#"{{"a\",{{":[1,"{long}\\"],"b":[],"c":"}}"}}"#);
        let expected = format!("{{\n \"a\\\",{{\":[\n  1,\n  \"{long}\\\\\"\n ],\n \"b\":[],\n \"c\":\"}}\"\n}}\n");
        assert_eq!(lines(&text), expected);
    }

    #[test]
    fn the_value_is_kept() {
        let value = serde_json::json!({"a": (0..200).collect::<Vec<_>>(), "é\"": {"b": "c".repeat(500), "d": {}}});
        let text = lines(&value.to_string());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}

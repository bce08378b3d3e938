//! Protobuf IDL without prose: every token stays, of the comments only the markers.

use super::marker::markers;

/// Strips a `.proto` file. Blank lines keep their place (they tell which declaration a comment belongs to), one at most.
///
/// # Errors
/// A comment or a string literal that is not closed.
pub fn facts(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("//") {
            let (comment, following) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
            rest = match markers(&comment[2..]) {
                Some(markers) => {
                    out.push_str("// ");
                    out.push_str(markers);
                    following
                }
                None => close_gap(&mut out, following),
            };
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or("a comment opened with /* is not closed")?;
            rest = close_gap(&mut out, &comment[end + 2..]);
        } else {
            let token = if rest.starts_with('/') { 1 } else { literal_len(rest)? };
            out.push_str(&rest[..token]);
            rest = &rest[token..];
        }
    }
    out.push_str(rest);
    Ok(tidy(&out))
}

/// Takes out the line of a comment that stood alone on it, else puts a space in the comment's place.
fn close_gap<'a>(out: &mut String, following: &'a str) -> &'a str {
    let line = out.rfind('\n').map_or(0, |newline| newline + 1);
    match following.split_once('\n') {
        Some((end, next)) if end.trim().is_empty() && out[line..].trim().is_empty() => {
            out.truncate(line);
            next
        }
        _ => {
            out.push(' ');
            following
        }
    }
}

/// The length of the string literal `text` starts with, quotes included.
fn literal_len(text: &str) -> Result<usize, String> {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, c)| c);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '\n' => break,
            c if Some(c) == quote => return Ok(at + 1),
            _ => {}
        }
    }
    let line = text.lines().next().unwrap_or_default();
    Err(format!("a string literal is not closed: {line}"))
}

/// Drops spaces at the end of lines, and all but one of several blank lines.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || !(out.is_empty() || out.ends_with("\n\n")) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::facts;

    #[test]
    fn only_markers_stay() {
        let text = r#"/*
Copyright
*/


// Generated. Do not edit.

syntax = "proto2";

// Doc.
// +k8s:openapi-gen=true

// Detached.

// M is a message.
// +structType=atomic
// and a little more.
message M {
  // a is a field
  // +optional if you like
  // +-----+
  // more
  optional string a = 1; // trailing

  optional string b = 2; // +required
  optional /* c */ string c = 3;
}
"#;
        let expected = r#"syntax = "proto2";

// +k8s:openapi-gen=true

// +structType=atomic
message M {
  // +optional
  optional string a = 1;

  optional string b = 2; // +required
  optional   string c = 3;
}
"#;
        assert_eq!(facts(text).unwrap(), expected);
    }

    #[test]
    fn a_literal_is_no_comment() {
        let text = "option a = \"http://x/*\\\"\"; // prose\noption b = '//';\n";
        assert_eq!(facts(text).unwrap(), "option a = \"http://x/*\\\"\";\noption b = '//';\n");
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        assert!(facts("/* never").unwrap_err().contains("not closed"));
        assert!(facts("option a = \"never\n\";").unwrap_err().contains("\"never"));
    }

    #[test]
    fn stripping_twice_changes_nothing() {
        let once = facts("// x\n/* y */ message M { // +optional z\n}\n").unwrap();
        assert_eq!(facts(&once).unwrap(), once);
    }
}

//! Markers: the machine-readable comments of Kubernetes' Go types, such as `+optional` or `+k8s:maxItems=32`.

/// The markers a comment line consists of, without the prose that may follow; `None` if it is prose altogether.
///
/// A marker starts with `+` and a lower-case letter (`+TODO` and `+-----+` are none) and ends at the first space
/// outside quotes and parentheses. Several on one line are kept together, as upstream's tools read the line as one.
pub fn markers(comment: &str) -> Option<&str> {
    let line = comment.trim();
    let mut end = 0;
    while starts_marker(line[end..].trim_start()) {
        let start = line.len() - line[end..].trim_start().len();
        end = start + word_len(&line[start..]);
    }
    (end > 0).then(|| &line[..end])
}

fn starts_marker(text: &str) -> bool {
    matches!(text.as_bytes(), [b'+', b'a'..=b'z', ..])
}

/// The bytes up to the first space outside quotes and parentheses; up to the first space if those are not closed.
fn word_len(text: &str) -> usize {
    let (mut quote, mut depth, mut escaped) = (None, 0_usize, false);
    for (at, c) in text.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '"' | '`' => quote = Some(c),
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                c if c.is_whitespace() && depth == 0 => return at,
                _ => {}
            },
        }
    }
    if quote.is_none() && depth == 0 { text.len() } else { text.find(char::is_whitespace).unwrap_or(text.len()) }
}

#[cfg(test)]
mod tests {
    use super::markers;

    #[test]
    fn keeps_markers_whole() {
        for marker in [
            "+optional",
            "+patchStrategy=merge,retainKeys",
            "+k8s:alpha(since: \"1.36\")=+k8s:maxItems=32",
            "+k8s:item(type: \"Approved\")=+k8s:zeroOrOneOfMember",
            "+kubebuilder:validation:Pattern=`^a b$`",
            "+default=\"a \\\" b\"",
            "+featureGate=PodCertificateProjection +optional",
        ] {
            assert_eq!(markers(&format!(" {marker} ")), Some(marker));
        }
    }

    #[test]
    fn drops_prose_behind_a_marker() {
        assert_eq!(markers("+optional for now"), Some("+optional"));
        assert_eq!(markers("+optional (see below) +required"), Some("+optional"));
        assert_eq!(markers("+k8s:maximum=1000 # HighestPriority"), Some("+k8s:maximum=1000"));
        assert_eq!(markers("+default=\"never closed and on"), Some("+default=\"never"));
    }

    #[test]
    fn prose_is_no_marker() {
        for prose in ["", "+", "+ something", "+-------+", "+TODO(who): do it", "adds +optional", "+1 from me"] {
            assert_eq!(markers(prose), None, "{prose}");
        }
    }
}

//! A kubeconfig: where the server is, what vouches for it, and who asks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Name of the cluster, the user and the context.
pub const NAME: &str = "kubeforge";

/// Renders a kubeconfig with one context.
///
/// `trust` is PEM. Without a token, clients have to bring credentials of their own.
pub fn render(server: &str, trust: &[u8], token: Option<&str>) -> String {
    let trust = BASE64_STANDARD.encode(trust);
    let user = token.map_or("{}".to_owned(), |token| format!("{{token: {}}}", quoted(token)));
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: {NAME}
  cluster:
    server: {server}
    certificate-authority-data: {trust}
users:
- name: {NAME}
  user: {user}
contexts:
- name: {NAME}
  context:
    cluster: {NAME}
    user: {NAME}
current-context: {NAME}
",
        server = quoted(server),
    )
}

/// JSON's quoted strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_tokens_are_quoted() {
        let config = render("https://[::1]:6443", b"PEM", Some("a\": {b"));
        assert!(
            config.contains("    server: \"https://[::1]:6443\"\n    certificate-authority-data: UEVN\n"),
            "{config}"
        );
        assert!(config.contains("  user: {token: \"a\\\": {b\"}\n"), "{config}");
        assert!(render("https://x", b"", None).contains("  user: {}\n"));
    }
}

//! `docs/diagnostics.md` is the registry of diagnostics, printed. `UPDATE_DOCS=1` writes it anew.

use std::path::Path;

use kubeforge::diagnostic::CODES;

#[test]
fn diagnostics_are_documented() {
    let mut text = String::from(
        "# Diagnostics\n\nWhat `kubeforge check`, `generate` and build scripts report. The exit code is 1 if any of them is an error.\n",
    );
    for code in CODES {
        text.push_str(&format!("\n## {}: {}\n\n{}\n", code.id(), code.title(), code.explanation()));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &text).expect("docs/ is writable");
    }
    let documented = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        documented == text,
        "docs/diagnostics.md is out of date: UPDATE_DOCS=1 cargo test -p kubeforge --test docs"
    );
}

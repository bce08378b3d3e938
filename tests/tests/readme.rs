//! The README's kubectl session prints what the README says.

use std::process::Command;

use kubeforge_tests::server::{Server, program};

#[test]
fn session() {
    let install = "`.ci/install` brings it; any current kubectl on PATH does too";
    let Some(kubectl) = program(&["kubectl-1.32", "kubectl"], install) else { return };
    let server = Server::start("v1.36");
    let bin = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(kubectl, bin.path().join("kubectl")).expect("a link");
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap_or_default());
    let steps = steps();
    assert!(steps.len() > 5, "{steps:?}");
    for (command, expected) in steps {
        let output = Command::new("sh")
            .args(["-c", &command])
            .env("PATH", &path)
            .env("KUBECONFIG", server.kubeconfig())
            .output()
            .expect("a shell");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(ageless(&printed), ageless(&expected), "$ {command}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Commands of the console block and what they print.
fn steps() -> Vec<(String, String)> {
    let readme = include_str!("../../README.md");
    let block = readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a console block");
    let steps = block.split("$ ").skip(1).map(|step| step.split_once('\n').unwrap_or((step, "")));
    // The test has its own server.
    steps.filter(|(command, _)| !command.starts_with("export ")).map(|(c, o)| (c.to_owned(), o.to_owned())).collect()
}

/// Every age is as good as another.
fn ageless(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let age = word.trim().strip_suffix('s').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if age { word.replace(word.trim(), "AGE") } else { word.to_owned() }
    });
    words.collect::<String>().lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

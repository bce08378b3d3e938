//! `cargo xtask test`: every test, with the programs they start built first.
//!
//! Tests that need an outside program note its absence in a file; what was skipped is said at the end.

use std::path::Path;
use std::process::Command;

use crate::{Failure, repository};

/// Crates whose servers the tests start as processes.
const SERVERS: [(&str, &str); 2] =
    [("kubeforge-v1-28", "kube-apiserver-v1-28"), ("kubeforge-v1-36", "kube-apiserver-v1-36")];

/// What is tested together. Those with kube come last and alone: in one build their features would hold for all.
const PACKAGES: [&[&str]; 2] = [
    &["--workspace", "--exclude", "kubeforge-bench", "--exclude", "kubeforge-tests-kube"],
    &["--package", "kubeforge-tests-kube"],
];

/// Builds the servers and runs all tests; `arguments` go to the test runner.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    build_servers()?;
    let skipped = repository().join("target/skipped-tests");
    let _ = std::fs::remove_file(&skipped);
    let mut runs = Vec::new();
    for packages in PACKAGES {
        let mut runner = if has_nextest() { nextest() } else { cargo_test() };
        runner.args(packages).args(arguments).env("KUBEFORGE_SKIPPED", &skipped);
        runs.push(succeed(runner.env("KUBEFORGE_BIN", repository().join("target/debug"))));
    }
    report_skipped(&skipped);
    runs.into_iter().collect()
}

fn build_servers() -> Result<(), Failure> {
    let mut build = cargo("build");
    for (package, binary) in SERVERS {
        build.args(["-p", package, "--bin", binary]);
    }
    succeed(build.args(["-p", "kubeforge", "--bin", "kubeforge"]))
}

fn nextest() -> Command {
    let mut command = cargo("nextest");
    command.arg("run");
    command
}

fn cargo_test() -> Command {
    let mut command = cargo("test");
    command.args(["--lib", "--bins", "--tests"]);
    command
}

fn has_nextest() -> bool {
    cargo("nextest").arg("--version").output().is_ok_and(|output| output.status.success())
}

fn report_skipped(file: &Path) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    eprintln!("{} tests were skipped for want of a program:", lines.len());
    lines.iter().for_each(|line| eprintln!("  {line}"));
}

/// cargo, in the repository.
pub fn cargo(task: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(task).current_dir(repository());
    command
}

/// Runs the command; an error that names it if it fails.
pub fn succeed(command: &mut Command) -> Result<(), Failure> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

//! The commands that read, as people run them.

use std::process::{Command, Output};

const SPECS: &str = "tests/fixtures/specs";

fn kubeforge(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubeforge"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output of a run that succeeds.
fn out(arguments: &[&str]) -> String {
    let output = kubeforge(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn overview() {
    insta::assert_snapshot!(out(&["inspect", "--specs", SPECS]));
}

#[test]
fn kind() {
    insta::assert_snapshot!(out(&["inspect", "Animal", "--specs", SPECS]));
}

#[test]
fn field() {
    insta::assert_snapshot!(out(&["inspect", "zoo.example.com/v1/Animal.spec.legs", "--specs", SPECS]));
}

#[test]
fn type_by_full_name() {
    insta::assert_snapshot!(out(&["inspect", "com.example.zoo.v1.AnimalSpec.meals", "--specs", SPECS]));
}

#[test]
fn json() {
    let json = out(&["inspect", "Animal.spec.species", "--json", "--specs", SPECS]);
    insta::assert_snapshot!(json);
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
}

#[test]
fn unknown_subject() {
    let output = kubeforge(&["inspect", "Animul", "--specs", SPECS]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn check() {
    insta::assert_snapshot!(out(&["check", "--specs", SPECS]));
}

#[test]
fn check_of_an_unknown_release() {
    let output = kubeforge(&["check", "--release", "v9.9", "--specs", SPECS]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn wrong_usage() {
    assert_eq!(kubeforge(&["inspect", "--no-such-flag"]).status.code(), Some(2));
    assert_eq!(kubeforge(&[]).status.code(), Some(2));
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(out(&["completions", shell]).contains("kubeforge"));
    }
}

/// What is known of the real releases agrees with itself.
#[test]
fn releases_are_sound() {
    let output = kubeforge(&["check", "--specs", "../specs"]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

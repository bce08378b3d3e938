//! The Python client: create, list, watch, patch, delete.

use std::process::Command;

use kubeforge_tests::server::{Server, program};

#[test]
fn python_client_on_v1_36() {
    session("v1.36");
}

#[test]
fn python_client_on_v1_28() {
    session("v1.28");
}

fn session(release: &str) {
    let install = "`.ci/install` brings it (a Python with the package `kubernetes`)";
    let Some(python) = program(&["python-kubernetes"], install) else { return };
    let server = Server::start(release);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_client.py");
    let output = Command::new(python).arg(script).arg(server.kubeconfig()).output().expect("python");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.ends_with("all well\n"), "{out}{err}\nserver:\n{}", server.log());
}

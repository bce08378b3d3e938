//! The program as a process of its own: ready line, signals, exit codes.

#![cfg(unix)]

// The other test files use the rest of it.
#[allow(dead_code)]
mod client;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use client::Client;
use hyper::StatusCode;
use kubeforge_machinery::release::{Document, OpenApi, Release};
use kubeforge_server::cli;
use kubeforge_server::http::{Handler, Request, Response};

const NO_DOCUMENT: Document = Document { gzip: &[], sha512: "" };
static RELEASE: Release = Release {
    name: "v1.36",
    git_version: "v1.36.0",
    groups: &[],
    kinds: &[],
    resources: &[],
    messages: &[],
    openapi: OpenApi { v2_json: NO_DOCUMENT, v2_proto: NO_DOCUMENT, v3_json: &[] },
};

/// Takes two seconds for everything.
struct Slow;

impl Handler for Slow {
    async fn handle(&self, _request: Request) -> Response {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Response::text(StatusCode::OK, "done")
    }
}

const ARGUMENTS: &str = "KUBEFORGE_TEST_ARGUMENTS";

/// Not a test but the program: the tests start this file's executable again with arguments in a variable.
#[test]
fn program() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let arguments = ["kube-apiserver"].into_iter().chain(arguments.split_whitespace()).map(OsString::from);
    let code = cli::run(&RELEASE, arguments, |_, _| Slow);
    let codes = [(ExitCode::SUCCESS, 0), (ExitCode::FAILURE, 1), (ExitCode::from(2), 2)];
    std::process::exit(codes.into_iter().find(|(known, _)| *known == code).map_or(99, |(_, number)| number));
}

fn start(arguments: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "program", "--nocapture"])
        .env(ARGUMENTS, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads up to the ready line.
fn ready_line(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find_map(|line| line.ok().filter(|line| line.contains(" is ready at "))).expect("a ready line")
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn exit(mut child: Child) -> (Option<i32>, String) {
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (child.wait().unwrap().code(), errors)
}

#[test]
fn it_says_where_it_is_and_ends_on_a_signal() {
    let dir = tempfile::tempdir().unwrap();
    for (storage, name) in [("memory", "-TERM"), ("embedded", "-INT")] {
        let data = dir.path().display();
        let mut child = start(&format!("--secure-port 0 --storage {storage} --data-dir {data} --feature-gates=A=true"));
        let line = ready_line(&mut child);
        assert!(line.contains("kubeforge v1.36 is ready at https://127.0.0.1:"), "{line}");
        assert!(line.contains(&format!("(storage: {storage}")), "{line}");
        assert!(line.ends_with(&format!("; export KUBECONFIG='{data}/kubeconfig'")), "{line}");
        let start = Instant::now();
        signal(&child, name);
        let (code, errors) = exit(child);
        assert_eq!(code, Some(0), "{errors}");
        assert!(start.elapsed() < Duration::from_secs(3));
        assert_eq!(errors, "warning: --feature-gates has no effect yet: no feature is turned on or off\n");
    }
}

async fn slow_request(line: &str, dir: &Path) -> Option<String> {
    let address = line.split("https://").nth(1)?.split(' ').next()?.parse().ok()?;
    let token = std::fs::read_to_string(dir.join("admin.token")).ok()?;
    let client = Client::connect(address, &dir.join("certs/ca.crt"), "h2", None).await.ok()?;
    let mut client = client.with("authorization", &format!("Bearer {token}"));
    Some(client.try_send(hyper::Method::GET, "/slow", bytes::Bytes::new()).await.ok()?.text())
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    for (signals, code, answer) in [(1, 0, Some("done")), (2, 1, None)] {
        let mut child = start(&format!("--secure-port 0 --storage memory --data-dir {}", dir.path().display()));
        let (line, path) = (ready_line(&mut child), dir.path().to_owned());
        let request = tokio::spawn(async move { slow_request(&line, &path).await });
        tokio::time::sleep(Duration::from_millis(500)).await;
        for _ in 0..signals {
            signal(&child, "-TERM");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let (got, errors) = tokio::task::spawn_blocking(|| exit(child)).await.unwrap();
        assert_eq!(got, Some(code), "{errors}");
        assert_eq!(request.await.unwrap().as_deref(), answer);
    }
}

#[test]
fn what_cannot_be_served_is_explained() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let busy = format!("--storage memory --secure-port {port}");
    for (arguments, code, text) in [
        ("--etcd-servers=http://127.0.0.1:2379", 2, "--etcd-servers: etcd is not available in this version"),
        ("--secure-prot 1", 2, "--secure-port"),
        (&busy, 1, "cannot listen on 127.0.0.1:"),
        ("--storage memory --client-ca-file /nonexistent", 1, "cannot read /nonexistent: "),
    ] {
        let (got, errors) = exit(start(arguments));
        assert_eq!(got, Some(code), "{arguments}: {errors}");
        assert!(errors.contains(text), "{arguments}: {errors}");
    }
}

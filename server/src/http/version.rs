//! `/version`.

use hyper::StatusCode;
use kubeforge_machinery::release::Release;
use serde::Serialize;

use super::{Response, Status};

/// What upstream calls `version.Info`. There is no Go here, so `goVersion` stays empty.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info<'a> {
    major: &'a str,
    minor: &'a str,
    git_version: &'a str,
    git_commit: &'a str,
    git_tree_state: &'a str,
    build_date: &'a str,
    go_version: &'a str,
    compiler: &'a str,
    platform: String,
}

/// The release as `kubectl version` asks for it: indented JSON without a newline at the end.
pub fn response(release: &Release) -> Response {
    let mut numbers = release.git_version.trim_start_matches('v').split(['.', '-', '+']);
    let info = Info {
        major: numbers.next().unwrap_or_default(),
        minor: numbers.next().unwrap_or_default(),
        git_version: release.git_version,
        git_commit: "",
        git_tree_state: "",
        // The same for everybody who builds the same source.
        build_date: "1970-01-01T00:00:00Z",
        go_version: "",
        compiler: "rustc",
        platform: platform(),
    };
    match serde_json::to_vec_pretty(&info) {
        Ok(json) => Response::full(StatusCode::OK, "application/json", json),
        Err(error) => Response::from(&Status::internal(error.to_string())),
    }
}

/// Operating system and processor by Go's names.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        arch => arch,
    };
    format!("{os}/{arch}")
}

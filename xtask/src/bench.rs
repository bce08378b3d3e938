//! `cargo xtask bench`: runs a set of benches and prints ratios, which are what may be quoted.

use std::path::Path;
use std::time::Instant;

use crate::test::{cargo, succeed};
use crate::{Failure, repository};

/// JSON and protobuf against k8s-openapi with serde_json and k8s-pb with prost; `arguments` choose cases.
pub fn codecs(arguments: &[String]) -> Result<(), Failure> {
    succeed(cargo("bench").args(["-p", "kubeforge-bench", "--bench", "codecs", "--"]).args(arguments))
}

/// Generation of the newest release.
pub fn generation() -> Result<(), Failure> {
    succeed(cargo("bench").args(["-p", "kubeforge", "--bench", "generation"]))
}

/// Crates to compile, and how cargo is told to.
const CRATES: [(&str, &str, &[&str]); 4] = [
    ("k8s-openapi", "JSON", &["-p", "kubeforge-bench", "--features", "json-peer"]),
    ("k8s-pb", "protobuf", &["-p", "kubeforge-bench", "--features", "protobuf-peer"]),
    ("kubeforge-v1-36", "all", &["-p", "kubeforge-v1-36", "--lib", "--no-default-features", "--features", "all"]),
    ("kubeforge-v1-36", "core", &["-p", "kubeforge-v1-36", "--lib", "--no-default-features", "--features", "core"]),
];

/// Compile time of the generated crate alone against its peers alone, dependencies built before.
pub fn compile() -> Result<(), Failure> {
    let target = repository().join("target/bench-compile");
    let mut rows = Vec::new();
    for profile in ["release", "dev"] {
        for (package, what, arguments) in CRATES {
            rows.push((profile, package, what, time_unit(&target, profile, package, arguments)?));
        }
    }
    println!("\n{:<10}{:<18}{:<10}{:>10}{:>26}", "profile", "crate", "what", "seconds", "of k8s-openapi's time");
    for (profile, package, what, seconds) in &rows {
        let peer = rows.iter().find(|row| row.0 == *profile && row.1 == "k8s-openapi").map_or(*seconds, |row| row.3);
        println!("{profile:<10}{package:<18}{what:<10}{seconds:>10.1}{:>25.0}%", 100.0 * seconds / peer);
    }
    println!("\nkubeforge-v1-36 has both formats, of every message of the release or of one group.");
    Ok(())
}

/// Builds everything, then the one crate again; seconds of the latter.
fn time_unit(target: &Path, profile: &str, package: &str, arguments: &[&str]) -> Result<f64, Failure> {
    let build = || {
        let mut command = cargo("build");
        command.args(["--quiet", "--profile", profile]).args(arguments);
        command.env("CARGO_INCREMENTAL", "0").env("CARGO_TARGET_DIR", target);
        command
    };
    succeed(&mut build())?;
    let mut clean = cargo("clean");
    succeed(clean.args(["--quiet", "--profile", profile, "-p", package]).env("CARGO_TARGET_DIR", target))?;
    let start = Instant::now();
    succeed(&mut build())?;
    Ok(start.elapsed().as_secs_f64())
}

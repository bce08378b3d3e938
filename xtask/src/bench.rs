//! `cargo xtask bench`: runs a set of benches and prints ratios, which are what may be quoted.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::test::{cargo, succeed};
use crate::{Failure, repository};

/// JSON and protobuf against k8s-openapi with serde_json and k8s-pb with prost.
pub fn codecs() -> Result<(), Failure> {
    succeed(cargo("bench").args(["-p", "kubeforge-bench", "--bench", "codecs"]))?;
    let results = repository().join("target/criterion");
    println!("\n{:<18}{:<10}{:>12}{:>14}{:>9}", "codec", "object", "kubeforge", "peer", "ratio");
    for (group, peer) in [
        ("json-decode", "k8s-openapi"),
        ("json-encode", "k8s-openapi"),
        ("protobuf-decode", "k8s-pb"),
        ("protobuf-encode", "k8s-pb"),
    ] {
        for size in ["pod", "500-pods"] {
            let ours = median(&results.join(group).join("kubeforge").join(size))?;
            let theirs = median(&results.join(group).join(peer).join(size))?;
            println!("{group:<18}{size:<10}{:>9.2} us{:>11.2} us{:>8.2}x", ours / 1e3, theirs / 1e3, theirs / ours);
        }
    }
    Ok(())
}

/// Generation of the newest release.
pub fn generation() -> Result<(), Failure> {
    succeed(cargo("bench").args(["-p", "kubeforge", "--bench", "generation"]))
}

/// Crates to compile, and how cargo is told to.
const CRATES: [(&str, &[&str]); 3] = [
    ("k8s-openapi", &["-p", "kubeforge-bench", "--features", "json-peer"]),
    ("k8s-pb", &["-p", "kubeforge-bench", "--features", "protobuf-peer"]),
    ("kubeforge-v1-36", &["-p", "kubeforge-v1-36", "--lib", "--no-default-features", "--features", "all"]),
];

/// Compile time of the generated crate alone against its peers alone, dependencies built before.
pub fn compile() -> Result<(), Failure> {
    let target = repository().join("target/bench-compile");
    let mut rows = Vec::new();
    for profile in ["release", "dev"] {
        for (package, arguments) in CRATES {
            rows.push((profile, package, time_unit(&target, profile, package, arguments)?));
        }
    }
    println!("\n{:<10}{:<18}{:>10}{:>26}", "profile", "crate", "seconds", "of k8s-openapi's time");
    for (profile, package, seconds) in &rows {
        let peer =
            rows.iter().find(|(p, name, _)| p == profile && *name == "k8s-openapi").map_or(*seconds, |row| row.2);
        println!("{profile:<10}{package:<18}{seconds:>10.1}{:>25.0}%", 100.0 * seconds / peer);
    }
    println!("\nk8s-openapi: JSON only. k8s-pb: protobuf only. kubeforge-v1-36: every message, both formats.");
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

/// Median in nanoseconds, as criterion leaves it.
fn median(bench: &Path) -> Result<f64, Failure> {
    let file: PathBuf = bench.join("new/estimates.json");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let estimates: serde_json::Value = serde_json::from_str(&text)?;
    estimates["median"]["point_estimate"].as_f64().ok_or_else(|| format!("{}: no median", file.display()).into())
}

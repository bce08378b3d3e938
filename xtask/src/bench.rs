//! `cargo xtask bench`: runs a set of benches and prints ratios, which are what may be quoted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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

/// Compile time of the generated crate alone against its peers alone, dependencies built before.
pub fn compile() -> Result<(), Failure> {
    let target = repository().join("target/bench-compile");
    let mut seconds = BTreeMap::new();
    for profile in ["release", "dev"] {
        for package in ["k8s-openapi", "k8s-pb", "kubeforge-v1-36"] {
            seconds.insert((profile, package), time_unit(&target, profile, package)?);
        }
    }
    println!("\n{:<10}{:<22}{:>10}{:>24}", "profile", "crate", "seconds", "k8s-openapi's share");
    for ((profile, package), time) in &seconds {
        let peer = seconds[&(*profile, "k8s-openapi")];
        println!(
            "{profile:<10}{package:<22}{:>10.1}{:>23.0}%",
            time.as_secs_f64(),
            100.0 * time.as_secs_f64() / peer.as_secs_f64()
        );
    }
    println!("\nk8s-openapi: JSON only. k8s-pb: protobuf only. kubeforge-v1-36: every message, both formats.");
    Ok(())
}

/// Builds everything, then the one crate again.
fn time_unit(target: &Path, profile: &str, package: &str) -> Result<Duration, Failure> {
    let build = || {
        let mut command = cargo("build");
        command.args(["--quiet", "--profile", profile, "-p", package]).env("CARGO_INCREMENTAL", "0");
        if package == "kubeforge-v1-36" {
            command.args(["--lib", "--no-default-features", "--features", "all"]);
        }
        command.env("CARGO_TARGET_DIR", target);
        command
    };
    // The peers are dependencies of the benches only, whose test profile would differ; build the crate by name.
    succeed(&mut build())?;
    let mut clean = cargo("clean");
    succeed(clean.args(["--quiet", "--profile", profile, "-p", package]).env("CARGO_TARGET_DIR", target))?;
    let start = Instant::now();
    succeed(&mut build())?;
    Ok(start.elapsed())
}

/// Median in nanoseconds, as criterion leaves it.
fn median(bench: &Path) -> Result<f64, Failure> {
    let file: PathBuf = bench.join("new/estimates.json");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let estimates: serde_json::Value = serde_json::from_str(&text)?;
    estimates["median"]["point_estimate"].as_f64().ok_or_else(|| format!("{}: no median", file.display()).into())
}

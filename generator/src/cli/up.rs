//! `kubeforge up`: from specs to a running server in one command.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::{SpecsArgs, fail, generate};
use crate::diagnostic::{Code, Diagnostic};

/// Generate a release's server, build it and start it
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    kubeforge up\n  \
    kubeforge up --release v1.28 -- --secure-port 7443 --storage memory")]
pub struct Args {
    /// Release to serve [default: the newest one there is]
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
    #[command(flatten)]
    specs: SpecsArgs,
    /// Directory for the generated crate and for what cargo builds [default: this source tree's `target`, else ./target]
    #[arg(long, value_name = "DIR")]
    target: Option<PathBuf>,
    /// Flags of the server
    #[arg(last = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

pub fn run(args: Args) -> ExitCode {
    match start(args) {
        Ok(never) => match never {},
        Err(code) => code,
    }
}

/// Becomes the server; comes back only if it cannot.
fn start(args: Args) -> Result<std::convert::Infallible, ExitCode> {
    let release = args.release.clone().or_else(|| crate::releases(&args.specs.directory()).pop()).ok_or_else(|| {
        let message = format!("`{}` holds no release", args.specs.directory().display());
        fail(Diagnostic::error(Code::KF0001, message).help("name the directory with --specs"), false)
    })?;
    let target = args.target.clone().unwrap_or_else(target);
    let directory = target.join("kubeforge").join(&release);
    generate::write_crate(&release, &directory, args.specs)?;
    keep_versions(&directory);
    build(&directory, &target)?;
    let server = target.join("release").join(format!("kube-apiserver-{}", release.replace('.', "-")));
    let error = Command::new(&server).args(&args.flags).exec();
    Err(cannot(&format!("`{}` cannot be started: {error}", server.display()), "build it again with `kubeforge up`"))
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.or_else(|| Some(checkout()?.join("target"))).unwrap_or_else(|| PathBuf::from("target"))
}

fn checkout() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    root.join("machinery/Cargo.toml").is_file().then(|| root.to_owned())
}

/// The dependencies' versions are the source tree's own, which are tested and perhaps built already.
fn keep_versions(directory: &Path) {
    let lock = directory.join("Cargo.lock");
    if let Some(checkout) = checkout().filter(|_| !lock.exists()) {
        // Without it cargo resolves versions anew: slower, and no error.
        let _ = std::fs::copy(checkout.join("Cargo.lock"), lock);
    }
}

fn build(directory: &Path, target: &Path) -> Result<(), ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--release", "--manifest-path"]).arg(directory.join("Cargo.toml"));
    match command.env("CARGO_TARGET_DIR", target).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(ExitCode::FAILURE),
        Err(error) => {
            let message = format!("`{}` cannot be run: {error}", cargo.to_string_lossy());
            Err(cannot(&message, "install a Rust toolchain with cargo, and put it on PATH"))
        }
    }
}

fn cannot(message: &str, help: &str) -> ExitCode {
    fail(Diagnostic::error(Code::KF0703, message).help(help), false)
}

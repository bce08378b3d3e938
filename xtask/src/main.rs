//! Developers' tasks, run as `cargo xtask TASK`. Each task is a module; this file only names them.

mod bench;
mod specs;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", about = "Developers' tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// The interface definitions under specs/.
    #[command(subcommand)]
    Specs(SpecsTask),
    /// Build what tests start, run all tests, say what was skipped.
    Test {
        /// Passed on to the test runner.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure, and print ratios.
    #[command(subcommand)]
    Bench(BenchTask),
}

#[derive(Subcommand)]
enum BenchTask {
    /// JSON and protobuf codecs against k8s-openapi with serde_json and k8s-pb with prost.
    Codecs {
        /// Parts of the names of cases, such as `protobuf-decode` or `config-map`; all if none is given.
        cases: Vec<String>,
    },
    /// Generation of the newest release.
    Generation,
    /// Compile time against k8s-openapi and k8s-pb.
    Compile,
}

/// Why a task failed.
type Failure = Box<dyn std::error::Error>;

#[derive(Subcommand)]
enum SpecsTask {
    /// Turn upstream's files into specs/RELEASE: the facts, without the prose.
    Import {
        /// Directory with one directory per release: swagger.json, gofacts.json, proto/ and SOURCE.md.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Write nothing; fail if specs/ is not what the import would write.
        #[arg(long)]
        check: bool,
        /// Releases such as v1.36; all in DIR if none is named.
        releases: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Failure> {
    match task {
        Task::Specs(SpecsTask::Import { from, check, releases }) => {
            specs::import(&from, &repository().join("specs"), &releases, check)?;
        }
        Task::Test { arguments } => test::run(&arguments)?,
        Task::Bench(BenchTask::Codecs { cases }) => bench::codecs(&cases)?,
        Task::Bench(BenchTask::Generation) => bench::generation()?,
        Task::Bench(BenchTask::Compile) => bench::compile()?,
    }
    Ok(())
}

/// The root of the checkout this binary was built in.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

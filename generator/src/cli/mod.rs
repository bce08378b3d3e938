//! The command line. Commands are thin: they load, call the library and print.
//!
//! Exit codes: 0 all well, 1 errors in the input or while writing, 2 wrong usage.

mod check;
pub mod generate;
mod inspect;
mod up;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::diagnostic::{Diagnostic, Diagnostics, Style, render, to_json};

/// Reads the interface definitions of a Kubernetes release and generates the Rust API server for it.
#[derive(Parser)]
#[command(name = "kubeforge", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Args),
    Inspect(inspect::Args),
    Check(check::Args),
    Up(up::Args),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  kubeforge completions bash > /etc/bash_completion.d/kubeforge")]
    Completions {
        shell: clap_complete::Shell,
    },
}

/// The directory with releases and rules.
#[derive(clap::Args, Clone, Debug)]
pub struct SpecsArgs {
    /// Directory with a folder for each release [default: this source tree's, else ./specs]
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
}

impl SpecsArgs {
    /// The directory, as named or found.
    pub fn directory(&self) -> PathBuf {
        self.specs.clone().unwrap_or_else(crate::specs_dir)
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Generate(args) => generate::run(args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Up(args) => up::run(args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "kubeforge", &mut stdout());
            ExitCode::SUCCESS
        }
    }
}

/// Prints diagnostics: drawn for people at terminals, plain elsewhere, or one JSON object per line on standard output.
pub fn print(diagnostics: &Diagnostics, json: bool) {
    if json {
        write(&to_json(diagnostics));
        return;
    }
    let terminal = stderr().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none();
    let style = if terminal { Style::Graphical { color } } else { Style::Plain };
    // Nobody is left to tell if standard error is closed.
    let _ = stderr().write_all(render(diagnostics, style).as_bytes());
}

/// Prints one diagnostic as an error.
pub fn fail(diagnostic: Diagnostic, json: bool) -> ExitCode {
    print(&std::iter::once(diagnostic).collect(), json);
    ExitCode::FAILURE
}

/// Writes to standard output; a reader that stopped reading, such as `head`, is no error.
fn write(text: &str) {
    let _ = stdout().write_all(text.as_bytes());
}

/// Such as `1 error` or `2 errors`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A progress line that only terminals see.
pub fn progress(total: usize) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} {msg}");
    ProgressBar::new(total as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

//! `kubeforge generate`: writes a crate.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;

use super::{SpecsArgs, fail, print, progress, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::emit::{self, Files, Layout};
use crate::input::Input;
use crate::model::Release;
use crate::output::{self, Changes};

/// Write a crate with the types, codecs, tables and server of a release
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    kubeforge generate --release v1.36 --out my-apiserver\n  \
    kubeforge generate --release v1.36 --out my-apiserver --check   # fail if it is out of date")]
pub struct Args {
    /// Release to generate, such as v1.36
    #[arg(long, value_name = "RELEASE")]
    release: String,
    /// Directory of the crate
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    specs: SpecsArgs,
    /// Source tree of kubeforge that the crate depends on [default: this program's, else the published crates]
    #[arg(long, value_name = "DIR")]
    kubeforge: Option<PathBuf>,
    /// Write nothing; fail if anything would change
    #[arg(long)]
    check: bool,
    /// Write into a directory that holds other files, too
    #[arg(long)]
    force: bool,
    /// Print messages and the summary as JSON, one object per line
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> ExitCode {
    let started = Instant::now();
    match generate(&args) {
        Ok((release, changes)) => {
            summarize(&args, &release, &changes, started);
            if args.check && !changes.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(code) => code,
    }
}

/// Writes a release's crate for another command, and says what it did.
pub fn write_crate(release: &str, out: &Path, specs: SpecsArgs) -> Result<(), ExitCode> {
    let started = Instant::now();
    let (release, out) = (release.to_owned(), out.to_owned());
    let args = Args { release, out, specs, kubeforge: None, check: false, force: false, json: false };
    let (release, changes) = generate(&args)?;
    summarize(&args, &release, &changes, started);
    Ok(())
}

fn generate(args: &Args) -> Result<(Release, Changes), ExitCode> {
    let failed = |diagnostic: Diagnostic| fail(diagnostic, args.json);
    let layout = Layout::Standalone(checkout(args).map_err(failed)?);
    let bar = progress(3);
    let step = |name: &'static str| {
        bar.inc(1);
        bar.set_message(name);
    };
    step("reading");
    let input = Input::release(&args.specs.directory(), &args.release).map_err(failed)?;
    let (release, diagnostics) = crate::load(&input);
    bar.suspend(|| print(&diagnostics, args.json));
    let release = release.filter(|_| !diagnostics.has_errors()).ok_or(ExitCode::FAILURE)?;
    step("generating");
    let files = emit::package(&release, &layout, emit::threads()).map_err(|error| failed(error.into()))?;
    step("writing");
    let changes = apply(args, &files).map_err(|error| failed(error.into()))?;
    bar.finish_and_clear();
    Ok((release, changes))
}

fn apply(args: &Args, files: &Files) -> Result<Changes, output::OutputError> {
    if args.check { Changes::plan(files, &args.out) } else { output::write(files, &args.out, args.force) }
}

/// The source tree that the crate will depend on.
fn checkout(args: &Args) -> Result<Option<PathBuf>, Diagnostic> {
    let is_checkout = |path: &Path| path.join("machinery/Cargo.toml").is_file();
    match &args.kubeforge {
        None => Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().ok().filter(|p| is_checkout(p))),
        Some(path) => match path.canonicalize().ok().filter(|path| is_checkout(path)) {
            Some(path) => Ok(Some(path)),
            None => {
                let message = format!("`{}` holds no source tree of kubeforge", path.display());
                Err(Diagnostic::error(Code::KF0001, message).help("name the directory that has `machinery/Cargo.toml`"))
            }
        },
    }
}

fn summarize(args: &Args, release: &Release, changes: &Changes, started: Instant) {
    let files = changes.written.len() + changes.unchanged;
    let milliseconds = started.elapsed().as_millis();
    if args.json {
        let summary = json!({
            "release": release.name, "out": args.out, "messages": release.messages.len(),
            "kinds": release.kinds.len(), "files": files, "written": changes.written, "removed": changes.removed,
            "check": args.check, "milliseconds": milliseconds as u64,
        });
        return write(&format!("{summary}\n"));
    }
    if args.check {
        let lines = changes.written.iter().map(|path| format!("differs  {path}\n"));
        let lines = lines.chain(changes.removed.iter().map(|path| format!("stale    {path}\n")));
        write(&lines.collect::<String>());
    }
    let verb = if args.check { "to write" } else { "written" };
    write(&format!(
        "{}: {} messages, {} kinds, {files} files ({} {verb}, {} stale) in {milliseconds} ms\n",
        release.name,
        release.messages.len(),
        release.kinds.len(),
        changes.written.len(),
        changes.removed.len(),
    ));
}

//! `kubeforge inspect`: what the model knows, and which input said so.

use std::process::ExitCode;

use super::{SpecsArgs, fail, print, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Release;
use crate::model::report::{Report, describe, overview};

/// Show what is known of a release, a kind or a field, and which file says so
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    kubeforge inspect                                   # what the newest release has\n  \
    kubeforge inspect Deployment --release v1.28\n  \
    kubeforge inspect apps/v1/Deployment.spec.replicas  # one field\n  \
    kubeforge inspect io.k8s.api.core.v1.Container --json")]
pub struct Args {
    /// [GROUP/][VERSION/]KIND[.FIELD…], or the full name of a type; without it, an overview
    #[arg(value_name = "SUBJECT")]
    subject: Option<String>,
    /// Release to look at [default: the newest]
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    specs: SpecsArgs,
}

pub fn run(args: &Args) -> ExitCode {
    let specs = args.specs.directory();
    let name = args.release.clone().or_else(|| crate::releases(&specs).pop()).unwrap_or_default();
    let input = match crate::Input::release(&specs, &name) {
        Ok(input) => input,
        Err(diagnostic) => return fail(diagnostic, args.json),
    };
    let (release, diagnostics) = crate::load(&input);
    let Some(release) = release else {
        print(&diagnostics, args.json);
        return ExitCode::FAILURE;
    };
    let reports = match &args.subject {
        None => vec![overview(&release)],
        Some(subject) => describe(&release, subject),
    };
    if reports.is_empty() {
        return fail(unknown(&release, args.subject.as_deref().unwrap_or_default()), args.json);
    }
    let texts: Vec<String> =
        reports.iter().map(|report| if args.json { json(report) } else { report.to_string() }).collect();
    write(&texts.join(if args.json { "" } else { "\n" }));
    ExitCode::SUCCESS
}

fn json(report: &Report) -> String {
    format!("{}\n", report.to_json())
}

fn unknown(release: &Release, subject: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::KF0003, format!("{} has nothing called `{subject}`", release.name));
    let kind = subject.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
    let kinds = release.kinds.iter().map(|k| k.kind.as_str());
    match crate::input::nearest(kind, kinds) {
        Some(near) if near != kind => diagnostic.help(format!("did you mean `{near}`?")),
        Some(near) => diagnostic.help(format!("`kubeforge inspect {near}` lists its fields")),
        None => diagnostic.help("write [GROUP/][VERSION/]KIND[.FIELD…], such as apps/v1/Deployment.spec.replicas"),
    }
}

//! `kubeforge check`: reads everything and reports what is wrong.

use std::process::ExitCode;

use super::{SpecsArgs, count, print, progress, write};
use crate::diagnostic::Diagnostics;

/// Read releases and rules, and report what is wrong with them
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    kubeforge check                    # every release, and rules that apply to none\n  \
    kubeforge check --release v1.36\n  \
    kubeforge check --json | jq .message")]
pub struct Args {
    /// Read this release only; may be given more than once
    #[arg(long, value_name = "RELEASE", conflicts_with = "all")]
    release: Vec<String>,
    /// Read all releases (default)
    #[arg(long)]
    all: bool,
    /// Print one JSON object per message
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    specs: SpecsArgs,
}

pub fn run(args: &Args) -> ExitCode {
    let specs = args.specs.directory();
    let names = if args.release.is_empty() { crate::releases(&specs) } else { args.release.clone() };
    if names.is_empty() {
        return match crate::Input::release(&specs, "") {
            Err(diagnostic) => super::fail(diagnostic, args.json),
            Ok(_) => ExitCode::SUCCESS,
        };
    }
    let bar = progress(names.len());
    let (checked, rules) = crate::check(&specs, &names, |name| {
        bar.set_message(format!("reading {name}"));
        bar.inc(1);
    });
    bar.finish_and_clear();
    let mut sound = true;
    for release in &checked {
        print(&release.diagnostics, args.json);
        sound &= !release.diagnostics.has_errors();
        if !args.json {
            write(&format!("{}\n", summary(release)));
        }
    }
    print(&rules, args.json);
    if !args.json && !rules.is_empty() {
        write(&format!("rules  {}\n", counts(&rules)));
    }
    if sound && !rules.has_errors() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn summary(checked: &crate::Checked) -> String {
    let counts = counts(&checked.diagnostics);
    match &checked.release {
        Some(release) => format!(
            "{:<6} {counts}: {}, {}, {}, {}",
            checked.name,
            count(release.groups.len(), "group"),
            count(release.resources.len(), "resource"),
            count(release.kinds.len(), "kind"),
            count(release.messages.len(), "type"),
        ),
        None => format!("{:<6} {counts}: could not be read", checked.name),
    }
}

fn counts(diagnostics: &Diagnostics) -> String {
    let found = [(diagnostics.errors(), "error"), (diagnostics.warnings(), "warning")];
    let found: Vec<String> = found.iter().filter(|(n, _)| *n > 0).map(|(n, what)| count(*n, what)).collect();
    if found.is_empty() { "ok".to_owned() } else { found.join(", ") }
}

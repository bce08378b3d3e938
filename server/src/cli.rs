//! The program: command line in, server up, signals obeyed, exit code out.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use kubeforge_machinery::release::Release;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Config;
use crate::flags::{Cli, Command, Flags};
use crate::http::Handler;
use crate::instance::{Instance, StartError};
use crate::storage::Storage;
use crate::transcode;

/// Exit code for a command line that cannot be followed.
const USAGE: u8 = 2;

/// Runs the program with its arguments, the program's own name first. `handler` makes what answers API requests, as in
/// [`Instance::start`].
pub fn run<H: Handler>(
    release: &'static Release,
    arguments: impl IntoIterator<Item = OsString>,
    handler: impl FnOnce(Arc<dyn Storage>, SocketAddr) -> H,
) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let (cli, warnings) = match Cli::parse_from(release, &arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE));
        }
    };
    match cli.command {
        Some(Command::Completions { shell }) => completions(release, arguments.first().map(Path::new), shell),
        Some(Command::Transcode(arguments)) => match transcode::run(release, &arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain("error", &error);
                ExitCode::FAILURE
            }
        },
        None => {
            warnings.iter().for_each(|warning| complain("warning", warning));
            serve(release, cli.flags, handler)
        }
    }
}

fn completions(release: &'static Release, program: Option<&Path>, shell: clap_complete::Shell) -> ExitCode {
    let name = program.and_then(|path| path.file_name()?.to_str()).unwrap_or("kube-apiserver");
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command_of(release), name, &mut script);
    match io::stdout().write_all(&script) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve<H: Handler>(
    release: &'static Release,
    flags: Flags,
    handler: impl FnOnce(Arc<dyn Storage>, SocketAddr) -> H,
) -> ExitCode {
    log_to_stderr(flags.v);
    let config = match Config::new(flags, release, |name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => {
            complain("error", &error);
            return ExitCode::from(USAGE);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain("error", &format!("cannot start threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let served = runtime.block_on(serve_until_signal(release, &config, handler));
    // Work of requests that did not finish in time must not keep the process.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain("error", &error);
            ExitCode::FAILURE
        }
    }
}

async fn serve_until_signal<H: Handler>(
    release: &'static Release,
    config: &Config,
    handler: impl FnOnce(Arc<dyn Storage>, SocketAddr) -> H,
) -> Result<(), StartError> {
    let mut signals = Signals::new();
    let instance = Instance::start(release, config, handler).await?;
    announce(release, config, &instance);
    signals.next().await;
    tokio::select! {
        () = instance.stop() => Ok(()),
        () = signals.next() => std::process::exit(1),
    }
}

/// One line that says where the server is, what it keeps objects in, and how to reach it.
fn announce(release: &Release, config: &Config, instance: &Instance) {
    let (url, storage, kubeconfig) = (instance.url(), config.storage_text(), instance.kubeconfig.display());
    // Nobody reading it is no reason not to serve.
    let _ = writeln!(
        io::stdout(),
        "kubeforge {} is ready at {url} (storage: {storage}); export KUBECONFIG='{kubeconfig}'",
        release.name
    );
}

fn complain(severity: &str, what: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{severity}: {what}");
}

/// Logs to standard error: this crate's events up to the level of `-v`, warnings of the libraries below.
fn log_to_stderr(verbosity: u8) {
    let level = match verbosity {
        0 | 1 => LevelFilter::WARN,
        2 | 3 => LevelFilter::INFO,
        4 | 5 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let libraries = if verbosity > 7 { LevelFilter::TRACE } else { LevelFilter::WARN };
    let targets = Targets::new().with_default(libraries).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr);
    // Fails only if the process logs already.
    let _ = tracing_subscriber::registry().with(targets).with(lines).try_init();
}

/// The signals that ask to stop.
struct Signals {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { terminate: signal(SignalKind::terminate()).ok(), interrupt: signal(SignalKind::interrupt()).ok() }
    }

    /// Waits for the next signal. One whose handler could not be set up keeps its default and ends the process.
    async fn next(&mut self) {
        async fn arrived(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = arrived(&mut self.terminate) => {}
            () = arrived(&mut self.interrupt) => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

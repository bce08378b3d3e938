//! The command line: kube-apiserver's own flags, and a few more.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use kubeforge_machinery::release::Release;

use crate::transcode::Transcode;

/// Serves the Kubernetes API of one release, over storage of its own.
///
/// Takes kube-apiserver's flags. A flag that is known but has no effect yet is named at start.
#[derive(Debug, Parser)]
#[command(name = "kube-apiserver", args_override_self = true, args_conflicts_with_subcommands = true)]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub flags: Flags,
}

const EXAMPLES: &str = "\
Examples:
  Serve with durable storage, and write a kubeconfig:
    kube-apiserver --write-kubeconfig kubeconfig
    kubectl --kubeconfig kubeconfig get namespaces
  Serve for a test: a free port, nothing kept:
    kube-apiserver --storage memory --secure-port 0
  Serve other machines:
    kube-apiserver --bind-address 0.0.0.0 --advertise-address 192.0.2.7
  Complete commands in bash:
    source <(kube-apiserver completions bash)";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring an object into another format or version.
    Transcode(Transcode),
    /// Print a script that completes this command in a shell.
    Completions {
        /// Shell the script is for.
        shell: clap_complete::Shell,
    },
}

/// Where objects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StorageKind {
    /// In memory; gone when the server ends.
    Memory,
    /// In a file of the data directory.
    Embedded,
    /// In an etcd cluster (not available in this version).
    Etcd,
}

/// Flags of serving.
#[derive(Debug, Args)]
pub struct Flags {
    /// Port of HTTPS; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 6443, help_heading = "Serving")]
    pub secure_port: u16,
    /// Address to listen on. Other than kube-apiserver's, the default serves this machine only.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1", help_heading = "Serving")]
    pub bind_address: IpAddr,
    /// Address at which others reach the server; goes into the certificate.
    #[arg(long, value_name = "IP", help_heading = "Serving")]
    pub advertise_address: Option<IpAddr>,
    /// Addresses of services, such as 10.0.0.0/24; the first goes into the certificate.
    #[arg(long, value_name = "CIDR", default_value = "10.0.0.0/24", help_heading = "Serving")]
    pub service_cluster_ip_range: String,
    /// Directory of the server's own certificates [default: certs in the data directory].
    #[arg(long, value_name = "DIR", help_heading = "Serving")]
    pub cert_dir: Option<PathBuf>,
    /// Certificate to serve with, PEM, its chain behind it; without one the server makes its own.
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file", help_heading = "Serving")]
    pub tls_cert_file: Option<PathBuf>,
    /// Key of --tls-cert-file, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert_file", help_heading = "Serving")]
    pub tls_private_key_file: Option<PathBuf>,
    /// File to write a kubeconfig to [default: kubeconfig in the data directory].
    #[arg(long, value_name = "FILE", help_heading = "Serving")]
    pub write_kubeconfig: Option<PathBuf>,

    /// Certificate authorities of client certificates, PEM; a certificate's common name is the user, its organizations
    /// are the groups.
    #[arg(long, value_name = "FILE", help_heading = "Users")]
    pub client_ca_file: Option<PathBuf>,
    /// Tokens, as lines `token,user,uid,"group1,group2"`; without this the server makes an administrator's token.
    #[arg(long, value_name = "FILE", help_heading = "Users")]
    pub token_auth_file: Option<PathBuf>,
    /// Whether requests without credentials reach the health and version paths.
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true", help_heading = "Users")]
    #[arg(num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set, value_parser = go_bool)]
    pub anonymous_auth: bool,
    /// How requests are authorized.
    #[arg(long, value_name = "MODES", default_value = "AlwaysAllow", help_heading = "Users")]
    pub authorization_mode: String,
    /// Keys that verify service account tokens, PEM.
    #[arg(long, value_name = "FILE", help_heading = "Users")]
    pub service_account_key_file: Vec<PathBuf>,
    /// Key that signs service account tokens, PEM.
    #[arg(long, value_name = "FILE", help_heading = "Users")]
    pub service_account_signing_key_file: Option<PathBuf>,
    /// Issuers of service account tokens, the signing one first.
    #[arg(long, value_name = "URL", help_heading = "Users")]
    pub service_account_issuer: Vec<String>,

    /// Where objects are kept [default: embedded, or etcd with --etcd-servers].
    #[arg(long, value_name = "ENGINE", help_heading = "Storage")]
    pub storage: Option<StorageKind>,
    /// Directory of everything the server keeps [default: kubeforge/RELEASE in $XDG_STATE_HOME or ~/.local/state; with
    /// --storage memory one that goes with the server].
    #[arg(long, value_name = "DIR", help_heading = "Storage")]
    pub data_dir: Option<PathBuf>,
    /// Servers of the etcd cluster.
    #[arg(long, value_name = "URL", value_delimiter = ',', help_heading = "Storage")]
    pub etcd_servers: Vec<String>,
    /// Certificate authorities of etcd.
    #[arg(long, value_name = "FILE", help_heading = "Storage")]
    pub etcd_cafile: Option<PathBuf>,
    /// Certificate to show etcd.
    #[arg(long, value_name = "FILE", help_heading = "Storage")]
    pub etcd_certfile: Option<PathBuf>,
    /// Key of --etcd-certfile.
    #[arg(long, value_name = "FILE", help_heading = "Storage")]
    pub etcd_keyfile: Option<PathBuf>,
    /// What keys in etcd begin with.
    #[arg(long, value_name = "PATH", default_value = "/registry", help_heading = "Storage")]
    pub etcd_prefix: String,

    /// API versions to turn on and off, such as `api/all=true`.
    #[arg(long, value_name = "PAIRS", help_heading = "API")]
    pub runtime_config: Vec<String>,
    /// Features to turn on and off, such as `WatchList=true`.
    #[arg(long, value_name = "PAIRS", help_heading = "API")]
    pub feature_gates: Vec<String>,
    /// Admission plugins to add to the default ones.
    #[arg(long, value_name = "NAMES", help_heading = "API")]
    pub enable_admission_plugins: Vec<String>,
    /// Admission plugins to leave out.
    #[arg(long, value_name = "NAMES", help_heading = "API")]
    pub disable_admission_plugins: Vec<String>,
    /// Whether containers may be privileged.
    #[arg(long, value_name = "BOOL", default_value_t = false, default_missing_value = "true", help_heading = "API")]
    #[arg(num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set, value_parser = go_bool)]
    pub allow_privileged: bool,

    /// How much to log: 0 warnings, 2 information, 4 each request, 6 everything.
    #[arg(short, long, value_name = "LEVEL", default_value_t = 0)]
    pub v: u8,
}

/// Flags without an effect yet, and what does not happen.
const INERT: [(&str, &str); 13] = [
    ("authorization_mode", "every authenticated user may do everything"),
    ("service_account_key_file", "tokens of service accounts are not accepted"),
    ("service_account_signing_key_file", "no tokens of service accounts are signed"),
    ("service_account_issuer", "no tokens of service accounts are issued"),
    ("etcd_cafile", "etcd is not used"),
    ("etcd_certfile", "etcd is not used"),
    ("etcd_keyfile", "etcd is not used"),
    ("etcd_prefix", "etcd is not used"),
    ("runtime_config", "the versions that are served do not change"),
    ("feature_gates", "no feature is turned on or off"),
    ("enable_admission_plugins", "no admission plugin is turned on"),
    ("disable_admission_plugins", "no admission plugin is turned off"),
    ("allow_privileged", "privileged containers are neither refused nor allowed"),
];

impl Cli {
    /// Reads a command line; also gives the warnings of flags that have no effect.
    ///
    /// # Errors
    /// For anything that is not a flag or has a value that is none; and for `--help` and `--version`, whose texts clap
    /// treats the same way.
    pub fn parse_from(
        release: &'static Release,
        arguments: impl IntoIterator<Item = impl Into<std::ffi::OsString> + Clone>,
    ) -> Result<(Self, Vec<String>), clap::Error> {
        let matches = Self::command_of(release).try_get_matches_from(arguments)?;
        let cli = Self::from_arg_matches(&matches)?;
        Ok((cli, warnings(&matches)))
    }

    /// The command as clap knows it.
    pub fn command_of(release: &'static Release) -> clap::Command {
        Self::command().version(release.git_version)
    }
}

fn warnings(matches: &ArgMatches) -> Vec<String> {
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let always_allow = |id: &str| {
        id == "authorization_mode" && matches.get_one::<String>(id).is_some_and(|mode| mode == "AlwaysAllow")
    };
    let inert = INERT.iter().filter(|(id, _)| given(id) && !always_allow(id));
    inert.map(|(id, but)| format!("--{} has no effect yet: {but}", id.replace('_', "-"))).collect()
}

/// A boolean as Go's flags read it.
fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("true or false is wanted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::RELEASE;

    fn parse(line: &str) -> Result<(Flags, Vec<String>), clap::Error> {
        let arguments = ["kube-apiserver"].into_iter().chain(line.split_whitespace());
        Cli::parse_from(&RELEASE, arguments).map(|(cli, warnings)| (cli.flags, warnings))
    }

    #[test]
    fn the_command_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_written_as_for_go() {
        let flags =
            parse("--secure-port=0 --bind-address 0.0.0.0 -v=4 --anonymous-auth=false --allow-privileged").unwrap().0;
        assert_eq!((flags.secure_port, flags.v, flags.bind_address), (0, 4, IpAddr::from([0, 0, 0, 0])));
        assert_eq!((flags.anonymous_auth, flags.allow_privileged), (false, true));
        let flags =
            parse("--anonymous-auth --secure-port 1 --secure-port 2 --etcd-servers=a,b --etcd-servers c").unwrap().0;
        assert_eq!((flags.anonymous_auth, flags.secure_port), (true, 2));
        assert_eq!(flags.etcd_servers, ["a", "b", "c"]);
        let keys =
            parse("--service-account-key-file=a --service-account-key-file b").unwrap().0.service_account_key_file;
        assert_eq!(keys, [PathBuf::from("a"), PathBuf::from("b")]);
        assert!(parse("--anonymous-auth false").is_err());
        assert!(parse("--anonymous-auth=perhaps").is_err());
    }

    #[test]
    fn the_flags_of_a_test_harness_are_known() {
        let line = "--advertise-address=127.0.0.1 --allow-privileged=true --authorization-mode=RBAC --cert-dir=/tmp/c \
            --client-ca-file=/tmp/ca --disable-admission-plugins=ServiceAccount --secure-port=0 \
            --service-account-issuer=https://127.0.0.1/ --service-account-key-file=/tmp/k \
            --service-account-signing-key-file=/tmp/k --service-cluster-ip-range=10.0.0.0/24";
        let warned = parse(line).unwrap().1.join("\n");
        for flag in ["authorization-mode", "service-account-issuer", "disable-admission-plugins", "allow-privileged"] {
            assert!(warned.contains(&format!("--{flag} has no effect yet: ")), "{warned}");
        }
        assert_eq!(warned.lines().count(), 6, "{warned}");
        assert_eq!(parse("--authorization-mode=AlwaysAllow").unwrap().1, Vec::<String>::new());
    }

    #[test]
    fn every_inert_flag_exists() {
        let command = Cli::command();
        for (id, _) in INERT {
            assert!(command.get_arguments().any(|argument| argument.get_id() == id), "{id}");
        }
    }

    #[test]
    fn unknown_flags_get_a_suggestion() {
        let error = parse("--secure-prot 1").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("--secure-port"), "{error}");
    }
}

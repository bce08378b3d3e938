//! What a command line comes to: every value decided, every contradiction found.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use kubeforge_machinery::release::Release;

use crate::flags::{Flags, StorageKind};

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Further addresses that the certificate is good for.
    pub addresses: Vec<IpAddr>,
    pub certificate: Certificate,
    pub client_ca_file: Option<PathBuf>,
    pub token_auth_file: Option<PathBuf>,
    pub anonymous_auth: bool,
    pub engine: Engine,
    pub data_dir: PathBuf,
    /// Whether `data_dir` goes when the server ends.
    pub temporary: bool,
    pub kubeconfig: PathBuf,
}

/// Where the serving certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// Signed by an authority of its own, both kept in this directory.
    Own(PathBuf),
}

/// Where objects are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Memory,
    Embedded,
}

/// Flags that cannot be served with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}: etcd is not available in this version; use --storage embedded or --storage memory")]
    NoEtcd(&'static str),
    #[error("--storage {0} and --etcd-servers contradict each other; leave one out")]
    TwoStorages(&'static str),
    #[error("--service-cluster-ip-range: {0:?} is not a range such as 10.0.0.0/24")]
    ServiceRange(String),
    #[error("neither XDG_STATE_HOME nor HOME is set, so there is no default data directory; set --data-dir")]
    NoDataDir,
}

impl Config {
    /// Decides what the flags leave open. `environment` gives environment variables.
    ///
    /// # Errors
    /// If flags contradict each other or ask for what there is not.
    pub fn new(
        flags: Flags,
        release: &Release,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let engine = engine(&flags)?;
        let temporary = engine == Engine::Memory && flags.data_dir.is_none();
        let data_dir = match flags.data_dir {
            Some(dir) => dir,
            None if temporary => std::env::temp_dir().join(format!("kubeforge-{}", uuid::Uuid::new_v4().simple())),
            None => state_dir(environment)?.join("kubeforge").join(release.name),
        };
        // Others read the path of the kubeconfig from wherever they are.
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        let certificate = match (flags.tls_cert_file, flags.tls_private_key_file) {
            (Some(certificate), Some(key)) => Certificate::Files { certificate, key },
            _ => Certificate::Own(flags.cert_dir.unwrap_or_else(|| data_dir.join("certs"))),
        };
        let mut addresses = first_service_addresses(&flags.service_cluster_ip_range)?;
        addresses.extend([flags.bind_address].into_iter().chain(flags.advertise_address));
        let kubeconfig = flags.write_kubeconfig.unwrap_or_else(|| data_dir.join("kubeconfig"));
        Ok(Self {
            listen: SocketAddr::new(flags.bind_address, flags.secure_port),
            addresses,
            certificate,
            client_ca_file: flags.client_ca_file,
            token_auth_file: flags.token_auth_file,
            anonymous_auth: flags.anonymous_auth,
            engine,
            temporary,
            kubeconfig: std::path::absolute(&kubeconfig).unwrap_or(kubeconfig),
            data_dir,
        })
    }

    /// File of the administrator's token.
    pub fn token_file(&self) -> PathBuf {
        self.data_dir.join("admin.token")
    }

    /// The storage in a few words.
    pub fn storage_text(&self) -> String {
        match self.engine {
            Engine::Memory => "memory".to_owned(),
            Engine::Embedded => format!("embedded, {}", self.data_dir.display()),
        }
    }
}

fn engine(flags: &Flags) -> Result<Engine, ConfigError> {
    let etcd = !flags.etcd_servers.is_empty();
    match flags.storage {
        Some(StorageKind::Etcd) => Err(ConfigError::NoEtcd("--storage etcd")),
        Some(StorageKind::Memory) if etcd => Err(ConfigError::TwoStorages("memory")),
        Some(StorageKind::Embedded) if etcd => Err(ConfigError::TwoStorages("embedded")),
        None if etcd => Err(ConfigError::NoEtcd("--etcd-servers")),
        Some(StorageKind::Memory) => Ok(Engine::Memory),
        Some(StorageKind::Embedded) | None => Ok(Engine::Embedded),
    }
}

/// Directory of state that outlives a program (XDG Base Directory Specification).
fn state_dir(environment: impl Fn(&str) -> Option<String>) -> Result<PathBuf, ConfigError> {
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(Path::new(".local/state")));
    absolute("XDG_STATE_HOME").or_else(home).ok_or(ConfigError::NoDataDir)
}

/// The first address of each range of services: the one of the service `kubernetes`.
fn first_service_addresses(ranges: &str) -> Result<Vec<IpAddr>, ConfigError> {
    let first = |range: &str| {
        let (address, length) = range.split_once('/')?;
        let length: u32 = length.parse().ok()?;
        match address.parse().ok()? {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32u32.checked_sub(length)?).unwrap_or(0);
                Some(IpAddr::V4(Ipv4Addr::from_bits((v4.to_bits() & mask) | 1)))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128u32.checked_sub(length)?).unwrap_or(0);
                Some(IpAddr::V6(Ipv6Addr::from_bits((v6.to_bits() & mask) | 1)))
            }
        }
    };
    ranges.split(',').map(|range| first(range).ok_or_else(|| ConfigError::ServiceRange(range.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Cli;
    use crate::testing::RELEASE;

    fn config(line: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let arguments = ["kube-apiserver"].into_iter().chain(line.split_whitespace());
        let flags = Cli::parse_from(&RELEASE, arguments).unwrap().0.flags;
        let variable = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string());
        Config::new(flags, &RELEASE, variable)
    }

    #[test]
    fn data_goes_where_state_belongs() {
        let dir = |environment: &[(&str, &str)]| config("", environment).map(|config| config.data_dir);
        assert_eq!(dir(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Ok("/s/kubeforge/v1.36".into()));
        assert_eq!(
            dir(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")]),
            Ok("/h/.local/state/kubeforge/v1.36".into())
        );
        assert_eq!(dir(&[]), Err(ConfigError::NoDataDir));
        let memory = config("--storage memory", &[]).unwrap();
        assert!(memory.temporary && memory.kubeconfig == memory.data_dir.join("kubeconfig"));
        let kept = config("--storage memory --data-dir /d --write-kubeconfig /k", &[]).unwrap();
        assert_eq!((kept.temporary, kept.kubeconfig), (false, "/k".into()));
        assert_eq!(kept.certificate, Certificate::Own("/d/certs".into()));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (line, wanted) in [
            ("--storage etcd", ConfigError::NoEtcd("--storage etcd")),
            ("--etcd-servers=http://127.0.0.1:2379", ConfigError::NoEtcd("--etcd-servers")),
            ("--storage memory --etcd-servers=x", ConfigError::TwoStorages("memory")),
            ("--data-dir /d --service-cluster-ip-range 10.0.0.0", ConfigError::ServiceRange("10.0.0.0".to_owned())),
            (
                "--data-dir /d --service-cluster-ip-range 10.0.0.0/33",
                ConfigError::ServiceRange("10.0.0.0/33".to_owned()),
            ),
        ] {
            assert_eq!(config(line, &[]), Err(wanted), "{line}");
        }
    }

    #[test]
    fn the_first_address_of_a_range_is_the_servers() {
        let first =
            |ranges: &str| first_service_addresses(ranges).unwrap().iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(first("10.0.0.0/24,fd00:1::/108"), ["10.0.0.1", "fd00:1::1"]);
        assert_eq!(first("10.96.7.9/12"), ["10.96.0.1"]);
    }
}

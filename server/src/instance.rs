//! A running server: everything a configuration asks for, put together and listening.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use kubeforge_machinery::release::Release;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::authn::{self, Authenticator, MASTERS, TokenFileError, UserInfo};
use crate::certs::{self, CertError, Serving};
use crate::config::{Certificate, Config, Engine};
use crate::files::{self, FileError, Readers};
use crate::http::health::Health;
use crate::http::{Front, Handler, Server, Shutdown, TlsError, server_config};
use crate::kubeconfig;
use crate::storage::{self, EmbeddedStorage, MemoryStorage, Storage};

/// The server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Certificate(#[from] CertError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
    #[error("cannot listen on {address}: {source}; --secure-port 0 takes a free port")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot open the storage in {path}: {source}")]
    Storage { path: PathBuf, source: storage::Error },
}

/// A server that listens. Dropping it stops it at once; [`Instance::stop`] does so in good order.
#[derive(Debug)]
pub struct Instance {
    /// Where it listens, with the port it got.
    pub address: SocketAddr,
    /// File with address, trust and token for clients.
    pub kubeconfig: PathBuf,
    shutdown: Shutdown,
    server: Serve,
    storage: Closing,
    // Last, for it goes after everything in it is closed.
    _temporary: Option<TemporaryDir>,
}

/// Longest that storage may take to close.
const CLOSE_TIME: Duration = Duration::from_secs(5);

const ADMIN: &str = "kubeforge-admin";

impl Instance {
    /// Starts serving; requests are answered from when this returns. `handler` gets the storage, and the
    /// address for clients, such as `127.0.0.1:6443`.
    ///
    /// # Errors
    /// If the address is taken, or files, certificates or storage cannot be used.
    pub async fn start<H: Handler>(
        release: &'static Release,
        config: &Config,
        handler: impl FnOnce(Arc<dyn Storage>, SocketAddr) -> H,
    ) -> Result<Self, StartError> {
        files::create_dir(&config.data_dir)?;
        let temporary = config.temporary.then(|| TemporaryDir(config.data_dir.clone()));
        let listen = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let serving = serving_certificate(config)?;
        let client_cas = config.client_ca_file.as_deref().map(certs::read_authorities).transpose()?.unwrap_or_default();
        let tls = server_config(serving.chain, serving.key, client_cas)?;
        let tokens = tokens(config)?;
        let token = kubeconfig_token(&tokens).map(str::to_owned);
        let storage = open_storage(config)?;
        let shutdown = Shutdown::new();
        let front = Front {
            handler: handler(Arc::clone(&storage), reachable(address)),
            authenticator: Authenticator::new(tokens, config.anonymous_auth),
            health: Health::new(storage_check(Arc::clone(&storage)), shutdown.clone()),
            release,
            shutdown: shutdown.clone(),
        };
        let content = kubeconfig::render(&url(address), &serving.trust, token.as_deref());
        files::write(&config.kubeconfig, content.as_bytes(), Readers::Owner)?;
        let server = Serve(tokio::spawn(Server::new(front, tls).serve(listener)));
        let kubeconfig = config.kubeconfig.clone();
        Ok(Self { address, kubeconfig, shutdown, server, storage: Closing(storage), _temporary: temporary })
    }

    /// URL for clients on this machine.
    pub fn url(&self) -> String {
        url(self.address)
    }

    /// Stops in good order: no more connections, `readyz` fails, streams end, requests in flight finish within
    /// [`crate::http::GRACE`], storage is closed.
    pub async fn stop(mut self) {
        self.shutdown.begin();
        if let Err(error) = (&mut self.server.0).await {
            tracing::error!("the server broke: {error}");
        }
        match tokio::time::timeout(CLOSE_TIME, self.storage.0.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("cannot close the storage: {error}"),
            Err(_elapsed) => tracing::error!("the storage did not close within {} s", CLOSE_TIME.as_secs()),
        }
    }
}

/// The task that serves; it ends with its owner.
#[derive(Debug)]
struct Serve(JoinHandle<()>);

impl Drop for Serve {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Closing(Arc<dyn Storage>);

impl std::fmt::Debug for Closing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Storage")
    }
}

#[derive(Debug)]
struct TemporaryDir(PathBuf);

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("cannot remove {}: {error}", self.0.display());
        }
    }
}

fn url(address: SocketAddr) -> String {
    format!("https://{}", reachable(address))
}

/// Where clients on this machine reach a listener: loopback if it listens everywhere.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn serving_certificate(config: &Config) -> Result<Serving, CertError> {
    match &config.certificate {
        Certificate::Files { certificate, key } => certs::from_files(certificate, key),
        Certificate::Own(dir) => certs::from_directory(dir, &certs::serving_names(config.addresses.iter().copied())),
    }
}

fn open_storage(config: &Config) -> Result<Arc<dyn Storage>, StartError> {
    match config.engine {
        Engine::Memory => Ok(Arc::new(MemoryStorage::new())),
        Engine::Embedded => {
            let path = config.data_dir.join("storage.redb");
            match EmbeddedStorage::open(&path) {
                Ok(storage) => Ok(Arc::new(storage)),
                Err(source) => Err(StartError::Storage { path, source }),
            }
        }
    }
}

/// Asks for a key that does not exist: the cheapest question that the engine itself has to answer.
fn storage_check(storage: Arc<dyn Storage>) -> impl Fn() -> crate::http::health::Answer + Send + Sync {
    move || {
        let storage = Arc::clone(&storage);
        async move { storage.get("/registry/health", None).await.map(drop).map_err(|error| error.to_string()) }.boxed()
    }
}

/// The users with tokens: the token file's, or without one an administrator.
fn tokens(config: &Config) -> Result<Vec<(String, UserInfo)>, StartError> {
    if let Some(path) = &config.token_auth_file {
        return Ok(authn::read_token_file(path)?);
    }
    let admin = UserInfo { name: ADMIN.to_owned(), groups: vec![MASTERS.to_owned()], ..UserInfo::default() };
    Ok(vec![(admin_token(&config.token_file())?, admin)])
}

/// The administrator's token: the one in the file, or a new one of 256 random bits that is kept there.
fn admin_token(path: &Path) -> Result<String, FileError> {
    let kept = files::read(path)?.and_then(|bytes| String::from_utf8(bytes).ok()).map(|text| text.trim().to_owned());
    if let Some(token) = kept.filter(|token| !token.is_empty()) {
        return Ok(token);
    }
    let token = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    files::write(path, token.as_bytes(), Readers::Owner)?;
    Ok(token)
}

/// An administrator's token if there is one, else the first.
fn kubeconfig_token(tokens: &[(String, UserInfo)]) -> Option<&str> {
    let master = tokens.iter().find(|(_, user)| user.groups.iter().any(|group| group == MASTERS));
    master.or(tokens.first()).map(|(token, _)| token.as_str())
}

//! A small HTTPS client for tests, one connection each.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

type Failure = Box<dyn Error + Send + Sync>;
pub type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

#[derive(Clone)]
pub struct Client {
    sender: Sender,
    headers: HeaderMap,
}

#[derive(Clone)]
enum Sender {
    Http1(Arc<tokio::sync::Mutex<http1::SendRequest<Full<Bytes>>>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Fetched {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Fetched {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// The message of a Status.
    pub fn message(&self) -> String {
        let status: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        status["message"].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    /// Connects to `localhost`, trusting a CA file, with one protocol of ALPN.
    pub async fn connect(
        address: SocketAddr,
        trust: &Path,
        protocol: &'static str,
        identity: Option<Identity>,
    ) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(trust)?)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match identity {
            Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![protocol.into()];
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect("localhost".try_into()?, stream).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        let io = TokioIo::new(stream);
        let sender = if protocol == "h2" {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            Sender::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            Sender::Http1(Arc::new(tokio::sync::Mutex::new(sender)))
        };
        Ok(Self { sender, headers: HeaderMap::new() })
    }

    /// Sends a header with every request.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    pub async fn get(&mut self, uri: &str) -> Fetched {
        self.send(Method::GET, uri, Bytes::new()).await
    }

    pub async fn send(&mut self, method: Method, uri: &str, body: Bytes) -> Fetched {
        self.try_send(method, uri, body).await.unwrap()
    }

    pub async fn try_send(&mut self, method: Method, uri: &str, body: Bytes) -> Result<Fetched, Failure> {
        let uri = match &self.sender {
            Sender::Http1(_) => uri.to_owned(),
            Sender::Http2(_) => format!("https://localhost{uri}"),
        };
        let mut request = Request::builder().method(method).uri(uri).body(Full::new(body))?;
        *request.headers_mut() = self.headers.clone();
        let response = match &mut self.sender {
            Sender::Http1(sender) => {
                request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
                let mut sender = sender.lock().await;
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Fetched { status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// A certificate authority: its PEM, and what signs for it.
pub fn authority() -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "clients");
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

/// A client certificate and its key.
pub fn identity(issuer: &Issuer<'_, KeyPair>, name: &str, groups: &[&str]) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // A name holds one value per type; spelling the second organization as an object identifier makes two of them.
    let organizations = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
    assert!(groups.len() <= organizations.len());
    for (organization, group) in organizations.into_iter().zip(groups) {
        params.distinguished_name.push(organization, *group);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, issuer).unwrap();
    (certificate.into(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

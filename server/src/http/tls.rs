//! TLS settings of the server.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{Error, RootCertStore, ServerConfig};

/// The certificates do not make a server.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the serving certificate and its key cannot be used: {0}")]
    Serving(#[source] Error),
    #[error("a certificate of the client CA file cannot be used: {0}")]
    ClientCa(#[source] Error),
    #[error("the client CA file cannot be used: {0}")]
    Verifier(#[from] VerifierBuilderError),
}

/// TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1. With client CAs a certificate that a client offers must be signed by one of
/// them; to offer none is fine.
///
/// # Errors
/// If key and certificate do not fit each other, or a CA is malformed.
pub fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client_cas: Vec<CertificateDer<'static>>,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Serving)?;
    let builder = if client_cas.is_empty() {
        builder.with_no_client_auth()
    } else {
        let mut roots = RootCertStore::empty();
        for ca in client_cas {
            roots.add(ca).map_err(TlsError::ClientCa)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
    };
    let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Serving)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

//! The server's certificate: from files, or signed by a certificate authority of its own.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::ParsedCertificate;

use crate::files::{self, FileError, Readers};

/// Certificates cannot be read, made or kept.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{path} holds no usable PEM {what}: {problem}")]
    Pem { path: PathBuf, what: &'static str, problem: String },
    #[error("{present} exists without {absent}; remove it to get a new certificate authority")]
    HalfAuthority { present: PathBuf, absent: PathBuf },
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// What the server shows its clients.
#[derive(Debug)]
pub struct Serving {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    /// PEM of what clients have to trust.
    pub trust: Vec<u8>,
}

/// A certificate authority is valid for ten years, a serving certificate for one; both are renewed a month ahead.
const CA_YEARS: i64 = 10;
const SERVING_YEARS: i64 = 1;
const RENEW_AHEAD: Duration = Duration::from_secs(30 * 24 * 3600);
/// Clocks of clients may be behind.
const CLOCK_SKEW_HOURS: i64 = 24;

const CA_NAME: &str = "kubeforge-ca";

/// Reads a serving certificate with its chain, and its key.
///
/// # Errors
/// If one of the files cannot be read or holds no certificate or key.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Serving, CertError> {
    let trust = files::read_existing(certificate)?;
    let chain = parse_certificates(certificate, &trust)?;
    let key = parse_key(key, &files::read_existing(key)?)?;
    Ok(Serving { chain, key, trust })
}

/// Reads a file of CA certificates.
///
/// # Errors
/// If it cannot be read or holds no certificate.
pub fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertError> {
    parse_certificates(path, &files::read_existing(path)?)
}

/// The serving certificate in `dir`, made if it is absent, about to expire, or not good for all of `names`.
///
/// The directory holds `ca.crt`, `ca.key`, `apiserver.crt` and `apiserver.key`. Keys are ECDSA P-256. As long as the
/// authority lasts, clients need not be told of a renewal.
///
/// # Errors
/// If a file cannot be read or written, or only one half of the authority is there.
pub fn from_directory(dir: &Path, names: &[ServerName<'static>]) -> Result<Serving, CertError> {
    files::create_dir(dir)?;
    let authority = Authority::in_directory(dir)?;
    let (certificate_path, key_path) = (dir.join("apiserver.crt"), dir.join("apiserver.key"));
    if let (Some(certificate), Some(key)) = (files::read(&certificate_path)?, files::read(&key_path)?)
        && let Ok(chain) = parse_certificates(&certificate_path, &certificate)
        && let Ok(key) = parse_key(&key_path, &key)
        && authority.vouches(&chain[0], names)
    {
        return Ok(Serving { chain, key, trust: authority.pem });
    }
    let (certificate, key) = authority.sign(names)?;
    files::write(&key_path, key.as_bytes(), Readers::Owner)?;
    files::write(&certificate_path, certificate.as_bytes(), Readers::Everybody)?;
    let chain = parse_certificates(&certificate_path, certificate.as_bytes())?;
    let key = parse_key(&key_path, key.as_bytes())?;
    Ok(Serving { chain, key, trust: authority.pem })
}

/// The names a server of the cluster `cluster.local` answers to, and the addresses given.
pub fn serving_names(addresses: impl IntoIterator<Item = IpAddr>) -> Vec<ServerName<'static>> {
    const NAMES: [&str; 5] = [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1u16])];
    let mut addresses: Vec<IpAddr> = loopback.into_iter().chain(addresses).filter(|a| !a.is_unspecified()).collect();
    addresses.sort();
    addresses.dedup();
    let names = NAMES.into_iter().filter_map(|name| ServerName::try_from(name).ok());
    names.chain(addresses.into_iter().map(ServerName::from)).collect()
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: Vec<u8>,
}

impl Authority {
    /// Reads the authority of a directory, or makes one if there is none or its time is up.
    fn in_directory(dir: &Path) -> Result<Self, CertError> {
        let (certificate_path, key_path) = (dir.join("ca.crt"), dir.join("ca.key"));
        match (files::read(&certificate_path)?, files::read(&key_path)?) {
            (Some(pem), Some(key)) => {
                let authority = Self::parse(&certificate_path, pem, &key_path, &key)?;
                if authority.lasts() { Ok(authority) } else { Self::make(&certificate_path, &key_path) }
            }
            (None, None) => Self::make(&certificate_path, &key_path),
            (Some(_), None) => Err(CertError::HalfAuthority { present: certificate_path, absent: key_path }),
            (None, Some(_)) => Err(CertError::HalfAuthority { present: key_path, absent: certificate_path }),
        }
    }

    fn parse(certificate_path: &Path, pem: Vec<u8>, key_path: &Path, key: &[u8]) -> Result<Self, CertError> {
        let certificate = parse_certificates(certificate_path, &pem)?.swap_remove(0);
        let key = String::from_utf8_lossy(key);
        let key = KeyPair::from_pem(&key).map_err(|error| pem_error(key_path, "private key", &error))?;
        Ok(Self { issuer: Issuer::new(authority_params()?, key), certificate, pem })
    }

    fn make(certificate_path: &Path, key_path: &Path) -> Result<Self, CertError> {
        let key = KeyPair::generate()?;
        let params = authority_params()?;
        let certificate = params.self_signed(&key)?;
        files::write(key_path, key.serialize_pem().as_bytes(), Readers::Owner)?;
        let pem = certificate.pem().into_bytes();
        files::write(certificate_path, &pem, Readers::Everybody)?;
        Ok(Self { issuer: Issuer::new(params, key), certificate: certificate.into(), pem })
    }

    fn lasts(&self) -> bool {
        let parsed = x509_parser::parse_x509_certificate(&self.certificate);
        let renewal = i64::try_from(renewal_time().as_secs()).unwrap_or(i64::MAX);
        parsed.is_ok_and(|(_, certificate)| certificate.validity().not_after.timestamp() > renewal)
    }

    /// Whether a certificate is signed by this authority, lasts, and covers all names.
    fn vouches(&self, certificate: &CertificateDer<'_>, names: &[ServerName<'_>]) -> bool {
        let mut roots = RootCertStore::empty();
        let algorithms = ring::default_provider().signature_verification_algorithms;
        roots.add(self.certificate.clone()).is_ok()
            && ParsedCertificate::try_from(certificate).is_ok_and(|certificate| {
                let signed = verify_server_cert_signed_by_trust_anchor(
                    &certificate,
                    &roots,
                    &[],
                    renewal_time(),
                    algorithms.all,
                );
                signed.is_ok() && names.iter().all(|name| verify_server_name(&certificate, name).is_ok())
            })
    }

    /// A new certificate and its key, both PEM.
    fn sign(&self, names: &[ServerName<'_>]) -> Result<(String, String), CertError> {
        let key = KeyPair::generate()?;
        let mut params =
            CertificateParams::new(names.iter().map(|name| name.to_str().into_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, SERVING_YEARS);
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }
}

fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, CA_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    set_validity(&mut params, CA_YEARS);
    Ok(params)
}

fn set_validity(params: &mut CertificateParams, years: i64) {
    let now = Offset::UTC.to_datetime(Timestamp::now());
    let day = |time: DateTime| {
        let date = time.date();
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(now.saturating_sub(CLOCK_SKEW_HOURS.hours()));
    params.not_after = day(now.saturating_add(years.years()));
}

/// A certificate that is not valid any more at this time is renewed.
fn renewal_time() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs()) + RENEW_AHEAD)
}

/// At least one certificate.
fn parse_certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| pem_error(path, "certificate", &error))?;
    if chain.is_empty() {
        return Err(pem_error(path, "certificate", &"there is none"));
    }
    Ok(chain)
}

fn parse_key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, CertError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| pem_error(path, "private key", &error))
}

fn pem_error(path: &Path, what: &'static str, problem: &dyn std::fmt::Display) -> CertError {
    CertError::Pem { path: path.into(), what, problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_while_it_fits_and_renewed_for_new_names() {
        let dir = tempfile::tempdir().unwrap();
        let names = serving_names([]);
        let first = from_directory(dir.path(), &names).unwrap();
        let again = from_directory(dir.path(), &names).unwrap();
        assert_eq!(first.chain, again.chain);
        let more = serving_names([IpAddr::from([10, 0, 0, 1])]);
        let renewed = from_directory(dir.path(), &more).unwrap();
        assert_ne!(first.chain, renewed.chain);
        assert_eq!(first.trust, renewed.trust);
        let fewer = from_directory(dir.path(), &names).unwrap();
        assert_eq!(renewed.chain, fewer.chain);
    }

    #[test]
    fn a_certificate_of_another_authority_is_replaced() {
        let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let names = serving_names([]);
        let first = from_directory(ours.path(), &names).unwrap();
        from_directory(other.path(), &names).unwrap();
        for name in ["apiserver.crt", "apiserver.key"] {
            std::fs::copy(other.path().join(name), ours.path().join(name)).unwrap();
        }
        let replaced = from_directory(ours.path(), &names).unwrap();
        assert_eq!(first.trust, replaced.trust);
        assert_ne!(std::fs::read(other.path().join("apiserver.crt")).unwrap(), replaced.chain[0].to_vec());
        assert!(Authority::in_directory(ours.path()).unwrap().vouches(&replaced.chain[0], &names));
        assert!(!Authority::in_directory(other.path()).unwrap().vouches(&replaced.chain[0], &names));
    }

    #[test]
    fn an_authority_without_its_key_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        from_directory(dir.path(), &serving_names([])).unwrap();
        std::fs::remove_file(dir.path().join("ca.key")).unwrap();
        let error = from_directory(dir.path(), &serving_names([])).unwrap_err();
        assert!(matches!(error, CertError::HalfAuthority { .. }), "{error}");
    }
}

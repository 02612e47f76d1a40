//! A certificate with its key, as it was read and found to be usable.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys, RootCertStore};
use sha2::{Digest, Sha256};
use tidings_protocol::fingerprint::Fingerprint;

/// A moment that no certificate is valid at, in seconds since the epoch: beyond the year 9999, where X.509 ends.
const FAR_FUTURE: Duration = Duration::from_secs(1 << 40);

/// A certificate that connections can be served with.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// Of its public key.
    pub(crate) fingerprint: Fingerprint,
    /// When it ends.
    pub(super) ends: SystemTime,
}

/// Why certificate and key are of no use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file of the certificate holds none.
    #[error(
        "the certificate's file holds no certificate: it must be PEM, with `BEGIN CERTIFICATE`"
    )]
    NoCertificate,
    /// A certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    BadCertificate(String),
    /// The file of the key holds none that is not encrypted.
    #[error(
        "the key's file holds no key that can be read: it must be PEM, not encrypted, with \
         `BEGIN PRIVATE KEY`, `BEGIN EC PRIVATE KEY` or `BEGIN RSA PRIVATE KEY`"
    )]
    NoKey,
    /// The key cannot be read, or is of a kind that is not known.
    #[error("the key cannot be used: {0}")]
    BadKey(String),
    /// Each is good for itself, but they do not belong together.
    #[error("the key is not that of the first certificate in the certificate's file")]
    WrongKey,
}

impl Certificate {
    /// Reads a chain, the server's own certificate first, and its key, both PEM.
    ///
    /// # Errors
    ///
    /// If either is none, or the two do not belong together.
    pub(super) fn parse(chain: &[u8], key: &[u8], crypto: &CryptoProvider) -> Result<Self, Fault> {
        let bad_certificate =
            |error: &dyn std::error::Error| Fault::BadCertificate(error.to_string());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, PemError>>()
            .map_err(|error| bad_certificate(&error))?;
        let first = chain.first().ok_or(Fault::NoCertificate)?;
        let parsed = ParsedCertificate::try_from(first).map_err(|error| bad_certificate(&error))?;
        let public_key = parsed.subject_public_key_info();
        let fingerprint = Fingerprint(Sha256::digest(&*public_key).into());
        let ends = end(&parsed, crypto).ok_or_else(|| {
            Fault::BadCertificate("it does not say until when it is valid".to_owned())
        })?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Fault::NoKey)?;
        let key = CertifiedKey::from_der(chain, key, crypto).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Fault::WrongKey,
            error => Fault::BadKey(error.to_string()),
        })?;
        Ok(Self { key: Arc::new(key), fingerprint, ends })
    }

    /// Whether it is good for all of these names, however long for.
    pub(super) fn names_all(&self, names: &[String]) -> bool {
        let parsed = self.key.end_entity_cert().map(ParsedCertificate::try_from);
        let Ok(Ok(parsed)) = parsed else { return false };
        names.iter().all(|name| {
            ServerName::try_from(name.as_str())
                .is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
        })
    }
}

/// When a certificate ends, by the answer to whether it is valid long after.
fn end(certificate: &ParsedCertificate<'_>, crypto: &CryptoProvider) -> Option<SystemTime> {
    let then = UnixTime::since_unix_epoch(FAR_FUTURE);
    let (roots, algorithms) = (RootCertStore::empty(), crypto.signature_verification_algorithms);
    let valid =
        verify_server_cert_signed_by_trust_anchor(certificate, &roots, &[], then, algorithms.all);
    match valid {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Some(UNIX_EPOCH + Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    }
}

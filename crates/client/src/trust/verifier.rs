//! What TLS asks about a server's certificate.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};
use tidings_protocol::fingerprint::Fingerprint;
use url::Url;

use super::{Distrust, Trust, Untrusted, address};

/// Goes by what is known of one server's key, and by the authorities that the system trusts.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Arc<RwLock<Trust>>,
    /// The server that is known; others, to which it may redirect, are not.
    host: Option<ServerName<'static>>,
    address: String,
    /// Read when they are first asked: on some systems they are hundreds of files, and a server without TLS needs none of them. None
    /// on a machine that trusts no authority.
    authorities: OnceLock<Option<rustls_platform_verifier::Verifier>>,
    crypto: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(
        server: &Url,
        trust: Arc<RwLock<Trust>>,
        crypto: Arc<CryptoProvider>,
    ) -> Self {
        let host = server.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Self {
            trust,
            host: ServerName::try_from(host).ok(),
            address: address(server),
            authorities: OnceLock::new(),
            crypto,
        }
    }

    fn authorities(&self) -> Option<&rustls_platform_verifier::Verifier> {
        let read = || rustls_platform_verifier::Verifier::new(Arc::clone(&self.crypto)).ok();
        self.authorities.get_or_init(read).as_ref()
    }

    /// What its key alone says of the server; none if it says nothing.
    fn by_key(&self, fingerprint: Fingerprint) -> Option<Result<(), Distrust>> {
        let trust = self.trust.read().unwrap_or_else(PoisonError::into_inner);
        let Trust { named, known, local, store, .. } = &*trust;
        let is = |wanted: Fingerprint, otherwise: Distrust| {
            if wanted == fingerprint { Ok(()) } else { Err(otherwise) }
        };
        if let Some(named) = *named {
            return Some(is(named, Distrust::NotNamed(named)));
        }
        if let Some(known) = *known {
            let file = store.as_ref().map(|store| store.path().to_owned());
            return Some(is(known, Distrust::Changed(known, file)));
        }
        // Another server of this machine may have a certificate that is good.
        (*local == Some(fingerprint)).then_some(Ok(()))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_it = self.host.as_ref() == Some(name);
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let fingerprint = Fingerprint(Sha256::digest(&*key).into());
        let by_key = is_it.then(|| self.by_key(fingerprint)).flatten();
        let reason = match by_key {
            Some(Ok(())) => return Ok(ServerCertVerified::assertion()),
            Some(Err(reason)) => reason,
            None => {
                let verified = self.authorities().map(|authorities| {
                    authorities.verify_server_cert(certificate, intermediates, name, ocsp, now)
                });
                match verified {
                    Some(Ok(verified)) => return Ok(verified),
                    Some(Err(error)) => Distrust::Unknown(error.to_string()),
                    None => Distrust::Unknown("it trusts no authority".to_owned()),
                }
            }
        };
        if is_it && matches!(reason, Distrust::Unknown(_)) {
            let mut trust = self.trust.write().unwrap_or_else(PoisonError::into_inner);
            trust.unknown = Some(fingerprint);
        }
        let server = if is_it { self.address.clone() } else { name.to_str().into_owned() };
        let untrusted = Untrusted { server, fingerprint, reason };
        Err(Error::Other(OtherError(Arc::new(untrusted))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

//! A certificate of the server's own.
//!
//! Nobody vouches for it. Clients know the server by its key, which is made once and kept: a renewed certificate
//! changes nothing for them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use rustls::crypto::CryptoProvider;

use super::certificate::{Certificate, Fault};
use super::source::{Pair, TlsError};
use crate::auth::secret::write_private;

/// Names of the files in the data folder.
const KEY_FILE: &str = "tls-key.pem";
const CERT_FILE: &str = "tls-cert.pem";

const DAY: Duration = Duration::from_secs(86_400);

/// How long a certificate is valid; some systems believe none of more than 398 days.
const VALID_FOR: Duration = DAY.saturating_mul(397);

/// How long before its end it is renewed.
const RENEW_BEFORE: Duration = DAY.saturating_mul(60);

/// The server's own certificate, in its data folder.
#[derive(Clone, Debug)]
pub(crate) struct SelfSigned {
    folder: PathBuf,
    pub(super) names: Vec<String>,
    /// Those of them that the last certificate was not good for though they were put in.
    lacking: Arc<OnceLock<Vec<String>>>,
}

impl SelfSigned {
    /// One for these names and addresses; what no certificate can hold is left out.
    pub(crate) fn new(folder: PathBuf, names: impl IntoIterator<Item = String>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for name in names {
            // No certificate is good for a name with the dot of the root; clients leave it away when they compare.
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let fits = rustls::pki_types::ServerName::try_from(name.as_str()).is_ok();
            if fits && !kept.contains(&name) {
                kept.push(name);
            }
        }
        Self { folder, names: kept, lacking: Arc::default() }
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.join(KEY_FILE)
    }

    pub(super) fn cert_file(&self) -> PathBuf {
        self.folder.join(CERT_FILE)
    }

    /// What is in the folder, made if it is missing, renewed if it ends soon, lacks a name or belongs to another key.
    pub(super) fn read(&self, now: SystemTime, crypto: &CryptoProvider) -> Result<Pair, TlsError> {
        let key = self.key()?;
        match fs::read(self.cert_file()) {
            Ok(cert) => {
                let kept = Certificate::parse(&cert, &key, crypto);
                if kept.is_ok_and(|kept| kept.ends > now + RENEW_BEFORE && self.suffices(&kept)) {
                    return Ok(Pair { cert, key });
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => {
                let path = self.cert_file();
                return Err(TlsError::Read { path, what: "certificate", source });
            }
        }
        let cert = self.sign(now, &key)?;
        if let Ok(made) = Certificate::parse(&cert, &key, crypto) {
            self.note_lacking(&made);
        }
        self.write(self.cert_file(), "certificate", &cert)?;
        Ok(Pair { cert, key })
    }

    /// Whether it is good for all names that a certificate can be good for.
    fn suffices(&self, kept: &Certificate) -> bool {
        let lacking = self.lacking.get().map_or(&[][..], Vec::as_slice);
        let mut names = self.names.iter().filter(|name| !lacking.contains(name));
        names.all(|name| kept.names_all(std::slice::from_ref(name)))
    }

    /// Remembers what to sign again for would be of no use: it would be done at every look.
    fn note_lacking(&self, made: &Certificate) {
        let is_lacking = |name: &&String| !made.names_all(std::slice::from_ref(*name));
        let lacking: Vec<_> = self.names.iter().filter(is_lacking).cloned().collect();
        if !lacking.is_empty() && self.lacking.set(lacking.clone()).is_ok() {
            tracing::warn!(names = ?lacking, "no certificate can be good for these names");
        }
    }

    /// The key, made where there is none. One that is there and cannot be used is not replaced: clients know it.
    fn key(&self) -> Result<Vec<u8>, TlsError> {
        let path = self.key_file();
        match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = KeyPair::generate()?.serialize_pem().into_bytes();
                self.write(path, "key", &key)?;
                Ok(key)
            }
            read => read.map_err(|source| TlsError::Read { path, what: "key", source }),
        }
    }

    fn sign(&self, now: SystemTime, key: &[u8]) -> Result<Vec<u8>, TlsError> {
        let key = std::str::from_utf8(key).ok().and_then(|text| KeyPair::from_pem(text).ok());
        let key = key.ok_or_else(|| {
            let (cert, key) = (self.cert_file(), self.key_file());
            TlsError::Unusable { cert, key, fault: Fault::NoKey }
        })?;
        let mut params = CertificateParams::new(self.names.clone())?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Tidings (self-signed)");
        let name = self.names.first().map_or("localhost", String::as_str);
        params.distinguished_name.push(DnType::CommonName, name);
        // Clocks differ.
        params.not_before = (now - DAY).into();
        params.not_after = (now + VALID_FOR).into();
        // Browsers refuse a second certificate of one issuer and number.
        let mut number: [u8; 16] = rand::random();
        number[0] &= 0x7f;
        params.serial_number = Some(SerialNumber::from_slice(&number));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(params.self_signed(&key)?.pem().into_bytes())
    }

    fn write(&self, path: PathBuf, what: &'static str, bytes: &[u8]) -> Result<(), TlsError> {
        let written: io::Result<()> = write_private(&path, bytes);
        written.map_err(|source| TlsError::Write { path, what, source })
    }
}

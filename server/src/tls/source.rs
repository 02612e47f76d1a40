//! Where certificate and key come from.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::crypto::CryptoProvider;
use sha2::{Digest, Sha256};

use super::certificate::{Certificate, Fault};
use super::self_signed::SelfSigned;
use crate::config::ServerConfig;

/// Most bytes of a file that could be a certificate or key.
const MAX_BYTES: u64 = 1 << 20;

/// Where certificate and key come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Files that somebody else writes, and replaces when they are to be renewed.
    Files {
        /// PEM, the server's own certificate first.
        cert: PathBuf,
        /// PEM.
        key: PathBuf,
    },
    /// Files in the data folder that the server writes itself.
    SelfSigned(SelfSigned),
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}, the {what} for TLS")]
    Read {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// What the files hold is of no use.
    #[error("cannot use {cert} and {key} for TLS: {fault}")]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        fault: Fault,
    },
    /// A certificate of the server's own could not be made.
    #[error("cannot make a self-signed certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// A certificate of the server's own could not be kept.
    #[error("cannot write {path}, which is to hold the {what} for TLS")]
    Write {
        /// The file.
        path: PathBuf,
        /// What was to be in it.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The library of TLS does not start.
    #[error("TLS cannot be used: {0}")]
    Library(#[from] rustls::Error),
}

/// What two files hold.
pub(super) struct Pair {
    pub(super) cert: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Pair {
    /// Reads both.
    pub(super) fn read(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path, what| {
            let error = |source| TlsError::Read { path: path.to_owned(), what, source };
            let mut bytes = Vec::new();
            let file = File::open(path).map_err(error)?;
            file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(error)?;
            Ok::<_, TlsError>(bytes)
        };
        Ok(Self { cert: read(cert, "certificate")?, key: read(key, "key")? })
    }

    /// Differs where one of the two does.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.cert.len().to_le_bytes());
        digest.update(&self.cert);
        digest.update(&self.key);
        digest.finalize().into()
    }
}

impl Source {
    /// Where a server that listens on `address` has them from, if it is to speak TLS.
    pub(crate) fn of(server: &ServerConfig, address: SocketAddr) -> Option<Self> {
        if let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) {
            return Some(Self::Files { cert: cert.clone(), key: key.clone() });
        }
        server.tls_self_signed.then(|| {
            let here = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
            let listen = Some(address.ip()).filter(|ip| !ip.is_unspecified());
            // The machine's own name first: the certificate is called by it.
            let names = server.tls_names().into_iter().rev().chain(here);
            let names = names.chain(listen.map(|ip| ip.to_string()));
            Self::SelfSigned(SelfSigned::new(server.data_dir.clone(), names))
        })
    }

    /// What the files hold now; of the server's own, made or renewed if they are due.
    pub(super) fn read(&self, crypto: &CryptoProvider) -> Result<Pair, TlsError> {
        match self {
            Self::Files { cert, key } => Pair::read(cert, key),
            Self::SelfSigned(own) => own.read(SystemTime::now(), crypto),
        }
    }

    /// Makes a certificate of what the files hold.
    pub(super) fn parse(
        &self,
        pair: &Pair,
        crypto: &CryptoProvider,
    ) -> Result<Certificate, TlsError> {
        let (cert, key) = self.paths();
        Certificate::parse(&pair.cert, &pair.key, crypto).map_err(|fault| TlsError::Unusable {
            cert,
            key,
            fault,
        })
    }

    /// Says so in the log if the key is no secret.
    pub(super) fn warn_if_others_may_read_the_key(&self) {
        let (_, key) = self.paths();
        if others_may_read(&key) {
            let key = key.display();
            tracing::warn!("others may read {key}, the key for TLS: `chmod 600` it");
        }
    }

    fn paths(&self) -> (PathBuf, PathBuf) {
        match self {
            Self::Files { cert, key } => (cert.clone(), key.clone()),
            Self::SelfSigned(own) => (own.cert_file(), own.key_file()),
        }
    }
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    // A group of its own is how keys are shared with a service; everybody is how they are lost.
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

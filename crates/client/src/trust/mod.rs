//! Which servers are who they say they are.
//!
//! A server with a certificate of an authority is known by its name. Any other is known by its key: by the
//! fingerprint that somebody named, by the one that was trusted before, or on the server's own machine by the one in its
//! data folder.

mod known;
mod verifier;

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use rustls::ClientConfig;
use rustls::crypto::ring;
use tidings_protocol::api::FINGERPRINT_FILE;
use tidings_protocol::fingerprint::{Fingerprint, InvalidFingerprint};
use url::Url;

pub use known::KnownServers;

use crate::client::is_loopback;
use crate::credentials::Sources;
use verifier::Verifier;

/// Ports of addresses that name none.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// What is known of a server's key. The default is nothing: an authority must vouch for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The one key that will do, whoever vouches for another.
    pub named: Option<Fingerprint>,
    /// The key that was trusted before; no other will do.
    pub known: Option<Fingerprint>,
    /// The key of the server on this machine, if it is that one.
    pub local: Option<Fingerprint>,
    /// Where what is trusted is kept.
    pub store: Option<KnownServers>,
    /// The key that the server showed last and that nobody knows: the one that a person is asked about.
    pub(crate) unknown: Option<Fingerprint>,
}

/// A server whose key is not trusted. Nothing was sent to it, the token least of all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Untrusted {
    /// Its host and port.
    pub server: String,
    /// Of the key that it shows.
    pub fingerprint: Fingerprint,
    /// Why it is not trusted.
    pub reason: Distrust,
}

/// Why a key is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It was never seen, and no authority vouches for it, for this reason. A person may trust it.
    Unknown(String),
    /// Another one was trusted before, and is kept in this file.
    Changed(Fingerprint, Option<PathBuf>),
    /// Another one was named.
    NotNamed(Fingerprint),
}

/// Why it cannot be known which keys are trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// What should be a fingerprint is none.
    #[error(transparent)]
    Fingerprint(#[from] InvalidFingerprint),
    /// A fingerprint is named for a server that is to be asked without TLS, and has none.
    #[error(
        "a fingerprint is named (--fingerprint, TIDINGS_FINGERPRINT), and no server shows its key at {0}: \
         its address must begin with https://"
    )]
    NotEncrypted(Url),
    /// A file cannot be read or written.
    #[error("cannot use {}, which holds the servers that are trusted", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// A line of a server in that file cannot be read.
    #[error("line {line} of {file} holds no key of a server", line = .1, file = .0.display())]
    Line(PathBuf, usize, #[source] InvalidFingerprint),
    /// It is known which key the server must have, and this is another.
    #[error("{0} is not trusted: another key is that of the server, and is not replaced by a yes")]
    Settled(Fingerprint),
    /// The server has not shown this key, or has shown another since.
    #[error("{0} is not trusted: it is not the key that the server shows")]
    NotShown(Fingerprint),
}

impl Trust {
    /// What is known of the server at `server`.
    ///
    /// # Errors
    ///
    /// If a fingerprint is none, or named for an address without TLS, or the file of known servers cannot be read.
    pub fn find(server: &Url, sources: &Sources) -> Result<Self, TrustError> {
        let named = sources.fingerprint.as_deref().map(str::parse).transpose()?;
        let store = sources.known_servers.clone().map(KnownServers::new);
        if server.scheme() != "https" {
            if named.is_some() {
                return Err(TrustError::NotEncrypted(server.clone()));
            }
            if server.port_or_known_default() != Some(HTTP) {
                return Ok(Self { store, ..Self::default() });
            }
        }
        let known = match &store {
            Some(store) => store.get(&address(server))?,
            None => None,
        };
        let local = is_loopback(server).then(|| local_fingerprint(sources)).flatten();
        Ok(Self { named, known, local, store, unknown: None })
    }

    /// Whether it is known which key will do, and nobody need be asked. The one in the data folder does not settle it:
    /// what answers on this machine may be a tunnel to another, and the folder that of a server that was killed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.named.or(self.known).is_some()
    }

    /// Trusts this key of the server from now on, in this run and in those to come. It must be the one that the server
    /// has shown, and none may be known: whoever says yes has no say over a key that has changed.
    ///
    /// # Errors
    ///
    /// If it is another key, or cannot be kept.
    pub(crate) fn trust(
        &mut self,
        server: &Url,
        fingerprint: Fingerprint,
    ) -> Result<(), TrustError> {
        match self.named.or(self.known) {
            // Said twice.
            Some(settled) if settled == fingerprint => return Ok(()),
            Some(_) => return Err(TrustError::Settled(fingerprint)),
            None if self.unknown != Some(fingerprint) => {
                return Err(TrustError::NotShown(fingerprint));
            }
            None => {}
        }
        if let Some(store) = &self.store {
            store.add(&address(server), fingerprint)?;
        }
        self.known = Some(fingerprint);
        Ok(())
    }

    /// TLS that goes by what is trusted at the time.
    pub(crate) fn tls(
        trust: &Arc<RwLock<Self>>,
        server: &Url,
    ) -> Result<ClientConfig, rustls::Error> {
        let crypto = Arc::new(ring::default_provider());
        let verifier = Verifier::new(server, Arc::clone(trust), Arc::clone(&crypto));
        let mut config = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The key of the server on this machine, while it speaks TLS.
pub(crate) fn local_fingerprint(sources: &Sources) -> Option<Fingerprint> {
    let path = sources.data_dir.as_ref()?.join(FINGERPRINT_FILE);
    std::fs::read_to_string(path).ok()?.parse().ok()
}

/// Host and port, which is what a key belongs to. A server at the port of http has its key at that of https, to which
/// it may redirect, token and all.
fn address(server: &Url) -> String {
    let host = server.host_str().unwrap_or_default();
    let port = match server.port_or_known_default() {
        Some(HTTP) if server.scheme() == "http" => HTTPS,
        port => port.unwrap_or_default(),
    };
    format!("{host}:{port}")
}

impl std::fmt::Display for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { server, fingerprint, reason } = self;
        match reason {
            Distrust::Unknown(why) => write!(
                f,
                "nobody whom this machine trusts vouches for {server} ({why}), and its key is not known; \
                 it is {fingerprint}"
            ),
            Distrust::Changed(known, file) => {
                write!(
                    f,
                    "the key of {server} has changed: it is {fingerprint}, and {known} was trusted. \
                     Somebody may be in between. If the server was given a new key on purpose, \
                     remove its line"
                )?;
                match file {
                    Some(file) => write!(f, " from {}", file.display()),
                    None => f.write_str(" from the known servers"),
                }
            }
            Distrust::NotNamed(named) => write!(
                f,
                "the key of {server} is {fingerprint}, and not {named}, which is the one it must be"
            ),
        }
    }
}

impl Untrusted {
    /// Finds it among the causes of an error; the layers between wrap it in what shows no source.
    pub(crate) fn among<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            if let Some(found) = inner.and_then(|inner| Self::among(inner)) {
                return Some(found);
            }
            if let Some(rustls::Error::Other(other)) = error.downcast_ref() {
                return Self::among(&*other.0);
            }
            next = error.source();
        }
        None
    }
}

#[cfg(test)]
mod tests;

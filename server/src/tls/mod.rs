//! TLS: which certificate connections are served with, and when it changes.
//!
//! - `certificate`: certificate and key, read and found to belong together.
//! - `source`: the files they come from; `self_signed` writes them itself.
//! - `told`: its fingerprint, for clients on the same machine.
//! - `Tls`: what accepts connections, with the certificate that holds at the time.

mod certificate;
mod self_signed;
mod source;
mod told;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tidings_protocol::fingerprint::Fingerprint;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use certificate::Certificate;
pub use certificate::Fault;
pub(crate) use source::Source;
pub use source::TlsError;
pub(crate) use told::tell;

/// Names of the protocols of a connection, the better one first.
pub(crate) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// An end that is this near is said in the log.
const NEAR_END: Duration = Duration::from_secs(14 * 86_400);

/// A server's TLS; clones are the same.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    crypto: CryptoProvider,
    current: Current,
}

/// The certificate that new connections are served with.
#[derive(Debug)]
struct Current(Arc<RwLock<Arc<Certificate>>>);

/// What was last seen of the files.
#[derive(Debug)]
struct Seen {
    digest: [u8; 32],
    /// What was wrong with them, which was said.
    error: Option<String>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("source", &self.shared.source).finish_non_exhaustive()
    }
}

impl Current {
    fn get(&self) -> Arc<Certificate> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, certificate: Certificate) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.get().key))
    }
}

impl Tls {
    /// Reads the certificate, making it where that is the server's own work.
    ///
    /// # Errors
    ///
    /// If there is none that can be used.
    pub(crate) fn open(source: Source) -> Result<Self, TlsError> {
        let crypto = ring::default_provider();
        let pair = source.read(&crypto)?;
        let certificate = source.parse(&pair, &crypto)?;
        source.warn_if_others_may_read_the_key();
        warn_if_it_ends(&certificate);
        let current = Arc::new(RwLock::new(Arc::new(certificate)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(crypto.clone()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Current(Arc::clone(&current))));
        config.alpn_protocols = vec![HTTP_2.to_owned(), HTTP_1.to_owned()];
        // Whoever comes back after a restart of its network need not be signed for again.
        config.ticketer = ring::Ticketer::new()?;
        let shared = Shared { source, crypto, current: Current(current) };
        Ok(Self { acceptor: Arc::new(config).into(), shared: Arc::new(shared) })
    }

    /// What makes a TLS connection of a plain one.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Of the key that new connections are served with.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.shared.current.get().fingerprint
    }

    /// Looks at the files every few seconds until `stop`; tells of each other key that is in use from then on.
    pub(crate) async fn watch(self, stop: CancellationToken, changed: impl Fn(Fingerprint)) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let (tls, before) = (self.clone(), self.fingerprint());
            let looked = tokio::task::spawn_blocking(move || tls.look(seen)).await;
            let Ok(looked) = looked else { return };
            seen = Some(looked);
            if self.fingerprint() != before {
                changed(self.fingerprint());
            }
        }
    }

    /// Takes what the files hold if that is another than what was seen of them. What cannot be used, because it is
    /// half written for instance, changes nothing, and is said once.
    fn look(&self, seen: Option<Seen>) -> Seen {
        let Shared { source, crypto, current } = &*self.shared;
        let before = seen.as_ref().map(|seen| seen.digest);
        let digest_and_error = source.read(crypto).and_then(|pair| {
            let digest = pair.digest();
            if before == Some(digest) {
                return Ok((digest, false));
            }
            let certificate = source.parse(&pair, crypto)?;
            let old = current.get();
            let is_new = old.key.cert != certificate.key.cert;
            if is_new {
                source.warn_if_others_may_read_the_key();
                warn_if_it_ends(&certificate);
                current.set(certificate);
            }
            Ok((digest, is_new))
        });
        match digest_and_error {
            Ok((digest, is_new)) => {
                if is_new {
                    let fingerprint = current.get().fingerprint;
                    tracing::info!(%fingerprint, "new connections get the new certificate");
                }
                Seen { digest, error: None }
            }
            Err(error) => {
                let text = match std::error::Error::source(&error) {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                };
                if seen.and_then(|seen| seen.error).as_ref() != Some(&text) {
                    tracing::warn!(error = %text, "the old certificate stays in use");
                }
                Seen { digest: [0; 32], error: Some(text) }
            }
        }
    }
}

fn warn_if_it_ends(certificate: &Certificate) {
    match certificate.ends.duration_since(SystemTime::now()) {
        Err(_) => tracing::warn!("the certificate has expired: clients will refuse it"),
        Ok(left) if left < NEAR_END => {
            let days = left.as_secs() / 86_400;
            tracing::warn!("the certificate expires in {days} days");
        }
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests;

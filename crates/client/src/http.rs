//! The HTTP client that carries requests and streams alike.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use reqwest::redirect::Policy;

use crate::client::{ClientConfig, is_loopback};
use crate::error::ClientError;
use crate::transport::root_cause;
use crate::trust::Trust;

/// How long an idle connection is kept: shorter than the server does, so that no request meets one that
/// it is just closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Makes one that trusts what `trust` holds at the time of a connection.
///
/// # Errors
///
/// If TLS does not start.
pub(crate) fn http_client(
    config: &ClientConfig,
    trust: &Arc<RwLock<Trust>>,
) -> Result<reqwest::Client, ClientError> {
    // Fails only if one is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .connect_timeout(config.feed.connect_timeout);
        if is_loopback(&config.server) { builder.no_proxy() } else { builder }
    };
    let tls =
        Trust::tls(trust, &config.server).map_err(|error| ClientError::Tls(root_cause(&error)))?;
    let built = builder().tls_backend_preconfigured(tls).build();
    built.map_err(|error| ClientError::Tls(root_cause(&error)))
}

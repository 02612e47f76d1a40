//! Which server the app watches.

use std::time::Duration;

use tidings_client::{Credentials, Sources};

use crate::bundled::Bundled;
use crate::error::StartError;

/// The server the app watches.
pub(crate) enum Source {
    /// One that runs elsewhere, named by `TIDINGS_SERVER`.
    Elsewhere(Credentials),
    /// The one this app brings along.
    Bundled(Bundled),
}

impl Source {
    /// The server that `TIDINGS_SERVER` names, in its words; null where the app brings its own.
    pub(crate) fn wanted() -> Option<String> {
        Sources::from_env().server
    }

    /// The server of `TIDINGS_SERVER`, or else the bundled one of the app of that identifier, started.
    pub(crate) async fn from_env(identifier: &str) -> Result<Self, StartError> {
        let sources = Sources::from_env();
        if sources.server.is_some() {
            return Ok(Self::Elsewhere(Credentials::find(&sources)?));
        }
        Ok(Self::Bundled(Bundled::start(&Bundled::folder(identifier)).await?))
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        match self {
            Self::Elsewhere(credentials) => credentials,
            Self::Bundled(bundled) => bundled.credentials(),
        }
    }

    /// What it is called where something is remembered of it; null of one that forgets everything when it ends.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Elsewhere(credentials) => Some(credentials.server.to_string()),
            // Its port is another with every start.
            Self::Bundled(bundled) => bundled.lasts().then(|| "bundled".to_owned()),
        }
    }

    /// Ends what was started here.
    pub(crate) async fn stop(self, timeout: Duration) {
        if let Self::Bundled(bundled) = self {
            bundled.stop(timeout).await;
        }
    }
}

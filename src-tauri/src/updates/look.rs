//! One look for a release, and what becomes of what is found.

use std::sync::Arc;
use std::time::Duration;

use tauri::utils::platform::bundle_type;
use tauri::{AppHandle, Runtime};
use tauri_plugin_updater::{Error, Update, UpdaterExt};
use tokio::sync::Notify;
use tokio::time::timeout;
use url::Host;

use super::Publisher;

/// Longest that the endpoint is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest that an installer may take.
const INSTALLER_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Largest installer, in bytes: it is checked in memory.
const LARGEST: usize = 256 * 1024 * 1024;

/// A newer release whose signature was checked.
#[derive(Clone)]
pub(super) struct Release {
    update: Update,
    installer: Arc<[u8]>,
}

/// Why there is no update.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpdateError {
    /// The endpoint or the installer is no good.
    #[error(transparent)]
    Updater(#[from] Error),
    /// Nothing comes any more.
    #[error("the installer did not arrive within {INSTALLER_WITHIN:?}")]
    TooSlow,
    /// More comes than an installer has.
    #[error("the installer has more than {LARGEST} bytes")]
    TooLarge,
    /// The app was built by hand, and there is nothing to install over.
    #[error("this app was not installed from a package")]
    NotInstalled,
}

impl UpdateError {
    /// What somebody is told who asked.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Updater(
                Error::Minisign(_)
                | Error::Base64(_)
                | Error::SignatureUtf8(_)
                | Error::MissingSignedVersion
                | Error::SignedVersionMismatch { .. },
            ) => "What was offered is not signed as it has to be, and was not used.",
            Self::Updater(Error::PackageInstallFailed | Error::AuthenticationFailed) => {
                "The system did not install it; the log has the reason."
            }
            Self::NotInstalled => "This app was not installed from a package, and stays as it is.",
            _ => "The endpoint of updates gave none; the log has the reason.",
        }
    }
}

/// The newer release of the publisher, if there is one, with its installer: the one that is `ready` already, where that is still offered.
pub(super) async fn look<R: Runtime>(
    app: &AppHandle<R>,
    publisher: &Publisher,
    ready: Option<&Release>,
) -> Result<Option<Release>, UpdateError> {
    let mut builder = app
        .updater_builder()
        .endpoints(vec![publisher.endpoint.clone()])?
        .pubkey(&*publisher.key)
        .timeout(ANSWER_WITHIN);
    let is_here = match publisher.endpoint.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    // A proxy leads elsewhere.
    if is_here {
        builder = builder.no_proxy();
    }
    let updater = builder.build()?;
    let Some(update) = updater.check().await? else { return Ok(None) };
    if let Some(ready) = ready.filter(|ready| ready.is_of(&update)) {
        return Ok(Some(ready.clone()));
    }
    let installer = timeout(INSTALLER_WITHIN, download(&update)).await;
    let installer = installer.map_err(|_| UpdateError::TooSlow)??;
    Ok(Some(Release { update, installer: installer.into() }))
}

async fn download(update: &Update) -> Result<Vec<u8>, UpdateError> {
    let full = Arc::new(Notify::new());
    let (mut size, filled) = (0_usize, full.clone());
    let chunk = move |bytes: usize, _| {
        size = size.saturating_add(bytes);
        if size > LARGEST {
            filled.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = full.notified() => Err(UpdateError::TooLarge),
        installer = update.download(chunk, || ()) => Ok(installer?),
    }
}

impl Release {
    pub(super) fn version(&self) -> &str {
        &self.update.version
    }

    /// Whether it is what is offered: a signature is of one installer.
    fn is_of(&self, offered: &Update) -> bool {
        (self.version(), &self.update.signature) == (&*offered.version, &offered.signature)
    }

    /// Has the system install it. It blocks, and on Windows the app ends in it.
    pub(super) fn install(self) -> Result<(), UpdateError> {
        if bundle_type().is_none() {
            return Err(UpdateError::NotInstalled);
        }
        Ok(self.update.install(self.installer)?)
    }

    #[cfg(test)]
    pub(super) fn installer(&self) -> &[u8] {
        &self.installer
    }
}

//! New releases of the app, where an endpoint that tells of them and the key of their signatures are set. Without a key nothing is
//! asked, and nothing of it is in the menu.
//!
//! ```text
//!   menu, once a day ──> endpoint ──> installer ──signature, of this version──> said, and in the menu ──> installed, started anew
//! ```
//!
//! Tauri's updater does the work. The web view is granted none of it. What is offered has been checked: whoever holds the endpoint and
//! not the key can offer nothing, an older release included.

mod look;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::menu::MenuItem;
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::notices::{Hint, Notices};
use crate::settings::UpdateSettings;
use look::{Release, look};

/// When it is asked for the first time: a start has more to do.
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the entry of the menu says at first.
pub(crate) const CHECK: &str = "Check for &Updates";

/// What the build was given; what the settings say goes before it.
const BUILT_IN: (Option<&str>, Option<&str>) =
    (option_env!("TIDINGS_UPDATE_URL"), option_env!("TIDINGS_UPDATE_KEY"));

/// Who tells of releases, and whose signature they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publisher {
    endpoint: url::Url,
    key: String,
}

impl Publisher {
    /// The one of the settings, or else of the build; null where there is none, or it is switched off.
    pub(crate) fn of(settings: &UpdateSettings) -> Option<Self> {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let built_in = |text: Option<&str>| text.map(ToOwned::to_owned);
        let (endpoint, key) = match set(&settings.key) {
            _ if !settings.on => return None,
            Some(key) => (set(&settings.endpoint), key),
            None => (built_in(BUILT_IN.0), set(&built_in(BUILT_IN.1))?),
        };
        let endpoint = endpoint.unwrap_or_default();
        match endpoint.parse() {
            Ok(endpoint) => Some(Self { endpoint, key }),
            Err(error) => {
                tracing::warn!("the endpoint of updates, {endpoint:?}, is none: {error}");
                None
            }
        }
    }
}

/// What the menu and the task share.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    asked: Notify,
    must_restart: AtomicBool,
}

impl Updates {
    /// Somebody chose the entry of the menu.
    pub(crate) fn ask(&self) {
        self.asked.notify_one();
    }

    /// Whether the app is to be started anew once it has ended.
    pub(crate) fn must_restart(&self) -> bool {
        self.must_restart.load(Ordering::Relaxed)
    }
}

/// The entry of the menu; there is none without a publisher.
pub(crate) struct UpdateEntry<R: Runtime>(pub(crate) Option<MenuItem<R>>);

/// Looks for releases for as long as the app runs.
pub(crate) async fn work<R: Runtime>(app: AppHandle<R>, publisher: Publisher) {
    let updates = Arc::clone(&app.state::<Arc<Updates>>());
    let mut ready: Option<Release> = None;
    let mut look_at = Instant::now() + FIRST_LOOK;
    loop {
        let is_asked = tokio::select! {
            () = updates.asked.notified() => true,
            () = sleep_until(look_at) => false,
        };
        look_at = Instant::now() + LOOK_EVERY;
        if is_asked && let Some(release) = ready.take() {
            install(&app, &updates, release).await;
            say_in_menu(&app, CHECK);
            continue;
        }
        let looked = look(&app, &publisher, ready.as_ref()).await;
        // Whoever asked meanwhile gets this answer, and has chosen nothing that the menu did not say yet.
        let meanwhile = ready.is_none()
            && tokio::select! {
                biased;
                () = updates.asked.notified() => true,
                () = std::future::ready(()) => false,
            };
        let is_asked = is_asked || meanwhile;
        match looked {
            Ok(Some(release)) => {
                // What is said once a day of the same release is noise.
                let is_news = ready.as_ref().is_none_or(|it| it.version() != release.version());
                if is_asked || is_news {
                    hint(&app, format!("Tidings {} is ready", release.version()), READY);
                }
                say_in_menu(&app, &format!("&Update to {} and Restart", release.version()));
                ready = Some(release);
            }
            Ok(None) => {
                // One that was withdrawn is not installed.
                if ready.take().is_some() {
                    say_in_menu(&app, CHECK);
                }
                if is_asked {
                    hint(&app, format!("Tidings {} is the newest", env!("CARGO_PKG_VERSION")), "");
                }
            }
            Err(error) => {
                tracing::warn!("updates cannot be looked for: {error}");
                if is_asked {
                    hint(&app, "No update".to_owned(), error.advice());
                }
            }
        }
    }
}

const READY: &str = "It was checked, and waits in the menu under Help.";

async fn install<R: Runtime>(app: &AppHandle<R>, updates: &Updates, release: Release) {
    let version = release.version().to_owned();
    tracing::info!(version, "the update is installed");
    // It may ask for a password, and take its time.
    let done = tokio::task::spawn_blocking(move || release.install()).await;
    match done {
        Ok(Ok(())) => {
            updates.must_restart.store(true, Ordering::Relaxed);
            app.exit(0);
        }
        Ok(Err(error)) => {
            tracing::warn!("the update cannot be installed: {error}");
            hint(app, format!("Tidings {version} was not installed"), error.advice());
        }
        Err(error) => tracing::error!("installing has failed: {error}"),
    }
}

fn hint<R: Runtime>(app: &AppHandle<R>, title: String, body: &'static str) {
    app.state::<Arc<Notices>>().hint(Hint { title: title.into(), body });
}

fn say_in_menu<R: Runtime>(app: &AppHandle<R>, text: &str) {
    let entry = app.state::<UpdateEntry<R>>();
    if let Some(entry) = &entry.0
        && let Err(error) = entry.set_text(text)
    {
        tracing::debug!("the menu cannot say what is new: {error}");
    }
}

//! What somebody chose, in one file.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings_feed::NoticeSettings;
use tokio::sync::watch;

use crate::file;

/// All that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// When notifications of the system come up.
    #[serde(flatten)]
    pub(crate) notices: NoticeSettings,
    /// How the window behaves.
    pub(crate) window: WindowSettings,
    /// Where new releases of the app come from.
    pub(crate) updates: UpdateSettings,
}

/// Where new releases of the app come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UpdateSettings {
    /// Whether there may be any; so at first, and nothing is asked without a key all the same.
    pub(crate) on: bool,
    /// Who tells of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// The public key of their signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

impl Default for UpdateSettings {
    fn default() -> Self {
        Self { on: true, endpoint: None, key: None }
    }
}

/// How the window behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WindowSettings {
    /// Whether the app goes on in the tray when its window is closed; so at first.
    pub(crate) close_to_tray: bool,
    /// How long it was closed when its memory is given back; 300 at first, and never where it is 0.
    release_after_seconds: u64,
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { close_to_tray: true, release_after_seconds: 300 }
    }
}

impl WindowSettings {
    /// How long it was closed when its memory is given back; null where it never is.
    pub(crate) fn release_after(&self) -> Option<Duration> {
        let seconds = self.release_after_seconds;
        // Longer than anybody waits, and short enough for every clock.
        (seconds > 0).then(|| Duration::from_secs(seconds.min(365 * 24 * 3600)))
    }
}

/// The settings and their file.
#[derive(Debug, Default)]
pub(crate) struct SettingsFile {
    /// Null where they last as long as the app.
    path: Option<PathBuf>,
    settings: watch::Sender<Settings>,
    /// Held by whoever changes them.
    turn: Mutex<()>,
}

impl SettingsFile {
    /// With the settings of a file. One that is not there or cannot be read has the defaults; it stays as it is until they are
    /// changed.
    pub(crate) fn read(path: PathBuf) -> Self {
        let settings = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(error),
        };
        let settings = settings.unwrap_or_else(|error| {
            tracing::warn!("the settings in {} are not used: {error}", path.display());
            Settings::default()
        });
        let settings = watch::Sender::new(settings);
        Self { path: Some(path), settings, turn: Mutex::new(()) }
    }

    /// What was chosen.
    pub(crate) fn get(&self) -> Settings {
        self.settings.borrow().clone()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Settings> {
        self.settings.subscribe()
    }

    /// Changes them; that holds at once, and after a restart. Where `change` has nothing to change, nothing happens.
    ///
    /// # Errors
    ///
    /// If it cannot be kept; nothing changes then.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(Settings) -> Option<Settings>,
    ) -> io::Result<()> {
        // One change after the other: each begins with what the one before has left.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(settings) = change(self.get()) else { return Ok(()) };
        if let Some(path) = &self.path {
            file::replace(path, &serde_json::to_vec_pretty(&settings)?)?;
        }
        self.settings.send_replace(settings);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_kept_is_read_and_what_one_part_changes_leaves_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, r#"{ "levels": ["error"], "quiet": { "on": true } }"#).unwrap();
        let file = SettingsFile::read(path.clone());
        assert_eq!(file.get().window, WindowSettings::default());
        let change = |mut settings: Settings| {
            settings.window.close_to_tray = false;
            Some(settings)
        };
        file.change(change).unwrap();
        file.change(|_| None).unwrap();
        let kept = SettingsFile::read(path).get();
        assert_eq!(kept, file.get());
        assert!(!kept.window.close_to_tray && kept.notices.quiet.on);
        assert_eq!(kept.notices.levels.len(), 1);
    }
}

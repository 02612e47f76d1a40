//! What is known of the window, whether it is shown or not.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tauri::{PhysicalPosition, PhysicalSize, Runtime, WebviewWindow};
use tokio::sync::watch;

use super::place::Rect;
use super::zoom::Zoom;
use crate::file;
use crate::settings::{Settings, SettingsFile};

/// What is there of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is shown, or the system hides it and shows it again.
    #[default]
    Shown,
    /// It was hidden here.
    Hidden,
    /// There is none.
    Released,
}

/// What is known of the window, whether it is shown or not.
#[derive(Debug, Default)]
pub struct Keeper {
    settings: Arc<SettingsFile>,
    /// Where it is kept where the window was; null where that lasts as long as the app.
    path: Option<PathBuf>,
    kept: Mutex<Kept>,
    presence: watch::Sender<Presence>,
    has_icon: AtomicBool,
    /// A page that was wanted and has shown no figures yet.
    wanted: Mutex<Option<Wanted>>,
    /// Whether the page of the window that there is has been loaded.
    is_loaded: AtomicBool,
    /// Where in the page a link leads that was not followed yet.
    place_of_page: Mutex<Option<String>>,
}

/// A page that has shown no figures yet.
#[derive(Debug)]
struct Wanted {
    since: Instant,
    /// The first batch with figures that it was sent.
    batch: Option<u64>,
}

/// What is kept across restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kept {
    /// Where it is when it is not maximised.
    place: Option<Rect>,
    is_maximized: bool,
    zoom: Zoom,
    /// Whether it was said where the app goes when its window is closed.
    told_of_tray: bool,
}

impl Keeper {
    /// With what a file holds of the window; nothing if there is none, or it cannot be read.
    pub(crate) fn read(settings: Arc<SettingsFile>, path: Option<PathBuf>) -> Self {
        let text = path.as_ref().and_then(|path| std::fs::read(path).ok());
        let kept = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { settings, path, kept: Mutex::new(kept), ..Self::default() }
    }

    /// Whether the app is to go on in the tray when the window is closed.
    pub(super) fn closes_to_tray(&self) -> bool {
        self.settings.get().window.close_to_tray
    }

    /// Whether the app has an icon in the tray, where there is one.
    pub(crate) fn set_icon(&self, has_icon: bool) {
        self.has_icon.store(has_icon, Ordering::Relaxed);
    }

    pub(super) fn has_icon(&self) -> bool {
        self.has_icon.load(Ordering::Relaxed)
    }

    /// Notes what is there of it, and returns what was.
    pub(super) fn set_presence(&self, presence: Presence) -> Presence {
        self.presence.send_replace(presence)
    }

    pub(super) fn presence(&self) -> Presence {
        *self.presence.borrow()
    }

    pub(super) fn watch_presence(&self) -> watch::Receiver<Presence> {
        self.presence.subscribe()
    }

    pub(super) fn watch_settings(&self) -> watch::Receiver<Settings> {
        self.settings.watch()
    }

    /// Waits while the window is hidden.
    pub(crate) async fn seen(&self) {
        let mut presence = self.watch_presence();
        // An error would mean that this is gone.
        let _ = presence.wait_for(|presence| *presence != Presence::Hidden).await;
    }

    /// Whether the app goes on without a window.
    pub(crate) fn goes_on(&self) -> bool {
        self.presence() != Presence::Shown
    }

    /// Has the app start without a window.
    pub(crate) fn start_hidden(&self) {
        self.set_presence(Presence::Released);
    }

    pub(super) fn set_loaded(&self, is_loaded: bool) {
        self.is_loaded.store(is_loaded, Ordering::Relaxed);
    }

    /// Notes where in the page a link leads; the newest counts.
    pub(super) fn lead(&self, place: String) {
        *self.place_of_page.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// Where the page is to be led now; null while it is not loaded.
    pub(super) fn next_place(&self) -> Option<String> {
        let is_loaded = self.is_loaded.load(Ordering::Relaxed);
        let mut place = self.place_of_page.lock().unwrap_or_else(PoisonError::into_inner);
        is_loaded.then(|| place.take()).flatten()
    }

    /// Notes that there is to be a page from now on.
    pub(super) fn want(&self) {
        self.set_loaded(false);
        *self.wanted() = Some(Wanted { since: Instant::now(), batch: None });
    }

    /// Notes that the page is sent figures, in this batch.
    pub(crate) fn sends_figures(&self, batch: u64) {
        if let Some(wanted) = &mut *self.wanted() {
            wanted.batch.get_or_insert(batch);
        }
    }

    /// Notes that the page has all up to this batch. The first time that there are figures in it the log says how long that took.
    pub(crate) fn has_shown(&self, batch: u64) {
        let mut wanted = self.wanted();
        if let Some(shown) = wanted.take_if(|it| it.batch.is_some_and(|first| batch >= first)) {
            let milliseconds = shown.since.elapsed().as_millis();
            tracing::info!(milliseconds, "the page is live");
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Option<Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has to be said where the app goes; it is asked once ever.
    pub(super) fn must_tell_of_tray(&self) -> bool {
        let must = !std::mem::replace(&mut self.kept().told_of_tray, true);
        if must {
            self.save();
        }
        must
    }

    pub(super) fn zoom(&self) -> Zoom {
        self.kept().zoom
    }

    /// Changes how large the page is, and returns what it is now.
    pub(super) fn change_zoom(&self, change: impl FnOnce(Zoom) -> Zoom) -> Zoom {
        let mut kept = self.kept();
        kept.zoom = change(kept.zoom);
        kept.zoom
    }

    /// Puts a window that is not shown yet where the last one was.
    pub(super) fn place<R: Runtime>(&self, window: &WebviewWindow<R>) -> tauri::Result<()> {
        let kept = self.kept().clone();
        if let Some(place) = kept.place
            && let Some(place) = place.on(&screens(window)?)
        {
            window.set_size(PhysicalSize::new(place.width, place.height))?;
            window.set_position(PhysicalPosition::new(place.x, place.y))?;
        }
        if kept.is_maximized {
            window.maximize()?;
        }
        Ok(())
    }

    /// Notes where a window is that is shown.
    pub(super) fn note<R: Runtime>(&self, window: &WebviewWindow<R>) {
        if let Err(error) = self.try_note(window) {
            tracing::debug!("where the window is cannot be found out: {error}");
        }
    }

    fn try_note<R: Runtime>(&self, window: &WebviewWindow<R>) -> tauri::Result<()> {
        // Neither is where a person wants to find it again.
        if !window.is_visible()? || window.is_minimized()? || window.is_fullscreen()? {
            return Ok(());
        }
        let is_maximized = window.is_maximized()?;
        let (at, size) = (window.outer_position()?, window.inner_size()?);
        let place = Rect { x: at.x, y: at.y, width: size.width, height: size.height };
        // On the way to being maximised it has its new size already.
        let is_free = !is_maximized && !screens(window)?.iter().any(|screen| place.fills(screen));
        let mut kept = self.kept();
        kept.is_maximized = is_maximized;
        if is_free {
            kept.place = Some(place);
        }
        Ok(())
    }

    /// Keeps what was noted.
    pub(crate) fn save(&self) {
        let Some(path) = &self.path else { return };
        let text = serde_json::to_vec_pretty(&*self.kept()).map_err(Into::into);
        let saved = text.and_then(|text| {
            let is_there = std::fs::read(path).is_ok_and(|old| old == text);
            if is_there { Ok(()) } else { file::replace(path, &text) }
        });
        if let Err(error) = saved {
            tracing::warn!("where the window was cannot be kept: {error}");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without bars and docks.
fn screens<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<Vec<Rect>> {
    let monitors = window.available_monitors()?;
    let areas = monitors.iter().map(|monitor| {
        let area = monitor.work_area();
        let (at, size) = (area.position, area.size);
        Rect { x: at.x, y: at.y, width: size.width, height: size.height }
    });
    Ok(areas.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_live_once_it_has_figures_and_not_before() {
        let keeper = Keeper::default();
        keeper.want();
        keeper.has_shown(1);
        assert!(keeper.wanted().is_some(), "how the connection stands is no figure");
        keeper.sends_figures(2);
        keeper.sends_figures(3);
        keeper.has_shown(1);
        assert!(keeper.wanted().is_some(), "they are on their way");
        keeper.has_shown(2);
        assert!(keeper.wanted().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_seen_unless_its_window_is_hidden() {
        let keeper = Keeper::default();
        keeper.seen().await;
        for next in [Presence::Shown, Presence::Released] {
            keeper.set_presence(Presence::Hidden);
            let wait = std::time::Duration::from_secs(60);
            assert!(tokio::time::timeout(wait, keeper.seen()).await.is_err(), "before {next:?}");
            let (_, ()) = tokio::join!(async { keeper.set_presence(next) }, keeper.seen());
        }
    }

    #[test]
    fn what_is_kept_is_there_after_a_restart_and_nonsense_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window.json");
        let keeper = Keeper::read(Arc::default(), Some(path.clone()));
        let place = Rect { x: -10, y: 20, width: 700, height: 500 };
        keeper.kept().place = Some(place);
        assert!(keeper.must_tell_of_tray() && !keeper.must_tell_of_tray());
        let again = Keeper::read(Arc::default(), Some(path.clone()));
        assert_eq!(again.kept().place, Some(place));
        assert!(!again.must_tell_of_tray(), "it was told before the restart");
        std::fs::write(&path, "[").unwrap();
        assert_eq!(*Keeper::read(Arc::default(), Some(path)).kept(), Kept::default());
    }
}

//! The icon in the tray, with its menu. All of it happens on the main thread.

use std::path::PathBuf;

use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Runtime};
use tempfile::TempDir;

use super::summary::Summary;
use crate::window;

/// The icon; that of macOS is a template, which the system colours.
#[cfg(not(target_os = "macos"))]
const ICON: Image<'_> = tauri::include_image!("../icons/tray.png");
#[cfg(target_os = "macos")]
const ICON: Image<'_> = tauri::include_image!("../icons/tray-template.png");

const ID: &str = "tidings";
const SHOW: &str = "show";
const QUIT: &str = "quit";

/// The tray's icon, which goes with this.
pub(super) struct Tray<R: Runtime> {
    icon: TrayIcon<R>,
    menu: Menu<R>,
    /// The lines of jobs at the top of the menu.
    lines: Vec<MenuItem<R>>,
    /// Where Linux reads the icon from.
    _folder: TempDir,
}

impl<R: Runtime> Tray<R> {
    /// Makes it; null where the system has none, which the log says.
    pub(super) fn new(app: &AppHandle<R>) -> Option<Self> {
        // Tauri would panic.
        if !has_library() {
            tracing::warn!(
                "there is no icon in the tray: libayatana-appindicator3 is not installed"
            );
            return None;
        }
        let made = Self::make(app);
        made.inspect_err(|error| tracing::warn!("there is no icon in the tray: {error}")).ok()
    }

    fn make(app: &AppHandle<R>) -> tauri::Result<Self> {
        let none = None::<&str>;
        let rule = PredefinedMenuItem::separator(app)?;
        let show = MenuItem::with_id(app, SHOW, "Show Tidings", true, none)?;
        let quit = MenuItem::with_id(app, QUIT, "Quit", true, none)?;
        let menu = Menu::with_items(app, &[&rule, &show, &quit])?;
        // By itself Tauri would take a folder that all users of the machine may share.
        let folder = tempfile::Builder::new().prefix("tidings-tray-").tempdir_in(runtime_dir())?;
        let icon = TrayIconBuilder::with_id(ID)
            .icon(ICON)
            .icon_as_template(cfg!(target_os = "macos"))
            .temp_dir_path(folder.path())
            .menu(&menu)
            // On Windows a click opens the window, as it does with other programs.
            .show_menu_on_left_click(cfg!(not(windows)))
            .on_menu_event(|app, event| match event.id().as_ref() {
                SHOW => window::raise(app, None),
                QUIT => app.exit(0),
                _ => {}
            })
            .on_tray_icon_event(|icon, event| {
                let (button, state) = (MouseButton::Left, MouseButtonState::Up);
                let is_click = matches!(event, TrayIconEvent::Click { button: b, button_state: s, .. }
                    if b == button && s == state);
                if is_click && cfg!(windows) {
                    window::raise(icon.app_handle(), None);
                }
            })
            .build(app)?;
        Ok(Self { icon, menu, lines: Vec::new(), _folder: folder })
    }

    /// Shows how the jobs stand.
    pub(super) fn show(&mut self, summary: &Summary) {
        if let Err(error) = self.try_show(summary) {
            tracing::debug!("the tray cannot show how jobs stand: {error}");
        }
    }

    fn try_show(&mut self, summary: &Summary) -> tauri::Result<()> {
        self.icon.set_tooltip(Some(summary.tooltip()))?;
        self.icon.set_title(Some(summary.title().unwrap_or_default()))?;
        // Lines change where they stand: a menu that is made anew would close under the pointer.
        for (place, line) in summary.lines.iter().enumerate() {
            let line = line.replace('&', "&&");
            match self.lines.get(place) {
                Some(item) => item.set_text(line)?,
                None => {
                    let item = MenuItem::new(self.menu.app_handle(), line, false, None::<&str>)?;
                    self.menu.insert(&item, place)?;
                    self.lines.push(item);
                }
            }
        }
        for item in self.lines.drain(summary.lines.len()..) {
            self.menu.remove(&item)?;
        }
        Ok(())
    }
}

/// Where files lie that go with the session.
fn runtime_dir() -> PathBuf {
    dirs::runtime_dir().filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir)
}

/// Whether there is the library that the tray needs.
#[cfg(not(any(windows, target_os = "macos")))]
#[allow(unsafe_code, reason = "a library can be loaded in no other way")]
fn has_library() -> bool {
    // Those that Tauri looks for.
    let names = [
        "libayatana-appindicator3.so.1",
        "libappindicator3.so.1",
        "libayatana-appindicator3.so",
        "libappindicator3.so",
    ];
    names.iter().any(|name| {
        // SAFETY: what it does on being loaded is what it does for Tauri, on the main thread as well.
        let library = unsafe { libloading::Library::new(name) };
        // It registers types with GTK, and so must never be unloaded.
        library.map(std::mem::forget).is_ok()
    })
}

/// Other systems bring theirs along.
#[cfg(any(windows, target_os = "macos"))]
fn has_library() -> bool {
    true
}

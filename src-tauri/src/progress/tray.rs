//! The icon in the tray, with its menu. All of it happens on the main thread.

use std::path::PathBuf;
use std::sync::Arc;

use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Runtime};
use tempfile::TempDir;

use super::badge;
use super::standing::{Face, Look};
use crate::notices::Notices;
use crate::window;

/// The icon; that of macOS is a template, which the system colours.
#[cfg(not(target_os = "macos"))]
const ICON: Image<'_> = tauri::include_image!("../icons/tray.png");
#[cfg(target_os = "macos")]
const ICON: Image<'_> = tauri::include_image!("../icons/tray-template.png");

const ID: &str = "tidings";
const INBOX: &str = "inbox";
const QUIET: &str = "quiet";
const SHOW: &str = "show";
const QUIT: &str = "quit";

/// Where the lines of jobs begin in the menu.
const FIRST_JOB: usize = 3;

/// The tray's icon, which goes with this.
pub(super) struct Tray<R: Runtime> {
    icon: TrayIcon<R>,
    menu: Menu<R>,
    state: MenuItem<R>,
    unread: MenuItem<R>,
    quiet: CheckMenuItem<R>,
    /// The lines of jobs.
    lines: Vec<MenuItem<R>>,
    look: Look,
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
        let (none, face) = (None::<&str>, Face::default());
        let rule = || PredefinedMenuItem::separator(app);
        let state = MenuItem::new(app, face.state_line(), false, none)?;
        let unread = MenuItem::with_id(app, INBOX, face.unread_line(), true, none)?;
        let quiet = CheckMenuItem::with_id(app, QUIET, face.quiet_line(), true, false, none)?;
        let show = MenuItem::with_id(app, SHOW, "Show Tidings", true, none)?;
        let quit = MenuItem::with_id(app, QUIT, "Quit", true, none)?;
        let menu =
            Menu::with_items(app, &[&state, &unread, &rule()?, &rule()?, &quiet, &show, &quit])?;
        // By itself Tauri would take a folder that all users of the machine may share.
        let folder = tempfile::Builder::new().prefix("tidings-tray-").tempdir_in(runtime_dir())?;
        let toggled = quiet.clone();
        let icon = TrayIconBuilder::with_id(ID)
            .icon(icon(face.look()))
            .icon_as_template(cfg!(target_os = "macos"))
            .temp_dir_path(folder.path())
            .menu(&menu)
            // On Windows a click opens the window, as it does with other programs.
            .show_menu_on_left_click(cfg!(not(windows)))
            .on_menu_event(move |app, event| match event.id().as_ref() {
                INBOX => {
                    app.state::<Arc<Notices>>().choose(None);
                    window::raise(app, None);
                }
                QUIET => toggle_quiet(app, &toggled),
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
        let (lines, look) = (Vec::new(), face.look());
        Ok(Self { icon, menu, state, unread, quiet, lines, look, _folder: folder })
    }

    /// Shows how all of it stands.
    pub(super) fn show(&mut self, face: &Face) {
        if let Err(error) = self.try_show(face) {
            tracing::debug!("the tray cannot show how things stand: {error}");
        }
    }

    fn try_show(&mut self, face: &Face) -> tauri::Result<()> {
        let look = face.look();
        if look != self.look {
            self.icon.set_icon_with_as_template(Some(icon(look)), cfg!(target_os = "macos"))?;
            self.look = look;
        }
        self.icon.set_tooltip(Some(face.tooltip()))?;
        self.icon.set_title(Some(face.jobs.title().unwrap_or_default()))?;
        self.state.set_text(face.state_line())?;
        self.unread.set_text(face.unread_line())?;
        self.quiet.set_text(face.quiet_line())?;
        self.quiet.set_checked(face.notices.quiet.on)?;
        self.show_jobs(&face.jobs.lines)
    }

    fn show_jobs(&mut self, lines: &[String]) -> tauri::Result<()> {
        // Lines change where they stand: a menu that is made anew would close under the pointer.
        for (place, line) in lines.iter().enumerate() {
            let line = line.replace('&', "&&");
            match self.lines.get(place) {
                Some(item) => item.set_text(line)?,
                None => {
                    let item = MenuItem::new(self.menu.app_handle(), line, false, None::<&str>)?;
                    self.menu.insert(&item, FIRST_JOB + place)?;
                    self.lines.push(item);
                }
            }
        }
        for item in self.lines.drain(lines.len()..) {
            self.menu.remove(&item)?;
        }
        Ok(())
    }
}

/// The icon with its marks.
fn icon(look: Look) -> Image<'static> {
    let mut pixels = ICON.rgba().to_vec();
    badge::draw(&mut pixels, ICON.width(), look);
    Image::new_owned(pixels, ICON.width(), ICON.height())
}

/// Switches quiet hours on or off. The system has changed its mark already, which may be wrong then.
fn toggle_quiet<R: Runtime>(app: &AppHandle<R>, entry: &CheckMenuItem<R>) {
    let notices = app.state::<Arc<Notices>>();
    if let Err(error) = notices.change_settings("quiet") {
        tracing::warn!("quiet hours cannot be switched: {error}");
    }
    if let Err(error) = entry.set_checked(notices.settings().quiet.on) {
        tracing::debug!("the tray cannot show how things stand: {error}");
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

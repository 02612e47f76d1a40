//! The native menu, with its shortcuts: of the window on Linux and Windows, at the top of the screen on macOS.

use std::sync::Arc;

use tauri::menu::{
    CheckMenuItem, IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu,
};
use tauri::{AppHandle, Manager, Runtime};

use crate::settings::{Settings, SettingsFile};
use crate::updates::{self, Publisher, UpdateEntry, Updates};
use crate::{autostart, diagnostics, window};

/// Where it is written how all of it works.
const DOCUMENTATION: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/tree/main/docs");

/// Something to choose. Shortcuts have Ctrl (on macOS Cmd) or are function keys: all other keys belong to the page.
#[derive(Debug)]
struct Entry {
    id: &'static str,
    /// The letter behind `&` chooses it while its menu is open, where the system has that.
    label: &'static str,
    shortcut: Option<&'static str>,
}

const fn entry(id: &'static str, label: &'static str, shortcut: &'static str) -> Entry {
    let shortcut = if shortcut.is_empty() { None } else { Some(shortcut) };
    Entry { id, label, shortcut }
}

const CLOSE: Entry = entry("menu-close", "&Close Window", "CmdOrCtrl+W");
const TRAY: Entry = entry("menu-tray", "&Go On in the Tray When Closed", "");
const AUTOSTART: Entry = entry("menu-autostart", "&Start When I Sign In", "");
const QUIT: Entry = entry("menu-quit", "&Quit Tidings", "CmdOrCtrl+Q");
const RELOAD: Entry = entry("menu-reload", "&Reload", "CmdOrCtrl+R");
const ZOOM_IN: Entry = entry("menu-zoom-in", "Zoom &In", "CmdOrCtrl+=");
const ZOOM_OUT: Entry = entry("menu-zoom-out", "Zoom &Out", "CmdOrCtrl+-");
const ZOOM_RESET: Entry = entry("menu-zoom-reset", "&Actual Size", "CmdOrCtrl+0");
const FULL_SCREEN: Entry = entry("menu-full-screen", "&Full Screen", "F11");
const KEYS: Entry = entry("menu-keys", "&Keys of the Page", "CmdOrCtrl+/");
const DOCS: Entry = entry("menu-docs", "&Documentation", "F1");
const UPDATE: Entry = entry("menu-update", updates::CHECK, "");
const DIAGNOSTICS: Entry = entry("menu-diagnostics", "&Copy Diagnostics", "CmdOrCtrl+Shift+D");
const LOG: Entry = entry("menu-log", "Open the &Log's Folder", "");

/// The entries that are on or off.
struct Checks<R: Runtime> {
    tray: CheckMenuItem<R>,
    autostart: CheckMenuItem<R>,
}

/// Makes it.
pub(crate) fn make<R: Runtime>(
    app: &AppHandle<R>,
    settings: &SettingsFile,
    publisher: Option<&Publisher>,
) -> tauri::Result<Menu<R>> {
    let plain = |entry: &Entry| MenuItem::with_id(app, entry.id, entry.label, true, entry.shortcut);
    let check = |entry: &Entry, is_on| {
        CheckMenuItem::with_id(app, entry.id, entry.label, true, is_on, entry.shortcut)
    };
    let rule = || PredefinedMenuItem::separator(app);
    let menu = |label, items: &[&dyn IsMenuItem<R>]| Submenu::with_items(app, label, true, items);

    let checks = Checks {
        tray: check(&TRAY, settings.get().window.close_to_tray)?,
        autostart: check(&AUTOSTART, autostart::is_on())?,
    };
    let file = menu("&File", &[&plain(&CLOSE)?, &rule()?, &checks.tray, &checks.autostart])?;
    let zoom: [&dyn IsMenuItem<R>; 3] =
        [&plain(&ZOOM_IN)?, &plain(&ZOOM_OUT)?, &plain(&ZOOM_RESET)?];
    let view = menu("&View", &[&plain(&RELOAD)?, &rule()?])?;
    view.append_items(&zoom)?;
    view.append_items(&[&rule()?, &plain(&FULL_SCREEN)?])?;
    let help = menu("&Help", &[&plain(&KEYS)?, &plain(&DOCS)?, &rule()?])?;
    help.append_items(&[&plain(&DIAGNOSTICS)?, &plain(&LOG)?])?;
    let update = publisher.map(|_| plain(&UPDATE)).transpose()?;
    if let Some(update) = &update {
        help.append_items(&[&rule()?, update])?;
    }
    app.manage(UpdateEntry(update));
    app.manage(checks);

    let quit = plain(&QUIT)?;
    #[cfg(not(target_os = "macos"))]
    {
        file.append_items(&[&rule()?, &quit])?;
        Menu::with_items(app, &[&file, &view, &help])
    }
    // There the first menu is the app's, and without entries for them no key copies or pastes.
    #[cfg(target_os = "macos")]
    {
        let hide = PredefinedMenuItem::hide(app, None)?;
        let others = PredefinedMenuItem::hide_others(app, None)?;
        let about = PredefinedMenuItem::about(app, None, None)?;
        let own = menu("Tidings", &[&about, &rule()?, &hide, &others, &rule()?, &quit])?;
        let edit = menu(
            "Edit",
            &[
                &PredefinedMenuItem::undo(app, None)?,
                &PredefinedMenuItem::redo(app, None)?,
                &rule()?,
                &PredefinedMenuItem::cut(app, None)?,
                &PredefinedMenuItem::copy(app, None)?,
                &PredefinedMenuItem::paste(app, None)?,
                &PredefinedMenuItem::select_all(app, None)?,
            ],
        )?;
        Menu::with_items(app, &[&own, &file, &edit, &view, &help])
    }
}

/// Does what was chosen. The entries of the tray come by here too, and are done there.
pub(crate) fn chosen<R: Runtime>(app: &AppHandle<R>, event: &MenuEvent) {
    let id = event.id().as_ref();
    let done = match id {
        _ if id == CLOSE.id => window::ask_to_close(app),
        _ if id == QUIT.id => {
            app.exit(0);
            Ok(())
        }
        _ if id == RELOAD.id => window::reload(app),
        _ if id == ZOOM_IN.id => window::zoom(app, |zoom| zoom.larger()),
        _ if id == ZOOM_OUT.id => window::zoom(app, |zoom| zoom.smaller()),
        _ if id == ZOOM_RESET.id => window::zoom(app, |_| window::Zoom::default()),
        _ if id == FULL_SCREEN.id => window::toggle_full_screen(app),
        _ if id == KEYS.id => window::show_keys(app),
        _ if id == DOCS.id => open::that_detached(DOCUMENTATION).map_err(Into::into),
        _ if id == DIAGNOSTICS.id => {
            diagnostics::copy(app);
            Ok(())
        }
        _ if id == UPDATE.id => {
            app.state::<Arc<Updates>>().ask();
            Ok(())
        }
        _ if id == LOG.id => diagnostics::open_log(app),
        _ if id == TRAY.id => toggle_tray(app),
        _ if id == AUTOSTART.id => toggle_autostart(app),
        _ => Ok(()),
    };
    if let Err(error) = done {
        tracing::warn!("what was chosen in the menu cannot be done ({id}): {error}");
    }
}

fn toggle_tray<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let settings = app.state::<Arc<SettingsFile>>();
    let changed = settings.change(|mut settings: Settings| {
        let is_on = &mut settings.window.close_to_tray;
        *is_on = !*is_on;
        Some(settings)
    });
    // The system has changed its mark already.
    app.state::<Checks<R>>().tray.set_checked(settings.get().window.close_to_tray)?;
    Ok(changed?)
}

fn toggle_autostart<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let changed = autostart::set(!autostart::is_on());
    app.state::<Checks<R>>().autostart.set_checked(autostart::is_on())?;
    Ok(changed?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Entry; 14] = [
        CLOSE,
        TRAY,
        AUTOSTART,
        QUIT,
        RELOAD,
        ZOOM_IN,
        ZOOM_OUT,
        ZOOM_RESET,
        FULL_SCREEN,
        KEYS,
        DOCS,
        UPDATE,
        DIAGNOSTICS,
        LOG,
    ];

    #[test]
    fn no_two_entries_share_a_name_or_a_shortcut_and_none_takes_a_key_of_the_page() {
        for (place, entry) in ALL.iter().enumerate() {
            for other in &ALL[..place] {
                assert_ne!(entry.id, other.id);
                assert!(entry.shortcut.is_none() || entry.shortcut != other.shortcut, "{entry:?}");
            }
            if let Some(shortcut) = entry.shortcut {
                let is_function = shortcut.starts_with('F') && shortcut.len() > 1;
                assert!(is_function || shortcut.starts_with("CmdOrCtrl+"), "{shortcut}");
            }
            // Those of the tray are `show` and `quit`.
            assert!(entry.id.starts_with("menu-"), "{entry:?}");
        }
    }
}

//! The window, and what the web view needs on some systems.
//!
//! - [`keeper`]: what is known of it; [`place`]: where it is to be; [`zoom`]: how large its page is.
//! - [`release`] and [`tray_start`]: when there is none.

mod keeper;
mod place;
mod release;
mod tray_start;
mod zoom;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tauri::webview::{Color, PageLoadEvent};
use tauri::window::ProgressBarState;
use tauri::{
    AppHandle, CloseRequestApi, Manager, Runtime, Theme, WebviewWindow, WebviewWindowBuilder,
    WindowEvent,
};

pub use keeper::Keeper;
use keeper::Presence;
pub(crate) use release::work as release_when_hidden;
pub(crate) use tray_start::work as show_without_tray;
pub(crate) use zoom::Zoom;

use crate::launch::Launch;
use crate::link::Link;
use crate::notices::{Hint, Notices};
use crate::progress::host;

/// Label of the window; `capabilities/main.json` grants to it by name.
const MAIN: &str = "main";

/// Backgrounds of the dashboard, so that nothing flashes before its first paint.
const DARK: Color = Color(0x0b, 0x0d, 0x10, 0xff);
const LIGHT: Color = Color(0xf6, 0xf7, 0xf9, 0xff);

/// Under the locale `C.UTF-8` WebKitGTK calls the language `C`, which is none: whatever formats a number
/// by it fails, the charts among them.
const LANGUAGE: &str = r"
if (navigator.language === 'C') {
    Object.defineProperty(navigator, 'language', { value: 'en-US' });
    Object.defineProperty(navigator, 'languages', { value: ['en-US'] });
}";

/// A window that is let go of is gone after a few of these.
const GONE_SOON: Duration = Duration::from_millis(20);

/// As if somebody had pressed the key for it.
const PRESS_HELP: &str =
    "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }));";

/// What is said when the window was closed for the first time.
const IN_TRAY: Hint = Hint {
    title: Cow::Borrowed("Tidings goes on in the tray"),
    body: "Its menu shows the window again, and ends the app.",
};

/// Has the system's toolkit start, while other threads do what else there is to do. The window waits for it otherwise.
#[cfg(target_os = "linux")]
pub(crate) fn warm_up() {
    if let Err(error) = gtk::init() {
        // Whoever makes the window says so again, and that ends the app.
        tracing::debug!("GTK does not start: {error}");
    }
}

/// Other toolkits start at once.
#[cfg(not(target_os = "linux"))]
pub(crate) fn warm_up() {}

/// Makes the window of `tauri.conf.json`; it comes to the front once its page is loaded. `token` as in [`raise`].
pub(crate) fn create<R: Runtime>(app: &AppHandle<R>, token: Option<String>) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == MAIN) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let keeper = Arc::clone(&app.state::<Arc<Keeper>>());
    keeper.want();
    // Gone once it was shown: to be loaded anew is no reason to come to the front.
    let (first, loading) = (Mutex::new(Some(token)), keeper.clone());
    let window = WebviewWindowBuilder::from_config(app, config)?
        .initialization_script(LANGUAGE)
        .on_page_load(move |window, load| {
            let is_loaded = load.event() == PageLoadEvent::Finished;
            loading.set_loaded(is_loaded);
            if !is_loaded {
                return;
            }
            let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
            let shown = match first {
                Some(token) => raise_now(&window, &loading, token.as_deref()),
                None => follow_link(&window, &loading),
            };
            if let Err(error) = shown {
                tracing::error!("the window cannot be shown: {error}");
            }
        })
        .build()?;
    let notices = Arc::clone(&app.state::<Arc<Notices>>());
    // It is where the system puts it, otherwise.
    if let Err(error) = keeper.place(&window) {
        tracing::warn!("the window cannot be put where it was: {error}");
    }
    if keeper.zoom() != Zoom::default() {
        window.set_zoom(keeper.zoom().factor())?;
    }
    let seen = window.clone();
    window.on_window_event(move |event| match event {
        // A window that is hidden or minimised loses the focus as well.
        WindowEvent::Focused(is_focused) => notices.attend(*is_focused),
        WindowEvent::Moved(_) | WindowEvent::Resized(_) => keeper.note(&seen),
        WindowEvent::CloseRequested { api, .. } => close(&seen, &keeper, api),
        _ => {}
    });
    let background = if window.theme()? == Theme::Dark { DARK } else { LIGHT };
    window.set_background_color(Some(background))
}

/// Hides the window where there is a tray to show it again. Otherwise the app ends with it.
fn close<R: Runtime>(window: &WebviewWindow<R>, keeper: &Arc<Keeper>, api: &CloseRequestApi) {
    keeper.save();
    if !keeper.closes_to_tray() {
        return;
    }
    api.prevent_close();
    if let Err(error) = window.hide() {
        tracing::warn!("the window cannot be hidden: {error}");
    }
    keeper.set_presence(Presence::Hidden);
    window.app_handle().state::<Arc<Notices>>().attend(false);
    let (app, keeper) = (window.app_handle().clone(), keeper.clone());
    // Whether there is a tray takes a moment to find out, and may be otherwise each time.
    tauri::async_runtime::spawn(async move {
        if !keeper.has_icon() || !host::is_there().await {
            tracing::info!("the window is closed, and there is no tray to go on in");
            app.exit(0);
        } else if keeper.must_tell_of_tray() {
            app.state::<Arc<Notices>>().hint(IN_TRAY);
        }
    });
}

/// Does what another start wants, or a click on a link.
pub(crate) fn welcome<R: Runtime>(app: &AppHandle<R>, launch: Launch) {
    follow(app, &launch.links);
    if !launch.is_hidden {
        raise(app, launch.token);
    }
}

/// Notes where links lead; the window goes there once it is shown.
pub(crate) fn follow<R: Runtime>(app: &AppHandle<R>, links: &[String]) {
    for link in links {
        match Link::read(link) {
            Link::Notifications => app.state::<Arc<Notices>>().choose(None),
            Link::Place(place) => app.state::<Arc<Keeper>>().lead(place),
            Link::Window => {}
        }
    }
}

/// Lets go of a hidden window, with all that its web view takes. What else the app does goes on.
fn release<R: Runtime>(app: &AppHandle<R>, keeper: &Keeper) {
    // It may have been shown meanwhile.
    if keeper.presence() != Presence::Hidden {
        return;
    }
    keeper.set_presence(Presence::Released);
    app.state::<Arc<Notices>>().attend(false);
    match with(app, WebviewWindow::destroy) {
        Ok(()) => tracing::info!("the window was hidden for long, and is released"),
        Err(error) => tracing::warn!("the window cannot be released: {error}"),
    }
}

/// Brings the window before whoever clicked, and makes it if there is none; with `token` where the system asks for one.
pub(crate) fn raise<R: Runtime>(app: &AppHandle<R>, token: Option<String>) {
    let asked = app.clone();
    let raised = app.run_on_main_thread(move || {
        if let Err(error) = raise_or_create(&asked, token) {
            tracing::warn!("the window cannot be brought forward: {error}");
        }
    });
    if let Err(error) = raised {
        tracing::debug!("the app is about to end: {error}");
    }
}

fn raise_or_create<R: Runtime>(app: &AppHandle<R>, token: Option<String>) -> tauri::Result<()> {
    let keeper = Arc::clone(&app.state::<Arc<Keeper>>());
    match (keeper.presence(), app.get_webview_window(MAIN)) {
        (Presence::Released, None) => {
            keeper.set_presence(Presence::Shown);
            // Else nothing would ever show it again, and nothing end the app either.
            create(app, token).inspect_err(|_| {
                keeper.set_presence(Presence::Released);
            })
        }
        // The one that is let go of is not gone yet.
        (Presence::Released, Some(_)) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                tokio::time::sleep(GONE_SOON).await;
                raise(&app, token);
            });
            Ok(())
        }
        (_, Some(window)) => raise_now(&window, &keeper, token.as_deref()),
        (_, None) => Ok(()),
    }
}

/// Closes the window as a click on its cross does.
pub(crate) fn ask_to_close<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    with(app, |window| window.close())
}

/// Loads the page anew.
pub(crate) fn reload<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    with(app, |window| window.reload())
}

/// Shows the page larger or smaller; that is kept.
pub(crate) fn zoom<R: Runtime>(
    app: &AppHandle<R>,
    change: impl FnOnce(Zoom) -> Zoom,
) -> tauri::Result<()> {
    let zoom = app.state::<Arc<Keeper>>().change_zoom(change);
    with(app, |window| window.set_zoom(zoom.factor()))
}

/// Makes the window as large as the screen, or as it was.
pub(crate) fn toggle_full_screen<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    with(app, |window| window.set_fullscreen(!window.is_fullscreen()?))
}

/// Has the page show or hide its help, which tells its keys.
pub(crate) fn show_keys<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    with(app, |window| window.eval(PRESS_HELP))
}

/// Does it with the window, if there is one.
fn with<R: Runtime>(
    app: &AppHandle<R>,
    act: impl FnOnce(&WebviewWindow<R>) -> tauri::Result<()>,
) -> tauri::Result<()> {
    app.get_webview_window(MAIN).map_or(Ok(()), |window| act(&window))
}

/// Shows how far something is on the window's button in the taskbar.
pub(crate) fn show_progress<R: Runtime>(
    app: &AppHandle<R>,
    state: ProgressBarState,
) -> tauri::Result<()> {
    with(app, |window| window.set_progress_bar(state))
}

fn raise_now<R: Runtime>(
    window: &WebviewWindow<R>,
    keeper: &Keeper,
    token: Option<&str>,
) -> tauri::Result<()> {
    // First, so that the page has what it missed by the time it is seen.
    let before = keeper.set_presence(Presence::Shown);
    window.show().inspect_err(|_| {
        keeper.set_presence(before);
    })?;
    // A window manager may take one that comes back for a new one.
    if before == Presence::Hidden {
        keeper.place(window)?;
    }
    window.unminimize()?;
    // Without it, compositors keep a window from taking the focus that nobody gave it.
    #[cfg(target_os = "linux")]
    if let Some(token) = token {
        use gtk::prelude::GtkWindowExt;
        window.gtk_window()?.set_startup_id(token);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = token;
    follow_link(window, keeper)?;
    window.set_focus()
}

/// Leads the page where a link leads, once it is loaded.
fn follow_link<R: Runtime>(window: &WebviewWindow<R>, keeper: &Keeper) -> tauri::Result<()> {
    let Some(place) = keeper.next_place() else { return Ok(()) };
    let anchor = serde_json::to_string(&format!("#{place}"))?;
    // The page hears of an address that is another; of the same it is told.
    window.eval(format!(
        "if (location.hash === {anchor}) dispatchEvent(new HashChangeEvent('hashchange'));
         else location.hash = {anchor};"
    ))
}

/// Sets the environment the web view reads. Must be called while there is one thread only.
///
/// WebKitGTK draws through DMA-BUF. Under NVIDIA's own driver that can leave the window blank; without a
/// graphics device (a virtual display, a container) it works, on a software renderer that takes some
/// 110 MiB more than drawing without. Whoever set the variable knows better.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the environment can be set in no other way")]
pub(crate) fn prepare() {
    use std::path::Path;
    const VARIABLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    let has_device = Path::new("/dev/dri").exists();
    let has_nvidia = Path::new("/proc/driver/nvidia/version").exists();
    if (has_nvidia || !has_device) && std::env::var_os(VARIABLE).is_none() {
        // SAFETY: no other thread runs yet that could read the environment meanwhile.
        unsafe { std::env::set_var(VARIABLE, "1") };
    }
}

/// Other web views need nothing.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare() {}

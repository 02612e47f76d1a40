//! The window, and what the web view needs on some systems.

use std::sync::Arc;

use tauri::webview::{Color, PageLoadEvent};
use tauri::{
    App, AppHandle, Manager, Runtime, Theme, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::notices::Notices;

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

/// Makes the window of `tauri.conf.json`; it shows itself once its page is loaded.
pub(crate) fn create<R: Runtime>(app: &App<R>) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == MAIN) else {
        return Err(tauri::Error::WindowNotFound);
    };
    let window = WebviewWindowBuilder::from_config(app, config)?
        .initialization_script(LANGUAGE)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished
                && let Err(error) = window.show()
            {
                tracing::error!("the window cannot be shown: {error}");
            }
        })
        .build()?;
    let notices = Arc::clone(&app.state::<Arc<Notices>>());
    window.on_window_event(move |event| {
        // A window that is hidden or minimised loses the focus as well.
        if let WindowEvent::Focused(is_focused) = event {
            notices.attend(*is_focused);
        }
    });
    let background = if window.theme()? == Theme::Dark { DARK } else { LIGHT };
    window.set_background_color(Some(background))
}

/// Brings the window before whoever clicked; with `token` where the system asks for one.
pub(crate) fn raise<R: Runtime>(app: &AppHandle<R>, token: Option<String>) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let raised = app.run_on_main_thread(move || {
        if let Err(error) = raise_now(&window, token.as_deref()) {
            tracing::warn!("the window cannot be brought forward: {error}");
        }
    });
    if let Err(error) = raised {
        tracing::debug!("the app is about to end: {error}");
    }
}

fn raise_now<R: Runtime>(window: &WebviewWindow<R>, token: Option<&str>) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    // Without it, compositors keep a window from taking the focus that nobody gave it.
    #[cfg(target_os = "linux")]
    if let Some(token) = token {
        use gtk::prelude::GtkWindowExt;
        window.gtk_window()?.set_startup_id(token);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = token;
    window.set_focus()
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

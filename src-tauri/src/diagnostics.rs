//! What somebody who asks for help is asked for: versions, how the server answers, and the end of the log. No secrets.

mod redact;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use sysinfo::System;
use tauri::{AppHandle, Manager, Runtime};
use tidings_client::Client;

use crate::log::LogFile;
use crate::notices::{Hint, Notices};
use crate::servers::Servers;
use redact::Redactor;

/// Lines of the log that are copied.
const LINES: usize = 200;
/// Longest the server is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is said once they can be pasted.
const COPIED: Hint = Hint {
    title: Cow::Borrowed("Diagnostics copied"),
    body: "Look through them before you paste them where others read.",
};

/// What they are taken from.
pub(crate) struct Diagnostics {
    pub(crate) log: Option<Arc<LogFile>>,
    /// Whether the app has brought its server along.
    pub(crate) is_bundled: bool,
}

/// Opens the folder of the log.
pub(crate) fn open_log<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let diagnostics = app.state::<Diagnostics>();
    let folder = diagnostics.log.as_ref().and_then(|log| log.path().parent());
    Ok(folder.map_or(Ok(()), open::that_detached)?)
}

/// Copies them, and says so.
pub(crate) fn copy<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let text = text(&app).await;
        let sent = app.clone().run_on_main_thread(move || match to_clipboard(&text) {
            Ok(()) => app.state::<Arc<Notices>>().hint(COPIED),
            Err(error) => tracing::warn!("diagnostics cannot be copied: {error}"),
        });
        if let Err(error) = sent {
            tracing::debug!("the app is about to end: {error}");
        }
    });
}

async fn text<R: Runtime>(app: &AppHandle<R>) -> String {
    let diagnostics = app.state::<Diagnostics>();
    let servers = app.state::<Arc<Servers>>();
    let client = servers.client();
    let is_bundled = diagnostics.is_bundled && servers.shows_first();
    let web_view = tauri::webview_version().unwrap_or_else(|_| "not known".to_owned());
    let settings = app.state::<Arc<Notices>>().settings_file().get();
    let settings = serde_json::to_string(&settings).unwrap_or_default();
    let log = diagnostics.log.as_deref();
    let heads = [
        ("Tidings", env!("CARGO_PKG_VERSION").to_owned()),
        ("System", system()),
        ("Desktop", desktop()),
        ("Web view", web_view),
        ("Server", server(&client, is_bundled).await),
        ("Settings", settings),
        ("Log", log.map(|log| log.path().display().to_string()).unwrap_or_default()),
    ];
    let mut text = String::new();
    for (name, value) in heads {
        text += &format!("{name}: {value}\n");
    }
    for line in log.map(|log| log.newest(LINES)).unwrap_or_default() {
        text += &line;
        text.push('\n');
    }
    Redactor::new(&servers.tokens(), dirs::home_dir().as_deref()).redact(&text)
}

fn system() -> String {
    let name = System::long_os_version().unwrap_or_default();
    let kernel = System::kernel_version().unwrap_or_default();
    format!("{name}, {kernel}, {}", std::env::consts::ARCH)
}

/// Which desktop it is, where there are several.
fn desktop() -> String {
    let said = ["XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE"].map(|name| std::env::var(name).ok());
    said.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Which server it is, and how it answers. Its name is the user's own affair: what matters is whether it is this machine.
async fn server(client: &Client, is_bundled: bool) -> String {
    let url = client.server();
    let place = match url.host_str() {
        _ if is_bundled => "bundled".to_owned(),
        Some("localhost" | "127.0.0.1" | "[::1]") => format!("on this machine, {}", url.scheme()),
        _ => format!("elsewhere, {}", url.scheme()),
    };
    let answer = match tokio::time::timeout(PATIENCE, client.session()).await {
        Ok(Ok(session)) => format!("version {}", session.server_version),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    format!("{place}: {answer}")
}

#[cfg(target_os = "linux")]
fn to_clipboard(text: &str) -> Result<(), std::convert::Infallible> {
    let clipboard = gtk::Clipboard::get(&gtk::gdk::SELECTION_CLIPBOARD);
    clipboard.set_text(text);
    // So that it is there after the app has ended, where the desktop has something for that.
    clipboard.store();
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn to_clipboard(text: &str) -> Result<(), arboard::Error> {
    arboard::Clipboard::new()?.set_text(text)
}

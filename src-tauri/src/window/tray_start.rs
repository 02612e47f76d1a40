//! A start without a window.

use std::sync::Arc;
use std::time::Duration;

use tauri::{AppHandle, Runtime};
use tokio::time::{sleep, timeout};

use super::keeper::Keeper;
use crate::progress::host;

/// When somebody signs in, the tray may come up after the app.
const TRAY_WITHIN: Duration = Duration::from_secs(30);
/// Time between two looks for it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Shows the window after all where no tray comes up that could.
pub(crate) async fn work<R: Runtime>(app: AppHandle<R>, keeper: Arc<Keeper>) {
    let tray = async {
        while !keeper.has_icon() || !host::is_there().await {
            sleep(LOOK_EVERY).await;
        }
    };
    if timeout(TRAY_WITHIN, tray).await.is_err() {
        tracing::warn!("there is no tray to start in, so the window is shown");
        super::raise(&app, None);
    }
}

//! Gives back what the web view takes while nobody has looked for long.

use std::sync::Arc;

use tauri::{AppHandle, Runtime};
use tokio::time::sleep;

use super::keeper::{Keeper, Presence};

/// Releases a window that was hidden for as long as the settings say, again and again.
pub(crate) async fn work<R: Runtime>(app: AppHandle<R>, keeper: Arc<Keeper>) {
    let (mut presence, mut settings) = (keeper.watch_presence(), keeper.watch_settings());
    loop {
        // An error would mean that the app is gone.
        if presence.wait_for(|presence| *presence == Presence::Hidden).await.is_err() {
            return;
        }
        let after = settings.borrow_and_update().window.release_after();
        let wait = async {
            match after {
                Some(after) => sleep(after).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            // It may have been shown and hidden in between, too.
            _ = presence.changed() => continue,
            _ = settings.changed() => continue,
        }
        let (asked, kept) = (app.clone(), keeper.clone());
        let sent = app.run_on_main_thread(move || super::release(&asked, &kept));
        // If it does not go now, it does once it was shown and hidden again.
        if sent.is_err() || presence.changed().await.is_err() {
            return;
        }
    }
}

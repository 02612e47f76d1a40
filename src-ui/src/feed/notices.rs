//! The desktop's notifications of the system: when they come up, and which was chosen. All of it is words, which the application
//! reads and writes.

use super::desktop;
use crate::state::request_error::RequestError;

/// Waits for a notification that is chosen outside of the window: a key, and behind a space its id, or nothing for the inbox.
/// The text is empty if there is none for a while, or the application does not answer; null outside of the desktop's window,
/// where there never is one. `shown` is the key of the one before.
pub async fn next_chosen(shown: &str) -> Option<String> {
    if !desktop::is_here() {
        return None;
    }
    let chosen = desktop::question("next_chosen", vec![("shown", shown.into())]);
    Some(chosen.await.unwrap_or_default())
}

/// When notifications of the system come up, after what a word says was changed; an empty one changes nothing.
///
/// # Errors
///
/// If the application does not answer, or cannot keep it.
pub async fn settings(change: &str) -> Result<String, RequestError> {
    desktop::question("notice_settings", vec![("change", change.into())]).await
}

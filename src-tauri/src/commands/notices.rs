//! Notifications of the system: when they come up, and which was chosen. Answers are words, since the page pays in bytes for each
//! type that it reads.

use std::sync::Arc;

use tauri::State;

use crate::error::CommandError;
use crate::notices::Notices;

/// Waits for one that is chosen outside of the window: its key and its id, or the key alone where it is the inbox; nothing
/// after a while.
#[tauri::command]
pub(crate) async fn next_chosen(
    notices: State<'_, Arc<Notices>>,
    shown: String,
) -> Result<String, CommandError> {
    let chosen = notices.next_chosen(&shown).await;
    Ok(chosen.map_or_else(String::new, |it| it.key + " " + &it.id.unwrap_or_default()))
}

/// Changes what a word says if it says anything, keeps that, and answers with the settings in words.
#[tauri::command]
pub(crate) async fn notice_settings(
    notices: State<'_, Arc<Notices>>,
    change: String,
) -> Result<String, CommandError> {
    notices.change_settings(&change)?;
    Ok(notices.settings().words())
}

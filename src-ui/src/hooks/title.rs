//! The window's title tells machine and state, for those who look at the tab only.

use yew::prelude::*;

use crate::state::connection::Badge;

/// Keeps the title true.
#[hook]
pub fn use_title(host: Option<&str>, badge: Badge) {
    // Seconds stay out: a title that counts down is noise.
    let state = match badge {
        Badge::Live => None,
        Badge::Reconnecting { .. } => Some("Reconnecting…".to_owned()),
        badge => Some(badge.label()),
    };
    let parts = [state.as_deref(), host, Some("Tidings")];
    let title = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    use_effect_with(title, |title| {
        if let Some(document) = web_sys::window().and_then(|window| window.document()) {
            document.set_title(title);
        }
    });
}

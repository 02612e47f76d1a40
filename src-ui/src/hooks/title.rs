//! The window's title tells machine, state and how many notifications are unread, for those who look at the tab only.

use yew::prelude::*;

use crate::state::connection::Badge;
use crate::state::format::capped;
use crate::text::text;
use crate::view::use_effect_with;

/// Keeps the title true.
#[hook]
pub fn use_title(host: Option<&str>, badge: Badge, unread: u64) {
    // Seconds stay out: a title that counts down is noise.
    let state = match badge {
        Badge::Live => None,
        Badge::Reconnecting { .. } => Some(text().states.reconnecting_now.to_owned()),
        badge => Some(badge.label()),
    };
    let parts = [state.as_deref(), host, Some("Tidings")];
    let mut title = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    if unread > 0 {
        title.insert_str(0, &format!("({}) ", capped(unread, 99)));
    }
    use_effect_with(title, |title| {
        if let Some(document) = web_sys::window().and_then(|window| window.document()) {
            document.set_title(title);
        }
    });
}

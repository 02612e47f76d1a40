//! The button that opens the inbox, with the number of unread notifications.

use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::state::format::{at_corner, grouped};
use crate::text::{fill, text};
use crate::view::html;

/// The bell; `target` is the id of the popover that it opens and closes, which the browser does by itself.
pub fn bell(unread: u64, open: bool, target: &'static str) -> Html {
    let label = match unread {
        0 => text().shell.notifications.to_owned(),
        unread => fill(text().shell.unread_notifications, &[&grouped(unread)]),
    };
    html! {
        <button type="button" class="button bell" data-look="bare" data-testid="bell"
            popovertarget={target} title={label.clone()} aria-label={label}
            aria-haspopup="dialog" aria-expanded={if open { "true" } else { "false" }}
            aria-keyshortcuts="n">
            { icon(Symbol::Bell) }
            { unread_count(at_corner(unread), "unread") }
        </button>
    }
}

/// How many are unread, at the corner of an icon whose label says it; nothing where that is empty.
pub fn unread_count(unread: String, testid: &'static str) -> Html {
    if unread.is_empty() {
        return Html::default();
    }
    html! { <span class="bell-count" data-testid={testid}>{ unread }</span> }
}

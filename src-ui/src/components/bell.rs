//! The button that opens the inbox, with the number of unread notifications.

use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::state::format::{capped, grouped};

/// Properties of [`Bell`].
#[derive(Properties, PartialEq)]
pub struct BellProps {
    /// How many are unread.
    pub unread: u64,
    /// Whether the inbox is open.
    pub open: bool,
    /// Id of the popover it opens and closes; the browser does so by itself.
    pub target: &'static str,
}

/// The bell.
#[component]
pub fn Bell(props: &BellProps) -> Html {
    let label = match props.unread {
        0 => "Notifications".to_owned(),
        unread => format!("Notifications, {} unread", grouped(unread)),
    };
    html! {
        <button type="button" class="button bell" data-look="bare" data-testid="bell"
            popovertarget={props.target} title={label.clone()} aria-label={label}
            aria-haspopup="dialog" aria-expanded={if props.open { "true" } else { "false" }}
            aria-keyshortcuts="n">
            { icon(Symbol::Bell) }
            if props.unread > 0 {
                <span class="bell-count" data-testid="unread">{ capped(props.unread, 99) }</span>
            }
        </button>
    }
}

//! The badge in the header.

use yew::prelude::*;

use super::card::symbol_of;
use super::icon::icon;
use crate::state::connection::Badge;
use crate::view::html;

/// Icon and word, never colour alone; `why` is shown on pointing. Screen readers hear of changes from a
/// line of its own, which does not count seconds.
pub fn status_badge(badge: Badge, why: Option<String>) -> Html {
    html! {
        <>
            <span class="badge" data-testid="status" data-state={badge.name()} title={why}>
                { icon(symbol_of(badge.freshness())) }
                <span class="badge-label">{ badge.label() }</span>
            </span>
            <span class="unseen" role="status">{ badge.announcement() }</span>
        </>
    }
}

//! The badge in the header.

use yew::prelude::*;

use super::card::symbol_of;
use super::icon::Icon;
use crate::state::connection::Badge;

/// Properties of [`StatusBadge`].
#[derive(Properties, PartialEq)]
pub struct StatusBadgeProps {
    /// What it says.
    pub badge: Badge,
    /// Why, shown on pointing.
    #[prop_or_default]
    pub title: Option<AttrValue>,
}

/// Icon and word, never colour alone. Screen readers hear of changes from a line of its own, which does
/// not count seconds.
#[component]
pub fn StatusBadge(props: &StatusBadgeProps) -> Html {
    let badge = props.badge;
    html! {
        <>
            <span class="badge" data-testid="status" data-state={badge.name()} title={props.title.clone()}>
                <Icon symbol={symbol_of(badge.freshness())} />
                <span class="badge-label">{ badge.label() }</span>
            </span>
            <span class="unseen" role="status">{ badge.announcement() }</span>
        </>
    }
}

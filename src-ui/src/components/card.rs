//! The frame of a panel, which tells how far its content can be believed.

use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::state::freshness::Freshness;
use crate::view::html;

/// Properties of [`Card`].
#[derive(Properties, PartialEq)]
pub struct CardProps {
    /// Name of the panel, as in the registry.
    pub panel: &'static str,
    /// Its heading.
    pub title: AttrValue,
    /// Its icon.
    pub symbol: Symbol,
    /// Whether its content can be believed.
    pub freshness: Freshness,
    /// Shown behind the heading.
    #[prop_or_default]
    pub aside: Html,
    /// Its content.
    pub children: Html,
}

/// The frame of a panel.
#[component]
pub fn Card(props: &CardProps) -> Html {
    let heading = format!("panel-{}", props.panel);
    html! {
        <section class="card" data-panel={props.panel}
            data-freshness={props.freshness.name()} aria-labelledby={heading.clone()}>
            <header class="card-head">
                <h2 class="card-title" id={heading}>
                    { icon(props.symbol) }
                    { props.title.clone() }
                </h2>
                <div class="card-aside">{ props.aside.clone() }</div>
                { chip(props.freshness) }
            </header>
            <div class="card-body">{ props.children.clone() }</div>
        </section>
    }
}

/// What is to be said of old values: icon and word, and on pointing the cause and what to do, which the help has for all.
pub fn chip(freshness: Freshness) -> Html {
    let Some(label) = freshness.label() else { return Html::default() };
    html! {
        <span class="chip" title={freshness.explain()}>{ icon(symbol_of(freshness)) }{ label }</span>
    }
}

/// The icon that goes with a freshness.
pub fn freshness_icon(freshness: Freshness) -> Html {
    icon(symbol_of(freshness))
}

/// What that icon shows.
pub(super) fn symbol_of(freshness: Freshness) -> Symbol {
    match freshness {
        Freshness::Live => Symbol::Dot,
        Freshness::Waiting => Symbol::Ring,
        Freshness::Degraded => Symbol::Broken,
        Freshness::Stale => Symbol::Clock,
        Freshness::Reconnecting => Symbol::Retry,
        Freshness::Offline => Symbol::Unplugged,
        Freshness::Unauthorized => Symbol::Lock,
        Freshness::Incompatible => Symbol::Alert,
        Freshness::Paused => Symbol::Pause,
    }
}

/// Takes the place of a list that has not arrived, at about the height of so many lines.
pub fn skeleton(lines: usize) -> Html {
    html! {
        <div class="skeleton" aria-hidden="true">
            { for (0..lines).map(|line| html! { <span key={line} class="skeleton-line" /> }) }
        </div>
    }
}

/// A quiet line that says why there is nothing to show.
pub fn empty(why: &'static str) -> Html {
    html! { <p class="empty">{ why }</p> }
}

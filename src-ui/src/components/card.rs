//! The frame of a panel, which tells how far its content can be believed.

use yew::prelude::*;

use super::icon::{Icon, Symbol};
use crate::state::freshness::Freshness;

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
        <section class={classes!("card", format!("card-{}", props.panel))} data-panel={props.panel}
            data-freshness={props.freshness.name()} aria-labelledby={heading.clone()}>
            <header class="card-head">
                <h2 class="card-title" id={heading}>
                    <Icon symbol={props.symbol} />
                    { props.title.clone() }
                </h2>
                <div class="card-aside">{ props.aside.clone() }</div>
                if let Some(label) = props.freshness.label() {
                    <span class="chip">
                        <Icon symbol={symbol_of(props.freshness)} />
                        { label }
                    </span>
                }
            </header>
            <div class="card-body">{ props.children.clone() }</div>
        </section>
    }
}

/// The icon that goes with a freshness.
pub(super) fn symbol_of(freshness: Freshness) -> Symbol {
    match freshness {
        Freshness::Live => Symbol::Dot,
        Freshness::Waiting => Symbol::Ring,
        Freshness::Stale => Symbol::Clock,
        Freshness::Reconnecting => Symbol::Retry,
        Freshness::Offline => Symbol::Unplugged,
        Freshness::Unauthorized => Symbol::Lock,
        Freshness::Incompatible => Symbol::Alert,
        Freshness::Paused => Symbol::Pause,
    }
}

/// Properties of [`Skeleton`].
#[derive(Properties, PartialEq)]
pub struct SkeletonProps {
    /// How many lines it stands for.
    pub lines: usize,
}

/// Takes the place of lists that have not arrived, at about their height.
#[component]
pub fn Skeleton(props: &SkeletonProps) -> Html {
    html! {
        <div class="skeleton" aria-hidden="true">
            { for (0..props.lines).map(|line| html! { <span key={line} class="skeleton-line" /> }) }
        </div>
    }
}

/// Properties of [`Empty`].
#[derive(Properties, PartialEq)]
pub struct EmptyProps {
    /// Why there is nothing.
    pub children: Html,
}

/// A quiet line where there is nothing to show.
#[component]
pub fn Empty(props: &EmptyProps) -> Html {
    html! { <p class="empty">{ props.children.clone() }</p> }
}

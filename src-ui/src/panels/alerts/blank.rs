//! What stands where there are no rules: why, and what can be done.

use tidings_protocol::alert::Side;
use yew::prelude::*;

use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::state::alerts::Load;
use crate::state::alerts::draft::Draft;

/// No list came yet, none will, or it is empty.
pub(super) fn blank(
    load: &Load,
    may_change: Option<bool>,
    on_look: Callback<()>,
    on_new: &Callback<Draft>,
) -> Html {
    match load {
        Load::Waiting => html! {
            <div data-blank="loading" data-testid="alerts-blank">
                <span class="unseen">{ "Loading alerts" }</span>
                { skeleton(4) }
            </div>
        },
        Load::Failed(why) => html! {
            <div class="alerts-blank" data-blank="failed" data-testid="alerts-blank" role="alert">
                <span class="alerts-sign" data-level="error">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ "The alerts did not come" }</p>
                <p>{ why }</p>
                <Button label="Try again" look={Look::Primary} symbol={Symbol::Retry} testid="alerts-retry"
                    onclick={on_look} />
            </div>
        },
        Load::Done if may_change == Some(true) => html! {
            <div class="alerts-blank" data-blank="empty" data-testid="alerts-blank">
                <span class="alerts-sign">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ "No rules yet" }</p>
                <p>{ "Be told when a figure is where it may not be, and when that is over. Begin with one of these:" }</p>
                <div class="alerts-starters">
                    { for STARTERS.iter().map(|starter| {
                        let onclick = on_new.reform(|()| (starter.draft)());
                        html! { <Button key={starter.name} label={starter.name} {onclick} /> }
                    }) }
                    <Button label="Another rule" look={Look::Primary} symbol={Symbol::Plus} testid="alert-new"
                        onclick={on_new.reform(|()| Draft::default())} />
                </div>
            </div>
        },
        Load::Done => html! {
            <div class="alerts-blank" data-blank="empty" data-testid="alerts-blank">
                <span class="alerts-sign">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ "No rules yet" }</p>
                <p>{ "Admins make them here, or in the configuration of the server." }</p>
            </div>
        },
    }
}

struct Starter {
    name: &'static str,
    draft: fn() -> Draft,
}

/// What most machines should be held to.
const STARTERS: &[Starter] = &[
    Starter {
        name: "A disk fills up",
        draft: || Draft::starter("A disk fills up", "disk.*.used_percent", Side::Above, 90.0, "5m"),
    },
    Starter {
        name: "Memory runs out",
        draft: || Draft::starter("Memory runs out", "memory.available", Side::Below, 1e9, "1m"),
    },
    Starter {
        name: "The processor runs wild",
        draft: || Draft::starter("The processor runs wild", "cpu.total", Side::Above, 95.0, "10m"),
    },
];

//! What stands where there are no rules: why, and what can be done.

use tidings_protocol::alert::Side;
use yew::prelude::*;

use crate::components::{Button, Look, Symbol, icon, skeleton};
use crate::state::alerts::draft::Draft;
use crate::state::alerts::{Load, why_not_listed};
use crate::text::{Alerts, text};
use crate::view::html;

/// No list came yet, none will, or it is empty.
pub(super) fn blank(
    load: &Load,
    may_change: Option<bool>,
    on_look: Callback<()>,
    on_new: &Callback<Draft>,
) -> Html {
    let words = &text().alerts;
    match load {
        Load::Waiting => html! {
            <div data-blank="loading" data-testid="alerts-blank">
                <span class="unseen">{ words.loading }</span>
                { skeleton(4) }
            </div>
        },
        Load::Failed(why) => html! {
            <div class="alerts-blank" data-blank="failed" data-testid="alerts-blank" role="alert">
                <span class="alerts-sign" data-level="error">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ words.did_not_come }</p>
                <p>{ why_not_listed(why) }</p>
                <Button label={text().shell.try_again} look={Look::Primary} symbol={Symbol::Retry} testid="alerts-retry"
                    onclick={on_look} />
            </div>
        },
        Load::Done | Load::Missed if may_change == Some(true) => html! {
            <div class="alerts-blank" data-blank="empty" data-testid="alerts-blank">
                <span class="alerts-sign">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ words.none }</p>
                <p>{ words.begin }</p>
                <div class="alerts-starters">
                    { for STARTERS.iter().map(|starter| {
                        let name = (starter.name)(words);
                        let onclick = on_new.reform(move |()| (starter.draft)(name));
                        html! { <Button key={name} label={name} {onclick} /> }
                    }) }
                    <Button label={words.another} look={Look::Primary} symbol={Symbol::Plus} testid="alert-new"
                        onclick={on_new.reform(|()| Draft::default())} />
                </div>
            </div>
        },
        Load::Done | Load::Missed => html! {
            <div class="alerts-blank" data-blank="empty" data-testid="alerts-blank">
                <span class="alerts-sign">{ icon(Symbol::Alert) }</span>
                <p class="alerts-blank-title">{ words.none }</p>
                <p>{ words.admins_make }</p>
            </div>
        },
    }
}

struct Starter {
    name: fn(&'static Alerts) -> &'static str,
    draft: fn(&str) -> Draft,
}

/// What most machines should be held to.
const STARTERS: &[Starter] = &[
    Starter {
        name: |words| words.disk_full,
        draft: |name| Draft::starter(name, "disk.*.used_percent", Side::Above, 90.0, "5m"),
    },
    Starter {
        name: |words| words.memory_out,
        draft: |name| Draft::starter(name, "memory.available", Side::Below, 1e9, "1m"),
    },
    Starter {
        name: |words| words.cpu_wild,
        draft: |name| Draft::starter(name, "cpu.total", Side::Above, 95.0, "10m"),
    },
];

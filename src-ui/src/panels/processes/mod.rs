//! The processes: those that use most, and all of them for who may see them.
//!
//! - [`top`]: those that use most, from the samples that come anyway.
//! - [`all`]: all of them, asked for while they are looked at.
//! - [`grid`]: their rows; [`details`]: one of them; [`question`]: one is to be ended.

mod all;
mod details;
mod grid;
mod question;
mod top;

use yew::prelude::*;

use crate::components::{Button, Card, Symbol};
use crate::hooks::{use_freshness, use_freshness_of, use_metrics, use_paused, use_processes};
use crate::state::format::grouped;
use crate::state::freshness::Freshness;
use crate::state::metrics::Family;
use crate::text::{fill, text};
use crate::view::html;
use all::use_all;
use top::{Order, top};

/// The processes that use most, or all.
#[component]
pub(super) fn ProcessesPanel() -> Html {
    let words = &text().processes;
    let shows_all = use_state_eq(|| false);
    let place = use_node_ref();
    let metrics = use_metrics();
    let paused = use_paused().is_on();
    let heard = use_processes(*shows_all && !paused, &place);
    let of_top = use_freshness(Family::Processes);
    let of_all = match use_freshness_of(heard.reading) {
        // None will come.
        Freshness::Waiting if heard.is_forbidden => Freshness::Live,
        // Nothing is asked for meanwhile.
        Freshness::Stale if paused => Freshness::Paused,
        freshness => freshness,
    };
    let sample = metrics.current();
    let order = use_state_eq(|| Order::Cpu);
    let all = use_all(*shows_all, &heard, sample.map(|sample| &*sample.host));
    let count = match &heard.table {
        Some(table) if *shows_all => Some(table.count),
        _ => sample.and_then(|sample| sample.snapshot.processes.as_ref()).map(|p| p.count),
    };
    let onclick = {
        let shows_all = shows_all.clone();
        Callback::from(move |()| shows_all.set(!*shows_all))
    };
    let aside = html! {
        <>
            if let Some(count) = count {
                <span data-testid="processes-count">{ fill(words.running, &[&grouped(count)]) }</span>
            }
            <Button label={words.all} pressed={*shows_all} testid="processes-all" {onclick} />
        </>
    };
    let (title, freshness) =
        if *shows_all { (text().panels.processes, of_all) } else { (words.top, of_top) };
    html! {
        <Card panel="processes" {title} symbol={Symbol::List} {freshness} {aside}>
            <div class="processes" ref={place} data-all={shows_all.then_some("true")}>
                if *shows_all { { all } } else { { top(sample, &order) } }
            </div>
        </Card>
    }
}

//! All there is to know of a process.

use yew::prelude::*;

use super::all::Act;
use crate::components::{Button, Look, Symbol, full_time};
use crate::state::format::{bytes, grouped, percent, uptime};
use crate::state::processes::{Key, Table, why_not};

/// What is known of the process of this key.
pub(super) fn details(
    table: &Table,
    key: Key,
    was_asked: bool,
    on_act: &Callback<(Act, Key)>,
    on_close: &Callback<()>,
) -> Html {
    let end = on_act.reform(move |()| (Act::End, key));
    let process = table.find(key);
    let row =
        |term: &'static str, what: String| html! { <div><dt>{ term }</dt><dd>{ what }</dd></div> };
    html! {
        <section class="proc-details" data-testid="process-details" aria-label="The chosen process">
            <header class="proc-tools">
                <strong>{ process.map_or_else(|| format!("PID {}", key.0), |process| process.name.to_string()) }</strong>
                if process.is_some() {
                    if let Some(why) = why_not(table.may_end) {
                        <span data-testid="process-kept">{ why }</span>
                    } else {
                        <Button label={if was_asked { "Kill…" } else { "End…" }} keys="Delete" testid="process-end" onclick={end} />
                    }
                }
                <Button label="Close" look={Look::Bare} symbol={Symbol::Close} testid="process-close" onclick={on_close.clone()} />
            </header>
            if let Some(process) = process {
                <p class="proc-command">{ if process.command.is_empty() { "It has no command line to show." } else { &*process.command } }</p>
                <dl>
                    { row("PID", process.pid.to_string()) }
                    { row("Parent", match table.rows.iter().find(|row| row.pid == process.parent) {
                        Some(parent) => format!("{} ({})", parent.name, parent.pid),
                        None => process.parent.to_string(),
                    }) }
                    { row("User", process.user.to_string()) }
                    { row("State", process.doing().to_owned()) }
                    { row("CPU", percent(process.cpu).to_string()) }
                    { row("Memory", bytes(process.memory).to_string()) }
                    { row("Threads", grouped(process.threads)) }
                    { row("Started", full_time((table.boot_at + process.start) as f64).to_string()) }
                    { row("Age", uptime(table.age_of(process))) }
                </dl>
            } else {
                <p class="proc-command">{ "It has ended." }</p>
            }
        </section>
    }
}

//! All there is to know of a process.

use yew::prelude::*;

use super::all::Act;
use crate::components::{Button, Look, Symbol, full_time};
use crate::state::format::{bytes, grouped, percent, uptime};
use crate::state::processes::{Key, Table, why_not};
use crate::text::text;
use crate::view::html;

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
    let words = &text().processes;
    let row =
        |term: &'static str, what: String| html! { <div><dt>{ term }</dt><dd>{ what }</dd></div> };
    html! {
        <section class="proc-details" data-testid="process-details" aria-label={words.chosen}>
            <header class="proc-tools">
                <strong>{ process.map_or_else(|| format!("PID {}", key.0), |process| process.name.to_string()) }</strong>
                if process.is_some() {
                    if let Some(why) = why_not(table.may_end) {
                        <span data-testid="process-kept">{ why }</span>
                    } else {
                        <Button label={if was_asked { words.kill_button } else { words.end_button }} keys="Delete" testid="process-end" onclick={end} />
                    }
                }
                <Button label={text().shell.close} look={Look::Bare} symbol={Symbol::Close} testid="process-close" onclick={on_close.clone()} />
            </header>
            if let Some(process) = process {
                <p class="proc-command">{ if process.command.is_empty() { words.no_command } else { &*process.command } }</p>
                <dl>
                    { row(words.pid, process.pid.to_string()) }
                    { row(words.parent, match table.rows.iter().find(|row| row.pid == process.parent) {
                        Some(parent) => format!("{} ({})", parent.name, parent.pid),
                        None => process.parent.to_string(),
                    }) }
                    { row(words.user, process.user.to_string()) }
                    { row(words.state, process.doing().to_owned()) }
                    { row(words.cpu, percent(process.cpu).to_string()) }
                    { row(words.memory, bytes(process.memory).to_string()) }
                    { row(words.threads, grouped(process.threads)) }
                    { row(words.started, full_time((table.boot_at + process.start) as f64).to_string()) }
                    { row(words.age, uptime(table.age_of(process))) }
                </dl>
            } else {
                <p class="proc-command">{ words.it_has_ended }</p>
            }
        </section>
    }
}

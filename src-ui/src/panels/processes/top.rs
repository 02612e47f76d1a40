//! The processes that use most.

use std::cmp::Ordering;

use tidings_protocol::metrics::Process;
use yew::prelude::*;

use crate::components::{bar, empty, skeleton};
use crate::state::format::{bytes, percent, share};
use crate::state::metrics::Sample;
use crate::text::{fill, text};
use crate::view::html;

/// How many are shown of those the server sends.
const SHOWN: usize = 10;

/// What they are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// CPU use.
    Cpu,
    /// Memory.
    Memory,
}

impl Order {
    /// Most first; equal ones by id, so that rows keep their places.
    fn compare(self, a: &Process, b: &Process) -> Ordering {
        let most = match self {
            Self::Cpu => b.cpu.total_cmp(&a.cpu).then(b.memory.cmp(&a.memory)),
            Self::Memory => b.memory.cmp(&a.memory),
        };
        most.then(a.pid.cmp(&b.pid))
    }
}

/// The processes that use most CPU or most memory.
pub(super) fn top(sample: Option<&Sample>, order: &UseStateHandle<Order>) -> Html {
    let words = &text().processes;
    let processes = sample.and_then(|sample| sample.snapshot.processes.as_ref());
    let memory = sample.and_then(|sample| sample.snapshot.memory.as_ref()).map_or(0, |m| m.total);

    let mut top: Vec<&Process> = processes.map_or_else(Vec::new, |p| p.top.iter().collect());
    top.sort_unstable_by(|a, b| order.compare(a, b));
    top.truncate(SHOWN);

    let heading = |label: &'static str, by: Order| {
        let sorted = **order == by;
        let order = order.clone();
        html! {
            <th scope="col" class="number" aria-sort={if sorted { "descending" } else { "none" }}>
                <button type="button" class="sort" onclick={move |_: MouseEvent| order.set(by)}>
                    { label }
                    <span class="sort-mark" aria-hidden="true">{ if sorted { "↓" } else { "" } }</span>
                </button>
            </th>
        }
    };
    html! {
        <>
            if processes.is_none() {
                { skeleton(SHOWN) }
            } else if top.is_empty() {
                { empty(words.none_seen) }
            } else {
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{ words.name }</th>
                            <th scope="col" class="number pid">{ words.pid }</th>
                            { heading(words.cpu, Order::Cpu) }
                            { heading(words.memory, Order::Memory) }
                        </tr>
                    </thead>
                    <tbody>{ for top.iter().map(|process| row(process, memory)) }</tbody>
                </table>
            }
        </>
    }
}

fn row(process: &Process, memory: u64) -> Html {
    let cpu = percent(process.cpu).to_string();
    let of_memory = share(process.memory, memory);
    html! {
        <tr key={process.pid}>
            <th scope="row" class="name" title={process.name.clone()}>{ &process.name }</th>
            <td class="number pid">{ process.pid }</td>
            <td class="number meter">
                { &cpu }{ bar(process.cpu, cpu.clone()) }
            </td>
            <td class="number meter">
                { bytes(process.memory).to_string() }
                { bar(of_memory, fill(text().processes.of_memory, &[&percent(of_memory).to_string()])) }
            </td>
        </tr>
    }
}

//! The rows of all processes, of which only those in sight are drawn.

use std::rc::Rc;

use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::all::Act;
use crate::components::{Symbol, icon};
use crate::hooks::Shared;
use crate::state::format::{bytes, grouped, percent, uptime};
use crate::state::processes::view::{Column, Line, View};
use crate::state::processes::window::{ROW, drawn, to_see};
use crate::state::processes::{Key, Process, Table};
use crate::text::text;
use crate::view::html;

/// Deeper rows stand no further in.
const DEEPEST: usize = 10;

/// What the rows are made of.
pub(super) struct Rows<'a> {
    /// Where they are.
    pub(super) place: &'a NodeRef,
    /// Which are drawn.
    pub(super) window: &'a UseStateHandle<(usize, usize)>,
    /// What there is.
    pub(super) table: &'a Shared<Table>,
    /// What of it is shown.
    pub(super) lines: &'a Rc<Vec<Line>>,
    /// How it is looked at.
    pub(super) view: &'a View,
    /// The chosen one.
    pub(super) chosen: Option<Key>,
    /// Looks at it in another way.
    pub(super) on_view: &'a Callback<View>,
    /// Does something with a process.
    pub(super) on_act: &'a Callback<(Act, Key)>,
}

/// The rows, and what sorts them.
pub(super) fn grid_of(rows: &Rows<'_>) -> Html {
    let Rows { place, window, table, lines, view, chosen, on_view, on_act } = rows;
    let key_of = |at: usize| lines.get(at).map(|line| table.rows[line.at].key());
    let chosen_at = chosen.and_then(|key| (0..lines.len()).find(|at| key_of(*at) == Some(key)));
    let onscroll = {
        let (place, window, count) = ((*place).clone(), (*window).clone(), lines.len());
        Callback::from(move |_: Event| {
            if let Some(place) = place.cast::<Element>() {
                window.set(drawn(place.scroll_top(), count));
            }
        })
    };
    let onkeydown = {
        let (place, table, lines) = ((*place).clone(), (*table).clone(), (*lines).clone());
        let (view, on_view, on_act) = ((*view).clone(), (*on_view).clone(), (*on_act).clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(place) = place.cast::<HtmlElement>() else { return };
            // Headings have keys of their own.
            let is_here = event.target().as_ref() == Some(place.as_ref());
            if !is_here || event.ctrl_key() || event.alt_key() || event.meta_key() {
                return;
            }
            let key_of = |at: usize| table.rows[lines[at].at].key();
            let (last, page) = (lines.len() - 1, (place.client_height() / ROW - 2).max(1) as usize);
            let fold = |at: usize| {
                let mut next = view.clone();
                next.fold(key_of(at));
                on_view.emit(next);
            };
            let to = match (&*event.key(), chosen_at) {
                ("ArrowDown", at) => at.map_or(0, |at| at + 1),
                ("ArrowUp", at) => at.unwrap_or_default().saturating_sub(1),
                ("PageDown", at) => at.unwrap_or_default() + page,
                ("PageUp", at) => at.unwrap_or_default().saturating_sub(page),
                ("Home", _) => 0,
                ("End", _) => last,
                ("ArrowRight", Some(at)) => match lines[at].is_open {
                    Some(false) => return fold(at),
                    is_open => at + usize::from(is_open.is_some()),
                },
                ("ArrowLeft", Some(at)) => match lines[at].is_open {
                    Some(true) => return fold(at),
                    // To the one that it stands below.
                    _ => (0..at).rev().find(|up| lines[*up].depth < lines[at].depth).unwrap_or(at),
                },
                ("Enter", Some(at)) if !event.repeat() => {
                    event.prevent_default();
                    return on_act.emit((Act::Toggle, key_of(at)));
                }
                ("Delete", Some(at)) if !event.repeat() => {
                    event.prevent_default();
                    return on_act.emit((Act::End, key_of(at)));
                }
                _ => return,
            };
            event.prevent_default();
            let to = to.min(last);
            place.set_scroll_top(to_see(to, place.scroll_top(), place.client_height(), ROW));
            on_act.emit((Act::Choose, key_of(to)));
        })
    };
    let (first, end) = ***window;
    let end = end.min(lines.len());
    let first = first.min(end);
    let is_drawn = chosen_at.is_some_and(|at| (first..end).contains(&at));
    let active = chosen.filter(|_| is_drawn).map(|(pid, _)| format!("process-{pid}"));
    html! {
        <div class="proc-grid" ref={(*place).clone()} tabindex="0" role={if view.is_tree { "treegrid" } else { "grid" }}
            aria-label={text().panels.processes} aria-rowcount={(lines.len() + 1).to_string()} aria-activedescendant={active}
            data-testid="process-grid" {onscroll} {onkeydown}>
            <div role="rowgroup" class="proc-head">
                <div role="row" class="proc-row" aria-rowindex="1">
                    { for Column::ALL.into_iter().map(|column| heading(column, view, on_view)) }
                </div>
            </div>
            <div role="rowgroup">
                { space("above", first) }
                { for (first..end).map(|at| row(rows, at, chosen_at == Some(at))) }
                { space("below", lines.len() - end) }
            </div>
        </div>
    }
}

/// Stands for rows that are not drawn. Its height is an attribute, because the page's security policy forbids style attributes.
fn space(key: &'static str, rows: usize) -> Html {
    let height = (rows * ROW as usize).to_string();
    html! { <svg {key} class="proc-space" aria-hidden="true" width="1" {height} /> }
}

fn heading(column: Column, view: &View, on_view: &Callback<View>) -> Html {
    let is_sorted = view.column == column;
    let (sort, mark) = match (is_sorted, view.is_falling) {
        (false, _) => ("none", ""),
        (true, true) => ("descending", "↓"),
        (true, false) => ("ascending", "↑"),
    };
    let onclick = {
        let view = view.clone();
        on_view.reform(move |_: MouseEvent| {
            let mut next = view.clone();
            next.sort(column);
            next
        })
    };
    html! {
        <div role="columnheader" key={column.name()} data-column={column.name()} aria-sort={sort}>
            <button type="button" class="sort" {onclick}>
                { column.label() }<span class="sort-mark" aria-hidden="true">{ mark }</span>
            </button>
        </div>
    }
}

fn row(rows: &Rows<'_>, at: usize, is_chosen: bool) -> Html {
    let Rows { table, lines, view, on_view, on_act, .. } = rows;
    let line = lines[at];
    let process = &table.rows[line.at];
    let key = process.key();
    let onclick = on_act.reform(move |_: MouseEvent| (Act::Open, key));
    let onfold = {
        let view = (*view).clone();
        on_view.reform(move |event: MouseEvent| {
            event.stop_propagation();
            let mut next = view.clone();
            next.fold(key);
            next
        })
    };
    let is_open = line.is_open.map(|is_open| if is_open { "true" } else { "false" });
    html! {
        <div role="row" class="proc-row" key={format!("{}-{}", key.0, key.1)} id={format!("process-{}", key.0)}
            aria-rowindex={(at + 2).to_string()} aria-selected={if is_chosen { "true" } else { "false" }}
            aria-level={view.is_tree.then(|| (line.depth + 1).to_string())} aria-expanded={is_open} {onclick}>
            { for Column::ALL.into_iter().map(|column| {
                let text = cell(table, process, column);
                let is_name = column == Column::Name;
                html! {
                    <div role={if is_name { "rowheader" } else { "gridcell" }} key={column.name()} data-column={column.name()}
                        title={matches!(column, Column::Name | Column::Command).then(|| text.clone())}>
                        if is_name && view.is_tree {
                            <svg aria-hidden="true" width={(line.depth.min(DEEPEST) * 16).to_string()} height="1" />
                            <span class="proc-fold" aria-hidden="true" onclick={onfold.clone()}>
                                if is_open.is_some() { { icon(Symbol::Chevron) } }
                            </span>
                        }
                        { text }
                    </div>
                }
            }) }
        </div>
    }
}

fn cell(table: &Table, process: &Process, column: Column) -> AttrValue {
    match column {
        Column::Name => process.name.clone().into(),
        Column::Pid => process.pid.to_string().into(),
        Column::User => process.user.clone().into(),
        Column::Cpu => percent(process.cpu).to_string().into(),
        Column::Memory => bytes(process.memory).to_string().into(),
        Column::Threads if process.threads == 0 => "".into(),
        Column::Threads => grouped(process.threads).into(),
        Column::Age => uptime(table.age_of(process)).into(),
        Column::Command => process.command.clone().into(),
    }
}

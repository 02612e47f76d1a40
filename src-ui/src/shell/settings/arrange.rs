//! The panels in their order: moved, hidden, pinned, by buttons.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, focus_first};
use crate::hooks::{leave_anchor, use_actions, use_said, use_settings};
use crate::panels::{PANELS, Panel, ids};
use crate::state::layout::{Change, Layout, Place};
use crate::text::{fill, text};
use crate::view::{html, use_effect_with};

/// The list of panels. A move keeps the focus on the button that did it, and is told.
#[component]
pub(super) fn Arrange() -> Html {
    let actions = use_actions();
    let settings = use_settings();
    let said = use_said();
    let list = use_node_ref();
    let moved = use_mut_ref(|| None::<String>);
    {
        // What is moved in a list leaves it for a moment, and the focus with it.
        let (list, moved) = (list.clone(), moved.clone());
        use_effect_with(settings.layout.clone(), move |_| {
            if let Some(button) = moved.take() {
                focus_first(&list, &button);
            }
        });
    }
    let places = settings.layout.arranged(&ids());
    let on_change = {
        let (actions, layout, said) = (actions.clone(), settings.layout.clone(), said.setter());
        Callback::from(move |(panel, change): (&'static Panel, Change)| {
            let next = layout.changed(&ids(), panel.id, change);
            said.set(told(panel, change, next.as_ref()));
            if let Some(next) = next {
                if change == Change::Hide {
                    leave_anchor(panel.id);
                }
                moved.replace(Some(format!("[data-testid=panel-{}-{}]", name(change), panel.id)));
                actions.arrange(next);
            }
        })
    };
    let on_reset = {
        let said = said.setter();
        Callback::from(move |()| {
            actions.arrange(Layout::default());
            said.set(text().settings.was_reset.to_owned());
        })
    };
    let row = |place: &Place| {
        let panel = PANELS.iter().find(|panel| panel.id == place.id)?;
        let button = |change: Change, symbol, label: String, pressed| {
            let onclick = on_change.reform(move |()| (panel, change));
            let testid = format!("panel-{}-{}", name(change), panel.id);
            html! { <Button look={Look::Bare} {symbol} {label} {testid} {pressed} {onclick} /> }
        };
        let (title, words) = ((panel.title)(text()), &text().settings);
        Some(html! {
            <li class="arrange-row" key={panel.id} data-hidden={place.hidden.then_some("true")}>
                <span class="arrange-name">{ title }</span>
                { button(Change::Up, Symbol::Up, fill(words.move_up, &[title]), None) }
                { button(Change::Down, Symbol::Down, fill(words.move_down, &[title]), None) }
                { button(Change::Pin, Symbol::Pin, fill(words.pin, &[title]), Some(place.pinned)) }
                { button(Change::Hide, Symbol::Eye, fill(words.show, &[title]), Some(!place.hidden)) }
            </li>
        })
    };
    html! {
        <div ref={list}>
            <ul class="arrange" aria-label={text().settings.order}>{ for places.iter().filter_map(row) }</ul>
            <div class="arrange-foot">
                <p role="status" data-testid="arrange-said">{ (*said).clone() }</p>
                <Button label={text().settings.reset} symbol={Symbol::Retry} testid="arrange-reset" onclick={on_reset} />
            </div>
        </div>
    }
}

fn name(change: Change) -> &'static str {
    match change {
        Change::Up => "up",
        Change::Down => "down",
        Change::Pin => "pin",
        Change::Hide => "show",
    }
}

/// What became of a panel; null if nothing did.
fn told(panel: &Panel, change: Change, next: Option<&Layout>) -> String {
    let (title, words) = ((panel.title)(text()), &text().settings);
    let Some(next) = next else { return fill(words.no_further, &[title]) };
    let places = next.arranged(&ids());
    let at = places.iter().position(|place| place.id == panel.id).unwrap_or_default();
    let what = match change {
        Change::Up | Change::Down => words.moved,
        Change::Pin if places[at].pinned => words.pinned,
        Change::Pin => words.unpinned,
        Change::Hide if places[at].hidden => words.is_hidden,
        Change::Hide => words.is_shown,
    };
    fill(what, &[title, &(at + 1).to_string(), &places.len().to_string()])
}

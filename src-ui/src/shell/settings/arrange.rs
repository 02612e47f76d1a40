//! The panels in their order: moved, hidden, pinned, by buttons.

use yew::prelude::*;

use crate::components::{Button, Look, Symbol, focus_first};
use crate::hooks::{leave_anchor, use_actions, use_settings};
use crate::panels::{PANELS, Panel, ids};
use crate::state::layout::{Change, Layout, Place};

/// The list of panels. A move keeps the focus on the button that did it, and is told.
#[component]
pub(super) fn Arrange() -> Html {
    let actions = use_actions();
    let settings = use_settings();
    let said = use_state_eq(String::new);
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
            said.set(words(panel, change, next.as_ref()));
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
            said.set("All panels are shown, in their first order.".to_owned());
        })
    };
    let row = |place: &Place| {
        let panel = PANELS.iter().find(|panel| panel.id == place.id)?;
        let button = |change: Change, symbol, label: String, pressed| {
            let onclick = on_change.reform(move |()| (panel, change));
            let testid = format!("panel-{}-{}", name(change), panel.id);
            html! { <Button look={Look::Bare} {symbol} {label} {testid} {pressed} {onclick} /> }
        };
        let title = panel.title;
        Some(html! {
            <li class="arrange-row" key={panel.id} data-hidden={place.hidden.then_some("true")}>
                <span class="arrange-name">{ title }</span>
                { button(Change::Up, Symbol::Up, format!("Move {title} up"), None) }
                { button(Change::Down, Symbol::Down, format!("Move {title} down"), None) }
                { button(Change::Pin, Symbol::Pin, format!("Pin {title}"), Some(place.pinned)) }
                { button(Change::Hide, Symbol::Eye, format!("Show {title}"), Some(!place.hidden)) }
            </li>
        })
    };
    html! {
        <div ref={list}>
            <ul class="arrange" aria-label="Panels in their order">{ for places.iter().filter_map(row) }</ul>
            <div class="arrange-foot">
                <p role="status" data-testid="arrange-said">{ (*said).clone() }</p>
                <Button label="Reset" symbol={Symbol::Retry} testid="arrange-reset" onclick={on_reset} />
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
fn words(panel: &Panel, change: Change, next: Option<&Layout>) -> String {
    let title = panel.title;
    let Some(next) = next else { return format!("{title} goes no further.") };
    let places = next.arranged(&ids());
    let at = places.iter().position(|place| place.id == panel.id).unwrap_or_default();
    let what = match change {
        Change::Up | Change::Down => "",
        Change::Pin if places[at].pinned => " is pinned, and",
        Change::Pin => " is not pinned any more, and",
        Change::Hide if places[at].hidden => return format!("{title} is hidden."),
        Change::Hide => " is shown, and",
    };
    format!("{title}{what} stands at place {} of {}.", at + 1, places.len())
}

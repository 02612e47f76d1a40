//! The notifications, and the keys that move among them.

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::notification::Notification;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::blank::blank;
use super::focus_inbox;
use crate::components::{Button, Note, NoteAct};
use crate::hooks::{use_actions, use_notifications, use_server_time};
use crate::state::format::{ago, grouped};
use crate::state::notifications::filter::Filter;
use crate::state::notifications::inbox::MOST;
use crate::state::notifications::link::here;
use crate::state::notifications::marks::Mark;
use crate::state::notifications::{Load, Notifications, Older};
use crate::text::{fill, text};
use crate::view::html;

/// Older ones are asked for when the end is so near, in pixels.
const NEAR: i32 = 400;

/// The list of what `filter` takes. One notification is current: keys act on it, and Tab comes to it alone.
#[hook]
pub(super) fn use_list(filter: &Filter, on_filter: &Callback<Filter>) -> Html {
    let actions = use_actions();
    let notifications = use_notifications();
    let now = use_server_time();
    let current = use_state_eq(|| None::<String>);
    let place = use_node_ref();
    let keep = current.as_deref();
    let shown: Vec<(Rc<Notification>, bool)> = notifications
        .shown()
        .filter(|(row, unread)| filter.takes(row, *unread, keep))
        .map(|(row, unread)| (row.clone(), unread))
        .collect();
    {
        // A filter may leave too little to scroll through.
        let (place, actions) = (place.clone(), actions.clone());
        let failed = matches!(notifications.older, Older::Failed(_));
        use_effect(move || {
            if !failed && place.cast::<Element>().is_some_and(|place| is_near(&place)) {
                actions.load_older();
            }
        });
    }
    let onscroll = {
        let actions = actions.clone();
        let failed = matches!(notifications.older, Older::Failed(_));
        Callback::from(move |event: Event| {
            if event.target_dyn_into::<Element>().is_some_and(|place| !failed && is_near(&place)) {
                actions.load_older();
            }
        })
    };
    let on_act = {
        let (actions, current) = (actions.clone(), current.setter());
        Callback::from(move |(act, row): (NoteAct, Rc<Notification>)| match act {
            NoteAct::Focus => current.set(Some(row.id.clone())),
            // The inbox has given way to what it leads to, which takes the focus.
            NoteAct::Follow if row.link.as_deref().is_some_and(|link| here(link).is_some()) => {
                actions.mark(Mark::Read(row.id.clone()));
            }
            NoteAct::Read | NoteAct::Follow => {
                // The button that was pressed goes, and would take the focus along.
                if let Some(note) = note(&row.id) {
                    let _ = note.focus();
                }
                actions.mark(Mark::Read(row.id.clone()));
            }
            NoteAct::Remove => {
                focus_beside(&row.id);
                actions.mark(Mark::Remove(row.id.clone()));
            }
        })
    };
    let first = shown.first().map(|(row, _)| row.id.clone());
    let tabbed =
        shown.iter().find(|(row, _)| keep == Some(&*row.id)).map(|(row, _)| row.id.clone());
    let tabbed = tabbed.or(first);
    let links = !actions.is_desktop();
    let on_retry = {
        let actions = actions.clone();
        Callback::from(move |()| {
            focus_inbox();
            actions.load_inbox();
        })
    };
    let on_older = Callback::from(move |()| {
        focus_inbox();
        actions.load_older();
    });
    let has_rows = notifications.inbox().rows().len() > 0;
    // Screen readers may leave out what is in a busy feed, so that it must not be busy for as long as there are older ones.
    let is_busy = notifications.older == Older::Loading;
    let waits = is_busy || notifications.inbox().next().is_some();
    let words = &text().inbox;
    let feed = (!shown.is_empty()).then_some(text().shell.notifications);
    html! {
        <div class="inbox-list" ref={place} data-testid="inbox-list" {onscroll}>
            if let (Load::Failed(why), true) = (&notifications.load, has_rows) {
                { trouble(fill(words.out_of_date, &[&Notifications::explain_load(why)]), "inbox-retry", &on_retry) }
            }
            // A feed has something in it, or is none.
            <div role={feed.map(|_| "feed")} aria-label={feed} aria-busy={if is_busy { "true" } else { "false" }}>
                { for shown.iter().enumerate().map(|(index, (row, unread))| {
                    let age = Duration::from_millis(now.saturating_sub(row.created_at));
                    html! {
                        <Note key={row.id.clone()} row={row.clone()} unread={*unread} ago={ago(age)}
                            place={index + 1} current={tabbed.as_deref() == Some(&*row.id)} {links}
                            on_act={on_act.clone()} />
                    }
                }) }
            </div>
            if shown.is_empty() && !(has_rows && waits) {
                { blank(&notifications.load, has_rows, filter, on_retry, on_filter) }
            }
            if let Older::Failed(why) = &notifications.older {
                { trouble(why.explain(), "inbox-older", &on_older) }
            } else if waits && has_rows {
                <div class="inbox-end">
                    <Button label={if notifications.older == Older::Loading { words.loading_older } else { words.show_older }}
                        testid="inbox-older" onclick={on_older} />
                </div>
            } else if notifications.inbox().is_full() {
                <p class="inbox-end">{ fill(words.newest, &[&grouped(MOST as u64)]) }</p>
            }
        </div>
    }
}

fn trouble(why: String, testid: &'static str, on_retry: &Callback<()>) -> Html {
    html! {
        <div class="inbox-error" role="alert">
            <span>{ why }</span>
            <Button label={text().shell.try_again} {testid} onclick={on_retry.clone()} />
        </div>
    }
}

fn is_near(place: &Element) -> bool {
    place.scroll_height() - place.scroll_top() - place.client_height() < NEAR
}

/// Moves the focus off one that is about to go: to the one after it, or before it where it is the last.
fn focus_beside(id: &str) {
    let Some(note) = note(id) else { return };
    let beside = note.next_element_sibling().or_else(|| note.previous_element_sibling());
    match beside.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        Some(element) => drop(element.focus()),
        None => focus_inbox(),
    }
}

pub(super) fn note(id: &str) -> Option<HtmlElement> {
    web_sys::window()?.document()?.get_element_by_id(&format!("note-{id}"))?.dyn_into().ok()
}

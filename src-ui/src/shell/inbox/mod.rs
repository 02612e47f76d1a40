//! The inbox: a popover below the bell.
//!
//! - [`filters`]: what of it is shown.
//! - [`list`]: the notifications.
//! - [`keys`]: what its keys do.
//! - [`blank`]: what stands where there are none.
//! - [`toast_choice`]: which levels become toasts, and which come up outside of the desktop's window.
//! - [`chosen`]: what somebody chose there.

mod blank;
mod chosen;
mod filters;
mod keys;
mod list;
mod toast_choice;

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::components::{Button, Look, Symbol, chip, icon};
use crate::hooks::{
    use_actions, use_inbox_open, use_list_freshness, use_notice_settings, use_notifications,
    use_settings,
};
use crate::state::format::grouped;
use crate::state::freshness::Freshness;
use crate::state::notifications::filter::Filter;
use crate::text::{fill, text};
use crate::view::{html, use_effect_with};
use chosen::follow;
use filters::filters;
use list::use_list;
pub(super) use toast_choice::{notice_choice, toast_choice};

/// Id of the popover.
pub(super) const ID: &str = "inbox";

/// Opens the inbox; what it shows follows the browser's word that it is open.
pub(super) fn open_inbox() {
    if let Some(element) = element() {
        let _ = element.show_popover();
    }
}

/// Opens the inbox, or closes it.
pub fn toggle_inbox() {
    if let Some(element) = element() {
        // It throws only where the element has left the page.
        let _ = if is_open(&element) { element.hide_popover() } else { element.show_popover() };
    }
}

fn close_inbox() {
    if let Some(element) = element() {
        let _ = element.hide_popover();
    }
}

/// Takes the focus off a control that is about to go, or to be of no use: keys go on working.
fn focus_inbox() {
    if let Some(element) = element() {
        let _ = element.focus();
    }
}

/// Whether something in the inbox has the focus.
fn has_focus() -> bool {
    element().is_some_and(|element| element.matches(":focus-within").unwrap_or_default())
}

fn element() -> Option<HtmlElement> {
    web_sys::window()?.document()?.get_element_by_id(ID)?.dyn_into().ok()
}

fn is_open(element: &HtmlElement) -> bool {
    element.matches(":popover-open").unwrap_or_default()
}

/// The inbox.
#[component]
pub fn Inbox() -> Html {
    let actions = use_actions();
    let open = use_inbox_open();
    let place = use_node_ref();
    use_effect_with(open, |open| {
        // On a slow machine what was chosen has the focus before the browser says that the inbox is open.
        if *open && !has_focus() {
            focus_inbox();
        }
    });
    {
        // An open one that goes with its session tells nobody.
        let actions = actions.clone();
        use_effect_with((), move |()| {
            let ended = Rc::new(Cell::new(false));
            spawn_local(follow(actions.clone(), ended.clone()));
            move || {
                ended.set(true);
                actions.inbox_opened(false);
            }
        });
    }
    let ontoggle = Callback::from(move |event: Event| {
        if let Some(element) = event.target_dyn_into::<HtmlElement>() {
            actions.inbox_opened(is_open(&element));
        }
    });
    let onkeydown = {
        let place = place.clone();
        Callback::from(move |event: KeyboardEvent| {
            if place.cast::<Element>().is_some_and(|place| keys::press(&place, &event)) {
                event.prevent_default();
            }
        })
    };
    html! {
        <section class="inbox" id={ID} ref={place} popover="auto" tabindex="-1" role="dialog"
            aria-labelledby="inbox-title" data-testid="inbox" {ontoggle} {onkeydown}>
            // Nothing of it costs anything while it is closed.
            if open {
                <Opened />
            }
        </section>
    }
}

#[component]
fn Opened() -> Html {
    let actions = use_actions();
    let notifications = use_notifications();
    let settings = use_settings();
    let filter = use_state_eq(Filter::default);
    let choosing = use_state_eq(|| false);
    let unread = notifications.unread();
    let (words, change) = use_notice_settings();
    let is_desktop = actions.is_desktop();
    let on_filter = {
        let filter = filter.setter();
        Callback::from(move |next| filter.set(next))
    };
    let list = use_list(&filter, &on_filter);
    let freshness = use_list_freshness(notifications.list());
    let freshness = match freshness {
        // A pause holds no notification back.
        Freshness::Paused => Freshness::Live,
        freshness => freshness,
    };
    let on_all_read = {
        let actions = actions.clone();
        Callback::from(move |()| {
            focus_inbox();
            actions.mark_all_read();
        })
    };
    let on_choose = {
        let (choosing, change) = (choosing.clone(), change.clone());
        Callback::from(move |()| {
            choosing.set(!*choosing);
            if is_desktop {
                change.emit(String::new());
            }
        })
    };
    html! {
        <>
            <div class="inbox-head" data-panel="notifications" data-freshness={freshness.name()}>
                <h2 class="inbox-title" id="inbox-title">{ text().shell.notifications }</h2>
                <span class="inbox-unread" data-testid="inbox-unread">
                    { if unread > 0 { fill(text().inbox.unread, &[&grouped(unread)]) } else { String::new() } }
                </span>
                { chip(freshness) }
                <Button label={text().inbox.mark_all} symbol={Some(Symbol::CheckAll)} testid="read-all"
                    enabled={unread > 0} onclick={on_all_read} />
                <Button look={Look::Bare} symbol={Symbol::Sliders} label={text().inbox.choose_toasts}
                    testid="choose-toasts" pressed={Some(*choosing)} onclick={on_choose} />
                <Button look={Look::Bare} symbol={Symbol::Close} label={text().shell.close} keys="Escape"
                    testid="inbox-close" onclick={Callback::from(|()| close_inbox())} />
            </div>
            if *choosing {
                { toast_choice(&actions, &settings) }
                { notice_choice(&words, &change) }
            }
            { filters(&filter, &on_filter) }
            if let Some(refused) = notifications.explain_refused() {
                <p class="inbox-error" role="alert">{ icon(Symbol::Alert) }{ refused }</p>
            }
            { list }
        </>
    }
}

//! One notification in the inbox.

use std::rc::Rc;

use tidings_protocol::notification::Notification;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};
use yew::prelude::*;

use super::button::{Button, Look};
use super::icon::{Symbol, icon};
use super::level::level_icon;
use super::local_time::full_time;
use crate::state::notifications::link;
use crate::state::toasts::name;
use crate::text::text;
use crate::view::html;

/// Longer messages begin folded.
const SHORT: usize = 200;

/// What a person does with a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteAct {
    /// Comes to it, by pointer or key.
    Focus,
    /// Marks it as read.
    Read,
    /// Follows its link.
    Follow,
    /// Removes it.
    Remove,
}

/// Properties of [`Note`].
#[derive(Properties, PartialEq)]
pub struct NoteProps {
    /// The notification.
    pub row: Rc<Notification>,
    /// Whether it is unread.
    pub unread: bool,
    /// Its age, in words.
    pub ago: AttrValue,
    /// Its place among those shown, from 1.
    pub place: usize,
    /// Whether Tab comes to it.
    pub current: bool,
    /// Whether this page can open links to others.
    pub links: bool,
    /// Called with the notification's id.
    pub on_act: Callback<(NoteAct, Rc<Notification>)>,
}

/// A notification: level, words, age, where it leads, and what can be done. Tab comes to what is in it where it comes to itself:
/// a list of thousands is no row of as many stops.
#[component]
pub fn Note(props: &NoteProps) -> Html {
    let row = &props.row;
    let unfolded = use_state_eq(|| false);
    let act = |act: NoteAct| {
        let row = row.clone();
        props.on_act.reform(move |()| (act, row.clone()))
    };
    let is_long = row.message.len() > SHORT || row.message.lines().count() > 3;
    let toggle = {
        let unfolded = unfolded.clone();
        Callback::from(move |_: MouseEvent| unfolded.set(!*unfolded))
    };
    let tabbed = props.current;
    let tabindex = if tabbed { "0" } else { "-1" };
    let (id, title_id) = (format!("note-{}", row.id), format!("note-{}-title", row.id));
    let words = &text().inbox;
    html! {
        <article class="note" {id} data-testid="note" data-level={row.level.as_str()}
            data-unread={props.unread.then_some("true")} {tabindex}
            aria-labelledby={title_id.clone()} aria-posinset={props.place.to_string()} aria-setsize="-1"
            onfocusin={act(NoteAct::Focus).reform(|_: FocusEvent| ())}>
            { level_icon(row.level) }
            <div class="note-words">
                <h3 class="note-title" id={title_id}>
                    <span class="unseen">
                        { if props.unread { words.unread_word } else { "" } }{ " " }{ name(row.level) }{ ": " }
                    </span>
                    { &row.title }
                </h3>
                if !row.message.is_empty() {
                    <p class="note-message" data-folded={(is_long && !*unfolded).then_some("true")}>
                        { &row.message }
                    </p>
                }
                if is_long {
                    <button type="button" class="note-more" onclick={toggle} {tabindex}
                        aria-expanded={if *unfolded { "true" } else { "false" }}>
                        { if *unfolded { words.less } else { words.more } }
                    </button>
                }
                <p class="note-about">
                    <span class="note-level" aria-hidden="true">{ name(row.level) }</span>
                    if let Some(source) = &row.source {
                        <span class="note-source">{ source }</span>
                    }
                    <time title={full_time(row.created_at as f64)}>{ props.ago.clone() }</time>
                    { note_link(row, props.links, tabbed, act(NoteAct::Follow)) }
                </p>
            </div>
            <div class="note-acts">
                if props.unread {
                    <Button look={Look::Bare} symbol={Symbol::Check} label={words.mark_read} keys="e"
                        testid="note-read" {tabbed} onclick={act(NoteAct::Read)} />
                }
                <Button look={Look::Bare} symbol={Symbol::Trash} label={text().shell.delete} keys="Delete"
                    testid="note-remove" {tabbed} onclick={act(NoteAct::Remove)} />
            </div>
        </article>
    }
}

/// Where it leads: a place on this page, which every page can show, or another page. Nothing where it leads nowhere, the
/// plain address where this page must not lead. `tabbed` is whether Tab comes to it.
pub(super) fn note_link(
    row: &Notification,
    links: bool,
    tabbed: bool,
    on_follow: Callback<()>,
) -> Html {
    let Some(address) = &row.link else { return Html::default() };
    if let Some(anchor) = link::here(address) {
        // Another dashboard would be another stream, of which a browser has few to an origin.
        let again = anchor.to_owned();
        let onclick = on_follow.reform(move |event: MouseEvent| {
            hide_popover_of(&event);
            lead_again(&again);
        });
        return html! {
            <a class="note-link" href={anchor.to_owned()} tabindex={(!tabbed).then_some("-1")} {onclick}>
                { text().inbox.show }{ icon(Symbol::Chevron) }
            </a>
        };
    }
    let Some(safe) = link::safe(address).filter(|_| links) else {
        return html! { <span class="note-address" title={address.clone()}>{ address }</span> };
    };
    html! {
        <a class="note-link" href={safe.to_owned()} target="_blank" rel="noopener noreferrer"
            tabindex={(!tabbed).then_some("-1")}
            title={safe.to_owned()} onclick={on_follow.reform(|_: MouseEvent| ())}>
            <span class="note-host">{ link::name(safe) }</span>
            { icon(Symbol::External) }
        </a>
    }
}

/// What lies over the page gives way to what is led to.
fn hide_popover_of(event: &MouseEvent) {
    let target = event.target_dyn_into::<Element>();
    let over = target.and_then(|target| target.closest("[popover]").ok().flatten());
    if let Some(over) = over.and_then(|over| over.dyn_into::<HtmlElement>().ok()) {
        // It throws only where the element has left the page.
        let _ = over.hide_popover();
    }
}

/// Leads to `anchor` where the address names it already: the browser tells nobody of that.
fn lead_again(anchor: &str) {
    if let Some(window) = web_sys::window()
        && window.location().hash().is_ok_and(|hash| hash == anchor)
        && let Ok(event) = Event::new("hashchange")
    {
        let _ = window.dispatch_event(&event);
    }
}

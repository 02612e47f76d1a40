//! One notification in the inbox.

use std::rc::Rc;

use tidings_protocol::notification::Notification;
use yew::prelude::*;

use super::button::{Button, Look};
use super::icon::{Symbol, icon};
use super::level::level_icon;
use super::local_time::full_time;
use crate::state::notifications::link;
use crate::state::toasts::name;

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
    html! {
        <article class="note" {id} data-testid="note" data-level={row.level.as_str()}
            data-unread={props.unread.then_some("true")} {tabindex}
            aria-labelledby={title_id.clone()} aria-posinset={props.place.to_string()} aria-setsize="-1"
            onfocusin={act(NoteAct::Focus).reform(|_: FocusEvent| ())}>
            { level_icon(row.level) }
            <div class="note-words">
                <h3 class="note-title" id={title_id}>
                    <span class="unseen">
                        { if props.unread { "Unread " } else { "" } }{ name(row.level) }{ ": " }
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
                        { if *unfolded { "Less" } else { "More" } }
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
                    <Button look={Look::Bare} symbol={Symbol::Check} label="Mark as read" keys="e"
                        testid="note-read" {tabbed} onclick={act(NoteAct::Read)} />
                }
                <Button look={Look::Bare} symbol={Symbol::Trash} label="Delete" keys="Delete"
                    testid="note-remove" {tabbed} onclick={act(NoteAct::Remove)} />
            </div>
        </article>
    }
}

/// Where it leads; nothing where it leads nowhere, the plain address where this page must not lead. `tabbed` is whether Tab comes to
/// it.
pub(super) fn note_link(
    row: &Notification,
    links: bool,
    tabbed: bool,
    on_follow: Callback<()>,
) -> Html {
    let Some(address) = &row.link else { return Html::default() };
    let is_here = link::is_here(address);
    let Some(safe) = link::safe(address).filter(|_| links || is_here) else {
        return html! { <span class="note-address" title={address.clone()}>{ address }</span> };
    };
    html! {
        // Another dashboard would be another stream, of which a browser has few to an origin.
        <a class="note-link" href={safe.to_owned()} target={(!is_here).then_some("_blank")} rel="noopener noreferrer"
            tabindex={(!tabbed).then_some("-1")}
            title={safe.to_owned()} onclick={on_follow.reform(|_: MouseEvent| ())}>
            <span class="note-host">{ link::name(safe) }</span>
            if !is_here {
                { icon(Symbol::External) }
            }
        </a>
    }
}

//! A toast.

use std::rc::Rc;

use tidings_protocol::notification::Notification;
use yew::prelude::*;

use super::button::{Button, Look};
use super::icon::Symbol;
use super::level::level_icon;
use super::note::note_link;
use crate::state::format::grouped;
use crate::state::toasts::{Toast, name};
use crate::text::{fill, text};
use crate::view::html;

/// What can be done with a toast.
#[derive(Debug)]
pub struct ToastActs {
    /// Called to take it away, with its key.
    pub on_dismiss: Callback<u64>,
    /// Called when its link is followed.
    pub on_follow: Callback<Rc<Notification>>,
    /// Called to see what else there is.
    pub on_more: Callback<()>,
}

/// A toast; `links` is whether this page can open links. Screen readers hear of it from a line of its own, once.
pub fn toast_card(toast: &Toast, links: bool, acts: &ToastActs) -> Html {
    let Some(row) = toast.newest() else { return Html::default() };
    let (more, words) = (toast.more(), &text().inbox);
    let many = fill(words.while_away, &[&grouped(more + 1)]);
    let (title, message) = match more {
        0 => (&*row.title, &*row.message),
        _ if toast.away => (&*many, &*row.title),
        _ => (&*row.title, &*row.message),
    };
    let dismiss = {
        let key = toast.key;
        acts.on_dismiss.reform(move |()| key)
    };
    let follow = {
        let row = row.clone();
        acts.on_follow.reform(move |()| row.clone())
    };
    html! {
        <li class="toast" key={toast.key} data-testid="toast" data-level={toast.level.as_str()}>
            { level_icon(toast.level) }
            <div class="toast-words">
                <p class="toast-title">{ title }</p>
                if !message.is_empty() {
                    <p class="toast-message">{ message }</p>
                }
                <p class="note-about">
                    <span class="note-level">{ name(toast.level) }</span>
                    if let Some(source) = row.source.as_ref().filter(|_| !toast.away || more == 0) {
                        <span class="note-source">{ source }</span>
                    }
                    if more == 0 {
                        { note_link(row, links, true, follow) }
                    } else {
                        <button type="button" class="note-more" data-testid="toast-more"
                            onclick={acts.on_more.reform(|_: MouseEvent| ())}>
                            { if toast.away { words.show_them.to_owned() } else { fill(words.and_more, &[&grouped(more)]) } }
                        </button>
                    }
                </p>
            </div>
            <Button look={Look::Bare} symbol={Symbol::Close} label={words.dismiss} testid="toast-dismiss"
                onclick={dismiss} />
        </li>
    }
}

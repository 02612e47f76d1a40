//! The corner where toasts come up.

use std::rc::Rc;

use tidings_protocol::notification::Notification;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::inbox::open_inbox;
use crate::components::{ToastActs, toast_card};
use crate::hooks::{use_actions, use_toasts};
use crate::state::format::grouped;
use crate::state::notifications::marks::Mark;
use crate::state::toasts::{Announcement, Hold};
use crate::text::{fill, text};
use crate::view::html;

/// The toasts, and the lines that screen readers read.
#[component]
pub fn Toasts() -> Html {
    let actions = use_actions();
    let toasts = use_toasts();
    let hold = |hold: Hold, on: bool| {
        let actions = actions.clone();
        move || actions.hold_toasts(hold, on)
    };
    let (enter, leave) = (hold(Hold::Pointer, true), hold(Hold::Pointer, false));
    let (come, go) = (hold(Hold::Focus, true), hold(Hold::Focus, false));
    let on_dismiss = {
        let actions = actions.clone();
        Callback::from(move |key| {
            let next = focus_beside();
            actions.dismiss_toast(key);
            // Behind the dismissal, which takes the focus for lost.
            if let Some(next) = next {
                let _ = next.focus();
            }
        })
    };
    let links = !actions.is_desktop();
    let on_follow = Callback::from(move |row: Rc<Notification>| {
        actions.mark(Mark::Read(row.id.clone()));
    });
    let on_more = Callback::from(|()| open_inbox());
    let acts = ToastActs { on_dismiss, on_follow, on_more };
    // The same words once more are said once more, because their element is another.
    let say = |said: &Announcement| html! { <span key={said.number}>{ said.text.clone() }</span> };
    html! {
        <>
            // They must be there before there is anything to say.
            <div class="unseen" role="status" data-testid="said">{ say(toasts.polite()) }</div>
            <div class="unseen" role="alert">{ say(toasts.urgent()) }</div>
            if !toasts.list().is_empty() {
                <section class="toasts" aria-label={text().inbox.new}
                    onmouseenter={move |_| enter()} onmouseleave={move |_| leave()}
                    onfocusin={move |_| come()} onfocusout={move |_| go()}>
                    <ul class="toast-list">
                        { for toasts.list().iter().map(|toast| toast_card(toast, links, &acts)) }
                    </ul>
                    if toasts.beyond() > 0 {
                        <button type="button" class="toasts-beyond" data-testid="toasts-beyond"
                            onclick={acts.on_more.reform(|_: MouseEvent| ())}>
                            { fill(text().inbox.more_in_inbox, &[&grouped(toasts.beyond())]) }
                        </button>
                    }
                </section>
            }
        </>
    }
}

/// Where somebody at the keyboard goes on, once the toast is gone that has the focus: another toast, else the bell. None for a
/// pointer, whose focus would hold the toasts for ever.
fn focus_beside() -> Option<HtmlElement> {
    let page = web_sys::window()?.document()?;
    let toast = page.query_selector(".toast:has(:focus-visible)").ok()??;
    let beside = toast.next_element_sibling().or_else(|| toast.previous_element_sibling());
    let button =
        beside.and_then(|toast| toast.query_selector("[data-testid=toast-dismiss]").ok()?);
    let button = button.or_else(|| page.query_selector("[data-testid=bell]").ok()?);
    button?.dyn_into().ok()
}

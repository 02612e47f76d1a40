//! The corner where toasts come up.

use std::rc::Rc;

use tidings_protocol::notification::Notification;
use yew::prelude::*;

use super::inbox::open_inbox;
use crate::components::{ToastActs, toast_card};
use crate::hooks::{use_actions, use_toasts};
use crate::state::format::grouped;
use crate::state::notifications::marks::Mark;
use crate::state::toasts::{Announcement, Hold};

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
        Callback::from(move |key| actions.dismiss_toast(key))
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
                <section class="toasts" aria-label="New notifications"
                    onmouseenter={move |_| enter()} onmouseleave={move |_| leave()}
                    onfocusin={move |_| come()} onfocusout={move |_| go()}>
                    <ul class="toast-list">
                        { for toasts.list().iter().map(|toast| toast_card(toast, links, &acts)) }
                    </ul>
                    if toasts.beyond() > 0 {
                        <button type="button" class="toasts-beyond" data-testid="toasts-beyond"
                            onclick={acts.on_more.reform(|_: MouseEvent| ())}>
                            { format!("{} more in the inbox", grouped(toasts.beyond())) }
                        </button>
                    }
                </section>
            }
        </>
    }
}

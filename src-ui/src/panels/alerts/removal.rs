//! A rule is to be deleted.

use std::rc::Rc;

use tidings_protocol::alert::{Alert, AlertState};
use yew::prelude::*;

use crate::components::{Modal, form_button};
use crate::text::text;
use crate::view::html;

/// The question whether it is to go, with what follows from it. What keeps it has the focus.
pub(super) fn removal(
    alert: &Rc<Alert>,
    on_remove: &Callback<String>,
    on_close: &Callback<()>,
) -> Html {
    let keep = on_close.reform(|_: MouseEvent| ());
    let remove = {
        let (on_remove, on_close, id) = (on_remove.clone(), on_close.clone(), alert.id.clone());
        Callback::from(move |_: MouseEvent| {
            on_close.emit(());
            on_remove.emit(id.clone());
        })
    };
    let words = &text().alerts;
    html! {
        <Modal title={words.delete_title} testid="alert-removal" on_leave={on_close.clone()} on_close={on_close.clone()}>
            <p class="removal-name">{ &alert.rule.name }</p>
            <p class="removal-text">
                { if alert.state == AlertState::Firing {
                    words.delete_firing
                } else {
                    words.delete_text
                } }
            </p>
            <div class="form-acts">
                { form_button("plain", "button", "alert-keep", words.keep, keep) }
                { form_button("danger", "button", "alert-remove-really", text().shell.delete, remove) }
            </div>
        </Modal>
    }
}

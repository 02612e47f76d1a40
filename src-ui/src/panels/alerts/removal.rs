//! A rule is to be deleted.

use std::rc::Rc;

use tidings_protocol::alert::{Alert, AlertState};
use yew::prelude::*;

use crate::components::{Modal, form_button};

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
    html! {
        <Modal title="Delete this rule?" testid="alert-removal" on_leave={on_close.clone()} on_close={on_close.clone()}>
            <p class="removal-name">{ &alert.rule.name }</p>
            <p class="removal-text">
                { if alert.state == AlertState::Firing {
                    "It is firing. With the rule that is over, and nobody is told so. It cannot be undone."
                } else {
                    "Nobody will be told of this figure any more. It cannot be undone; switched off, the rule would stay."
                } }
            </p>
            <div class="form-acts">
                { form_button("plain", "button", "alert-keep", "Keep it", keep) }
                { form_button("danger", "button", "alert-remove-really", "Delete", remove) }
            </div>
        </Modal>
    }
}

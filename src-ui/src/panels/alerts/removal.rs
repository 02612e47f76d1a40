//! A rule is to be deleted.

use std::rc::Rc;

use tidings_protocol::alert::{Alert, AlertState};
use yew::prelude::*;

use crate::components::{Modal, Symbol, icon};

/// Properties of [`Removal`].
#[derive(Properties, PartialEq)]
pub(super) struct RemovalProps {
    /// The rule.
    pub alert: Rc<Alert>,
    /// Called with its id when it is to go.
    pub on_remove: Callback<String>,
    /// Called when the question is answered.
    pub on_close: Callback<()>,
}

/// The question whether it is to go, with what follows from it. What keeps it has the focus.
#[component]
pub(super) fn Removal(props: &RemovalProps) -> Html {
    let alert = &props.alert;
    let keep = props.on_close.reform(|_: MouseEvent| ());
    let remove = {
        let (on_remove, on_close, id) =
            (props.on_remove.clone(), props.on_close.clone(), alert.id.clone());
        Callback::from(move |_: MouseEvent| {
            on_close.emit(());
            on_remove.emit(id.clone());
        })
    };
    html! {
        <Modal title="Delete this rule?" testid="alert-removal" on_leave={props.on_close.clone()}
            on_close={props.on_close.clone()}>
            <p class="removal-name">{ &alert.rule.name }</p>
            <p class="removal-text">
                { if alert.state == AlertState::Firing {
                    "It is firing. With the rule that is over, and nobody is told so. It cannot be undone."
                } else {
                    "Nobody will be told of this figure any more. It cannot be undone; switched off, the rule would stay."
                } }
            </p>
            <div class="form-acts">
                <button type="button" class="button" data-look="plain" data-testid="alert-keep" autofocus=true
                    onclick={keep}>{ "Keep it" }</button>
                <button type="button" class="button" data-look="danger" data-testid="alert-remove-really"
                    onclick={remove}>{ icon(Symbol::Trash) }{ "Delete" }</button>
            </div>
        </Modal>
    }
}

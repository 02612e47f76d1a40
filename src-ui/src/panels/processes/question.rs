//! A process is to be ended.

use yew::prelude::*;

use super::all::called;
use crate::components::{Modal, form_button};
use crate::state::processes::Process;
use crate::text::text;
use crate::view::html;

/// What is asked before a process ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// Which it is.
    pub(super) process: Process,
    /// Whether it is to end at once, since it was asked to and has not.
    pub(super) force: bool,
}

/// The question whether it is to be, with what follows from it. What leaves the process as it is has the focus.
pub(super) fn question(
    asked: &Question,
    is_there: bool,
    on_sure: &Callback<Question>,
    on_close: &Callback<()>,
) -> Html {
    let Question { process, force } = asked;
    let words = &text().processes;
    let keep = on_close.reform(|_: MouseEvent| ());
    let sure = {
        let asked = asked.clone();
        on_sure.reform(move |_: MouseEvent| asked.clone())
    };
    let (title, text, go) = match force {
        _ if !is_there => (words.end_title, words.ended_itself, words.end_it),
        false => (words.end_title, words.end_text, words.end_it),
        true => (words.kill_title, words.kill_text, words.kill_it),
    };
    html! {
        <Modal {title} testid="process-question" on_leave={on_close.clone()} on_close={on_close.clone()}>
            <p class="removal-name">{ called(process) }</p>
            <p class="removal-text proc-command">{ process.command.to_string() }</p>
            <p class="removal-text">{ text }</p>
            <div class="form-acts">
                { form_button("plain", "button", "process-keep", words.keep, keep) }
                { form_button("danger", "button", "process-sure", go, sure) }
            </div>
        </Modal>
    }
}

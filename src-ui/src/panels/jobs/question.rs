//! A job is to be ended or removed.

use std::rc::Rc;

use tidings_protocol::job::JobState;
use yew::prelude::*;

use super::row::Act;
use crate::components::{Modal, form_button};
use crate::state::jobs::Row as Known;

/// The question whether it is to be, with what follows from it. What leaves the job as it is has the focus.
pub(super) fn question(
    act: Act,
    row: &Rc<Known>,
    on_sure: &Callback<(Act, String)>,
    on_close: &Callback<()>,
) -> Html {
    let job = &row.job;
    let keep = on_close.reform(|_: MouseEvent| ());
    let sure = {
        let (on_sure, on_close, id) = (on_sure.clone(), on_close.clone(), job.id.clone());
        Callback::from(move |_: MouseEvent| {
            on_close.emit(());
            on_sure.emit((act, id.clone()));
        })
    };
    let (title, text, stay, go) = match act {
        Act::Remove => (
            "Remove this job?",
            "What it has written and what came of it go with it. It cannot be undone.",
            "Keep it",
            "Remove",
        ),
        _ => (
            "Cancel this job?",
            match (job.is_reported(), job.state) {
                _ if job.cancel_requested => "Its end was asked for already. It has not ended yet.",
                (_, JobState::Queued) => "It has not begun, and never will.",
                (true, _) => {
                    "The program that reports it is told so, and ends its work if it heeds that."
                }
                (false, _) => "Its work ends as it stands; what it has done so far is not undone.",
            },
            "Let it run",
            "Cancel the job",
        ),
    };
    html! {
        <Modal {title} testid="job-question" on_leave={on_close.clone()} on_close={on_close.clone()}>
            <p class="removal-name">{ &job.name }</p>
            <p class="removal-text">
                { if act == Act::Cancel && !job.state.is_active() { "It has ended by itself meanwhile." } else { text } }
            </p>
            <div class="form-acts">
                { form_button("plain", "button", "job-keep", stay, keep) }
                { form_button("danger", "button", "job-sure", go, sure) }
            </div>
        </Modal>
    }
}

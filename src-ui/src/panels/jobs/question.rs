//! A job is to be ended or removed.

use std::rc::Rc;

use tidings_protocol::job::JobState;
use yew::prelude::*;

use super::row::Act;
use crate::components::{Modal, form_button};
use crate::state::jobs::Row as Known;
use crate::text::text;
use crate::view::html;

/// The question whether it is to be, with what follows from it. What leaves the job as it is has the focus.
pub(super) fn question(
    act: Act,
    row: &Rc<Known>,
    on_sure: &Callback<(Act, String)>,
    on_close: &Callback<()>,
) -> Html {
    let (job, words) = (&row.job, &text().jobs);
    let keep = on_close.reform(|_: MouseEvent| ());
    let sure = {
        let (on_sure, on_close, id) = (on_sure.clone(), on_close.clone(), job.id.clone());
        Callback::from(move |_: MouseEvent| {
            on_close.emit(());
            on_sure.emit((act, id.clone()));
        })
    };
    let (title, text, stay, go) = match act {
        Act::Remove => (words.remove_title, words.remove_text, words.keep, words.remove),
        _ => (
            words.cancel_title,
            match (job.is_reported(), job.state) {
                _ if job.cancel_requested => words.cancel_again,
                (_, JobState::Queued) => words.cancel_queued,
                (true, _) => words.cancel_reported,
                (false, _) => words.cancel_text,
            },
            words.let_run,
            words.cancel_job,
        ),
    };
    html! {
        <Modal {title} testid="job-question" on_leave={on_close.clone()} on_close={on_close.clone()}>
            <p class="removal-name">{ &job.name }</p>
            <p class="removal-text">
                { if act == Act::Cancel && !job.state.is_active() { words.ended_itself } else { text } }
            </p>
            <div class="form-acts">
                { form_button("plain", "button", "job-keep", stay, keep) }
                { form_button("danger", "button", "job-sure", go, sure) }
            </div>
        </Modal>
    }
}

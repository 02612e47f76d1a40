//! One job: how it stands in a few lines, and all there is to know of it below.

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::job::{Job, JobState};
use yew::prelude::*;

use super::details::details;
use crate::components::{Button, Look, Symbol, full_time, icon, progress, remark, wall_now};
use crate::hooks::use_at_each_tick;
use crate::state::format::age;
use crate::state::jobs::{Row as Known, words};
use crate::state::request_error::RequestError;
use crate::state::server_clock::ServerClock;
use crate::text::{fill, text};
use crate::view::html;

/// What somebody does with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Shows more or less of it.
    Fold,
    /// Asks for its end.
    Cancel,
    /// Removes it.
    Remove,
    /// Saves what came of it.
    Save,
}

/// Properties of [`Row`].
#[derive(Properties, PartialEq)]
pub(super) struct RowProps {
    /// The job.
    pub row: Rc<Known>,
    /// Whose it is, if it is somebody else's.
    pub whose: Option<AttrValue>,
    /// Whether a request about it is under way.
    pub busy: bool,
    /// What came of the last request about it, where that is to be told, or why it was refused.
    pub answer: Option<Result<String, RequestError>>,
    /// Whether this is the desktop's app.
    pub is_app: bool,
    /// Whether all of it is shown.
    pub open: bool,
    /// Since when nothing is heard of jobs.
    pub held: Option<Duration>,
    /// The server's clock.
    pub clock: Option<ServerClock>,
    /// Called with what somebody does.
    pub on_act: Callback<(Act, Rc<Known>)>,
}

/// Most characters of a line.
const MOST: usize = 300;

/// Id of the button that unfolds the job with this id.
pub(super) fn id_of(id: &str) -> String {
    format!("job-{id}")
}

/// A job.
#[component]
pub(super) fn Row(props: &RowProps) -> Html {
    let row = &props.row;
    let job = &row.job;
    let act = |act: Act| {
        let row = row.clone();
        props.on_act.reform(move |()| (act, row.clone()))
    };
    let (id, more) = (id_of(&job.id), format!("job-{}-more", job.id));
    let is_active = job.state.is_active();
    let texts = &text().jobs;
    html! {
        <li class="job" data-testid="job" data-id={job.id.clone()} data-name={job.name.clone()}
            data-state={job.state.as_str()} aria-busy={props.busy.then_some("true")}>
            <div class="job-line">
                <span class="job-sign">{ icon(symbol(job)) }</span>
                <div class="job-words">
                    <button type="button" class="job-name" {id} onclick={act(Act::Fold).reform(|_: MouseEvent| ())}
                        aria-expanded={if props.open { "true" } else { "false" }} aria-controls={more.clone()}>
                        <span>{ &job.name }</span>{ "\u{a0}" }{ icon(Symbol::Chevron) }
                    </button>
                    <p class="job-about">
                        <span>{ words::kind(job).to_owned() }</span>
                        <span>{ fill(texts.on, &[&job.host]) }</span>
                        if let Some(whose) = &props.whose {
                            <span data-testid="job-user">{ fill(texts.by, &[whose]) }</span>
                        }
                    </p>
                </div>
                <span class="job-chip" data-testid="job-state">{ words::state(job) }</span>
                <div class="job-acts">
                    // Never switched off: the focus would go with it.
                    if is_active {
                        <Button label={text().shell.cancel} testid="job-cancel" onclick={act(Act::Cancel)} />
                    } else {
                        <Button label={texts.remove} look={Look::Bare} symbol={Some(Symbol::Trash)} testid="job-remove"
                            onclick={act(Act::Remove)} />
                    }
                </div>
                <div class="job-now">
                    if is_active && (job.state == JobState::Running || job.progress.is_some()) {
                        { meter(job) }
                    }
                    if let Some(why) = words::explain(job) {
                        <p class="job-why" data-testid="job-why">{ short(&why) }</p>
                    }
                    <p class="job-figures">
                        if !job.message.is_empty() && job.error.as_ref() != Some(&job.message) {
                            <span class="job-message" data-testid="job-message" title={job.message.clone()}>
                                { short(&job.message) }
                            </span>
                        }
                        if is_active {
                            if let Some(amount) = words::amount(job) {
                                <span data-testid="job-amount">{ amount }</span>
                            }
                            if let (Some(rate), JobState::Running) = (words::rate(job), job.state) {
                                <span data-testid="job-rate">{ rate }</span>
                            }
                        }
                        <Times row={Some(row.clone())} held={props.held} clock={props.clock} />
                    </p>
                </div>
            </div>
            { match &props.answer {
                Some(Err(why)) => remark(Some("error"), Symbol::Alert, "job-refused", why.explain().into()),
                Some(Ok(place)) => remark(None, Symbol::Check, "job-saved", fill(texts.lies_at, &[place]).into()),
                None => Html::default(),
            } }
            <div class="job-more" id={more} hidden={!props.open}>
                if props.open {
                    { details(row, props.is_app.then(|| act(Act::Save))) }
                }
            </div>
        </li>
    }
}

fn meter(job: &Job) -> Html {
    let share = job.progress.map(|progress| f32::from(progress.tenths()) / 10.0);
    let said = match (job.state, job.progress) {
        (JobState::Queued, _) => words::state(job),
        (_, Some(progress)) => words::percent(progress),
        (_, None) => text().jobs.unknown_share.to_owned(),
    };
    html! {
        <div class="job-meter">
            { progress(share, job.name.clone().into(), said) }
            <span class="job-percent" data-testid="job-percent">
                { job.progress.map_or_else(|| "–".to_owned(), words::percent) }
            </span>
        </div>
    }
}

/// A line holds no more than so much; all of it stands in the details.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Whether a text is more than its line holds.
pub(super) fn is_long(text: &str) -> bool {
    text.lines().count() > 1 || text.chars().count() > MOST
}

fn symbol(job: &Job) -> Symbol {
    match job.state {
        JobState::Queued => Symbol::Clock,
        JobState::Running => Symbol::Play,
        JobState::Succeeded => Symbol::Success,
        JobState::Failed => Symbol::Failure,
        JobState::Cancelled => Symbol::Close,
        JobState::Interrupted => Symbol::Unplugged,
        JobState::Lost => Symbol::Broken,
        JobState::Unknown => Symbol::Help,
    }
}

/// Properties of [`Times`].
#[derive(Properties, PartialEq)]
pub(super) struct TimesProps {
    /// The job; none for all of them.
    pub row: Option<Rc<Known>>,
    /// Since when nothing is heard of it.
    pub held: Option<Duration>,
    /// The server's clock.
    pub clock: Option<ServerClock>,
}

/// The times of a job, which go on by themselves; or how old is what is shown of all.
#[component]
pub(super) fn Times(props: &TimesProps) -> Html {
    let input = (props.row.clone(), props.held, props.clock);
    let text = use_at_each_tick(input, |(row, held, clock), now| {
        let at = held.unwrap_or(now);
        let Some(row) = row else {
            let age = age(now.saturating_sub(at));
            return fill(text().jobs.as_stood, &[&age]);
        };
        let at = clock.map_or_else(|| wall_now() as u64, |clock| clock.time(at));
        words::times(&row.job, at)
    });
    let Some(row) = &props.row else { return text.into() };
    let job = &row.job;
    let at = job.ended_at.or(job.started_at).unwrap_or(job.created_at);
    html! { <time class="job-times" data-testid="job-times" title={full_time(at as f64)}>{ text }</time> }
}

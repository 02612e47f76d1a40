//! The jobs: what the server does and what programs report, how far each is, and what can be done.
//!
//! - [`row`]: one job.
//! - [`details`]: all there is to know of it; [`output`]: what it has written.
//! - [`form`]: one is started, in [`fields`].
//! - [`question`]: one is to be ended or removed.
//! - [`blank`]: what stands where there are none.

mod blank;
mod details;
mod fields;
mod form;
mod output;
mod question;
mod row;

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::api::Role;
use tidings_protocol::job::JobState;
use yew::prelude::*;

use crate::components::{Button, Card, Symbol, focus, focus_on, icon, remark};
use crate::hooks::{
    is_behind_dialog, use_actions, use_anchor, use_copy, use_fresh_jobs, use_inbox_open, use_jobs,
    use_keys, use_list_freshness, use_me, use_monotonic, use_parts, use_people, use_server_clock,
    use_stream_freshness,
};
use crate::state::freshness::Freshness;
use crate::state::jobs::words::why_not_listed;
use crate::state::jobs::{Jobs, Load, Row as Known};
use crate::text::{fill, text};
use crate::view::{html, use_effect_with};
use blank::blank;
use form::Form;
use question::question;
use row::{Act, Row, Times};

/// Id of the part that has the focus where nothing else could.
const PLACE: &str = "jobs";

/// How many are drawn at first, and how many more at each request: nobody reads a thousand.
const SHOWN: usize = 50;

/// How somebody looks at the jobs.
#[derive(Clone, Debug, Default, PartialEq)]
struct View {
    /// What is to be done once they are sure.
    asked: Option<(Act, Rc<Known>)>,
    /// The job of which all is shown.
    open: Option<String>,
    /// How many more are drawn than at first.
    more: usize,
    /// Whether the form is there.
    starting: bool,
}

/// All jobs, those that go on first.
#[component]
pub(super) fn JobsPanel() -> Html {
    use_fresh_jobs();
    let actions = use_actions();
    let jobs = use_jobs();
    let me = use_me();
    let clock = use_server_clock();
    let freshness = use_list_freshness(jobs.load.list());
    let stream = use_stream_freshness(true);
    let held = use_held_since(stream);
    let view = use_state_eq(View::default);
    let (copied, on_copy) = use_copy();
    let inbox = use_inbox_open();
    use_keys(move |key| key == "j" && !inbox && !is_behind_dialog() && focus_first());
    let (anchor, times) = use_anchor("#jobs");
    let linked = anchor.as_deref().and_then(|rest| rest.strip_prefix('/'));
    let linked_at =
        linked.and_then(|id| jobs.rows().position(|row| row.job.id == id)).map_or(0, |at| at + 1);
    let most = (SHOWN + view.more).max(linked_at);
    let ids: Vec<&str> = jobs.rows().take(most).map(|row| &*row.job.id).collect();
    let drawn = use_parts(&ids);
    let is_drawn = linked_at > 0 && drawn[linked_at - 1];
    let link = anchor.as_ref().map(|_| linked.map(str::to_owned));
    use_link(&view, &jobs, link, times, is_drawn);
    let removing = use_mut_ref(|| None::<String>);
    {
        // With a job its buttons go, and the focus must not go with them; whoever has taken it elsewhere keeps it.
        let asked = removing.borrow();
        let answered = asked.as_ref().filter(|id| !jobs.is_busy(id));
        let is_gone = answered.map(|id| jobs.find(id).is_none());
        drop(asked);
        let removing = removing.clone();
        use_effect_with(is_gone, move |is_gone| {
            if is_gone.is_some() {
                removing.take();
            }
            if *is_gone == Some(true) && is_nowhere() {
                focus(PLACE);
            }
        });
    }
    let is_admin = me.as_ref().is_some_and(|me| me.role == Role::Admin);
    let is_others = |row: &Known| me.as_ref().is_some_and(|me| row.job.user_id != me.id);
    use_people(is_admin && jobs.rows().any(|row| is_others(row)));
    let on_view = {
        let view = view.clone();
        Callback::from(move |change: fn(&mut View)| {
            let mut next = (*view).clone();
            change(&mut next);
            view.set(next);
        })
    };
    // The same one until something changes, or every row would be drawn with every update.
    let on_act = use_callback(
        (view.clone(), actions.clone()),
        |(act, row): (Act, Rc<Known>), (view, actions)| {
            let mut next = (**view).clone();
            let id = &row.job.id;
            match act {
                Act::Fold => next.open = (next.open.as_ref() != Some(id)).then(|| id.clone()),
                Act::Save => actions.save_job_result(id.clone()),
                Act::Cancel | Act::Remove => next.asked = Some((act, row)),
            }
            view.set(next);
        },
    );
    let on_close = on_view.reform(|()| -> fn(&mut View) { |view| view.asked = None });
    let on_form = on_view.reform(|()| -> fn(&mut View) { |view| view.starting = !view.starting });
    let on_sure = {
        let actions = actions.clone();
        Callback::from(move |(act, id): (Act, String)| {
            if act == Act::Remove {
                removing.replace(Some(id.clone()));
                actions.remove_job(id);
            } else {
                actions.cancel_job(id);
            }
        })
    };
    let on_look = {
        let actions = actions.clone();
        Callback::from(move |()| actions.load_jobs())
    };
    let is_app = actions.is_desktop();
    let count = jobs.rows().len();
    let on_more = {
        let has_more = count > most;
        Callback::from(move |()| {
            if !has_more {
                actions.load_older_jobs();
            }
            on_view.emit(|view| view.more += SHOWN);
        })
    };
    let can_start = !jobs.kinds.is_empty();
    let no_such = jobs.answer.as_ref().and_then(|(id, answer)| {
        let is_linked = view.open.as_ref() == Some(id) && jobs.find(id).is_none();
        answer.as_ref().err().filter(|_| is_linked)
    });
    // It stands above the list, which may be far longer than what is in sight.
    use_effect_with(no_such.is_some(), |is_told| {
        if *is_told {
            focus_on("[data-testid=jobs-no-such]");
        }
    });
    let texts = &text().jobs;
    let aside = html! {
        <>
            <span data-testid="jobs-count">{ summary(&jobs) }</span>
            if can_start {
                <button type="button" class="button" data-look="plain" data-testid="job-new" aria-controls="job-form"
                    aria-expanded={if view.starting { "true" } else { "false" }} onclick={on_form.reform(|_: MouseEvent| ())}>
                    { icon(Symbol::Plus) }<span class="button-label">{ texts.start_label }</span>
                </button>
            }
        </>
    };
    html! {
        <Card panel="jobs" title={text().panels.jobs} symbol={Symbol::Gauge} {freshness} {aside}>
            <p class="unseen" role="status" data-testid="jobs-said">{ jobs.said.to_string() }</p>
            <div class="jobs" id={PLACE} tabindex="-1" role="group" aria-labelledby="panel-jobs">
                if count > 0 && freshness != Freshness::Paused && held.is_some() {
                    <p class="remark" data-testid="jobs-age">
                        { icon(Symbol::Clock) }<span><Times row={None::<Rc<Known>>} {held} {clock} /></span>
                    </p>
                }
                if let (Load::Failed(why), true) = (&jobs.load, count > 0) {
                    { remark(Some("warning"), Symbol::Clock, "jobs-old",
                        fill(texts.list_old, &[&why_not_listed(why)]).into()) }
                    <div class="jobs-more">
                        <Button label={text().shell.try_again} symbol={Some(Symbol::Retry)} testid="jobs-again" onclick={on_look.clone()} />
                    </div>
                }
                if let Some(why) = no_such {
                    { remark(Some("warning"), Symbol::Alert, "jobs-no-such",
                        fill(texts.no_such, &[&why.explain()]).into()) }
                }
                if view.starting && can_start {
                    <Form jobs={jobs.clone()} on_close={on_form} />
                } else if count == 0 {
                    { blank(&jobs.load, on_look, copied, &on_copy) }
                }
                if count > 0 {
                    <ul class="job-list" aria-label={text().panels.jobs}>
                        { for jobs.rows().zip(drawn).filter(|(_, is_drawn)| *is_drawn).map(|(row, _)| {
                            let id = &row.job.id;
                            let answer = jobs.answer.as_ref().filter(|(other, _)| other == id);
                            let whose = is_others(row).then(|| AttrValue::from(jobs.owner(&row.job).to_owned()));
                            html! {
                                <Row key={id.clone()} row={row.clone()} {whose} busy={jobs.is_busy(id)}
                                    answer={answer.map(|(_, answer)| answer.clone())} {is_app}
                                    open={view.open.as_ref() == Some(id)} {held} {clock} on_act={on_act.clone()} />
                            }
                        }) }
                    </ul>
                    if count > most || jobs.has_older() {
                        <div class="jobs-more">
                            <Button label={more(count, most, jobs.is_loading_older)} enabled={!jobs.is_loading_older}
                                testid="jobs-more" onclick={on_more} />
                        </div>
                    }
                }
            </div>
            if let Some((act, row)) = &view.asked {
                { question(*act, jobs.find(&row.job.id).unwrap_or(row), &on_sure, &on_close) }
            }
        </Card>
    }
}

/// Since when nothing is heard, by the monotonic clock; times of jobs stand still from then on.
#[hook]
fn use_held_since(freshness: Freshness) -> Option<Duration> {
    let held = use_mut_ref(|| None::<Duration>);
    let now = use_monotonic();
    let is_live = matches!(freshness, Freshness::Live | Freshness::Waiting | Freshness::Degraded);
    let since = (!is_live).then(|| held.borrow().unwrap_or_else(now));
    held.replace(since);
    since
}

/// A link leads to its job as soon as that is drawn, which is asked for if no list has it; or to all of them where it names none.
#[hook]
fn use_link(
    view: &UseStateHandle<View>,
    jobs: &Jobs,
    link: Option<Option<String>>,
    times: u32,
    is_drawn: bool,
) {
    let actions = use_actions();
    // A list that fails and comes back leads nobody anywhere a second time.
    let was_loaded = use_mut_ref(|| false);
    let is_loaded = *was_loaded.borrow() || jobs.load == Load::Done;
    was_loaded.replace(is_loaded);
    let is_there = link.iter().flatten().any(|id| jobs.find(id).is_some());
    let view = view.clone();
    // The number of the link that has led to its job: one that is removed later is not asked for.
    let led = use_mut_ref(|| None::<u32>);
    // One that is there is drawn in a moment.
    let leads = link.is_some() && is_loaded && is_there == is_drawn;
    let linked = link.flatten();
    use_effect_with((leads, times, linked, is_drawn), move |(leads, times, linked, is_drawn)| {
        if !leads || *led.borrow() == Some(*times) {
            return;
        }
        view.set(View { open: linked.clone(), ..(*view).clone() });
        match linked {
            Some(id) if *is_drawn => {
                led.replace(Some(*times));
                focus(&row::id_of(id));
                return;
            }
            Some(id) => actions.load_job(id.clone()),
            None => {}
        }
        focus(PLACE);
    });
}

fn summary(jobs: &Jobs) -> String {
    let waiting = jobs.rows().filter(|row| row.job.state == JobState::Queued).count();
    let running = jobs.active() - waiting;
    let texts = &text().jobs;
    let running_count = || fill(texts.running_count, &[&running.to_string()]);
    let queued_count = || fill(texts.queued_count, &[&waiting.to_string()]);
    match (running, waiting) {
        (0, 0) => String::new(),
        (_, 0) => running_count(),
        (0, _) => queued_count(),
        _ => [running_count(), queued_count()].join(", "),
    }
}

fn more(count: usize, most: usize, is_loading: bool) -> String {
    let texts = &text().jobs;
    match count.saturating_sub(most) {
        _ if is_loading => texts.loading_more.to_owned(),
        0 => texts.show_older.to_owned(),
        left => fill(texts.show_more, &[&left.min(SHOWN).to_string()]),
    }
}

/// Whether nothing has the focus.
fn is_nowhere() -> bool {
    let active = web_sys::window().and_then(|window| window.document()?.active_element());
    active.is_none_or(|element| element.tag_name() == "BODY")
}

/// Gives the focus to the first job, or to what there is in the place of jobs.
fn focus_first() -> bool {
    focus_on(".job-name") || focus(PLACE)
}

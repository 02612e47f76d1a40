//! The jobs: asked for, kept fresh, started, ended and removed.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::alerts::is_seen;
use super::notifications::use_stale;
use super::store::{Actions, use_actions};
use crate::feed::{alerts, jobs as server};
use crate::state::alerts::wire::people;
use crate::state::jobs::Row;
use crate::state::jobs::wire::{self, Page};
use crate::state::request_error::RequestError;
use crate::state::stale::Part;
use crate::view::use_effect_with;

/// Waits before the list is asked for again, each where the one before brought none; the last of them goes on while somebody sees the page.
const RETRIES_MS: [u32; 4] = [1_000, 3_000, 9_000, 30_000];

/// Most pages of jobs that go on; each holds two hundred.
const MOST_PAGES: usize = 10;

impl Actions {
    /// Asks for the jobs that go on and for those that ended last.
    pub fn load_jobs(&self) {
        let actions = self.clone();
        spawn_local(async move {
            let session = actions.reader().session;
            let asked = actions.with_jobs(session, |jobs| jobs.begin());
            let mut times = 0;
            loop {
                let heard = actions.with_jobs(session, |jobs| jobs.heard());
                match lists().await {
                    Ok((active, ended)) => {
                        return actions
                            .with_jobs(session, |jobs| jobs.listed(heard, active, ended));
                    }
                    Err(error) => {
                        actions.with_jobs(session, |jobs| jobs.failed(error));
                        let last = RETRIES_MS.len() - 1;
                        TimeoutFuture::new(RETRIES_MS[times.min(last)]).await;
                        while !is_seen() {
                            TimeoutFuture::new(RETRIES_MS[last]).await;
                        }
                        times += 1;
                    }
                }
                // Another list is asked for by now, or by somebody else.
                if !actions.with_jobs(session, |jobs| jobs.is_last(asked)) {
                    return;
                }
            }
        });
    }

    /// Asks what may be started. Who may start nothing is told nothing.
    fn load_kinds(&self) {
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let answer = server::kinds().await.ok();
            if let Some(kinds) = answer.and_then(|text| wire::kinds(&text)) {
                let kinds = Rc::new(kinds.into_iter().map(Rc::new).collect());
                actions.with_shown_jobs(session, |jobs| jobs.kinds = kinds);
            }
        });
    }

    /// Asks for the names of users.
    fn load_people(&self) {
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let answer = alerts::users().await.ok();
            let people = answer.and_then(|text| people(&text)).unwrap_or_default();
            actions.with_shown_jobs(session, |jobs| jobs.people = Some(Rc::new(people)));
        });
    }

    /// Asks for those that ended before what is held.
    pub fn load_older_jobs(&self) {
        let session = self.reader().session;
        let Some(before) = self.with_jobs(session, |jobs| jobs.begin_older()) else { return };
        let actions = self.clone();
        spawn_local(async move {
            let page = page(false, Some(&before)).await.ok();
            actions.with_shown_jobs(session, |jobs| jobs.older_listed(page));
        });
    }

    /// Starts a job. How that went is told; the job itself comes as all do.
    pub fn start_job(&self, kind: String, body: String, done: Callback<Result<(), RequestError>>) {
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let answer = server::start(body).await.map(|id| {
                actions.with_shown_jobs(session, |jobs| jobs.started(&kind, id));
                actions.load_jobs();
            });
            done.emit(answer);
        });
    }

    /// Asks for the end of a job.
    pub fn cancel_job(&self, id: String) {
        let (actions, session) = (self.clone(), self.reader().session);
        self.with_shown_jobs(session, |jobs| jobs.ask(&id));
        spawn_local(async move {
            let answer = server::cancel(&id).await;
            let answer =
                answer.and_then(|text| wire::one(&text).ok_or_else(RequestError::unreadable));
            actions.answered(session, &id, answer.map(Some));
        });
    }

    /// Asks for a job that no list has brought.
    pub fn load_job(&self, id: String) {
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let answer = server::one(&id).await;
            let answer =
                answer.and_then(|text| wire::one(&text).ok_or_else(RequestError::unreadable));
            actions.with_shown_jobs(session, |jobs| jobs.answered(&id, answer.map(Some)));
        });
    }

    /// Removes a job that has ended.
    pub fn remove_job(&self, id: String) {
        let (actions, session) = (self.clone(), self.reader().session);
        self.with_shown_jobs(session, |jobs| jobs.ask(&id));
        spawn_local(async move {
            let answer = server::remove(&id).await;
            actions.answered(session, &id, answer.map(|_| None));
        });
    }

    /// Has the desktop app save what came of a job.
    pub fn save_job_result(&self, id: String) {
        let (actions, session) = (self.clone(), self.reader().session);
        spawn_local(async move {
            let place = server::save(&id).await;
            actions.with_shown_jobs(session, |jobs| jobs.saved(id, place));
        });
    }

    fn answered(&self, session: u64, id: &str, answer: Result<Option<Row>, RequestError>) {
        use tidings_protocol::api::ErrorCode::{JobEnded, NotFound};
        let is_late = matches!(&answer, Err(error) if error.code() == JobEnded);
        let answer = match answer {
            Err(error) if error.code() == NotFound => Ok(None),
            answer => answer,
        };
        self.with_shown_jobs(session, |jobs| jobs.answered(id, answer));
        if is_late {
            // Whoever is refused may have looked at something old.
            self.load_jobs();
        }
    }
}

/// Where a browser finds what came of the job with this id.
#[must_use]
pub fn job_result_address(id: &str) -> String {
    server::result_address(id)
}

/// Those that go on are asked for first: one that ends in between is in the second list.
async fn lists() -> Result<(Page, Page), RequestError> {
    let mut active = page(true, None).await?;
    for _ in 1..MOST_PAGES {
        let Some(before) = &active.1 else { break };
        let (rows, next) = page(true, Some(before)).await?;
        active.0.extend(rows);
        active.1 = next;
    }
    Ok((active, page(false, None).await?))
}

async fn page(active: bool, before: Option<&str>) -> Result<Page, RequestError> {
    let text = server::list(active, before).await?;
    wire::page(&text).ok_or_else(RequestError::unreadable)
}

/// Asks for the jobs whenever something may have hidden how one stands.
#[hook]
pub fn use_fresh_jobs() {
    let actions = use_actions();
    let stale = use_stale(Part::Jobs);
    use_effect_with(stale, move |times| {
        if *times > 0 {
            actions.load_jobs();
            actions.load_kinds();
        }
    });
}

/// Asks for the names of users once they are wanted.
#[hook]
pub fn use_people(wanted: bool) {
    let actions = use_actions();
    use_effect_with(wanted, move |wanted| {
        if *wanted {
            actions.load_people();
        }
    });
}

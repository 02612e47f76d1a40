//! The past of the charts: asked for when somebody connects, looks at another machine or further back, or where a line broke.

use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::store::Actions;
use crate::feed::{history, now};
use crate::state::chart::{Past, Span};
use crate::state::request_error::RequestError;
use crate::text::{fill, text};

/// Waits before it is asked for again; after the last of them it waits for a person, or for the next connection.
const RETRIES_MS: [u32; 3] = [1_000, 3_000, 9_000];

/// A line that breaks again and again is no reason to ask more often.
pub(super) const SELDOM: Duration = Duration::from_secs(10);

impl Actions {
    /// Asks for the past of what the charts show. What was asked before is given up; what is shown stays until the answer.
    pub fn load_past(&self) {
        let charts = self.charts().clone();
        let Some(question) = charts.change(|board| board.question()) else { return };
        self.past_asked(now());
        let (asking, first) = history::past(&question);
        let number = charts.begin(asking);
        spawn_local(async move {
            let mut answer = first;
            for wait in RETRIES_MS.into_iter().map(Some).chain([None]) {
                let told = answer.await;
                if !charts.is_asking(number) {
                    return;
                }
                // A server that has just been started may not have had each figure yet.
                let may_pass =
                    matches!(&told, Err(error) if error.may_pass() || error.is_not_found());
                charts.answered(
                    told.and_then(|text| Past::read(&text).ok_or_else(RequestError::unreadable)),
                );
                let Some(wait) = wait.filter(|_| may_pass) else { return };
                TimeoutFuture::new(wait).await;
                if !charts.is_asking(number) {
                    return;
                }
                let (asking, next) = history::past(&question);
                charts.ask_again(asking);
                answer = next;
            }
        });
    }

    /// Shows so much of the past, and remembers it.
    pub fn choose_span(&self, span: Span) {
        self.set(|settings| settings.span = span);
        self.charts().change(|board| board.choose(span));
        self.load_past();
    }

    /// Where a browser finds what the charts show, as a sheet; none while they show nothing.
    #[must_use]
    pub fn sheet_address(&self) -> Option<String> {
        self.charts()
            .with(|board| board.subject())
            .map(|question| history::sheet_address(&question))
    }

    /// Has the desktop app save that, and says where it lies, or why not.
    pub fn save_sheet(&self, done: Callback<String>) {
        let Some(question) = self.charts().with(|board| board.subject()) else { return };
        spawn_local(async move {
            done.emit(match history::save(&question).await {
                Ok(place) => fill(text().times.saved, &[&place]),
                Err(error) => error.explain(),
            });
        });
    }
}

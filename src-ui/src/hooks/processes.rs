//! The processes of the server's machine: asked for again and again, while somebody looks at them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use tidings_protocol::api::ErrorCode;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

use super::alerts::is_seen;
use super::store::{Shared, use_user};
use crate::feed::{now, processes as server};
use crate::state::freshness::Reading;
use crate::state::processes::{Key, Table, wire};
use crate::state::request_error::RequestError;
use crate::view::use_effect_with;

/// Between two tables.
const PACE_MS: u32 = 2_000;

/// Between two looks whether they are in sight again.
const LOOK_MS: u32 = 300;

/// What is known of the processes.
#[derive(Clone, Default)]
pub struct Heard {
    /// The newest table that came.
    pub table: Option<Shared<Table>>,
    /// How old that is.
    pub reading: Option<Reading>,
    /// Why no newer one came.
    pub why: Option<RequestError>,
    /// Whether whoever looks may see none.
    pub is_forbidden: bool,
}

impl Heard {
    fn take(&mut self, answer: Result<Table, RequestError>) {
        match answer {
            Ok(table) => {
                let interval = Duration::from_millis(PACE_MS.into());
                let reading = Reading { arrived: now(), age_on_arrival: table.age, interval };
                *self = Self {
                    table: Some(Shared(Rc::new(table))),
                    reading: Some(reading),
                    ..Self::default()
                };
            }
            Err(error) => {
                self.is_forbidden = error.code() == ErrorCode::Forbidden;
                if self.is_forbidden {
                    (self.table, self.reading) = (None, None);
                }
                self.why = Some(error);
            }
        }
    }
}

/// The processes, for as long as they are `wanted` and the element at `place` is in sight.
#[hook]
pub fn use_processes(wanted: bool, place: &NodeRef) -> Heard {
    let heard = use_mut_ref(Heard::default);
    let update = use_force_update();
    let user = use_user();
    // They are for whoever asked, and nobody else sees them for a moment.
    let asker = use_mut_ref(|| user.clone());
    if *asker.borrow() != user {
        heard.take();
        asker.replace(user.clone());
    }
    let (kept, place) = (heard.clone(), place.clone());
    use_effect_with((wanted, user), move |(wanted, _)| {
        let is_wanted = Rc::new(Cell::new(*wanted));
        let (is_still, newest) = (is_wanted.clone(), kept);
        if *wanted {
            spawn_local(async move { follow(&is_still, &newest, &place, update).await });
        }
        move || is_wanted.set(false)
    });
    heard.borrow().clone()
}

async fn follow(
    is_wanted: &Cell<bool>,
    heard: &RefCell<Heard>,
    place: &NodeRef,
    update: UseForceUpdateHandle,
) {
    while is_wanted.get() {
        if !is_seen() || !is_in_sight(place) {
            TimeoutFuture::new(LOOK_MS).await;
            continue;
        }
        let answer = server::list().await;
        if !is_wanted.get() {
            return;
        }
        let table = answer.and_then(|text| wire::table(&text).ok_or_else(RequestError::unreadable));
        heard.borrow_mut().take(table);
        update.force_update();
        TimeoutFuture::new(PACE_MS).await;
    }
}

fn is_in_sight(place: &NodeRef) -> bool {
    let height = web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64());
    place.cast::<Element>().zip(height).is_some_and(|(place, height)| {
        let place = place.get_bounding_client_rect();
        place.bottom() > 0.0 && place.top() < height
    })
}

/// Asks a process to end, or ends it by force, and tells how that went.
pub fn end_process(key: Key, force: bool, done: Callback<Option<RequestError>>) {
    spawn_local(async move {
        let answer = server::end(key, force).await;
        done.emit(answer.err());
    });
}

//! What a job has written, and what came of it: asked for while somebody looks at it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Interval;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::alerts::is_seen;
use crate::feed::jobs as server;
use crate::state::jobs::tail::Written;
use crate::state::json::Json;
use crate::state::request_error::RequestError;
use crate::view::use_effect_with;

/// Between two looks at what a job writes, and, where it has ended, between attempts to hear that.
const LOOK_MS: [u32; 2] = [1_000, 5_000];

/// Texts of a job.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// What it has written.
    pub written: Written,
    /// What came of it; none yet, or why not.
    pub result: Option<Result<Rc<Json>, RequestError>>,
}

/// What the job with this id has written: anew once a second while it goes on and the page is seen, and once more when it has ended;
/// and what came of it, if that `is_wanted`. What does not come is asked for again.
#[hook]
pub fn use_job_texts(id: AttrValue, goes_on: bool, is_wanted: bool) -> Rc<RefCell<Texts>> {
    let texts = use_mut_ref(Texts::default);
    let update = use_force_update();
    {
        let texts = texts.clone();
        use_effect_with((id, goes_on, is_wanted), move |(id, goes_on, is_wanted)| {
            let asking = Rc::new(Cell::new(false));
            let look = {
                let (id, is_wanted) = (id.clone(), *is_wanted);
                move |anew: bool| {
                    let has_result = !is_wanted || matches!(texts.borrow().result, Some(Ok(_)));
                    let is_written = !anew && texts.borrow().written.is_whole();
                    if (is_written && has_result) || asking.replace(true) {
                        return;
                    }
                    let (id, asking, texts) = (id.clone(), asking.clone(), texts.clone());
                    let update = update.clone();
                    spawn_local(async move {
                        if !is_written && lines(&id, &texts).await {
                            update.force_update();
                        }
                        if !has_result {
                            let answer = server::result(&id).await;
                            let answer = answer.map(|text| Rc::new(Json::read(&text)));
                            texts.borrow_mut().result = Some(answer);
                            update.force_update();
                        }
                        asking.set(false);
                    });
                }
            };
            look(true);
            let goes_on = *goes_on;
            let timer = Interval::new(LOOK_MS[usize::from(!goes_on)], move || {
                if is_seen() {
                    look(goes_on);
                }
            });
            move || drop(timer)
        });
    }
    texts
}

/// Asks for the lines that are new; whether that changed anything.
async fn lines(id: &str, texts: &RefCell<Texts>) -> bool {
    let after = texts.borrow().written.next();
    let answer = server::log(id, after).await;
    texts.borrow_mut().written.take(answer)
}

//! Parts of the store that change faster than anybody reads.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use super::store::{Actions, Shared, use_actions};
use crate::state::events::EventLog;
use crate::state::store::Store;
use crate::state::topics::Topics;

/// Shortest time between two renderings.
const PACE_MS: u32 = 333;

/// Events to show, anew a few times a second at most, however fast they come.
#[hook]
pub fn use_events() -> Shared<EventLog> {
    use_paced(|store| store.shown_events())
}

/// What programs publish, at the same pace.
#[hook]
pub fn use_topics() -> Shared<Topics> {
    use_paced(|store| store.shown_topics())
}

#[hook]
fn use_paced<T: 'static>(part: fn(&Store) -> &Rc<T>) -> Shared<T> {
    let actions = use_actions();
    let value = Shared(actions.look(|store| part(store).clone()));
    let shown = use_mut_ref(|| value.clone());
    shown.replace(value.clone());
    let store = actions.clone();
    let is_other = move || store.look(|store| !Rc::ptr_eq(part(store), &shown.borrow().0));
    use_paced_update(actions, Rc::new(is_other));
    value
}

/// Renders the component again when its first `is_other` says yes, and not again for a while; one for parts of all types.
#[hook]
fn use_paced_update(actions: Actions, is_other: Rc<dyn Fn() -> bool>) {
    let update = use_force_update();
    use_effect_with((), move |()| {
        let timer = Rc::new(RefCell::new(None::<Timeout>));
        let hearing = actions.on_change(Rc::new(move || {
            if timer.borrow().is_some() || !is_other() {
                return;
            }
            update.force_update();
            let (again, is_other, update) = (timer.clone(), is_other.clone(), update.clone());
            *timer.borrow_mut() = Some(Timeout::new(PACE_MS, move || {
                again.take();
                if is_other() {
                    update.force_update();
                }
            }));
        }));
        move || drop(hearing)
    });
}

//! Parts of the store that change faster than anybody reads.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use super::store::{Actions, Shared, use_actions};
use crate::state::events::EventLog;
use crate::state::store::Store;
use crate::state::topics::Topics;
use crate::view::use_effect_with;

/// Shortest time between two renderings. What was published is seen within a quarter of a second, in the desktop's window too, where events come
/// ten times a second.
const PACE_MS: u32 = 100;

/// Events to show, anew ten times a second at most, however fast they come.
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
        let paced = Rc::new(Paced { timer: RefCell::default(), is_other, update });
        let hearing = actions.on_change({
            let paced = paced.clone();
            Rc::new(move || paced.look())
        });
        move || {
            drop(hearing);
            paced.timer.take();
        }
    });
}

struct Paced {
    /// Runs while it is too early to render again.
    timer: RefCell<Option<Timeout>>,
    is_other: Rc<dyn Fn() -> bool>,
    update: UseForceUpdateHandle,
}

impl Paced {
    fn look(self: &Rc<Self>) {
        if self.timer.borrow().is_some() || !(self.is_other)() {
            return;
        }
        self.update.force_update();
        let paced = self.clone();
        *self.timer.borrow_mut() = Some(Timeout::new(PACE_MS, move || {
            paced.timer.take();
            paced.look();
        }));
    }
}

//! Time passing, for the few leaves that show it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Interval;
use yew::prelude::*;

use super::listeners::{Hearing, Listeners};
use crate::feed::now;
use crate::view::use_effect_with;

/// Short enough that a deadline is noticed when it passes; what a tick computes is compared before
/// anything renders, so most ticks cost next to nothing.
const TICK_MS: u32 = 200;

thread_local! {
    /// All who wait for ticks share one timer, which runs only while somebody does.
    static TICKS: Listeners = Listeners::default();
    static TIMER: RefCell<Option<Interval>> = const { RefCell::new(None) };
}

struct Subscription(Option<Hearing>);

fn subscribe(tick: Rc<dyn Fn()>) -> Subscription {
    let hearing = TICKS.with(|ticks| ticks.add(tick));
    TIMER.with_borrow_mut(|timer| {
        timer.get_or_insert_with(|| Interval::new(TICK_MS, || TICKS.with(Listeners::call)));
    });
    Subscription(Some(hearing))
}

impl Drop for Subscription {
    fn drop(&mut self) {
        drop(self.0.take());
        if TICKS.with(Listeners::is_empty) {
            TIMER.take();
        }
    }
}

/// What `compute` makes of `input` at this moment. The component renders again when that changes with
/// time, and not at every tick.
#[hook]
pub fn use_at_each_tick<I, T>(input: I, compute: fn(&I, Duration) -> T) -> T
where
    I: 'static,
    T: PartialEq + Clone + 'static,
{
    let value = compute(&input, now());
    let shown = use_mut_ref(|| None::<(I, T)>);
    shown.replace(Some((input, value.clone())));
    use_update_at_ticks(Rc::new(move || {
        let shown = shown.borrow();
        shown.as_ref().is_some_and(|(input, value)| compute(input, now()) != *value)
    }));
    value
}

/// Renders the component again at each tick that its first `is_other` says yes to; one for all types.
#[hook]
fn use_update_at_ticks(is_other: Rc<dyn Fn() -> bool>) {
    let update = use_force_update();
    use_effect_with((), move |()| {
        let subscription = subscribe(Rc::new(move || {
            if is_other() {
                update.force_update();
            }
        }));
        move || drop(subscription)
    });
}

/// The monotonic clock, to be looked at.
#[hook]
pub fn use_monotonic() -> fn() -> Duration {
    now
}

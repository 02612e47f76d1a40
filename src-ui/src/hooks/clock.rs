//! Time passing, for the few leaves that show it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Interval;
use yew::prelude::*;

use crate::feed::now;

/// Short enough that a deadline is noticed when it passes; what a tick computes is compared before
/// anything renders, so most ticks cost next to nothing.
const TICK_MS: u32 = 200;

type Tick = Rc<dyn Fn(Duration)>;

/// All who wait for ticks share one timer, which runs only while somebody does.
#[derive(Default)]
struct Clock {
    ticks: Vec<(u64, Tick)>,
    next_key: u64,
    interval: Option<Interval>,
}

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::default();
}

struct Subscription(u64);

fn subscribe(tick: Tick) -> Subscription {
    CLOCK.with_borrow_mut(|clock| {
        let key = clock.next_key;
        clock.next_key += 1;
        clock.ticks.push((key, tick));
        clock.interval.get_or_insert_with(|| Interval::new(TICK_MS, run));
        Subscription(key)
    })
}

fn run() {
    let ticks: Vec<Tick> =
        CLOCK.with_borrow(|clock| clock.ticks.iter().map(|(_, tick)| tick.clone()).collect());
    let now = now();
    for tick in ticks {
        tick(now);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        CLOCK.with_borrow_mut(|clock| {
            clock.ticks.retain(|(key, _)| *key != self.0);
            if clock.ticks.is_empty() {
                clock.interval = None;
            }
        });
    }
}

/// What `compute` makes of `input` at this moment. The component renders again when that changes with
/// time, and not at every tick.
#[hook]
pub fn use_at_each_tick<I, T>(input: I, compute: fn(&I, Duration) -> T) -> T
where
    I: PartialEq + Clone + 'static,
    T: PartialEq + Clone + 'static,
{
    let value = compute(&input, now());
    let shown = use_mut_ref(|| value.clone());
    shown.replace(value.clone());
    let update = use_force_update();
    use_effect_with(input, move |input| {
        let input = input.clone();
        let subscription = subscribe(Rc::new(move |now| {
            if compute(&input, now) != *shown.borrow() {
                update.force_update();
            }
        }));
        move || drop(subscription)
    });
    value
}

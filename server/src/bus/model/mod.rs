//! Hubs on one bus against a model of it: seeded interleavings of everything that happens to them.
//!
//! Two instances share a log that is slow, fails, loses answers, carries things out late, goes away, comes back older or
//! empty, and lets go of what is old. Publishers and readers come to either, and readers change over. After each
//! step the hubs must have kept their word; [`world`] and [`reader`] say which. A failure names its seed and
//! the fewest steps that show it: `TIDINGS_HUB_SEED=17 cargo nextest run -p tidings-server bus::model` runs that one again, and
//! tells each step.

mod fake;
mod reader;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::journal::model::rng::Rng;
use world::World;

/// Steps of one interleaving, before everybody is brought to an end.
const STEPS: usize = 60;

/// Interleavings of a test run; `cargo xtask prove bus` does many more.
const COUNT: u64 = 4_000;

/// Why the hubs are wrong.
type Verdict<T = ()> = Result<T, String>;

fn verdict(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(why()) }
}

/// One interleaving, of so many steps.
fn interleave(
    runtime: &Runtime,
    seed: u64,
    steps: usize,
    trace: &mut Option<Vec<String>>,
) -> Verdict {
    let mut world = World::new(Rng(seed).next(), runtime);
    world.trace = trace.take();
    let done = catch_unwind(AssertUnwindSafe(|| {
        (0..steps).try_for_each(|_| world.step())?;
        world.end()
    }));
    *trace = world.trace.take();
    done.unwrap_or_else(|_| Err("it panics".to_owned()))
}

/// Tells the fewest steps that fail, and what they are.
fn explain(runtime: &Runtime, seed: u64) -> String {
    for steps in 0..=STEPS {
        let mut trace = Some(Vec::new());
        if let Err(why) = interleave(runtime, seed, steps, &mut trace) {
            let trace = trace.unwrap_or_default().join("\n  ");
            return format!("seed {seed}, {steps} steps:\n  {trace}\n{why}");
        }
    }
    format!("seed {seed} fails now and then: it depends on something else")
}

/// One with a clock that only moves when told.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn check(runtime: &Runtime, seed: u64) {
    if interleave(runtime, seed, STEPS, &mut None).is_err() {
        panic!("{}", explain(runtime, seed));
    }
}

#[test]
fn hubs_on_one_bus_keep_their_word_in_every_interleaving() {
    let runtime = runtime();
    let one = std::env::var("TIDINGS_HUB_SEED").ok().map(|seed| seed.parse().unwrap());
    if let Some(seed) = one {
        println!("{}", explain(&runtime, seed));
    }
    one.map_or(0..COUNT, |seed| seed..seed + 1).for_each(|seed| check(&runtime, seed));
}

/// `cargo xtask prove bus`: a million interleavings, or as many as half an hour allows.
#[test]
#[ignore = "takes up to half an hour"]
fn prove_bus() {
    let ends = Instant::now() + Duration::from_secs(1_800);
    let first: u64 = rand::random_range(0..u64::MAX / 2);
    let (runtime, mut count) = (runtime(), 0);
    while count < 1_000_000 && Instant::now() < ends {
        check(&runtime, first + count);
        count += 1;
    }
    println!("{count} interleavings from seed {first}");
}

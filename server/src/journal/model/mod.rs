//! The hub against a model of it: seeded interleavings of everything that happens to one.
//!
//! Publishers, readers that come, stall, go and come back, a journal that is slow and fails, time that passes,
//! ends and crashes take their steps in an order that a seed decides. After each step the hub must
//! have kept its word; [`truth`] and [`reader`] say which word. A failure names its seed and the fewest steps
//! that show it: `TIDINGS_HUB_SEED=17 cargo nextest run -p tidings-server model` runs that one again, and tells
//! each step.

mod disk;
mod found;
mod memory;
mod no_alerts;
mod no_inbox;
mod no_jobs;
mod no_metrics;
mod patience;
mod reader;
mod ready;
pub(crate) mod rng;
mod truth;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use disk::{Disk, Rows};
use rng::Rng;
use truth::Verdict;
use world::World;

/// Steps of one interleaving, before everybody is brought to an end.
const STEPS: usize = 40;

/// Where a hub keeps its history.
#[derive(Clone, Copy, Debug)]
enum Keeps {
    Memory,
    Journal,
    Sqlite,
}

struct Bench {
    /// With a clock that only moves when told.
    runtime: Runtime,
    keeps: Keeps,
    database: Option<Arc<Runtime>>,
}

impl Bench {
    fn new(keeps: Keeps) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let database = matches!(keeps, Keeps::Sqlite)
            .then(|| Arc::new(Builder::new_current_thread().enable_all().build().unwrap()));
        Self { runtime: runtime.unwrap(), keeps, database }
    }

    /// One interleaving, of so many steps.
    fn interleave(&self, seed: u64, steps: usize, trace: &mut Option<Vec<String>>) -> Verdict {
        let disk = match (&self.keeps, &self.database) {
            (Keeps::Memory, _) => None,
            (_, Some(runtime)) => {
                Some(Disk::Sqlite(tempfile::tempdir().unwrap(), Arc::clone(runtime)))
            }
            _ => Some(Disk::Memory(Arc::new(Mutex::new(Rows::default())))),
        };
        let mut world = World::new(Rng(seed).next(), &self.runtime, disk)?;
        world.trace = trace.take();
        let done = catch_unwind(AssertUnwindSafe(|| {
            (0..steps).try_for_each(|_| world.step())?;
            world.end()
        }));
        *trace = world.trace.take();
        done.unwrap_or_else(|_| Err("it panics".to_owned()))
    }

    /// Tells the fewest steps that fail, and what they are.
    fn explain(&self, seed: u64, steps: usize) -> String {
        for steps in 0..=steps {
            let mut trace = Some(Vec::new());
            if let Err(why) = self.interleave(seed, steps, &mut trace) {
                let trace = trace.unwrap_or_default().join("\n  ");
                return format!("{:?}, seed {seed}, {steps} steps:\n  {trace}\n{why}", self.keeps);
            }
        }
        format!("seed {seed} fails now and then: it depends on something else")
    }

    fn check(&self, seed: u64) {
        if self.interleave(seed, STEPS, &mut None).is_err() {
            panic!("{}", self.explain(seed, STEPS));
        }
    }
}

/// Checks so many interleavings, or the one of the environment.
fn interleave(keeps: Keeps, count: u64) {
    let bench = Bench::new(keeps);
    if let Some(seed) = seed_to_repeat() {
        println!("{}", bench.explain(seed, STEPS));
        return bench.check(seed);
    }
    (0..count).for_each(|seed| bench.check(seed));
}

fn seed_to_repeat() -> Option<u64> {
    std::env::var("TIDINGS_HUB_SEED").ok().map(|seed| seed.parse().unwrap())
}

#[test]
fn a_hub_in_memory_keeps_its_word_in_every_interleaving() {
    interleave(Keeps::Memory, 50_000);
}

#[test]
fn a_hub_with_a_journal_keeps_its_word_in_every_interleaving() {
    interleave(Keeps::Journal, 60_000);
}

#[test]
fn a_hub_with_a_database_keeps_its_word_in_every_interleaving() {
    interleave(Keeps::Sqlite, 150);
}

/// `cargo xtask prove hub`: five million interleavings, or as many as an hour allows.
#[test]
#[ignore = "takes up to an hour"]
fn prove_hub() {
    let ends = Instant::now() + Duration::from_secs(3_600);
    let benches = [Bench::new(Keeps::Memory), Bench::new(Keeps::Journal)];
    let first: u64 = rand::random_range(0..u64::MAX / 2);
    let mut count: u64 = 0;
    while count < 5_000_000 && Instant::now() < ends {
        benches.iter().for_each(|bench| bench.check(first + count));
        count += 2;
    }
    println!("{count} interleavings from seed {first}");
}

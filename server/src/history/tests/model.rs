//! What is answered, against all that was ever sampled.

use proptest::prelude::*;
use tidings_protocol::history::kept;

use super::*;

/// What happens to a server.
#[derive(Clone, Debug)]
enum Step {
    /// It takes so many samples.
    Samples(u64),
    /// It sleeps for so many ms.
    Sleep(u64),
    /// It keeps what it has.
    Keep,
    /// It ends and begins anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..1_500_u64).prop_map(Step::Samples),
        2 => (1..400_000_u64).prop_map(Step::Sleep),
        1 => Just(Step::Keep),
        2 => Just(Step::Restart),
    ]
}

/// A sample that was taken.
struct Taken {
    at: u64,
    value: f64,
}

struct World {
    folder: Folder,
    history: History,
    interval_ms: u64,
    now: u64,
    /// Values grow by one.
    all: Vec<Taken>,
}

impl World {
    async fn new(interval_ms: u64, begun: u64) -> Self {
        let folder = Folder::new();
        let store = folder.store().await;
        let history = history(Some(&store), begun).await;
        Self { folder, history, interval_ms, now: begun, all: Vec::new() }
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Samples(count) => {
                for _ in 0..count {
                    let n = self.all.len() as u64;
                    let of = Snapshot { interval_ms: self.interval_ms, ..sample(n) };
                    self.history.record(self.now, &of);
                    self.all.push(Taken { at: self.now, value: n as f64 });
                    // A tick is late now and then, and the next one is not.
                    self.now += self.interval_ms + n % 3;
                    // Before more wait than may.
                    if n % 500 == 499 {
                        end(&self.history).await;
                    }
                }
            }
            Step::Sleep(ms) => self.now += ms,
            Step::Keep => end(&self.history).await,
            Step::Restart => {
                end(&self.history).await;
                let store = self.folder.store().await;
                self.history = history(Some(&store), self.now).await;
            }
        }
    }

    /// Those taken from `from` until before `until`.
    fn taken(&self, from: u64, until: u64) -> &[Taken] {
        let place = |at| self.all.partition_point(|taken| taken.at < at);
        &self.all[place(from)..place(until).max(place(from))]
    }

    async fn check(&self, range: &str) {
        let names = ["disk.sda1.read", "process.count"];
        let answer = ask(&self.history, &names, range, self.now).await;
        let series = &answer.series[0];
        let points = answer.points();
        assert!(points <= 3_600 && series.values.len() == points, "{points}");
        let json = serde_json::to_string(&answer).unwrap();
        let read: Answer = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);

        let from = self.now - super::range(range).ms();
        if answer.times.is_none() {
            self.check_steps(&answer);
        }
        // Values grow: so each point says which samples it stands for. All are to be there, in order, and each once.
        let ends = |of: &Option<Vec<Option<f64>>>, point: usize| match of {
            Some(ends) => ends[point],
            None => series.values[point],
        };
        let (mut next, mut last_at) = (None, 0);
        for point in 0..points {
            let at = answer.time(point).unwrap();
            assert!(at > last_at, "times ascend");
            last_at = at;
            let (Some(value), Some(min), Some(max)) =
                (series.values[point], ends(&series.min, point), ends(&series.max, point))
            else {
                assert_eq!(series.values[point], None);
                continue;
            };
            assert!(min <= value && value <= max);
            let first = self.all[min as usize].at;
            assert!(at <= first && first < at + answer.step_ms.max(MINUTE_MS), "{at} {first}");
            if let Some(next) = next {
                assert_eq!(min, next, "one was lost or told twice before {at}");
            } else {
                // Of the minute that the range begins in some may be missing.
                let least = self.taken(from.div_ceil(MINUTE_MS) * MINUTE_MS, u64::MAX);
                assert!(
                    least.first().is_none_or(|least| min <= least.value),
                    "{min} is not the first"
                );
            }
            next = Some(max + 1.0);
        }
        let last = self.taken(from.div_ceil(MINUTE_MS) * MINUTE_MS, self.now + 1).last();
        if let Some(last) = last {
            assert_eq!(next, Some(last.value + 1.0), "up to the newest");
        }
    }

    /// Each step is what a list of all samples says.
    fn check_steps(&self, answer: &Answer) {
        for (n, series) in answer.series.iter().enumerate() {
            let is_sparse = n == 1;
            let (min, max) = (series.min.as_ref().unwrap(), series.max.as_ref().unwrap());
            for point in 0..answer.points() {
                let at = answer.time(point).unwrap();
                let taken = self.taken(at, (at + answer.step_ms).min(self.now + 1));
                let values = taken.iter().map(|taken| taken.value);
                let values: Vec<f64> =
                    values.filter(|value| !is_sparse || value % 5.0 != 0.0).collect();
                let Some((&first, &last)) = values.first().zip(values.last()) else {
                    assert_eq!((series.values[point], min[point]), (None, None));
                    continue;
                };
                assert_eq!((min[point], max[point]), (Some(first), Some(last)));
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let value = series.values[point].unwrap();
                // Minutes in which it was missing at times count as much as the others.
                let off = if is_sparse { last - first } else { mean * 1e-6 };
                assert!((value - kept(mean)).abs() <= off, "{value} and not {mean}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_what_a_list_of_all_samples_says_and_no_seam_loses_or_doubles_any(
        interval_ms in prop::sample::select(vec![250_u64, 1_000, 10_000]),
        offset in 0..MINUTE_MS,
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(interval_ms, BEGUN + offset).await;
            for step in &steps {
                world.take(step).await;
                world.now += 1;
            }
            for range in ["30s", "5m", "20m", "1h", "61m", "3h", "1d", "7d"] {
                world.check(range).await;
            }
        });
    }
}

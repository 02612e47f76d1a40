//! The processes that use most.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use tidings_protocol::metrics::{Process, Processes, Snapshot};

use super::rate::{MIN_ELAPSED, per_second, percent};
use super::sampler::samples_in;
use super::source::{ProcessReading, ProcessesSource};
use super::text::cut;
use super::{Collector, CollectorsConfig, Moment};

/// So many with most CPU and so many with most memory.
const TOP: usize = 10;
/// A process's name is cut to this many bytes.
const NAME_BYTES: usize = 64;
/// Reading a process table costs a system call or three a process, so a machine that runs thousands is
/// read less often: a reading may take one part in this many of the time between two.
const SHARE: u32 = 200;
/// However long a reading takes, the next comes after this.
const LONGEST: Duration = Duration::from_secs(15);

/// The union of the ten with most CPU and the ten with most memory; threads count to their process.
/// Read less often than the rest; between two readings the last one is repeated with its time.
pub struct ProcessesCollector {
    source: ProcessesSource,
    interval: Duration,
    every: u64,
    /// Samples to go until the next reading.
    wait: u64,
    read: Moment,
    /// CPU time of each process at the last reading.
    before: HashMap<u32, Spent>,
    readings: Vec<ProcessReading>,
    last: Option<Processes>,
}

/// CPU time of a process, which its start tells from another one of the same id.
#[derive(Clone, Copy, Debug)]
struct Spent {
    started: u64,
    cpu_ms: u64,
}

impl ProcessesCollector {
    /// Takes the first of the two readings that a share needs.
    pub fn new(config: &CollectorsConfig) -> Self {
        let mut collector = Self {
            source: ProcessesSource::new(),
            interval: config.interval,
            every: samples_in(config.processes_interval, config.interval),
            wait: 0,
            read: Moment::now(),
            before: HashMap::new(),
            readings: Vec::new(),
            last: None,
        };
        collector.source.read(&mut collector.readings);
        collector.remember();
        collector
    }

    fn remember(&mut self) {
        self.before.clear();
        self.before.extend(self.readings.iter().map(|reading| {
            (reading.pid, Spent { started: reading.started, cpu_ms: reading.cpu_ms })
        }));
    }

    fn take_reading(&mut self, at: Moment) {
        let began = Instant::now();
        self.source.read(&mut self.readings);
        let elapsed = at.since(self.read);
        let mut top = top(&self.readings, &self.before, elapsed);
        for process in &mut top {
            let name = self.source.full_name(process.pid, std::mem::take(&mut process.name));
            process.name = cut(name, NAME_BYTES);
        }
        let count = self.readings.len() as u64;
        self.remember();
        self.read = at;

        let every = stretched(self.every, began.elapsed(), self.interval);
        self.wait = every - 1;
        let interval_ms = u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX);
        let interval_ms = interval_ms.saturating_mul(every);
        self.last = (count > 0).then_some(Processes { at: at.wall_ms, interval_ms, count, top });
    }
}

impl Collector for ProcessesCollector {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn collect(&mut self, at: Moment, snapshot: &mut Snapshot) {
        if self.wait > 0 {
            self.wait -= 1;
        } else if at.since(self.read) >= MIN_ELAPSED {
            self.take_reading(at);
        }
        snapshot.processes.clone_from(&self.last);
    }
}

/// Samples from one reading to the next, when a reading took so long.
fn stretched(every: u64, took: Duration, interval: Duration) -> u64 {
    let afford = took.saturating_mul(SHARE).min(LONGEST);
    every.max(samples_in(afford, interval))
}

/// Ranks a reading. A process that was not there before began since, so all its CPU time counts.
fn top(
    readings: &[ProcessReading],
    before: &HashMap<u32, Spent>,
    elapsed: Duration,
) -> Vec<Process> {
    let shares: Vec<f32> = readings
        .iter()
        .map(|reading| {
            let before = before.get(&reading.pid).filter(|spent| spent.started == reading.started);
            let before = before.map_or(0, |spent| spent.cpu_ms);
            // Milliseconds a second are tenths of a percent. A count that went back is no use of CPU.
            percent(per_second(before, reading.cpu_ms, elapsed).unwrap_or(0.0) / 10.0)
        })
        .collect();

    let by_cpu = |a: &usize, b: &usize| {
        let cpu = shares[*b].partial_cmp(&shares[*a]).unwrap_or(Ordering::Equal);
        cpu.then_with(|| readings[*b].memory.cmp(&readings[*a].memory))
            .then_with(|| readings[*a].pid.cmp(&readings[*b].pid))
    };
    let by_memory = |a: &usize, b: &usize| {
        readings[*b].memory.cmp(&readings[*a].memory).then_with(|| by_cpu(a, b))
    };

    let mut picked: Vec<usize> = Vec::with_capacity(2 * TOP);
    picked.extend(first((0..readings.len()).collect(), by_cpu));
    picked.extend(first((0..readings.len()).collect(), by_memory));
    picked.sort_by(by_cpu);
    picked.dedup();
    picked
        .into_iter()
        .map(|i| Process {
            pid: readings[i].pid,
            name: readings[i].name.clone(),
            cpu: shares[i],
            memory: readings[i].memory,
        })
        .collect()
}

/// The first [`TOP`] in an order, without sorting the rest.
fn first(mut all: Vec<usize>, order: impl Fn(&usize, &usize) -> Ordering) -> Vec<usize> {
    if all.len() > TOP {
        all.select_nth_unstable_by(TOP, order);
        all.truncate(TOP);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn reading(pid: u32, cpu_ms: u64, memory: u64) -> ProcessReading {
        let name = format!("p{pid}");
        let (parent, state, threads, is_kernel) = (1, 'S', 1, false);
        ProcessReading { pid, started: 1, cpu_ms, memory, name, parent, state, threads, is_kernel }
    }

    fn spent(readings: &[ProcessReading]) -> HashMap<u32, Spent> {
        readings.iter().map(|r| (r.pid, Spent { started: r.started, cpu_ms: r.cpu_ms })).collect()
    }

    fn pids(top: &[Process]) -> Vec<u32> {
        top.iter().map(|process| process.pid).collect()
    }

    #[test]
    fn cpu_is_percent_of_one_core_over_the_time_that_passed() {
        let before = spent(&[reading(1, 1000, 0), reading(2, 0, 0)]);
        let now = [reading(1, 2000, 0), reading(2, 4000, 0)];
        let top = top(&now, &before, SECOND * 2);
        assert_eq!(pids(&top), [2, 1]);
        assert_eq!((top[0].cpu, top[1].cpu), (200.0, 50.0));
    }

    #[test]
    fn another_process_of_the_same_id_is_not_its_predecessor() {
        let before = spent(&[reading(7, 60_000, 0)]);
        let mut heir = reading(7, 60_500, 0);
        heir.started = 2;
        heir.cpu_ms = 300;
        assert_eq!(top(&[heir], &before, SECOND)[0].cpu, 30.0);
    }

    #[test]
    fn the_top_is_the_union_of_ten_by_cpu_and_ten_by_memory_most_cpu_first() {
        // Twenty by CPU, the last twenty by memory: two tens that do not meet.
        let now: Vec<_> = (0..300)
            .map(|i| reading(i, if i < 20 { 1000 - u64::from(i) } else { 0 }, u64::from(i)))
            .collect();
        let top = top(&now, &HashMap::new(), SECOND);
        let expected: Vec<u32> = (0..10).chain((290..300).rev()).collect();
        assert_eq!(pids(&top), expected);
    }

    #[test]
    fn one_that_leads_in_both_is_listed_once() {
        let now: Vec<_> = (0..50).map(|i| reading(i, u64::from(i), u64::from(i))).collect();
        let top = top(&now, &HashMap::new(), SECOND);
        assert_eq!(pids(&top), (40..50).rev().collect::<Vec<_>>());
    }

    #[test]
    fn few_processes_are_all_listed() {
        let now = [reading(3, 0, 5), reading(1, 0, 5), reading(2, 9, 0)];
        assert_eq!(pids(&top(&now, &HashMap::new(), SECOND)), [2, 1, 3]);
        assert_eq!(top(&[], &HashMap::new(), SECOND), []);
    }

    #[test]
    fn a_reading_that_takes_long_is_taken_less_often() {
        let ms = Duration::from_millis;
        assert_eq!(stretched(2, ms(2), SECOND), 2);
        assert_eq!(stretched(2, ms(30), SECOND), 6);
        assert_eq!(stretched(2, SECOND, SECOND), 15);
        assert_eq!(stretched(1, ms(1), SECOND * 60), 1);
    }

    #[test]
    fn between_two_readings_the_last_is_repeated_with_its_time() {
        let config = CollectorsConfig {
            processes_interval: CollectorsConfig::default().interval * 3,
            ..CollectorsConfig::default()
        };
        let mut collector = ProcessesCollector::new(&config);
        let start = collector.read;
        let mut times = Vec::new();
        for second in 1..=4 {
            let mut snapshot = Snapshot::default();
            let at = Moment { instant: start.instant + SECOND * second, wall_ms: second.into() };
            collector.collect(at, &mut snapshot);
            let processes = snapshot.processes.unwrap();
            assert!(processes.count > 0 && !processes.top.is_empty());
            assert!(processes.interval_ms >= 3000);
            times.push(processes.at);
        }
        assert_eq!(times[..3], [1, 1, 1]);
    }
}

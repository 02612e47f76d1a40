//! One run: connect, look at the idle streams, publish, wait for the last delivery.

use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::BenchError;
use super::histogram::Histogram;
use super::publisher::{Plan, Published};
use super::report::{Connects, Cpu, FanOut, Memory, Report};
use super::subscribers::{Connected, Counts, Subscribers};
use super::target::Target;
use super::usage::Processes;

/// How long to look for repeats behind the last delivery.
const TAIL: Duration = Duration::from_millis(100);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Every event to every stream of its topic
    FanOut,
    /// Streams that are open and get nothing
    Idle,
    /// Streams opened as fast as they can be
    Connect,
}

/// What to do to which server.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) mode: Mode,
    pub(super) subscribe: Target,
    pub(super) publish: Target,
    pub(super) pids: Vec<u32>,
    pub(super) streams: usize,
    pub(super) topics: u32,
    pub(super) rate: f64,
    pub(super) size: usize,
    pub(super) duration: Duration,
    pub(super) warm_up: Duration,
    pub(super) settle: Duration,
    pub(super) drain: Duration,
    pub(super) connecting: usize,
}

/// A load under way.
struct Run<'a> {
    load: &'a Load,
    began: Instant,
    id: u32,
    processes: Processes,
    subscribers: Subscribers,
    /// Events that each topic has had.
    rounds: u32,
}

/// What one stretch of publishing gave.
struct Stretch {
    published: Published,
    planned: u64,
    expected: u64,
    counts: Counts,
    latency: Histogram,
    took: Duration,
    server_cpu: Option<f64>,
    own_cpu: Option<f64>,
}

impl Load {
    /// Does it.
    pub(super) fn run(&self) -> Result<Report, BenchError> {
        let began = Instant::now();
        let id = rand::random();
        let subscribers = Subscribers::new(began, id).map_err(BenchError::Poll)?;
        let processes = Processes::new(&self.pids);
        Run { load: self, began, id, processes, subscribers, rounds: 0 }.all()
    }
}

impl Run<'_> {
    fn all(&mut self) -> Result<Report, BenchError> {
        let load = self.load;
        let before = self.processes.pss();
        let connected = self.connect()?;
        let mut report = Report::new(load, Connects::from(&connected));
        if connected.open == 0 {
            return Err(BenchError::NoStream(connected.first_error.unwrap_or_default()));
        }
        if load.mode == Mode::Connect {
            return Ok(report);
        }
        self.subscribers.listen(load.settle, |_| false)?;
        let idle = self.processes.pss();
        if load.mode == Mode::Idle {
            let (began, cpu) = (Instant::now(), self.processes.cpu());
            self.subscribers.listen(load.duration, |_| false)?;
            let used = self.processes.cpu().zip(cpu).map(|(now, then)| now.since(&then));
            report.cpu = used.map(|used| Cpu::of(used, began.elapsed(), None, None));
        } else {
            self.fan_out(&mut report)?;
        }
        let after = self.processes.pss();
        let pss = before.zip(idle).zip(after);
        report.memory =
            pss.map(|((before, idle), after)| Memory::of(before, idle, after, connected.open));
        // Whoever was given up while connecting may have come after all.
        let open = self.subscribers.open_streams();
        report.streams_ended = connected.open.saturating_sub(open);
        Ok(report)
    }

    fn connect(&mut self) -> Result<Connected, BenchError> {
        let Load { subscribe, streams, topics, connecting, .. } = self.load;
        let limit = Duration::from_secs(60) + Duration::from_millis(10) * (*streams as u32);
        self.subscribers.connect(subscribe, *streams, *topics, *connecting, limit)
    }

    fn fan_out(&mut self, report: &mut Report) -> Result<(), BenchError> {
        if !self.load.warm_up.is_zero() {
            self.publish(self.load.warm_up)?;
        }
        let stretch = self.publish(self.load.duration)?;
        let taken: u64 = stretch.published.taken.iter().sum();
        if taken == 0 {
            let why = stretch.published.first_failure.unwrap_or_default();
            return Err(BenchError::NoEvent(why));
        }
        let Counts { received, duplicated, reordered } = stretch.counts;
        let deliveries = Some(received + duplicated).filter(|count| *count > 0);
        report.cpu =
            stretch.server_cpu.map(|used| Cpu::of(used, stretch.took, stretch.own_cpu, deliveries));
        report.fan_out = Some(FanOut {
            planned: stretch.planned,
            published: taken,
            publish_errors: stretch.published.failed,
            first_publish_error: stretch.published.first_failure,
            expected: stretch.expected,
            received,
            lost: stretch.expected.saturating_sub(received),
            duplicated,
            reordered,
            seconds: stretch.took.as_secs_f64(),
            latency_ms: stretch.latency.percentiles(),
            answered_ms: stretch.published.answered.percentiles(),
        });
        Ok(())
    }

    /// Publishes for so long, and waits until all of it has arrived or has had its time to.
    fn publish(&mut self, time: Duration) -> Result<Stretch, BenchError> {
        let load = self.load;
        let rounds = ((time.as_secs_f64() * load.rate).round() as u32).max(1);
        let start = Instant::now() + Duration::from_millis(10);
        let length = Duration::from_secs_f64(f64::from(rounds) / load.rate);
        let plan = Plan {
            target: load.publish.clone(),
            run: self.id,
            topics: load.topics,
            first: self.rounds,
            rounds,
            rate: load.rate,
            size: load.size,
            began: self.began,
            start,
            end: start + length + load.drain,
        };
        self.rounds += rounds;
        let own = Processes::new(&[std::process::id()]);
        let (server_before, own_before) = (self.processes.cpu(), own.cpu());
        let began = Instant::now();
        let publisher = thread::Builder::new().spawn(move || plan.run());
        let publisher = publisher.map_err(BenchError::Poll)?;
        self.subscribers
            .listen(length + load.drain + Duration::from_secs(1), |_| publisher.is_finished())?;
        let published = publisher.join().map_err(|_| BenchError::Publisher)?;
        let published = published.map_err(BenchError::Poll)?;
        let expected = self.expected(&published.taken);
        self.subscribers.listen(load.drain, |counts| counts.received >= expected)?;
        let took = began.elapsed();
        let own_cpu = own.cpu().zip(own_before).map(|(now, then)| now.since(&then));
        let server_cpu = self.processes.cpu();
        let server_cpu = server_cpu.zip(server_before).map(|(now, then)| now.since(&then));
        self.subscribers.listen(TAIL, |_| false)?;
        let (counts, latency) = self.subscribers.take_counts();
        let planned = u64::from(rounds) * u64::from(load.topics);
        Ok(Stretch { published, planned, expected, counts, latency, took, server_cpu, own_cpu })
    }

    /// Deliveries that the taken events make: each to all streams of its topic.
    fn expected(&self, taken: &[u64]) -> u64 {
        let (streams, topics) = (self.load.streams, taken.len());
        let of = |topic| streams / topics + usize::from(topic < streams % topics);
        taken.iter().enumerate().map(|(topic, count)| of(topic) as u64 * count).sum()
    }
}

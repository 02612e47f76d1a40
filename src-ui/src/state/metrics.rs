//! The newest sample of each machine.

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::event::EventId;
use tidings_protocol::metrics::Snapshot;

use super::freshness::Reading;

/// Which part of a sample a panel shows; each may be read at its own pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// All that is read at every sample.
    Fast,
    /// Processes, which are dearer to read.
    Processes,
}

/// Most machines that are kept: names come from outside, and nobody looks at more.
pub const MAX_HOSTS: usize = 64;

/// One sample, and when it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The machine's name, as in its topic.
    pub host: Rc<str>,
    /// Its place in the server's history.
    pub id: EventId,
    /// When it was published, by the server's clock, in ms since the epoch.
    pub at: u64,
    /// When it arrived, by the monotonic clock.
    pub arrived: Duration,
    /// How old it was then.
    pub age_on_arrival: Duration,
    /// Age and pace of the processes in it; null if it holds none.
    pub processes: Option<Reading>,
    /// What was measured.
    pub snapshot: Rc<Snapshot>,
}

impl Sample {
    /// Whether it came into being after `other`, as far as the server's history tells: its clock may
    /// be set back at any time.
    #[must_use]
    pub fn follows(&self, other: EventId) -> bool {
        self.id.epoch != other.epoch || self.id.seq > other.seq
    }

    /// Age and pace of one family of the sample; null if the sample does not hold it.
    #[must_use]
    pub fn reading(&self, family: Family) -> Option<Reading> {
        match family {
            Family::Fast => Some(self.read(0, self.snapshot.interval_ms)),
            Family::Processes => self.processes,
        }
    }

    /// Notes how old its processes are, where `before` is the sample of the machine that came before it. By the server's clock
    /// that is known only of what was read on one side of all its changes: of the first sample it is believed, and later ones
    /// tell by another time that they were read since.
    fn note_processes(&mut self, before: Option<&Self>) {
        let Some(processes) = &self.snapshot.processes else { return };
        let earlier = before.and_then(|before| before.snapshot.processes.as_ref());
        self.processes = match (before, earlier) {
            (Some(before), Some(earlier)) if earlier.at == processes.at => before.processes,
            (_, Some(_)) => Some(self.read(0, processes.interval_ms)),
            _ => Some(self.read(self.at.saturating_sub(processes.at), processes.interval_ms)),
        };
    }

    fn read(&self, behind: u64, interval: u64) -> Reading {
        Reading {
            arrived: self.arrived,
            age_on_arrival: self.age_on_arrival + Duration::from_millis(behind),
            interval: Duration::from_millis(interval),
        }
    }
}

/// The newest sample of each machine, and which machine is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// By name.
    samples: Vec<Sample>,
    /// The machine a person chose, before that the first that was ever seen: the page must not jump
    /// to another because one joins.
    chosen: Option<Rc<str>>,
}

impl Metrics {
    /// Names of all machines, in order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Rc<str>> {
        self.samples.iter().map(|sample| &sample.host)
    }

    /// The machine looked at: the chosen one, else the first by name.
    #[must_use]
    pub fn current(&self) -> Option<&Sample> {
        let chosen = self.samples.iter().find(|sample| Some(&sample.host) == self.chosen.as_ref());
        chosen.or_else(|| self.samples.first())
    }

    /// The reading of any machine that came last: while one comes, the stream brings what there is.
    #[must_use]
    pub fn newest(&self) -> Option<Reading> {
        let readings = self.samples.iter().filter_map(|sample| sample.reading(Family::Fast));
        readings.max_by_key(|reading| reading.arrived.saturating_sub(reading.age_on_arrival))
    }

    /// Takes a sample in, unless it is older than what is shown.
    pub fn take(&mut self, mut sample: Sample) {
        self.chosen.get_or_insert_with(|| sample.host.clone());
        let place = self.samples.binary_search_by(|other| other.host.cmp(&sample.host));
        sample.note_processes(place.ok().map(|at| &self.samples[at]));
        match place {
            Err(at) => {
                self.samples.insert(at, sample);
                if self.samples.len() > MAX_HOSTS {
                    self.forget_oldest();
                }
            }
            Ok(at) if sample.follows(self.samples[at].id) => self.samples[at] = sample,
            Ok(_) => {}
        }
    }

    fn forget_oldest(&mut self) {
        let others = self.samples.iter().enumerate();
        let others = others.filter(|(_, sample)| Some(&sample.host) != self.chosen.as_ref());
        if let Some((at, _)) = others.min_by_key(|(_, sample)| sample.arrived) {
            self.samples.remove(at);
        }
    }

    /// Looks at another machine.
    pub fn choose(&mut self, host: Rc<str>) {
        self.chosen = Some(host);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tidings_protocol::metrics::Processes;

    pub(crate) fn sample(host: &str, at: u64) -> Sample {
        Sample {
            host: host.into(),
            id: EventId { epoch: 1, seq: at },
            at,
            arrived: Duration::from_secs(1),
            age_on_arrival: Duration::ZERO,
            processes: None,
            snapshot: Rc::new(Snapshot { interval_ms: 1_000, ..Snapshot::default() }),
        }
    }

    #[test]
    fn each_machine_keeps_its_newest_sample() {
        let mut metrics = Metrics::default();
        metrics.take(sample("b", 10));
        metrics.take(sample("a", 10));
        metrics.take(sample("a", 30));
        metrics.take(sample("a", 20));
        assert_eq!(metrics.hosts().len(), 2);
        metrics.choose("a".into());
        assert_eq!(metrics.current().unwrap().at, 30, "an older one came late");
    }

    #[test]
    fn a_server_clock_set_back_does_not_freeze_the_panels() {
        let mut metrics = Metrics::default();
        metrics.take(sample("a", 10_000_000));
        metrics.take(Sample { at: 9_999_000, ..sample("a", 10_000_001) });
        assert_eq!(metrics.current().unwrap().at, 9_999_000, "however small the step");
        let id = EventId { epoch: 2, seq: 1 };
        metrics.take(Sample { id, ..sample("a", 5_000) });
        assert_eq!(metrics.current().unwrap().at, 5_000, "a new history begins at 1");
    }

    #[test]
    fn the_machine_seen_first_is_shown_until_another_is_chosen() {
        let mut metrics = Metrics::default();
        metrics.take(sample("b", 1));
        metrics.take(sample("a", 1));
        assert_eq!(&*metrics.current().unwrap().host, "b", "nothing jumps when one joins");
        metrics.choose("a".into());
        assert_eq!(&*metrics.current().unwrap().host, "a");
        metrics.choose("gone".into());
        assert_eq!(&*metrics.current().unwrap().host, "a");
    }

    #[test]
    fn machines_without_end_push_out_the_oldest_but_not_the_one_looked_at() {
        let mut metrics = Metrics::default();
        for host in 0..200_u64 {
            let arrived = Duration::from_secs(host);
            metrics.take(Sample { arrived, ..sample(&format!("h{host}"), 1) });
        }
        assert_eq!(metrics.hosts().len(), MAX_HOSTS);
        assert_eq!(&*metrics.current().unwrap().host, "h0");
        assert!(metrics.hosts().any(|host| &**host == "h199"));
    }

    #[test]
    fn processes_are_as_old_as_their_own_reading() {
        let mut metrics = Metrics::default();
        let age = |metrics: &Metrics, seconds| {
            let reading = metrics.current().unwrap().reading(Family::Processes)?;
            assert_eq!(reading.deadline(), Duration::from_secs(15));
            Some(reading.age(Duration::from_secs(seconds)).as_secs())
        };
        metrics.take(sample("a", 9_000));
        assert_eq!(age(&metrics, 1), None);
        metrics.take(with_processes(10_000, 7_000, 1));
        assert_eq!(age(&metrics, 1), Some(3));
        metrics.take(with_processes(12_000, 7_000, 3));
        assert_eq!(age(&metrics, 3), Some(5), "they were not read since");
        metrics.take(with_processes(13_000, 13_000, 4));
        assert_eq!(age(&metrics, 4), Some(0));
    }

    #[test]
    fn a_server_clock_that_is_set_makes_processes_neither_old_nor_new() {
        const HOUR: u64 = 3_600_000;
        let mut metrics = Metrics::default();
        metrics.take(with_processes(2 * HOUR, 2 * HOUR, 1));
        let age = |metrics: &Metrics, seconds| {
            let reading = metrics.current().unwrap().reading(Family::Processes).unwrap();
            reading.age(Duration::from_secs(seconds)).as_secs()
        };
        metrics.take(Sample { id: id(1), ..with_processes(3 * HOUR, 2 * HOUR, 2) });
        assert_eq!(age(&metrics, 2), 1, "it was set forward");
        metrics.take(Sample { id: id(2), ..with_processes(HOUR, 3 * HOUR, 3) });
        assert_eq!(age(&metrics, 3), 0, "it was read anew, and then set back");
        metrics.take(Sample { id: id(3), ..with_processes(HOUR, 3 * HOUR, 9) });
        assert_eq!(age(&metrics, 9), 6);
    }

    #[test]
    fn the_newest_reading_is_that_of_a_machine_that_still_tells_its_own() {
        let mut metrics = Metrics::default();
        assert_eq!(metrics.newest(), None);
        let arrived = Duration::from_secs;
        metrics.take(Sample { arrived: arrived(5), ..sample("quiet", 1) });
        metrics.take(Sample { arrived: arrived(9), ..sample("a", 1) });
        let age_on_arrival = Duration::from_secs(60);
        metrics.take(Sample { arrived: arrived(10), age_on_arrival, ..sample("replayed", 1) });
        assert_eq!(metrics.newest().unwrap().arrived, arrived(9));
    }

    fn id(seq: u64) -> EventId {
        EventId { epoch: 1, seq: 10_000_000 + seq }
    }

    fn with_processes(at: u64, read: u64, arrived: u64) -> Sample {
        let processes = Processes { at: read, interval_ms: 5_000, ..Processes::default() };
        let snapshot = Snapshot { processes: Some(processes), ..Snapshot::default() };
        let arrived = Duration::from_secs(arrived);
        Sample { arrived, snapshot: Rc::new(snapshot), ..sample("a", at) }
    }
}

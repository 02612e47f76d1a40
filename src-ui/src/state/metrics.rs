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
        let (behind, interval) = match family {
            Family::Fast => (0, self.snapshot.interval_ms),
            Family::Processes => {
                let processes = self.snapshot.processes.as_ref()?;
                (self.at.saturating_sub(processes.at), processes.interval_ms)
            }
        };
        Some(Reading {
            arrived: self.arrived,
            age_on_arrival: self.age_on_arrival + Duration::from_millis(behind),
            interval: Duration::from_millis(interval),
        })
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

    /// Takes a sample in, unless it is older than what is shown.
    pub fn take(&mut self, sample: Sample) {
        self.chosen.get_or_insert_with(|| sample.host.clone());
        match self.samples.binary_search_by(|other| other.host.cmp(&sample.host)) {
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
        let mut sample = sample("a", 10_000);
        assert_eq!(sample.reading(Family::Processes), None);
        let processes = Processes { at: 7_000, interval_ms: 5_000, ..Processes::default() };
        sample.snapshot =
            Rc::new(Snapshot { processes: Some(processes), ..(*sample.snapshot).clone() });
        let reading = sample.reading(Family::Processes).unwrap();
        assert_eq!(reading.age(Duration::from_secs(1)), Duration::from_secs(3));
        assert_eq!(reading.deadline(), Duration::from_secs(15));
    }
}

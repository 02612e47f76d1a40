//! The newest sample of each machine.

use std::rc::Rc;
use std::time::Duration;

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

/// One sample, and when it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The machine's name, as in its topic.
    pub host: Rc<str>,
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
    chosen: Option<Rc<str>>,
}

impl Metrics {
    /// Names of all machines, in order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Rc<str>> {
        self.samples.iter().map(|sample| &sample.host)
    }

    /// The machine looked at: the chosen one, else the first.
    #[must_use]
    pub fn current(&self) -> Option<&Sample> {
        let chosen = self.samples.iter().find(|sample| Some(&sample.host) == self.chosen.as_ref());
        chosen.or_else(|| self.samples.first())
    }

    /// Takes a sample in. One that is older than what is shown is dropped, unless the server's clock
    /// was set back by more than a reordering could explain.
    pub fn take(&mut self, sample: Sample) {
        const CLOCK_SET_BACK_MS: u64 = 60_000;
        match self.samples.binary_search_by(|other| other.host.cmp(&sample.host)) {
            Err(at) => self.samples.insert(at, sample),
            Ok(at) => {
                let newest = self.samples[at].at;
                if sample.at >= newest || newest - sample.at >= CLOCK_SET_BACK_MS {
                    self.samples[at] = sample;
                }
            }
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
        assert_eq!(metrics.current().unwrap().at, 30, "an older one came late");
    }

    #[test]
    fn a_server_clock_set_back_does_not_freeze_the_panels() {
        let mut metrics = Metrics::default();
        metrics.take(sample("a", 10_000_000));
        metrics.take(sample("a", 5_000));
        assert_eq!(metrics.current().unwrap().at, 5_000);
    }

    #[test]
    fn the_first_machine_is_shown_until_another_is_chosen() {
        let mut metrics = Metrics::default();
        metrics.take(sample("b", 1));
        metrics.take(sample("a", 1));
        assert_eq!(&*metrics.current().unwrap().host, "a");
        metrics.choose("b".into());
        assert_eq!(&*metrics.current().unwrap().host, "b");
        metrics.choose("gone".into());
        assert_eq!(&*metrics.current().unwrap().host, "a");
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

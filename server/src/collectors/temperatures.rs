//! Temperature sensors.

use std::time::Duration;

use sysinfo::Components;
use tidings_protocol::metrics::{Snapshot, Temperature};

use super::sampler::samples_in;
use super::text::cut;
use super::{Collector, CollectorsConfig, Moment};

/// Sensors are slow to change and some are slow to read: ask this often.
const EVERY: Duration = Duration::from_secs(5);
/// New sensors are looked for this often.
const SEARCH_EVERY: Duration = Duration::from_secs(60);
/// At most this many are listed, with labels of at most [`LABEL_BYTES`].
const MAX_SENSORS: usize = 128;
const LABEL_BYTES: usize = 64;
/// Beyond this a "critical" limit is a register nobody filled in (65,261 °C is a common one).
const MAX_CRITICAL: f32 = 300.0;

/// Degrees Celsius of every sensor the system tells of, by label.
pub struct TemperaturesCollector {
    components: Option<Components>,
    sample: u64,
    every: u64,
    search_every: u64,
    last: Vec<Temperature>,
}

impl TemperaturesCollector {
    /// A collector that has read nothing yet.
    pub fn new(config: &CollectorsConfig) -> Self {
        let every = samples_in(EVERY, config.interval);
        Self {
            components: Components::new().ok(),
            sample: 0,
            every,
            search_every: samples_in(SEARCH_EVERY, config.interval).next_multiple_of(every),
            last: Vec::new(),
        }
    }
}

impl Collector for TemperaturesCollector {
    fn name(&self) -> &'static str {
        "temperatures"
    }

    fn collect(&mut self, _at: Moment, snapshot: &mut Snapshot) {
        let sample = self.sample;
        self.sample += 1;
        if let Some(components) = &mut self.components
            && sample.is_multiple_of(self.every)
        {
            if sample.is_multiple_of(self.search_every) {
                components.refresh(true);
            } else {
                components.iter_mut().for_each(sysinfo::Component::refresh);
            }
            self.last = listed(components.iter().filter_map(|component| {
                let label = match component.label() {
                    "" => component.id().unwrap_or("sensor"),
                    label => label,
                };
                Some((label.to_owned(), component.temperature()?, component.critical()))
            }));
        }
        snapshot.temperatures = self.last.clone();
    }
}

/// Leaves out what is no temperature and tells sensors of one label apart by a number.
fn listed(sensors: impl Iterator<Item = (String, f32, Option<f32>)>) -> Vec<Temperature> {
    let mut listed: Vec<Temperature> = sensors
        .filter(|(_, celsius, _)| celsius.is_finite())
        .take(MAX_SENSORS)
        .map(|(label, celsius, critical)| Temperature {
            label: cut(label, LABEL_BYTES),
            celsius,
            critical: critical.filter(|limit| *limit > 0.0 && *limit <= MAX_CRITICAL),
        })
        .collect();
    // Stable: sensors of one label keep the system's order.
    listed.sort_by(|a, b| a.label.cmp(&b.label));
    let mut number = 1;
    for i in 1..listed.len() {
        let (done, rest) = listed.split_at_mut(i);
        let (first, this) = (&done[i - number], &mut rest[0]);
        if first.label == this.label {
            number += 1;
            this.label = format!("{} {number}", this.label);
        } else {
            number = 1;
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(sensors: &[(&str, f32)]) -> Vec<String> {
        let sensors = sensors.iter().map(|(label, celsius)| ((*label).to_owned(), *celsius, None));
        listed(sensors).into_iter().map(|sensor| sensor.label).collect()
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let shown = labels(&[("a", f32::NAN), ("b", 41.5), ("c", f32::INFINITY)]);
        assert_eq!(shown, ["b"]);
    }

    #[test]
    fn sensors_of_one_label_are_numbered() {
        let shown = labels(&[("nvme", 1.0), ("core", 2.0), ("nvme", 3.0), ("nvme", 4.0)]);
        assert_eq!(shown, ["core", "nvme", "nvme 2", "nvme 3"]);
        assert_eq!(labels(&[]), [""; 0]);
    }

    #[test]
    fn a_limit_nobody_filled_in_is_none() {
        let limits = [65261.8, 0.0, f32::NAN, 95.0].map(|limit| ("x".into(), 40.0, Some(limit)));
        let shown: Vec<_> = listed(limits.into_iter()).iter().map(|s| s.critical).collect();
        assert_eq!(shown, [None, None, None, Some(95.0)]);
    }
}

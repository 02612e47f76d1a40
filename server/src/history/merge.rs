//! Figures of several times as one.

use std::collections::HashMap;

use crate::store::{Figure, MinuteRow};

/// Figures that are put together; each counts as often as there were samples of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    all: Option<(Figure, f64)>,
}

impl Sum {
    pub(super) fn add(&mut self, figure: Figure, samples: u32) {
        let weight = f64::from(samples.max(1));
        let (all, weights) = self.all.get_or_insert((Figure { mean: 0.0, ..figure }, 0.0));
        // Kept as the sum until it is asked for.
        all.mean += figure.mean * weight;
        all.min = all.min.min(figure.min);
        all.max = all.max.max(figure.max);
        *weights += weight;
    }

    /// What they are together; none of none.
    pub(super) fn figure(&self) -> Option<Figure> {
        self.all.map(|(all, weights)| Figure { mean: all.mean / weights, ..all }.kept())
    }
}

/// Two parts of a minute as one.
pub(super) fn minute(one: &MinuteRow, other: &MinuteRow) -> MinuteRow {
    let mut sums = HashMap::<_, Sum>::new();
    for row in [one, other] {
        for (name, figure) in &row.figures {
            sums.entry(name).or_default().add(*figure, row.samples);
        }
    }
    let figures =
        sums.into_iter().filter_map(|(name, sum)| Some((name.clone(), sum.figure()?))).collect();
    MinuteRow { minute: one.minute, samples: one.samples.saturating_add(other.samples), figures }
}

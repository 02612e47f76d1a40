//! What the history of metrics needs of a database: what each metric was in each minute.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidings_protocol::history::kept;

use super::StoreError;

/// Ms in a minute.
pub(crate) const MINUTE_MS: u64 = 60_000;

/// What a metric was over some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The least.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The greatest.
    pub max: f64,
}

impl Figure {
    /// One value.
    #[must_use]
    pub fn of(value: f64) -> Self {
        Self { min: value, mean: value, max: value }
    }

    /// What is kept of it: one value as [`kept`] has it, and of several the seven digits of floats of 32 bits.
    #[must_use]
    pub fn kept(self) -> Self {
        if self.min == self.max {
            return Self::of(kept(self.min));
        }
        let narrow = |value: f64| {
            let value = f64::from(value.clamp(f32::MIN.into(), f32::MAX.into()) as f32);
            value + 0.0
        };
        let Self { min, mean, max } = self;
        // A mean is computed, and may come to lie a little beside them.
        Self { min: narrow(min), mean: narrow(mean.clamp(min, max)), max: narrow(max) }
    }
}

/// A minute of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct MinuteRow {
    /// Minutes since the epoch.
    pub minute: u64,
    /// How many samples there were.
    pub samples: u32,
    /// What each metric was, [as it is kept](Figure::kept); each name once.
    pub figures: Vec<(Arc<str>, Figure)>,
}

/// What some metrics were in a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct MinuteFigures {
    /// Minutes since the epoch.
    pub minute: u64,
    /// How many samples there were.
    pub samples: u32,
    /// The metrics, in the order they were asked for; null for one that was not there.
    pub figures: Vec<Option<Figure>>,
}

/// The history of metrics, by the minute.
pub trait MetricStore {
    /// Names of the metrics that are kept of a machine, in order; none of a machine that is not known.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn metric_names<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>>;

    /// Keeps a minute of a machine. One that is kept already, as another server of the machine may have done, gives way to it as
    /// far as they name the same. Does not wait for the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn save_minute<'a>(
        &'a self,
        host: &'a str,
        row: &'a MinuteRow,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// What the metrics of these names were in the minutes from `from` until before `until`, in order; minutes without any of
    /// them are left out.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn minutes<'a>(
        &'a self,
        host: &'a str,
        names: &'a [Arc<str>],
        from: u64,
        until: u64,
    ) -> BoxFuture<'a, Result<Vec<MinuteFigures>, StoreError>>;

    /// Forgets minutes before `from`, and from `until` on: where a clock was wrong, they are yet to come. With them go metrics of
    /// which nothing is left.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn trim_minutes(&self, from: u64, until: u64) -> BoxFuture<'_, Result<(), StoreError>>;
}

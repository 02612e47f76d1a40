//! Whether there are samples at all. Where there are none, that is one thing to tell, and not one for each figure of each rule.

use std::time::Duration;

use tidings_protocol::alert::AlertSource;

use super::due::Notice;
use super::kept;
use super::machine::{Message, Now, Series, Told};
use super::text;
use crate::store::AlertStateRow;

/// In the place of a rule's id, which has other characters.
pub(super) const SAMPLES: &str = "samples";

/// The collectors' samples, as they come or stay away.
#[derive(Debug)]
pub(super) struct Heartbeat {
    series: Series,
    /// When the last one came; at first, when somebody began to look.
    last: Duration,
}

impl Heartbeat {
    pub(super) fn new(now: Now) -> Self {
        Self { series: Series::new(now), last: now.monotonic }
    }

    /// Takes note of a sample, and says how much time it stands for.
    pub(super) fn beat(&mut self, now: Now, patience: Duration) -> Duration {
        self.series.be_there(now, patience);
        now.monotonic.saturating_sub(std::mem::replace(&mut self.last, now.monotonic))
    }

    /// Takes note that there was none for this time.
    pub(super) fn pause(&mut self, now: Now, time: Duration, patience: Duration) {
        self.series.miss(now, time, patience);
    }

    /// What admins are to be told now, if anything.
    pub(super) fn due(&self, host: &str, now: Now, patience: Duration) -> Option<Notice> {
        let message = self.series.due(now)?;
        Some(Notice {
            rule: SAMPLES.to_owned(),
            spec: None,
            source: AlertSource::Configuration,
            series: vec![SAMPLES.to_owned()],
            message,
            notification: text::of_samples(message, host, patience),
        })
    }

    /// Notes that admins were told.
    pub(super) fn told(&mut self, message: Message, now: Now) {
        self.series.told(message, now);
    }

    /// Forgets what admins were told: that is another's to know.
    pub(super) fn fall_silent(&mut self) {
        self.series.fall_silent();
    }

    /// What outlives a restart; none where a restart may forget it.
    pub(super) fn row(&self, host: &str) -> Option<AlertStateRow> {
        // That they came once more, while nobody was told that they stayed away, says nothing.
        let is_news = self.series.told != Told::Nothing;
        is_news.then(|| kept::row((SAMPLES, ""), host, SAMPLES, &self.series)).flatten()
    }

    /// Goes on from where the server was before a restart; false if a newer one wrote the row.
    pub(super) fn restore(&mut self, row: &AlertStateRow, now: Now) -> bool {
        let series = kept::series(row, None, now);
        let is_known = series.is_some();
        if let Some(series) = series {
            self.series.go_on_from(series, false);
        }
        is_known
    }
}

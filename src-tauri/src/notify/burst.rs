//! Keeps a burst from filling the screen: a few come up one by one, the rest as one that counts.

use std::collections::VecDeque;
use std::time::Duration;

use tidings_protocol::notification::Notification;

use super::popup::{Popup, counted};

/// Most that come up one by one within [`WINDOW`].
pub(super) const MOST_SINGLE: usize = 3;
/// After so long without another the burst is over.
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// The summary changes no more often.
const REFRESH: Duration = Duration::from_secs(1);
/// Titles that a summary names.
pub(super) const NAMED: usize = 3;

/// What came up lately.
#[derive(Debug, Default)]
pub(super) struct Burst {
    /// When the last ones came up one by one.
    singles: VecDeque<Duration>,
    rest: Option<Rest>,
    /// Number of the newest summary.
    summaries: u64,
}

#[derive(Debug)]
struct Rest {
    number: u64,
    count: usize,
    /// Titles, the newest first.
    newest: Vec<String>,
    arrived: Duration,
    /// Null before the first time.
    shown: Option<Duration>,
    is_shown: bool,
}

impl Burst {
    /// Takes one, and says what to show now, if anything.
    pub(super) fn add(&mut self, row: &Notification, now: Duration) -> Option<Popup> {
        self.singles.retain(|shown| now.saturating_sub(*shown) < WINDOW);
        if self.rest.as_ref().is_some_and(|rest| now.saturating_sub(rest.arrived) >= WINDOW) {
            self.rest = None;
        }
        if self.rest.is_none() && self.singles.len() < MOST_SINGLE {
            self.singles.push_back(now);
            return Some(Popup::single(row));
        }
        let number = self.rest.as_ref().map(|rest| rest.number);
        let number = number.unwrap_or_else(|| self.next_number());
        let newest = Vec::with_capacity(NAMED + 1);
        let rest = self.rest.get_or_insert(Rest {
            number,
            count: 0,
            newest,
            arrived: now,
            shown: None,
            is_shown: false,
        });
        rest.count += 1;
        rest.newest.insert(0, row.title.clone());
        rest.newest.truncate(NAMED);
        rest.arrived = now;
        rest.is_shown = false;
        self.tick(now)
    }

    /// What to show now, if anything.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Popup> {
        if self.due()? > now {
            return None;
        }
        let rest = self.rest.as_mut()?;
        rest.shown = Some(now);
        rest.is_shown = true;
        Some(rest.popup())
    }

    /// When there is something to show.
    pub(super) fn due(&self) -> Option<Duration> {
        let rest = self.rest.as_ref().filter(|rest| !rest.is_shown)?;
        Some(rest.shown.map_or(Duration::ZERO, |shown| shown + REFRESH))
    }

    /// Number of a summary that is none of those before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.summaries += 1;
        self.summaries
    }
}

impl Rest {
    fn popup(&self) -> Popup {
        Popup::summary(self.number, &counted(self.count, false, "more "), &self.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::popup::Slot;
    use super::super::popup::tests::row;
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(100_000 + ms)
    }

    fn titles(popups: &[Option<Popup>]) -> Vec<&str> {
        popups.iter().flatten().map(|popup| &*popup.title).collect()
    }

    #[test]
    fn three_come_up_and_then_one_that_counts_in_place() {
        let mut burst = Burst::default();
        let shown: Vec<_> =
            (1..=6).map(|at| burst.add(&row(&at.to_string(), at), ms(at))).collect();
        assert_eq!(
            titles(&shown),
            ["Title 1", "Title 2", "Title 3", "1 more notification"],
            "it changes once a second at most"
        );
        assert_eq!(burst.due(), Some(ms(1_004)));
        assert_eq!(burst.tick(ms(1_003)), None);
        let later = burst.tick(ms(1_004)).unwrap();
        assert_eq!(later.title, "3 more notifications");
        assert_eq!(later.body, "Title 6\nTitle 5\nTitle 4");
        assert_eq!(Some(later.slot), shown[3].as_ref().map(|popup| popup.slot.clone()));
        assert_eq!(burst.due(), None);
    }

    #[test]
    fn ten_seconds_of_silence_end_a_burst() {
        let mut burst = Burst::default();
        for at in 0..5 {
            burst.add(&row("a", at), ms(at));
        }
        let still = burst.add(&row("b", 9), ms(9_000));
        assert_eq!(still.unwrap().title, "3 more notifications");
        assert_eq!(burst.add(&row("c", 10), ms(19_000)).unwrap().title, "Title c");
        for at in 11..=12 {
            burst.add(&row("d", at), ms(19_000));
        }
        let next = burst.add(&row("e", 13), ms(19_000)).unwrap();
        assert_eq!((&*next.title, next.slot), ("1 more notification", Slot::Summary(2)));
    }

    #[test]
    fn one_every_few_seconds_is_no_burst() {
        let mut burst = Burst::default();
        for at in 0..100 {
            let shown = burst.add(&row("a", at), ms(at * 4_000));
            assert_eq!(shown.unwrap().title, "Title a", "{at}");
        }
    }
}

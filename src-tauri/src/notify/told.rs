//! Which notifications were told, by version, so that each is told once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tidings_protocol::notification::Notification;

/// Most versions that are remembered one by one.
const MOST: usize = 1_000;

/// What is kept of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mark {
    /// The greatest version that was told.
    pub(crate) version: u64,
    /// When the newest of those came, by the server's clock, in ms since the epoch.
    pub(crate) at: u64,
    /// All that is greater came in quiet hours, whose summary is still to be told; null where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quiet_since: Option<u64>,
}

/// What one is that is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It was told, or is of no account.
    Before,
    /// It changes what was told.
    Update,
    /// It was not told yet.
    News,
}

/// Versions that were told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// All of this and below were.
    up_to: u64,
    above: BTreeSet<u64>,
    at: u64,
}

impl Told {
    pub(super) fn from(mark: Mark) -> Self {
        Self { up_to: mark.version, above: BTreeSet::new(), at: mark.at }
    }

    /// The greatest version that was told.
    pub(super) fn version(&self) -> u64 {
        self.above.last().copied().unwrap_or_default().max(self.up_to)
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// What it is that is heard of; it is told now.
    pub(super) fn hear(&mut self, row: &Notification) -> Heard {
        self.at = self.at.max(row.created_at);
        let is_first = self.add(row.version);
        // What an update changes may have come while nobody listened.
        let is_news = if row.update { self.add(row.news()) } else { is_first };
        match (is_first, is_news) {
            (false, _) => Heard::Before,
            (true, true) => Heard::News,
            (true, false) => Heard::Update,
        }
    }

    fn add(&mut self, version: u64) -> bool {
        let is_first = version > self.up_to && self.above.insert(version);
        if self.above.len() > MOST
            && let Some(oldest) = self.above.pop_first()
        {
            self.up_to = oldest;
        }
        is_first
    }

    /// Takes everything of `version` and below for told.
    pub(super) fn all_up_to(&mut self, version: u64) {
        self.up_to = self.up_to.max(version);
        self.above = self.above.split_off(&(self.up_to + 1));
    }

    /// The inbox is another than it was: it stands at `version`, and nothing of it counts as told but what came before.
    pub(super) fn begin_anew(&mut self, version: u64) {
        *self = Self { up_to: version, above: BTreeSet::new(), at: self.at };
    }
}

#[cfg(test)]
mod tests {
    use super::super::popup::tests::row;
    use super::*;

    #[test]
    fn each_is_told_once_in_whatever_order() {
        let mut told = Told::from(Mark { version: 3, ..Mark::default() });
        let first: Vec<_> =
            [5, 4, 3, 5, 4, 6].map(|version| told.hear(&row("a", version)) == Heard::News).into();
        assert_eq!(first, [true, true, false, false, false, true]);
        assert_eq!((told.version(), told.at()), (6, 1_006));
    }

    #[test]
    fn what_is_forgotten_counts_as_told() {
        let mut told = Told::default();
        for version in (1..=4_000).step_by(2) {
            assert_eq!(told.hear(&row("a", version)), Heard::News);
        }
        assert!(told.above.len() <= MOST);
        assert_eq!(told.hear(&row("a", 2)), Heard::Before);
        assert_eq!(told.hear(&row("a", 3_998)), Heard::News);
    }

    #[test]
    fn an_update_is_news_to_whom_nobody_told_what_it_changes() {
        let mut told = Told::from(Mark { version: 3, ..Mark::default() });
        let update = |version, news_version| Notification {
            update: true,
            news_version,
            ..row("a", version)
        };
        assert_eq!(told.hear(&update(4, Some(3))), Heard::Update);
        assert_eq!(told.hear(&update(7, Some(5))), Heard::News);
        assert_eq!(told.hear(&row("a", 5)), Heard::Before, "it comes late");
        assert_eq!(told.hear(&update(8, Some(5))), Heard::Update);
        assert_eq!(told.hear(&update(8, Some(5))), Heard::Before);
        assert_eq!(told.hear(&update(9, None)), Heard::Update, "of an older server");
    }
}

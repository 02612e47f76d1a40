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

    /// Whether it is told for the first time; it is told now.
    pub(super) fn is_first(&mut self, row: &Notification) -> bool {
        self.at = self.at.max(row.created_at);
        let is_first = row.version > self.up_to && self.above.insert(row.version);
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
            [5, 4, 3, 5, 4, 6].map(|version| told.is_first(&row("a", version))).into();
        assert_eq!(first, [true, true, false, false, false, true]);
        assert_eq!((told.version(), told.at()), (6, 1_006));
    }

    #[test]
    fn what_is_forgotten_counts_as_told() {
        let mut told = Told::default();
        for version in (1..=4_000).step_by(2) {
            assert!(told.is_first(&row("a", version)));
        }
        assert!(told.above.len() <= MOST);
        assert!(!told.is_first(&row("a", 2)));
        assert!(told.is_first(&row("a", 3_998)));
    }
}

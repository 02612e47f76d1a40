//! Decides what comes up as a notification of the system. It has no clock and no I/O: what is the case is handed in.

use std::collections::VecDeque;
use std::time::Duration;

use tidings_feed::NoticeSettings;
use tidings_protocol::notification::{Inbox, InboxChange, Level, Notification};

use super::burst::{Burst, MOST_SINGLE, NAMED};
use super::popup::{Popup, Slot, counted};
use super::told::{Heard, Mark, Told};

/// Most arrivals that wait for a look at the inbox; beyond, another look is taken.
const MOST_EARLY: usize = 1_000;
/// Most that are remembered as shown, to be taken away again.
const MOST_SHOWN: usize = 50;

/// How things stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// Time by a monotonic clock.
    pub(super) now: Duration,
    /// Whether it is quiet by the local clock.
    pub(super) is_quiet: bool,
    /// Whether somebody looks at the window.
    pub(super) is_attended: bool,
    /// What was chosen.
    pub(super) settings: &'a NoticeSettings,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Shows it, in the place of the one of the same slot.
    Show(Popup),
    /// Takes it away.
    Close(Slot),
}

/// The state of the decisions.
#[derive(Debug)]
pub(super) struct Teller {
    /// Null until the inbox was seen for the first time.
    told: Option<Told>,
    quiet_since: Option<u64>,
    /// Whether the inbox must be looked at: something may have been missed.
    must_look: bool,
    /// Whether the app has not looked since it was started.
    is_start: bool,
    /// What arrived before the look.
    early: VecDeque<Notification>,
    burst: Burst,
    shown: VecDeque<Slot>,
}

impl Teller {
    /// One that goes on from a mark; without one there is nothing that was missed.
    pub(super) fn new(mark: Option<Mark>) -> Self {
        Self {
            told: mark.map(Told::from),
            quiet_since: mark.and_then(|mark| mark.quiet_since),
            must_look: true,
            is_start: true,
            early: VecDeque::new(),
            burst: Burst::default(),
            shown: VecDeque::new(),
        }
    }

    /// What is to be kept before anything is shown; null before the first look.
    pub(super) fn mark(&self) -> Option<Mark> {
        let told = self.told.as_ref()?;
        Some(Mark { version: told.version(), at: told.at(), quiet_since: self.quiet_since })
    }

    /// Whether to ask for the newest page of what is unread.
    pub(super) fn must_look(&self) -> bool {
        self.must_look
    }

    /// Something may have been missed.
    pub(super) fn miss(&mut self) {
        self.must_look = true;
    }

    /// When something is to be shown, by the clock of [`Around::now`].
    pub(super) fn due(&self) -> Option<Duration> {
        self.burst.due()
    }

    /// Whether quiet hours end with a summary.
    pub(super) fn holds_back(&self) -> bool {
        self.quiet_since.is_some()
    }

    /// Takes one that arrived.
    pub(super) fn arrive(&mut self, row: Notification, around: Around<'_>) -> Vec<Act> {
        if self.must_look || self.told.is_none() {
            self.early.push_back(row);
            if self.early.len() > MOST_EARLY {
                self.early.pop_front();
            }
            return Vec::new();
        }
        let mut acts = Vec::new();
        self.take(&row, around, &mut acts);
        acts
    }

    /// Takes what became of earlier ones: what was read elsewhere need not be seen here.
    pub(super) fn change(&mut self, change: &InboxChange) -> Vec<Act> {
        let is_all = change.unread_count == 0;
        let is_gone = |slot: &Slot| match slot {
            Slot::Item(id) => is_all || change.read.contains(id) || change.removed.contains(id),
            Slot::Summary(_) => is_all,
            Slot::Hint => false,
        };
        let gone: Vec<_> = self.shown.iter().filter(|slot| is_gone(slot)).cloned().collect();
        self.shown.retain(|slot| !is_gone(slot));
        gone.into_iter().map(Act::Close).collect()
    }

    /// Time went by, or something else of what is around changed.
    pub(super) fn tick(&mut self, around: Around<'_>) -> Vec<Act> {
        if !around.is_quiet && self.quiet_since.is_some() {
            if around.is_attended {
                // The bell says it.
                self.quiet_since = None;
            } else {
                self.must_look = true;
            }
        }
        let mut acts = Vec::new();
        if let Some(popup) = self.burst.tick(around.now)
            && !around.is_attended
        {
            self.show(popup, &mut acts);
        }
        acts
    }

    /// The inbox cannot be looked at: what arrived is told, what was missed is not.
    pub(super) fn look_failed(&mut self, around: Around<'_>) -> Vec<Act> {
        self.must_look = false;
        // A summary of what cannot be counted is none.
        self.quiet_since = None;
        self.take_early(around)
    }

    /// Takes the newest page of what is unread.
    pub(super) fn looked(&mut self, page: &Inbox, around: Around<'_>) -> Vec<Act> {
        self.must_look = false;
        let is_start = std::mem::take(&mut self.is_start);
        let mut acts = Vec::new();
        let missed = self.missed(page);
        let around_look = Around { is_attended: around.is_attended && !is_start, ..around };
        if let Some(since) = self.quiet_since.filter(|_| !around.is_quiet) {
            self.quiet_since = None;
            let held: Vec<_> = page
                .notifications
                .iter()
                .filter(|row| row.news() > since && around.settings.has(row.level))
                .filter(|row| !passes(row, around) || missed.iter().any(|m| m.id == row.id))
                .collect();
            if !around_look.is_attended {
                self.summarise(&held, page, " while quiet", &mut acts);
            }
        } else if around.is_quiet {
            for row in missed.into_iter().rev() {
                self.consider(&row, around_look, row.news().saturating_sub(1), &mut acts);
            }
        } else {
            let told = missed.iter().filter(|row| around.settings.has(row.level));
            let told: Vec<_> = told.collect();
            if told.len() > MOST_SINGLE && !around_look.is_attended {
                self.summarise(&told, page, " while you were away", &mut acts);
            } else {
                for row in told.into_iter().rev() {
                    self.consider(row, around_look, 0, &mut acts);
                }
            }
        }
        acts.append(&mut self.take_early(around));
        acts
    }

    /// What of a page is news that was never told, the newest first; now it is.
    fn missed(&mut self, page: &Inbox) -> Vec<Notification> {
        let rows = page.notifications.iter();
        let Some(told) = &mut self.told else {
            // The first time ever: what was there before is no news.
            let mut told = Told::default();
            for row in rows {
                told.hear(row);
            }
            told.all_up_to(page.version);
            self.told = Some(told);
            return Vec::new();
        };
        let missed = if page.version < told.version() {
            // Versions only grow: the database is an older one. Of that only time can say what was told.
            let at = told.at();
            told.begin_anew(page.version);
            self.quiet_since = self.quiet_since.map(|since| since.min(page.version));
            let missed: Vec<_> =
                rows.filter(|row| row.created_at > at && !row.update).cloned().collect();
            for row in &missed {
                told.hear(row);
            }
            missed
        } else {
            rows.filter(|row| told.hear(row) == Heard::News).cloned().collect()
        };
        told.all_up_to(page.version);
        missed
    }

    fn take_early(&mut self, around: Around<'_>) -> Vec<Act> {
        let mut acts = Vec::new();
        for row in std::mem::take(&mut self.early) {
            self.take(&row, around, &mut acts);
        }
        acts
    }

    fn take(&mut self, row: &Notification, around: Around<'_>, acts: &mut Vec<Act>) {
        let told = self.told.get_or_insert_default();
        let before = told.version();
        let first = match told.hear(row) {
            Heard::News => row.news(),
            // It changes what is still to be seen, and is no news by itself.
            Heard::Update if self.shown.contains(&Slot::Item(row.id.clone())) => row.version,
            Heard::Update | Heard::Before => return,
        };
        self.consider(row, around, before.min(first.saturating_sub(1)), acts);
    }

    /// Shows one, or does not; `before` is the version before it.
    fn consider(
        &mut self,
        row: &Notification,
        around: Around<'_>,
        before: u64,
        acts: &mut Vec<Act>,
    ) {
        if row.read_at.is_some() || !around.settings.has(row.level) || around.is_attended {
            return;
        }
        if around.is_quiet && !passes(row, around) {
            let since = self.quiet_since.get_or_insert(before);
            *since = before.min(*since);
        } else if let Some(popup) = self.burst.add(row, around.now) {
            self.show(popup, acts);
        }
    }

    fn summarise(&mut self, rows: &[&Notification], page: &Inbox, when: &str, acts: &mut Vec<Act>) {
        if rows.is_empty() {
            return;
        }
        let is_cut = page.next.is_some() && rows.len() == page.notifications.len();
        let words = counted(rows.len(), is_cut, "") + when;
        let newest: Vec<_> = rows.iter().take(NAMED).map(|row| row.title.clone()).collect();
        let number = self.burst.next_number();
        let mut popup = Popup::summary(number, &words, &newest);
        if let [only] = rows {
            popup.opens = Some(only.id.clone());
        }
        self.show(popup, acts);
    }

    fn show(&mut self, popup: Popup, acts: &mut Vec<Act>) {
        self.shown.retain(|slot| *slot != popup.slot);
        self.shown.push_back(popup.slot.clone());
        if self.shown.len() > MOST_SHOWN {
            self.shown.pop_front();
        }
        acts.push(Act::Show(popup));
    }
}

fn passes(row: &Notification, around: Around<'_>) -> bool {
    around.settings.quiet.errors_pass && row.level == Level::Error
}

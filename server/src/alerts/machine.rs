//! One series of a rule: a machine without a clock, told what time it is and what figure there is.
//!
//! What is the case and what users were told are two things. At any time the next notification is the difference of the two, if
//! it is not a quiet hour: so a notification that could not be sent comes later, what came and went meanwhile does not come at
//! all, and what still holds when quiet hours end comes then.

use std::time::Duration;

use tidings_protocol::alert::AlertState;

use super::rule::Terms;

/// For how long a figure that was told to be missing must be there again before users hear of that: one that comes and goes
/// would tell them all day.
pub(super) const SETTLED: Duration = Duration::from_secs(60);

/// Least time between two notifications of one series, whatever its rule says.
pub(super) const BETWEEN: Duration = Duration::from_secs(60);

/// What time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Now {
    /// On a monotonic clock, since any moment: what durations are measured by.
    pub(super) monotonic: Duration,
    /// In ms since the epoch: what people are told.
    pub(super) wall: u64,
}

/// What users were told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing, or that all is well.
    #[default]
    Nothing,
    /// That something is wrong.
    Raised,
    /// That there is no figure.
    Missing,
}

/// What users are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Message {
    /// Something is wrong.
    Raised,
    /// It is over.
    Recovered,
    /// There is no figure.
    Missing,
    /// There was something wrong, and now there is no figure any more.
    Gone,
    /// There is a figure again, and nothing is wrong.
    Returned,
}

impl Message {
    /// What users know once they were told this.
    pub(super) fn told(self) -> Told {
        match self {
            Self::Raised => Told::Raised,
            Self::Recovered | Self::Returned => Told::Nothing,
            Self::Missing | Self::Gone => Told::Missing,
        }
    }
}

/// What is the case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// There was no figure yet.
    Waiting,
    Ok,
    /// It has been wrong since then.
    Pending {
        since: Duration,
    },
    /// It has been back since then, if it is.
    Firing {
        back: Option<Duration>,
    },
    /// Whether it was wrong when it was seen last.
    Missing {
        was_firing: bool,
    },
}

/// One series of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(super) phase: Phase,
    /// When the phase began.
    pub(super) since: u64,
    /// When it was first wrong, the last time it was.
    pub(super) fired: u64,
    /// When that was over: the first time since, if it has been wrong again for too short a time to fire.
    pub(super) over: u64,
    /// The figure it fired with.
    pub(super) peak: Option<f64>,
    /// The threshold it fired by, which may not be the rule's any more.
    pub(super) broke: Option<f64>,
    /// The last figure there was.
    pub(super) value: Option<f64>,
    /// When that was; at first, when somebody began to look.
    pub(super) seen: Duration,
    /// For how long samples have come without it.
    pub(super) away: Duration,
    /// The machine has slept since, so that the monotonic clock tells less time than there was.
    pub(super) slept: bool,
    /// Since when there has been a figure without a break.
    pub(super) settles: Duration,
    pub(super) told: Told,
    /// When they were told that, by this process.
    pub(super) spoken: Option<Duration>,
}

impl Series {
    /// A series nobody has looked at.
    pub(super) fn new(now: Now) -> Self {
        Self {
            phase: Phase::Waiting,
            since: now.wall,
            fired: now.wall,
            over: now.wall,
            peak: None,
            broke: None,
            value: None,
            seen: now.monotonic,
            away: Duration::ZERO,
            slept: false,
            settles: now.monotonic,
            told: Told::Nothing,
            spoken: None,
        }
    }

    /// A series as it was before a restart.
    pub(super) fn restored(
        now: Now,
        phase: Phase,
        (since, fired): (u64, u64),
        (peak, broke): (Option<f64>, Option<f64>),
        told: Told,
    ) -> Self {
        Self { phase, since, fired, over: since, peak, broke, told, ..Self::new(now) }
    }

    /// Goes on from where the one was who has told users so far. What was seen here counts, but what is wrong there is wrong until
    /// it is seen to be over, and what was over there is over unless the last figure here `is_wrong`: there may have been more time
    /// to see it.
    pub(super) fn go_on_from(&mut self, other: Self, is_wrong: bool) {
        use Phase::{Firing, Missing, Ok, Waiting};
        // Users were told that it was wrong, and may have heard that this was over.
        let may_be_over = other.phase == Ok && other.told == Told::Raised;
        let phase = match (self.phase, other.phase) {
            (Waiting, _) => {
                *self = other;
                return;
            }
            (Firing { back }, Firing { .. }) => Some(Firing { back }),
            // Else it would be over once more, and later.
            (Firing { .. }, Ok) if !is_wrong => Some(Ok),
            (_, Firing { .. }) | (Ok, Ok) | (Missing { .. }, Missing { .. }) => Some(other.phase),
            _ => None,
        };
        // What is wrong here after all is another, of which users know nothing.
        let is_another = matches!(self.phase, Firing { .. }) && phase.is_none();
        if !is_another {
            self.fired = other.fired;
            (self.over, self.peak, self.broke) = (other.over, other.peak, other.broke);
        }
        if let Some(phase) = phase {
            (self.phase, self.since) = (phase, other.since);
        }
        self.told = if is_another && may_be_over { Told::Nothing } else { other.told };
    }

    /// Whether the last figure is beyond the threshold.
    pub(super) fn is_wrong(&self, terms: &Terms) -> bool {
        self.value.is_some_and(|value| terms.is_wrong(value))
    }

    /// Takes for over what is not beyond the threshold by the last figure.
    pub(super) fn doubt(&mut self, terms: &Terms, now: Now) {
        if matches!(self.phase, Phase::Firing { .. }) && !self.is_wrong(terms) {
            self.enter(Phase::Ok, now);
        }
    }

    /// Forgets what users were told: that is another's to know.
    pub(super) fn fall_silent(&mut self) {
        (self.told, self.spoken) = (Told::Nothing, None);
    }

    /// Has its rule say `new` from now on, of the same figure on the same side.
    ///
    /// What is not wrong by the new threshold is over, wherever the figure would have to come back to; else a figure between
    /// the two would be wrong by a rule it never broke, and nobody would hear once it breaks it.
    pub(super) fn hold_to(&mut self, new: &Terms, old: &Terms, now: Now) {
        if new.recovers_at != old.recovers_at
            && let Phase::Firing { back } = &mut self.phase
        {
            *back = None;
        }
        if new.threshold == old.threshold {
            return;
        }
        // Who changes it waits for what comes of it.
        self.spoken = None;
        let is_wrong = self.value.map(|value| new.is_wrong(value));
        match (&mut self.phase, is_wrong) {
            (Phase::Firing { .. }, None) => self.enter(Phase::Waiting, now),
            (Phase::Firing { .. } | Phase::Pending { .. }, Some(false)) => {
                self.enter(Phase::Ok, now);
            }
            // Since when it is wrong by the new one, nobody knows.
            (Phase::Pending { .. }, _) => self.enter(Phase::Pending { since: now.monotonic }, now),
            (Phase::Missing { was_firing }, _) if self.told == Told::Nothing => {
                *was_firing = *was_firing && is_wrong == Some(true);
            }
            _ => {}
        }
    }

    /// Whether it fired by another threshold than the rule has by now.
    pub(super) fn broke_another(&self, terms: &Terms) -> bool {
        self.broke.is_some_and(|broke| broke != terms.threshold)
    }

    /// Takes the figure of a sample.
    ///
    /// A figure that was away for longer than `patience` begins anew: nobody knows what it did meanwhile.
    pub(super) fn take(&mut self, value: f64, terms: &Terms, now: Now, patience: Duration) {
        let was_away =
            std::mem::take(&mut self.slept) || now.monotonic.saturating_sub(self.seen) > patience;
        if was_away || matches!(self.phase, Phase::Waiting | Phase::Missing { .. }) {
            self.settles = now.monotonic;
        }
        (self.seen, self.away) = (now.monotonic, Duration::ZERO);
        self.value = Some(value);
        let lasts = |since: Duration| now.monotonic.saturating_sub(since);
        match self.phase {
            Phase::Firing { back } if terms.is_back(value) => {
                let since = back.filter(|_| !was_away).unwrap_or(now.monotonic);
                if lasts(since) >= terms.recovers_after {
                    self.enter(Phase::Ok, now);
                } else {
                    self.phase = Phase::Firing { back: Some(since) };
                }
            }
            Phase::Firing { .. } => self.phase = Phase::Firing { back: None },
            phase if terms.is_wrong(value) => {
                let since = match phase {
                    Phase::Pending { since } if !was_away => since,
                    _ => now.monotonic,
                };
                if lasts(since) >= terms.hold {
                    self.peak = Some(value);
                    self.broke = Some(terms.threshold);
                    self.fired = now.wall;
                    self.enter(Phase::Firing { back: None }, now);
                } else if phase != (Phase::Pending { since }) {
                    self.enter(Phase::Pending { since }, now);
                }
            }
            Phase::Ok => {}
            _ => self.enter(Phase::Ok, now),
        }
    }

    /// Takes note that there is a figure, whatever it is.
    pub(super) fn be_there(&mut self, now: Now, patience: Duration) {
        let was_away =
            std::mem::take(&mut self.slept) || now.monotonic.saturating_sub(self.seen) > patience;
        if was_away || self.phase != Phase::Ok {
            self.settles = now.monotonic;
        }
        (self.seen, self.away) = (now.monotonic, Duration::ZERO);
        if self.phase != Phase::Ok {
            self.enter(Phase::Ok, now);
        }
    }

    /// Takes note that a sample has no figure; it stands for `time`.
    pub(super) fn miss(&mut self, now: Now, time: Duration, patience: Duration) {
        self.away = self.away.saturating_add(time);
        if self.away >= patience && !matches!(self.phase, Phase::Missing { .. }) {
            let was_firing = matches!(self.phase, Phase::Firing { .. });
            self.enter(Phase::Missing { was_firing }, now);
        }
    }

    /// What users are to be told now, if anything.
    pub(super) fn due(&self, now: Now) -> Option<Message> {
        let is_soon = |spoken| now.monotonic.saturating_sub(spoken) < BETWEEN;
        if self.spoken.is_some_and(is_soon) {
            return None;
        }
        match (self.phase, self.told) {
            (Phase::Firing { .. }, Told::Nothing | Told::Missing) => Some(Message::Raised),
            (Phase::Ok, Told::Raised) => Some(Message::Recovered),
            (Phase::Ok, Told::Missing) => {
                let has_settled = now.monotonic.saturating_sub(self.settles) >= SETTLED;
                has_settled.then_some(Message::Returned)
            }
            (Phase::Missing { was_firing: true }, Told::Nothing | Told::Raised)
            | (Phase::Missing { .. }, Told::Raised) => Some(Message::Gone),
            (Phase::Missing { .. }, Told::Nothing) => Some(Message::Missing),
            _ => None,
        }
    }

    /// Notes that users were told.
    pub(super) fn told(&mut self, message: Message, now: Now) {
        self.told = message.told();
        self.spoken = Some(now.monotonic);
    }

    /// How it stands, in the words of the wire.
    pub(super) fn state(&self) -> AlertState {
        match self.phase {
            Phase::Waiting => AlertState::Waiting,
            Phase::Ok => AlertState::Ok,
            Phase::Pending { .. } => AlertState::Pending,
            Phase::Firing { .. } => AlertState::Firing,
            Phase::Missing { .. } => AlertState::Missing,
        }
    }

    fn enter(&mut self, phase: Phase, now: Now) {
        if matches!(self.phase, Phase::Firing { .. }) {
            self.over = now.wall;
        }
        self.phase = phase;
        self.since = now.wall;
    }
}

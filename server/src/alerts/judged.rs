//! A rule with the series it judges.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tidings_protocol::alert::{Alert, AlertSeries, AlertState, MAX_SERIES};

use super::kept;
use super::machine::{Message, Now, Phase, Series, Told};
use super::rule::Rule;
use crate::store::AlertStateRow;

/// For how long a series that is gone is listed, where others may take its place.
const GONE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A rule, and how each of its series stands.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) rule: Rule,
    pub(super) series: BTreeMap<String, Series>,
    /// Of a rule with a `*`: whether there is any figure at all.
    any: Series,
    is_judged: bool,
    has_too_many: bool,
}

impl Judged {
    /// A rule of which nothing is known, as the server of `host` sees it.
    pub(super) fn new(rule: Rule, host: &str, now: Now) -> Self {
        let is_judged = rule.spec.enabled && rule.is_for(host);
        let mut judged = Self {
            series: BTreeMap::new(),
            any: Series::new(now),
            is_judged,
            has_too_many: false,
            rule,
        };
        if is_judged && judged.rule.pattern.is_exact() {
            let name = judged.rule.pattern.to_string();
            judged.series.insert(name, Series::new(now));
        }
        judged
    }

    /// Goes on from where the server was before a restart, or another one of this machine. False if the row says nothing about this rule.
    pub(super) fn restore(&mut self, row: &AlertStateRow, now: Now) -> bool {
        let pattern = &self.rule.pattern;
        if !self.is_judged || row.side != self.rule.terms.side.as_str() {
            return false;
        }
        let threshold = Some(self.rule.terms.threshold);
        let Some(series) = kept::series(row, threshold, now) else { return false };
        if row.series == pattern.as_str() && !pattern.is_exact() {
            self.any.go_on_from(series, false);
        } else if let Some(here) = self.series.get_mut(&row.series) {
            let is_wrong = here.is_wrong(&self.rule.terms);
            here.go_on_from(series, is_wrong);
        } else if pattern.matches(&row.series) && self.series.len() < MAX_SERIES {
            self.series.insert(row.series.clone(), series);
        } else {
            return false;
        }
        true
    }

    /// Takes for over what is wrong here alone, and is not beyond the threshold any more: whoever spoke has seen the end of it
    /// sooner, and users may know.
    pub(super) fn doubt(&mut self, is_known: impl Fn(&str) -> bool, now: Now) {
        let terms = &self.rule.terms;
        for (name, series) in &mut self.series {
            if !is_known(name) {
                series.doubt(terms, now);
            }
        }
    }

    /// Forgets what users were told: that is another's to know.
    pub(super) fn fall_silent(&mut self) {
        self.series.values_mut().chain([&mut self.any]).for_each(Series::fall_silent);
    }

    /// Whether figures of this machine are held to it.
    pub(super) fn is_judged(&self) -> bool {
        self.is_judged
    }

    /// Has the rule say something else from now on. What it found stays if that still means something; else it is forgotten, and
    /// nobody is told.
    pub(super) fn change(&mut self, rule: Rule, host: &str, now: Now) {
        if self.rule.asks_the_same(&rule.spec) {
            let old = std::mem::replace(&mut self.rule, rule).terms;
            for series in self.series.values_mut() {
                series.hold_to(&self.rule.terms, &old, now);
            }
            return;
        }
        self.note_forgotten("it was changed");
        *self = Self::new(rule, host, now);
    }

    /// Says in the log what is forgotten with it.
    pub(super) fn note_forgotten(&self, why: &str) {
        for (name, series) in self.all() {
            if matches!(series.phase, Phase::Firing { .. }) {
                let rule = &self.rule.spec.name;
                tracing::info!(rule, series = name, why, "an alert is over without a word");
            }
        }
    }

    /// Takes note that the machine was asleep: nobody knows what its figures would have been.
    pub(super) fn sleep(&mut self) {
        for series in self.series.values_mut().chain([&mut self.any]) {
            series.slept = true;
        }
    }

    /// Judges a sample, which stands for `time`.
    pub(super) fn judge(
        &mut self,
        figures: &BTreeMap<String, f64>,
        (now, time): (Now, Duration),
        patience: Duration,
        is_quiet: bool,
    ) {
        if !self.is_judged {
            return;
        }
        let Self { rule, series, has_too_many, .. } = self;
        let mut any = false;
        for (name, value) in figures {
            if !rule.pattern.matches(name) {
                continue;
            }
            any = true;
            if !series.contains_key(name) {
                if series.len() >= MAX_SERIES {
                    if !std::mem::replace(has_too_many, true) {
                        let rule = &rule.spec.name;
                        tracing::warn!(rule, "it stands for more than {MAX_SERIES} figures");
                    }
                    continue;
                }
                series.insert(name.clone(), Series::new(now));
            }
            if let Some(series) = series.get_mut(name) {
                series.take(*value, &rule.terms, now, patience);
            }
        }
        let is_exact = rule.pattern.is_exact();
        series.retain(|_, series| {
            if series.seen == now.monotonic {
                return true;
            }
            series.miss(now, time, patience);
            let Phase::Missing { was_firing } = series.phase else { return true };
            // Of several, one that goes is missed only if something was wrong with it.
            let matters = series.told != Told::Nothing || (was_firing && !is_quiet);
            let is_old = now.monotonic.saturating_sub(series.seen) > GONE_AFTER;
            is_exact || (matters && !(is_old && series.told == Told::Missing))
        });
        if !is_exact {
            self.judge_any(any, (now, time), patience);
        }
    }

    fn judge_any(&mut self, any: bool, (now, time): (Now, Duration), patience: Duration) {
        if any || !self.series.is_empty() {
            self.any.be_there(now, patience);
        } else {
            self.any.miss(now, time, patience);
        }
    }

    /// The figures it judges, and the lack of any under the name of the pattern.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Series)> {
        let is_missed = matches!(self.any.phase, Phase::Missing { .. });
        let any = (!self.rule.pattern.is_exact() && (is_missed || self.any.told != Told::Nothing))
            .then_some((self.rule.pattern.as_str(), &self.any));
        self.series.iter().map(|(name, series)| (name.as_str(), series)).chain(any)
    }

    /// Notes that users were told of a figure.
    pub(super) fn told(&mut self, name: &str, message: Message, now: Now) {
        let is_any = name == self.rule.pattern.as_str() && !self.rule.pattern.is_exact();
        let series = if is_any { Some(&mut self.any) } else { self.series.get_mut(name) };
        if let Some(series) = series {
            series.told(message, now);
        }
    }

    /// How the rule stands, as the wire has it. `reason` is asked once, if at all: there may be a thousand missing for it, and judging
    /// waits meanwhile.
    pub(super) fn alert(&self, is_quiet: bool, reason: impl FnOnce() -> String) -> Alert {
        let reason = LazyCell::new(reason);
        let Rule { id, source, spec, pattern, terms, .. } = &self.rule;
        let series: Vec<_> = self
            .all()
            .map(|(name, series)| AlertSeries {
                metric: name.to_owned(),
                state: series.state(),
                since: series.since,
                value: series.value,
                reason: (series.state() == AlertState::Missing).then(|| reason.clone()),
            })
            .collect();
        let state = match (spec.enabled, self.is_judged) {
            (false, _) => AlertState::Disabled,
            (true, false) => AlertState::Elsewhere,
            (true, true) => series.iter().map(|series| series.state).max().unwrap_or_default(),
        };
        Alert {
            id: id.clone(),
            source: *source,
            rule: spec.clone(),
            unit: pattern.unit(),
            recovers_at: terms.recovers_at,
            state,
            quiet: is_quiet,
            series,
        }
    }
}

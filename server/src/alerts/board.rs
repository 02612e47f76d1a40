//! All rules, and how they stand: told each sample, it says what users are to be told. No I/O, and no clock of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use tidings_protocol::alert::Alert;
use tidings_protocol::metric;
use tidings_protocol::metrics::Snapshot;
use tidings_protocol::quiet::QuietWindow;

use super::due::{self, Notice};
use super::heartbeat::{Heartbeat, SAMPLES as HEARTBEAT};
use super::judged::Judged;
use super::kept;
use super::machine::{Now, Series};
use super::rule::Rule;
use super::text;
use crate::store::AlertStateRow;

/// How many samples a figure may be left out of before it is missing.
const SAMPLES: u32 = 3;

/// How long a figure may be away at least before it is missing: longer than collectors take to start anew, and a mount that
/// hangs for a while to answer.
const LEAST_PATIENCE: Duration = Duration::from_secs(30);

/// Most notifications of one round; the rest is still due in the next.
const MOST_DUE: usize = 20;

/// All rules, and how they stand.
#[derive(Debug)]
pub(super) struct Board {
    host: String,
    /// When nobody is told, unless a rule says otherwise.
    quiet: Vec<QuietWindow>,
    patience: Duration,
    heartbeat: Heartbeat,
    rules: Vec<Judged>,
    now: Now,
    /// Of the day, in local time.
    minute: u16,
    /// Names of the last sample.
    names: Vec<String>,
    /// What was due last, as it was put.
    sending: Vec<Notice>,
    /// Whether it is this server that tells users, where several judge the same machine.
    speaks: bool,
    /// What the database has.
    stored: BTreeMap<(String, String), AlertStateRow>,
}

/// What of the rules' states the database is to have, and no longer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unsaved {
    pub(super) kept: Vec<AlertStateRow>,
    pub(super) gone: Vec<(String, String)>,
}

impl Unsaved {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.gone.is_empty()
    }
}

impl Board {
    /// No rules, on the machine called `host`, whose samples come each `interval`.
    pub(super) fn new(host: String, quiet: Vec<QuietWindow>, interval: Duration, now: Now) -> Self {
        Self {
            host,
            quiet,
            patience: (interval * SAMPLES).max(LEAST_PATIENCE),
            heartbeat: Heartbeat::new(now),
            rules: Vec::new(),
            now,
            minute: 0,
            names: Vec::new(),
            sending: Vec::new(),
            speaks: true,
            stored: BTreeMap::new(),
        }
    }

    /// The machine this is about.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Adds a rule, or puts it in the place of the one of its id.
    pub(super) fn put(&mut self, rule: Rule) {
        match self.rules.iter_mut().find(|judged| judged.rule.id == rule.id) {
            Some(judged) => judged.change(rule, &self.host, self.now),
            None => self.rules.push(Judged::new(rule, &self.host, self.now)),
        }
    }

    /// Removes a rule; what was wrong by it is over without a word.
    pub(super) fn remove(&mut self, id: &str) {
        self.rules.retain(|judged| {
            let goes = judged.rule.id == id;
            if goes {
                judged.note_forgotten("its rule was removed");
            }
            !goes
        });
    }

    /// Has another server tell users from now on. This one judges on, so that it knows how everything stands.
    pub(super) fn fall_silent(&mut self) {
        self.speaks = false;
        self.stored.clear();
        self.sending.clear();
        self.heartbeat.fall_silent();
        self.rules.iter_mut().for_each(Judged::fall_silent);
    }

    /// Tells users from now on, and goes on from where another server was.
    pub(super) fn take_over(&mut self, rows: Vec<AlertStateRow>) {
        self.fall_silent();
        self.speaks = true;
        self.restore(rows);
        for judged in &mut self.rules {
            let id = judged.rule.id.clone();
            judged.doubt(
                |series| self.stored.contains_key(&(id.clone(), series.to_owned())),
                self.now,
            );
        }
    }

    /// Whether it is this server that tells users.
    pub(super) fn speaks(&self) -> bool {
        self.speaks
    }

    /// Goes on from where the server was before a restart.
    pub(super) fn restore(&mut self, rows: Vec<AlertStateRow>) {
        for row in rows {
            let rule = self.rules.iter_mut().find(|judged| judged.rule.id == row.rule_id);
            let is_restored = if row.rule_id == HEARTBEAT {
                self.heartbeat.restore(&row, self.now)
            } else {
                rule.is_some_and(|judged| judged.restore(&row, self.now))
            };
            if !is_restored {
                let AlertStateRow { rule_id, series, state, .. } = &row;
                tracing::info!(
                    rule_id,
                    series,
                    state,
                    "its rule is gone or another: it is forgotten"
                );
            }
            self.stored.insert((row.rule_id.clone(), row.series.clone()), row);
        }
    }

    /// Judges a sample, or that there is none since the last one. `minute` is that of the local day.
    pub(super) fn judge(&mut self, sample: Option<&Snapshot>, now: Now, minute: u16) {
        let passed = now.monotonic.saturating_sub(self.now.monotonic);
        // The monotonic clock stands still in suspend, and the one on the wall does not.
        let on_the_wall = Duration::from_millis(now.wall.saturating_sub(self.now.wall));
        if on_the_wall.saturating_sub(passed) > self.patience {
            self.rules.iter_mut().for_each(Judged::sleep);
        }
        (self.now, self.minute) = (now, minute);
        if !self.rules.iter().any(Judged::is_judged) {
            self.heartbeat = Heartbeat::new(now);
            return;
        }
        // Time in which nobody looked counts as one sample or one look, however long it was.
        let most = self.patience / SAMPLES;
        let Some(sample) = sample else {
            // What it would have had, nobody knows: rules are held to samples that come.
            self.heartbeat.pause(now, passed.min(most), self.patience);
            return;
        };
        let time = self.heartbeat.beat(now, self.patience).min(most);
        let mut figures = BTreeMap::new();
        metric::each(sample, |name, value| {
            // Of two things of one name the first counts.
            figures.entry(name.to_owned()).or_insert(value);
        });
        for at in 0..self.rules.len() {
            let is_quiet = !self.speaks || self.is_quiet(&self.rules[at].rule);
            self.rules[at].judge(&figures, (now, time), self.patience, is_quiet);
        }
        self.names = figures.into_keys().collect();
    }

    /// What users are to be told by now, a part of it if it is much.
    pub(super) fn due(&mut self) -> Vec<Notice> {
        if !self.speaks {
            return Vec::new();
        }
        let loud = self.rules.iter().filter(|judged| !self.is_quiet(&judged.rule));
        let of_rules = loud.flat_map(|judged| {
            due::notices(judged, &self.host, &self.names, self.patience, self.now)
        });
        let due = self.samples_due().into_iter().chain(of_rules).take(MOST_DUE);
        // Names that are like a missing one are those of a sample. Should it be sent once more, it says what some have been told.
        let as_put = |notice: Notice| {
            let was_put = self.sending.iter().find(|other| other.tells_the_same(&notice));
            was_put.cloned().unwrap_or(notice)
        };
        let due: Vec<_> = due.map(as_put).collect();
        self.sending.clone_from(&due);
        due
    }

    /// Whether there is anything to tell or to keep.
    pub(super) fn has_work(&self) -> bool {
        self.has_due() || !self.unsaved().is_empty()
    }

    /// Whether users are to be told anything by now.
    fn has_due(&self) -> bool {
        let loud = self.rules.iter().filter(|judged| !self.is_quiet(&judged.rule));
        let is_due = |(_, series): (_, &Series)| series.due(self.now).is_some();
        self.speaks && (loud.flat_map(Judged::all).any(is_due) || self.samples_due().is_some())
    }

    /// Notes that users were told, unless the rule asks for something else by now: what they heard is not of that.
    pub(super) fn told(&mut self, notice: &Notice) {
        if !self.speaks {
            return;
        }
        if notice.rule == HEARTBEAT {
            self.heartbeat.told(notice.message, self.now);
        } else if let Some(judged) =
            self.rules.iter_mut().find(|judged| judged.rule.id == notice.rule)
            && notice.spec.as_ref().is_some_and(|spec| judged.rule.asks_the_same(spec))
        {
            for series in &notice.series {
                judged.told(series, notice.message, self.now);
            }
        }
    }

    /// What the database does not have yet.
    pub(super) fn unsaved(&self) -> Unsaved {
        let mut unsaved = Unsaved::default();
        if !self.speaks {
            return unsaved;
        }
        let mut rows = BTreeMap::new();
        if let Some(row) = self.heartbeat.row(&self.host) {
            rows.insert((row.rule_id.clone(), row.series.clone()), row);
        }
        for judged in &self.rules {
            let (rule, side) = (&judged.rule, judged.rule.terms.side.as_str());
            for (name, series) in judged.all() {
                if let Some(row) = kept::row((&rule.id, side), &self.host, name, series) {
                    rows.insert((row.rule_id.clone(), row.series.clone()), row);
                }
            }
        }
        unsaved.gone = self.stored.keys().filter(|key| !rows.contains_key(*key)).cloned().collect();
        let is_new = |(key, row): &(_, AlertStateRow)| self.stored.get(key) != Some(row);
        unsaved.kept = rows.into_iter().filter(is_new).map(|(_, row)| row).collect();
        unsaved
    }

    /// Notes what the database has.
    pub(super) fn saved(&mut self, saved: Unsaved) {
        self.stored.retain(|key, _| !saved.gone.contains(key));
        for row in saved.kept {
            self.stored.insert((row.rule_id.clone(), row.series.clone()), row);
        }
    }

    /// Every rule and how it stands, those of the configuration first.
    pub(super) fn alerts(&self) -> Vec<Alert> {
        self.rules.iter().map(|judged| self.alert(judged)).collect()
    }

    /// The rule of this id and how it stands.
    pub(super) fn find(&self, id: &str) -> Option<Alert> {
        self.rules.iter().find(|judged| judged.rule.id == id).map(|judged| self.alert(judged))
    }

    /// Every rule.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|judged| &judged.rule)
    }

    fn samples_due(&self) -> Option<Notice> {
        let is_quiet = self.quiet.iter().any(|window| window.contains(self.minute));
        self.heartbeat.due(&self.host, self.now, self.patience).filter(|_| !is_quiet)
    }

    fn alert(&self, judged: &Judged) -> Alert {
        let pattern = judged.rule.pattern.as_str();
        judged.alert(self.is_quiet(&judged.rule), || text::near(pattern, &self.names))
    }

    fn is_quiet(&self, rule: &Rule) -> bool {
        let windows = rule.quiet.as_ref().unwrap_or(&self.quiet);
        windows.iter().any(|window| window.contains(self.minute))
    }
}

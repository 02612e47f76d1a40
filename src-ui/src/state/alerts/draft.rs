//! A rule as somebody writes it, and what is wrong with it.

use tidings_protocol::alert::{
    AlertRule, MAX_HOLD_SECONDS, MAX_NAME_BYTES, MAX_QUIET, MAX_USERS, Side,
};
use tidings_protocol::metric::{InvalidMetric, MetricPattern, Unit};
use tidings_protocol::notification::Level;
use tidings_protocol::quiet::QuietWindow;

use super::names::nearest;
use super::scale::{best, number, read_number, read_time, scales, time};
use super::wire::level;
use crate::text::{fill, marks, text};

pub use super::refusal::problem;

/// A part of the form, where an error stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What it is called.
    Name,
    /// Which figures.
    Metric,
    /// The threshold.
    Threshold,
    /// For how long.
    Hold,
    /// How far back.
    Recover,
    /// For how long back.
    RecoverHold,
    /// Which machine.
    Host,
    /// Who is told.
    Users,
    /// When nobody is told.
    Quiet,
    /// None of them.
    Whole,
}

impl Field {
    /// Its name in the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Metric => "metric",
            Self::Threshold => "threshold",
            Self::Hold => "hold",
            Self::Recover => "recover",
            Self::RecoverHold => "recover-hold",
            Self::Host => "host",
            Self::Users => "users",
            Self::Quiet => "quiet",
            Self::Whole => "whole",
        }
    }
}

/// When nobody is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quiet {
    /// As the server has it for all rules.
    #[default]
    Server,
    /// There are no such hours.
    Never,
    /// At hours of its own.
    Hours,
}

/// What is wrong with a field, for people.
pub type Problem = (Field, String);

/// A rule that somebody is writing: each field as it stands in the form.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// Which figures.
    pub metric: String,
    /// On which side of the threshold a figure is wrong.
    pub side: Side,
    /// The threshold, in the unit of `scale`.
    pub threshold: String,
    /// Which of the metric's [`scales`].
    pub scale: usize,
    /// For how long.
    pub hold: String,
    /// How far back, in the unit of `scale`; empty is the default.
    pub recover: String,
    /// For how long back; empty is the default.
    pub recover_hold: String,
    /// Level of the notification.
    pub level: Level,
    /// The machine; empty is the server's own.
    pub host: String,
    /// Who is told; none is every admin.
    pub users: Option<Vec<String>>,
    /// When nobody is told.
    pub quiet: Quiet,
    /// The hours of [`Quiet::Hours`], with commas between them.
    pub hours: String,
    /// Whether it is judged.
    pub enabled: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            name: String::new(),
            metric: String::new(),
            side: Side::Above,
            threshold: String::new(),
            scale: 0,
            hold: "5m".to_owned(),
            recover: String::new(),
            recover_hold: String::new(),
            level: Level::Warning,
            host: String::new(),
            users: None,
            quiet: Quiet::Server,
            hours: String::new(),
            enabled: true,
        }
    }
}

impl Draft {
    /// A rule to begin with: what most machines should be held to.
    #[must_use]
    pub fn starter(name: &str, metric: &str, side: Side, threshold: f64, hold: &str) -> Self {
        let draft = Self { name: name.to_owned(), side, hold: hold.to_owned(), ..Self::default() };
        draft.with_metric(metric).with_thresholds(&[threshold])
    }

    /// The rule, ready to be changed.
    #[must_use]
    pub fn of(rule: &AlertRule) -> Self {
        let (side, threshold) = rule.threshold().unwrap_or((Side::Above, 0.0));
        let (quiet, hours) = match &rule.quiet {
            None => (Quiet::Server, String::new()),
            Some(hours) if hours.is_empty() => (Quiet::Never, String::new()),
            Some(hours) => (Quiet::Hours, hours.join(", ")),
        };
        let draft = Self {
            name: rule.name.clone(),
            side,
            hold: time(rule.for_seconds),
            recover_hold: rule.recover_for_seconds.map(time).unwrap_or_default(),
            level: rule.level,
            host: rule.host.clone().unwrap_or_default(),
            users: rule.users.clone(),
            quiet,
            hours,
            enabled: rule.enabled,
            ..Self::default()
        };
        let draft = draft.with_metric(&rule.metric);
        match rule.recover {
            None => draft.with_thresholds(&[threshold]),
            Some(recover) => draft.with_thresholds(&[threshold, recover]),
        }
    }

    /// The rule once more, under a name that is free.
    #[must_use]
    pub fn copy_of<'a>(rule: &AlertRule, taken: impl Iterator<Item = &'a str> + Clone) -> Self {
        let words = &text().alerts;
        let mut name = fill(words.copy, &[&rule.name]);
        for count in 2..=100 {
            if !taken.clone().any(|other| other == name) {
                break;
            }
            name = fill(words.copy_again, &[&rule.name, &count.to_string()]);
        }
        Self { name, ..Self::of(rule) }
    }

    /// With other figures; a unit of another kind begins with its likeliest scale.
    #[must_use]
    pub fn with_metric(mut self, metric: &str) -> Self {
        let was = self.unit();
        metric.clone_into(&mut self.metric);
        if self.unit() != was {
            self.scale = 0;
        }
        self
    }

    /// The threshold, and behind it where it is over.
    fn with_thresholds(mut self, values: &[f64]) -> Self {
        self.scale = best(values, self.unit());
        let mut texts = values.iter().map(|value| self.scaled(*value));
        let (threshold, recover) = (texts.next(), texts.next());
        drop(texts);
        self.threshold = threshold.unwrap_or_default();
        self.recover = recover.unwrap_or_default();
        self
    }

    fn scaled(&self, value: f64) -> String {
        marks().point(number(value / self.factor()))
    }

    /// Takes what somebody wrote or chose in the control of this name; of a box, whether it is checked.
    pub fn set(&mut self, control: &str, value: String, is_checked: bool) {
        match control {
            "name" => self.name = value,
            "metric" => *self = std::mem::take(self).with_metric(&value),
            "side" => self.side = if value == "below" { Side::Below } else { Side::Above },
            "threshold" => self.threshold = value,
            "scale" => {
                let scales = scales(self.unit());
                self.scale = scales.iter().position(|s| s.symbol == value).unwrap_or_default();
            }
            "hold" => self.hold = value,
            "recover" => self.recover = value,
            "recover-hold" => self.recover_hold = value,
            "level" => self.level = level(&value).unwrap_or(self.level),
            "host" => self.host = value,
            "users" => self.users = (value == "some").then(Vec::new),
            "user" => {
                let users = self.users.get_or_insert_default();
                users.retain(|user| !is_same(user, &value));
                if is_checked {
                    users.push(value);
                }
            }
            "quiet" => {
                self.quiet = match &*value {
                    "never" => Quiet::Never,
                    "hours" => Quiet::Hours,
                    _ => Quiet::Server,
                };
            }
            "hours" => self.hours = value,
            "enabled" => self.enabled = is_checked,
            _ => {}
        }
    }

    /// Whether the user of this name is told by name.
    #[must_use]
    pub fn tells(&self, user: &str) -> bool {
        self.users.iter().flatten().any(|other| is_same(other, user))
    }

    /// What its figures count.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.metric.trim().parse().map_or(Unit::Unknown, |metric: MetricPattern| metric.unit())
    }

    fn factor(&self) -> f64 {
        let scales = scales(self.unit());
        scales.get(self.scale).unwrap_or(&scales[0]).factor
    }

    fn value(&self, text: &str) -> Option<f64> {
        read_number(text).map(|value| value * self.factor())
    }

    /// The rule that this would be.
    ///
    /// # Errors
    ///
    /// If it would be none: every reason, in the order of the fields.
    pub fn rule(&self) -> Result<AlertRule, Vec<Problem>> {
        let words = &text().alerts;
        let mut problems = Vec::new();
        let mut say = |field, why: &str| problems.push((field, why.to_owned()));
        let name = self.name.trim();
        if name.is_empty() {
            say(Field::Name, words.need_name);
        } else if name.len() > MAX_NAME_BYTES {
            say(Field::Name, &fill(words.name_long, &["100"]));
        }
        let metric = self.metric.trim();
        if let Some(why) = wrong_metric(metric) {
            say(Field::Metric, &why);
        }
        let threshold = self.value(&self.threshold);
        if threshold.is_none() {
            say(Field::Threshold, words.need_number);
        }
        let hold = read_time(&self.hold);
        match hold {
            None => say(Field::Hold, words.time_form),
            Some(seconds) if seconds > MAX_HOLD_SECONDS => {
                say(Field::Hold, words.most_day);
            }
            Some(_) => {}
        }
        let recover =
            if self.recover.trim().is_empty() { None } else { Some(self.value(&self.recover)) };
        match (recover, threshold) {
            (Some(None), _) => say(Field::Recover, words.number_or_empty),
            (Some(Some(at)), Some(threshold)) if self.side == Side::Above && at > threshold => {
                say(Field::Recover, words.at_or_below);
            }
            (Some(Some(at)), Some(threshold)) if self.side == Side::Below && at < threshold => {
                say(Field::Recover, words.at_or_above);
            }
            _ => {}
        }
        let is_given = !self.recover_hold.trim().is_empty();
        let recover_hold = is_given.then(|| read_time(&self.recover_hold));
        match recover_hold {
            Some(None) => say(Field::RecoverHold, words.time_form),
            Some(Some(seconds)) if seconds > MAX_HOLD_SECONDS => {
                say(Field::RecoverHold, words.most_day);
            }
            _ => {}
        }
        let host = self.host.trim();
        if host.len() > 255 {
            say(Field::Host, &fill(words.name_long, &["255"]));
        }
        match self.users.as_ref().map(Vec::len) {
            Some(0) => say(Field::Users, words.need_user),
            Some(count) if count > MAX_USERS => say(Field::Users, words.most_users),
            _ => {}
        }
        let hours = self.hours.split(',').map(str::trim).filter(|hours| !hours.is_empty());
        let hours: Vec<String> = hours.map(|hours| hours.replace('–', "-")).collect();
        if self.quiet == Quiet::Hours {
            if hours.is_empty() || hours.iter().any(|hours| hours.parse::<QuietWindow>().is_err()) {
                say(Field::Quiet, words.hours_form);
            } else if hours.len() > MAX_QUIET {
                say(Field::Quiet, words.most_hours);
            }
        }
        let is_above = self.side == Side::Above;
        let rule = AlertRule {
            name: name.to_owned(),
            metric: metric.to_owned(),
            above: threshold.filter(|_| is_above),
            below: threshold.filter(|_| !is_above),
            for_seconds: hold.unwrap_or_default(),
            recover: recover.flatten(),
            recover_for_seconds: recover_hold.flatten(),
            level: self.level,
            host: (!host.is_empty()).then(|| host.to_owned()),
            users: self.users.clone(),
            quiet: match self.quiet {
                Quiet::Server => None,
                Quiet::Never => Some(Vec::new()),
                Quiet::Hours => Some(hours),
            },
            enabled: self.enabled,
        };
        if problems.is_empty() && rule.check().is_err() {
            problems.push((Field::Whole, words.not_taken.to_owned()));
        }
        if problems.is_empty() { Ok(rule) } else { Err(problems) }
    }
}

/// Names of users that differ in case alone are the same.
fn is_same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Why there is no such metric.
fn wrong_metric(metric: &str) -> Option<String> {
    let words = &text().alerts;
    Some(match metric.parse::<MetricPattern>().err()? {
        _ if metric.is_empty() => words.need_metric.to_owned(),
        InvalidMetric::Unknown => fill(words.no_metric, &[nearest(metric)]),
        InvalidMetric::EmptySegment => words.empty_part.to_owned(),
        InvalidMetric::TooLong => fill(words.name_long, &["300"]),
        InvalidMetric::Star => words.star.to_owned(),
        InvalidMetric::Escape => words.escape.to_owned(),
        InvalidMetric::Mixed => words.mixed.to_owned(),
    })
}

#[cfg(test)]
mod tests;

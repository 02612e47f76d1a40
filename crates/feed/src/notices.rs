//! When the desktop app may interrupt somebody: what its window and the app itself say to each other about it.

use serde::{Deserialize, Serialize};
use tidings_protocol::notification::Level;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The word for quiet hours.
const QUIET: &str = "quiet";
/// The word for errors that come up in them.
const ERRORS_PASS: &str = "errors-pass";

/// Which notifications come up as those of the system, and when none does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NoticeSettings {
    /// Levels that come up; all of them at first.
    pub levels: Vec<Level>,
    /// When nothing comes up.
    pub quiet: QuietHours,
}

impl Default for NoticeSettings {
    fn default() -> Self {
        Self { levels: Level::ALL.to_vec(), quiet: QuietHours::default() }
    }
}

impl NoticeSettings {
    /// Whether notifications of `level` come up.
    #[must_use]
    pub fn has(&self, level: Level) -> bool {
        self.levels.contains(&level)
    }

    /// What a page is told, which pays in bytes for each type that it reads: a word for each thing that is on, and the two
    /// times, as `info error quiet errors-pass monday from=22:00 to=07:00`.
    #[must_use]
    pub fn words(&self) -> String {
        let quiet = &self.quiet;
        let mut words: Vec<_> = self.levels.iter().map(|level| level.as_str().to_owned()).collect();
        words.extend(quiet.on.then(|| QUIET.to_owned()));
        words.extend(quiet.errors_pass.then(|| ERRORS_PASS.to_owned()));
        words.extend(quiet.days.iter().map(|day| day.name().to_lowercase()));
        words.push(format!("from={}", quiet.from));
        words.push(format!("to={}", quiet.to));
        words.join(" ")
    }

    /// The same with what one of these words says the other way, or with the time that it says; null of any other word.
    #[must_use]
    pub fn changed(&self, word: &str) -> Option<Self> {
        let mut next = self.clone();
        let quiet = &mut next.quiet;
        let day = Weekday::ALL.into_iter().find(|day| day.name().eq_ignore_ascii_case(word));
        if let Ok(level) = word.parse() {
            next.levels = toggled(&Level::ALL, &self.levels, level);
        } else if let Some(day) = day {
            quiet.days = toggled(&Weekday::ALL, &self.quiet.days, day);
        } else {
            match word.split_once('=') {
                Some(("from", time)) => quiet.from = time.parse().ok()?,
                Some(("to", time)) => quiet.to = time.parse().ok()?,
                None if word == QUIET => quiet.on = !quiet.on,
                None if word == ERRORS_PASS => quiet.errors_pass = !quiet.errors_pass,
                _ => return None,
            }
        }
        Some(next)
    }
}

/// Those of `all` that are in `some`, but for `one`, which is the other way.
fn toggled<T: Copy + PartialEq>(all: &[T], some: &[T], one: T) -> Vec<T> {
    all.iter().copied().filter(|other| some.contains(other) != (*other == one)).collect()
}

/// Hours of some days of the week, by the local clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuietHours {
    /// Whether there are any; not at first.
    pub on: bool,
    /// When they begin; 22:00 at first.
    pub from: TimeOfDay,
    /// When they end; 07:00 at first. On the next day where it is no later than `from`, so that equal times are a whole day.
    pub to: TimeOfDay,
    /// Days on which they begin; all of them at first.
    pub days: Vec<Weekday>,
    /// Whether errors come up all the same; not at first.
    pub errors_pass: bool,
}

impl Default for QuietHours {
    fn default() -> Self {
        let (from, to) = (TimeOfDay(22 * 60), TimeOfDay(7 * 60));
        Self { on: false, from, to, days: Weekday::ALL.to_vec(), errors_pass: false }
    }
}

impl QuietHours {
    /// Whether it is quiet at that time of that day.
    #[must_use]
    pub fn hold_at(&self, day: Weekday, time: TimeOfDay) -> bool {
        let began_today = time >= self.from && (time < self.to || self.to <= self.from);
        let began_yesterday = self.to <= self.from && time < self.to;
        self.on
            && (began_today && self.days.contains(&day)
                || began_yesterday && self.days.contains(&day.before()))
    }
}

/// A minute of a day; its text is `22:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The time of that hour and minute; null where no clock shows it.
    #[must_use]
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let minutes = u16::from(hour) * 60 + u16::from(minute);
        (minute < 60 && minutes < DAY).then_some(Self(minutes))
    }
}

/// A text that is no time of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time of a day is written 22:00")]
pub struct NoTime;

impl std::str::FromStr for TimeOfDay {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let (hour, minute) = text.split_once(':').ok_or(NoTime)?;
        let number = |text: &str| {
            let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten().ok_or(NoTime)
        };
        Self::new(number(hour)?, number(minute)?).ok_or(NoTime)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTime;

    fn try_from(text: String) -> Result<Self, NoTime> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A day of the week.
#[expect(missing_docs, reason = "they are what they are called")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Every day of the week.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The day before.
    #[must_use]
    pub fn before(self) -> Self {
        Self::ALL[(self as usize + 6) % 7]
    }

    /// Its English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Weekday::{Friday, Saturday, Sunday, Thursday};

    fn time(text: &str) -> TimeOfDay {
        text.parse().unwrap()
    }

    fn quiet(from: &str, to: &str, days: &[Weekday]) -> QuietHours {
        let (from, to) = (time(from), time(to));
        QuietHours { on: true, from, to, days: days.to_vec(), errors_pass: false }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = quiet("22:00", "07:00", &[Friday]);
        for (day, at, holds) in [
            (Friday, "21:59", false),
            (Friday, "22:00", true),
            (Saturday, "00:00", true),
            (Saturday, "06:59", true),
            (Saturday, "07:00", false),
            (Saturday, "23:00", false),
            (Friday, "06:00", false),
        ] {
            assert_eq!(night.hold_at(day, time(at)), holds, "{day:?} {at}");
        }
    }

    #[test]
    fn hours_of_one_day_begin_and_end_on_it() {
        let noon = quiet("12:00", "13:30", &[Thursday]);
        for (day, at, holds) in [
            (Thursday, "11:59", false),
            (Thursday, "12:00", true),
            (Thursday, "13:29", true),
            (Thursday, "13:30", false),
            (Friday, "12:30", false),
        ] {
            assert_eq!(noon.hold_at(day, time(at)), holds, "{day:?} {at}");
        }
    }

    #[test]
    fn equal_times_are_a_whole_day() {
        let day = quiet("08:00", "08:00", &[Saturday]);
        for (day_of, at, holds) in [
            (Saturday, "07:59", false),
            (Saturday, "08:00", true),
            (Sunday, "07:59", true),
            (Sunday, "08:00", false),
        ] {
            assert_eq!(day.hold_at(day_of, time(at)), holds, "{day_of:?} {at}");
        }
    }

    #[test]
    fn there_are_none_until_they_are_switched_on_or_without_a_day() {
        let off = QuietHours { on: false, ..quiet("00:00", "00:00", &Weekday::ALL) };
        assert!(!off.hold_at(Friday, time("12:00")));
        assert!(!quiet("00:00", "00:00", &[]).hold_at(Friday, time("12:00")));
    }

    #[test]
    fn a_time_is_written_as_clocks_show_it() {
        for (text, shown) in [("22:00", "22:00"), ("7:5", "07:05"), ("00:00", "00:00")] {
            assert_eq!(time(text).to_string(), shown);
        }
        for text in ["24:00", "12:60", "12", "", ":", "1:", "-1:00", "+1:00", "001:00", "1:00:00"] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NoTime), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_what_is_missing_is_as_at_first() {
        let mut settings = NoticeSettings::default().changed("info").unwrap();
        settings.quiet = quiet("23:15", "06:00", &[Friday, Sunday]);
        let text = serde_json::to_string(&settings).unwrap();
        assert!(text.contains(r#""from":"23:15""#) && text.contains(r#""sunday""#), "{text}");
        assert_eq!(serde_json::from_str::<NoticeSettings>(&text).unwrap(), settings);
        let defaults = serde_json::from_str::<NoticeSettings>(r#"{"quiet":{},"later":1}"#);
        assert_eq!(defaults.unwrap(), NoticeSettings::default());
        assert!(serde_json::from_str::<NoticeSettings>(r#"{"quiet":{"from":"25:00"}}"#).is_err());
    }

    #[test]
    fn words_tell_what_is_on_and_change_it() {
        let mut settings = NoticeSettings::default();
        for word in ["info", "quiet", "errors-pass", "tuesday", "from=9:30", "info", "warning"] {
            settings = settings.changed(word).unwrap();
        }
        let words = "info success error quiet errors-pass \
            monday wednesday thursday friday saturday sunday from=09:30 to=07:00";
        assert_eq!(settings.words(), words);
        assert!(settings.quiet.on && settings.quiet.errors_pass);
        for word in ["", "loud", "from=25:00", "at=09:30", "quiet=1", "from"] {
            assert_eq!(settings.changed(word), None, "{word}");
        }
    }
}

//! How far back charts reach.

use crate::text::text;

/// How far back charts reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// A minute.
    Minute,
    /// Five minutes.
    #[default]
    FiveMinutes,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
}

impl Span {
    /// All, the shortest first.
    pub const ALL: [Self; 5] = [Self::Minute, Self::FiveMinutes, Self::Hour, Self::Day, Self::Week];

    /// As a request and the settings have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.name() == name)
    }

    /// As a control has it.
    #[must_use]
    pub fn label(self) -> &'static str {
        let times = &text().times;
        match self {
            Self::Minute => times.minute,
            Self::FiveMinutes => times.five_minutes,
            Self::Hour => times.hour,
            Self::Day => times.day,
            Self::Week => times.week,
        }
    }

    /// As it stands in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        let times = &text().times;
        match self {
            Self::Minute => times.last_minute,
            Self::FiveMinutes => times.last_five_minutes,
            Self::Hour => times.last_hour,
            Self::Day => times.last_day,
            Self::Week => times.last_week,
        }
    }

    /// In ms.
    #[must_use]
    pub fn ms(self) -> u64 {
        let minutes = match self {
            Self::Minute => 1,
            Self::FiveMinutes => 5,
            Self::Hour => 60,
            Self::Day => 24 * 60,
            Self::Week => 7 * 24 * 60,
        };
        minutes * 60_000
    }

    /// Whether its points are means of many samples, with a least and a greatest.
    #[must_use]
    pub fn is_by_minutes(self) -> bool {
        self.ms() > Self::Hour.ms()
    }
}

//! How far back charts reach.

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
        match self {
            Self::Minute => "1 min",
            Self::FiveMinutes => "5 min",
            Self::Hour => "1 h",
            Self::Day => "24 h",
            Self::Week => "7 days",
        }
    }

    /// As it stands in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Minute => "the last minute",
            Self::FiveMinutes => "the last 5 minutes",
            Self::Hour => "the last hour",
            Self::Day => "the last 24 hours",
            Self::Week => "the last 7 days",
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

//! Hours in which nobody is to be disturbed.

use std::fmt;
use std::str::FromStr;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A time of day that comes every day, such as `22:00-07:00`: from its first minute up to its last, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuietWindow {
    from: u16,
    to: u16,
}

/// Text that is no time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidWindow;

impl fmt::Display for InvalidWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("quiet hours are written as in 22:00-07:00, from 00:00 to 24:00, and end later or earlier than they begin")
    }
}

impl std::error::Error for InvalidWindow {}

impl QuietWindow {
    /// Whether this minute of the day (0 to 1,439) lies in it; one that ends before it begins goes over midnight.
    #[must_use]
    pub fn contains(self, minute: u16) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl fmt::Display for QuietWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

impl FromStr for QuietWindow {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let (from, to) = text.split_once('-').ok_or(InvalidWindow)?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from == to || from == DAY {
            return Err(InvalidWindow);
        }
        Ok(Self { from, to })
    }
}

/// `HH:MM` as a minute of the day; 24:00 is the last one's end.
fn minute(text: &str) -> Result<u16, InvalidWindow> {
    let (hours, minutes) = text.split_once(':').ok_or(InvalidWindow)?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| is_number).ok_or(InvalidWindow)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY).then_some(minute).ok_or(InvalidWindow)
}

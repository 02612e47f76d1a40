//! How a job stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a job stands. It begins with one of the first two, and never leaves one of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It is being done.
    Running,
    /// It is done.
    Succeeded,
    /// It could not be done, or took too long.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// The server that did it ended before.
    Interrupted,
    /// Whoever reported it fell silent.
    Lost,
    /// A state of a newer server.
    #[serde(other)]
    Unknown,
}

/// Text that is no state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidState;

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a job is queued, running, succeeded, failed, cancelled, interrupted or lost")
    }
}

impl std::error::Error for InvalidState {}

impl JobState {
    /// Every state but that of a newer server.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
        Self::Lost,
    ];

    /// Whether it has not ended.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = InvalidState;

    fn from_str(text: &str) -> Result<Self, InvalidState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(InvalidState)
    }
}

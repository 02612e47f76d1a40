//! Why there is no answer about the past.

use tidings_protocol::history::MAX_SERIES;

use crate::store::StoreError;

/// Why there is no answer about the past.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Nothing is kept of a machine of this name.
    #[error("there is no history of a machine of this name")]
    NoSuchMachine,
    /// The machine has no such metric, or none that a pattern stands for.
    #[error("there is no metric `{metric}` on this machine{}", did_you_mean(nearest))]
    UnknownMetric {
        /// What was asked for.
        metric: String,
        /// The most like it that there is.
        nearest: Option<String>,
    },
    /// What was asked for is no name and no pattern.
    #[error("metric `{metric}`: {reason}")]
    Invalid {
        /// What was asked for.
        metric: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It would be more series than an answer has.
    #[error("that are {0} metrics; ask for {MAX_SERIES} at once at most")]
    TooMany(usize),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

//! What can be wrong with a request for a job.

use super::kind::Refused;
use crate::store::StoreError;

/// Why a job does not begin, or is not changed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is no such kind.
    #[error("{0}")]
    UnknownKind(String),
    /// It needs an argument that is not there.
    #[error("{0}")]
    MissingArgument(String),
    /// An argument is unknown, or not what it may be.
    #[error("{0}")]
    InvalidArgument(String),
    /// A path lies outside of what may be read.
    #[error("{0}")]
    OutsideRoots(String),
    /// The caller may not.
    #[error("{0}")]
    Forbidden(String),
    /// It cannot be done here.
    #[error("{0}")]
    Unavailable(String),
    /// As many wait as may.
    #[error("{0} jobs wait for their turn, and no more may; try again once some of them are done")]
    QueueFull(usize),
    /// As many are reported as may be.
    #[error("{0}")]
    TooManyReported(String),
    /// What is reported is none.
    #[error("{0}")]
    Invalid(String),
    /// There is none, or none that the caller may know of.
    #[error("there is no job with this id, or it is not yours")]
    NoSuch,
    /// It stays as it is.
    #[error("the job has ended, and stays as it is: {0}")]
    Ended(String),
    /// It has not ended.
    #[error("{0}")]
    Active(&'static str),
    /// There is nothing to fetch.
    #[error("{0}")]
    NoResult(&'static str),
    /// The server is on its way to end.
    #[error("the server ends; try again once it is back")]
    Closing,
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A job cannot be written.
    #[error("a job cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
    /// A file cannot be read.
    #[error("a file of a job cannot be read")]
    File(#[from] std::io::Error),
}

impl From<Refused> for JobError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Argument(text) => Self::InvalidArgument(text),
            Refused::OutsideRoots(text) => Self::OutsideRoots(text),
            Refused::Role(text) => Self::Forbidden(text),
            Refused::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

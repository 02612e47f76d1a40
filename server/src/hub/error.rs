//! Why an event was not taken, or may not have been.

/// Why a publish was not acknowledged. After all but [`Unconfirmed`](Self::Unconfirmed) the event was surely not taken,
/// and may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The topic is new and there are as many as there may be.
    #[error("the hub holds {0} topics, as many as it may")]
    TooManyTopics(usize),
    /// What wins by being the latest stays with every instance, and is bounded there.
    #[error("on a bus, an event of `metrics/` may have {0} bytes at most")]
    TooLarge(usize),
    /// The journal does not keep up for now.
    #[error("the event cannot be kept for now; try again later")]
    Unavailable,
    /// The journal failed, or did not answer in time, while it had the event.
    #[error(
        "the event may or may not have been kept; look whether it is there before you send it again"
    )]
    Unconfirmed,
    /// The hub has ended.
    #[error("the server is shutting down")]
    Closed,
}

//! What the log is called in Redis.

/// Names of the keys; all under one hash tag, so that they lie together wherever keys are spread.
#[derive(Debug)]
pub(super) struct Keys {
    /// Names the log's epoch, as eight hex digits.
    pub(super) epoch: String,
    /// The newest number that was given.
    pub(super) seq: String,
    /// Each run of Redis, with the number it began with.
    pub(super) runs: String,
    /// Stream of the events that nobody may miss.
    pub(super) events: String,
    /// Stream of those that win by being the latest.
    pub(super) metrics: String,
    /// Newest number of each topic.
    pub(super) topics: String,
    /// Newest event of each latest-wins topic.
    pub(super) latest: String,
    /// Newest number of each topic that is gone.
    pub(super) evicted: String,
    /// Bytes of all payloads in `events`.
    pub(super) bytes: String,
    /// Newest number that is gone, of whatever topic.
    pub(super) trimmed: String,
    /// Entries up to this number are of the epoch whatever they say.
    pub(super) base: String,
    /// The session of this instance.
    pub(super) session: String,
    /// Is written to find out whether anything may be.
    pub(super) probe: String,
    /// Who copies what other programs publish to users.
    pub(super) lease: String,
}

impl Keys {
    pub(super) fn new(prefix: &str, instance: &str) -> Self {
        let key = |name: &str| format!("{prefix}{{log}}:{name}");
        Self {
            epoch: key("epoch"),
            seq: key("seq"),
            runs: key("runs"),
            events: key("events"),
            metrics: key("metrics"),
            topics: key("topics"),
            latest: key("latest"),
            evicted: key("evicted"),
            bytes: key("bytes"),
            trimmed: key("trimmed"),
            base: key("base"),
            session: key(&format!("session:{instance}")),
            probe: key("probe"),
            lease: key("lease:users"),
        }
    }
}

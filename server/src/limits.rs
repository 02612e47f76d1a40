//! How many streams and connections the process can carry.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Descriptors kept for files, the listener and short requests.
const RESERVED: usize = 128;

/// Most connections where the system sets no limit worth the name.
const MOST: usize = 1_000_000;

/// Raises the soft limit of descriptors to the hard one and says how many connections that allows.
pub fn raise_descriptor_limit() -> usize {
    descriptors().saturating_sub(RESERVED).clamp(RESERVED, MOST)
}

#[cfg(unix)]
fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit of open files stays at its soft value");
    }
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(MOST, |limit| usize::try_from(limit).unwrap_or(MOST))
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    MOST
}

/// Counts open streams.
#[derive(Clone, Debug)]
pub struct StreamSlots(Arc<Semaphore>);

/// One open stream; held by its body, so that it is free again the moment the client goes.
#[derive(Debug)]
pub struct StreamSlot {
    _permit: OwnedSemaphorePermit,
}

impl StreamSlots {
    /// Room for `most` streams.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }

    /// A place for one more stream, if there is one.
    #[must_use]
    pub fn take(&self) -> Option<StreamSlot> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(|permit| StreamSlot { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_its_stream_ends() {
        let slots = StreamSlots::new(1);
        let slot = slots.take();
        assert!(slot.is_some());
        assert!(slots.take().is_none());
        drop(slot);
        assert!(slots.take().is_some());
    }
}

//! How many streams the process carries.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts open streams.
#[derive(Clone, Debug)]
pub struct StreamSlots(Arc<Semaphore>);

/// One open stream; held by its body, so that it is free again the moment the client goes.
#[derive(Debug)]
pub struct StreamSlot {
    _of_server: OwnedSemaphorePermit,
    _of_token: Option<OwnedSemaphorePermit>,
}

/// Why there is no room for another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSlot {
    /// The server carries all it can.
    #[error("the server carries as many streams as it can; try again later")]
    OfServer,
    /// The token has all it may have.
    #[error("this token has as many streams open as it may; close one, or try again later")]
    OfToken,
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
        self.take_within(None).ok()
    }

    /// A place for one more stream, here and among those of a token.
    ///
    /// # Errors
    ///
    /// If there is none in one of the two.
    pub fn take_within(&self, token: Option<&Self>) -> Result<StreamSlot, NoSlot> {
        // The token's first: who has too many does not take a place from others even for a moment.
        let of_token = token.map(|token| token.permit().ok_or(NoSlot::OfToken)).transpose()?;
        let of_server = self.permit().ok_or(NoSlot::OfServer)?;
        Ok(StreamSlot { _of_server: of_server, _of_token: of_token })
    }

    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
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

    #[test]
    fn a_stream_of_a_token_counts_among_all_and_among_its_own() {
        let (server, token) = (StreamSlots::new(3), StreamSlots::new(2));
        let first = server.take_within(Some(&token)).unwrap();
        let _second = server.take_within(Some(&token)).unwrap();
        assert_eq!(server.take_within(Some(&token)).unwrap_err(), NoSlot::OfToken);
        let _third = server.take().unwrap();
        drop(first);
        let _again = server.take_within(Some(&token)).unwrap();
        assert_eq!(server.take_within(Some(&StreamSlots::new(9))).unwrap_err(), NoSlot::OfServer);
    }
}

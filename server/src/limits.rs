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
    _of_user: Option<OwnedSemaphorePermit>,
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
    /// The user has all they may have, by tokens and browsers together.
    #[error("this user has as many streams open as they may; close one, or try again later")]
    OfUser,
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
        self.take_within([None, None]).ok()
    }

    /// A place for one more stream, here and among those of a token and a user, as far as there are such; each with what
    /// to say where it has none.
    ///
    /// # Errors
    ///
    /// If there is none in one of them.
    pub fn take_within(
        &self,
        [token, user]: [Option<(&Self, NoSlot)>; 2],
    ) -> Result<StreamSlot, NoSlot> {
        let take = |within: Option<(&Self, NoSlot)>| {
            within.map(|(slots, none)| slots.permit().ok_or(none)).transpose()
        };
        // The server's last: who has too many does not take a place from others even for a moment.
        let (_of_token, _of_user) = (take(token)?, take(user)?);
        let _of_server = self.permit().ok_or(NoSlot::OfServer)?;
        Ok(StreamSlot { _of_server, _of_token, _of_user })
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
        let within = |slots| server.take_within([Some((slots, NoSlot::OfToken)), None]);
        let first = within(&token).unwrap();
        let _second = within(&token).unwrap();
        assert_eq!(within(&token).unwrap_err(), NoSlot::OfToken);
        let _third = server.take().unwrap();
        drop(first);
        let _again = within(&token).unwrap();
        assert_eq!(within(&StreamSlots::new(9)).unwrap_err(), NoSlot::OfServer);
    }

    #[test]
    fn a_stream_of_a_user_counts_among_the_users_and_takes_no_place_where_there_is_none() {
        let (server, user) = (StreamSlots::new(2), StreamSlots::new(1));
        let token = StreamSlots::new(2);
        let within =
            || server.take_within([Some((&token, NoSlot::OfToken)), Some((&user, NoSlot::OfUser))]);
        let first = within().unwrap();
        for _ in 0..3 {
            assert_eq!(within().unwrap_err(), NoSlot::OfUser);
        }
        drop(first);
        let _again = within().unwrap();
        assert!(server.take().is_some(), "what was refused holds nothing");
    }
}

//! Places among the requests of HTTP/2: how many of them the server takes at once, and how many of one connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places that each connection has for itself. As many as a page asks for at once: whoever comes by a connection of their own
/// is served, though a few others hold every place that is shared.
pub(super) const OWN: u32 = 8;

/// The places that a connection may have.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Those that all connections share.
    shared: Arc<Semaphore>,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    own: u32,
    shared: usize,
}

/// A request's place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    shared: Option<OwnedSemaphorePermit>,
    held: Arc<Mutex<Held>>,
}

impl Places {
    /// Those of a new connection.
    pub(super) fn new(shared: Arc<Semaphore>) -> Self {
        Self { shared, held: Arc::default() }
    }

    /// A place for one more request: one of the connection's own, or one of those that all share, of which it holds no
    /// more than it leaves to others.
    pub(super) fn take(&self) -> Option<Place> {
        let mut held = lock(&self.held);
        let shared = if held.own < OWN {
            held.own += 1;
            None
        } else if held.shared > self.shared.available_permits() {
            return None;
        } else {
            let place = Arc::clone(&self.shared).try_acquire_owned().ok()?;
            held.shared += 1;
            Some(place)
        };
        Some(Place { shared, held: Arc::clone(&self.held) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        match self.shared {
            Some(_) => held.shared -= 1,
            None => held.own -= 1,
        }
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(places: &Places) -> Vec<Place> {
        std::iter::from_fn(|| places.take()).collect()
    }

    #[test]
    fn a_connection_holds_no_more_shared_places_than_it_leaves() {
        let shared = Arc::new(Semaphore::new(100));
        let own = OWN as usize;
        let mut all = Vec::new();
        let mut left = 100;
        for _ in 0..4 {
            let taken = take_all(&Places::new(Arc::clone(&shared)));
            let before = left;
            left = shared.available_permits();
            assert_eq!(taken.len(), own + before - left);
            // The one that made it too many is its last.
            assert!(before - left <= left + 2, "{} of {before}", before - left);
            assert!(before - left >= before / 2, "{} of {before}", before - left);
            all.push(taken);
        }
    }

    #[test]
    fn a_connection_has_its_own_places_though_others_hold_all_that_are_shared() {
        let places = Places::new(Arc::new(Semaphore::new(0)));
        let mut taken = take_all(&places);
        assert_eq!(taken.len(), OWN as usize);
        drop(taken.pop());
        assert_eq!(take_all(&places).len(), 1, "a place that is free again");
    }

    #[test]
    fn places_are_free_again_when_their_requests_end() {
        let shared = Arc::new(Semaphore::new(10));
        let places = Places::new(Arc::clone(&shared));
        let first = take_all(&places);
        assert!(shared.available_permits() < 10);
        let number = first.len();
        drop(first);
        assert_eq!(shared.available_permits(), 10);
        assert_eq!(take_all(&places).len(), number);
    }
}

//! The server's hub with locks and atomics that shuttle can interleave; `tests/` does so.
//!
//! shuttle takes every atomic as sequentially consistent, and the waker here is a lock around a `Waker`: what
//! weaker orderings allow, and futures-util's `AtomicWaker` itself, are not checked. Nor is what Tokio's channels
//! and semaphores do within: of the journal's backlog the lock alone is shuttle's.

#[path = "../../../server/src/clock.rs"]
mod clock;
#[path = "../../../server/src/hub/mod.rs"]
pub mod hub;

/// What the server has in `sync.rs`.
mod sync {
    use std::task::Waker;

    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

    /// Holds the last waker that was registered until it is woken.
    #[derive(Debug, Default)]
    pub(crate) struct AtomicWaker(Mutex<Option<Waker>>);

    impl AtomicWaker {
        pub(crate) fn register(&self, waker: &Waker) {
            *self.lock() = Some(waker.clone());
        }

        pub(crate) fn wake(&self) {
            let waker = self.lock().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }

        fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}

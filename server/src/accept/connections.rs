//! The tasks of open connections, so that all of them can be waited for and ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use slab::Slab;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

/// Every open connection; clones are the same set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tasks: TaskTracker,
    /// Held from outside a task, so that ending it costs the task nothing while it runs.
    handles: Mutex<Slab<Option<AbortHandle>>>,
}

/// Forgets the task's handle when the task ends, however it does.
struct Entry {
    connections: Connections,
    key: usize,
}

impl Connections {
    /// Runs a connection.
    pub(super) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let mut handles = self.handles();
        let key = handles.insert(None);
        let entry = Entry { connections: self.clone(), key };
        let task = self.0.tasks.spawn(async move {
            let _entry = entry;
            connection.await;
        });
        // Under the lock, so that a task that is done already has not yet removed its entry.
        handles[key] = Some(task.abort_handle());
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.tasks.len()
    }

    /// Waits for them to end by themselves, no longer than `grace`. Whether they have.
    pub(crate) async fn ended_within(&self, grace: Duration) -> bool {
        self.0.tasks.close();
        tokio::time::timeout(grace, self.0.tasks.wait()).await.is_ok()
    }

    /// Ends all that are left.
    pub(crate) async fn cut(&self) {
        for (_, handle) in self.handles().iter() {
            handle.iter().for_each(AbortHandle::abort);
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn handles(&self) -> MutexGuard<'_, Slab<Option<AbortHandle>>> {
        self.0.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.handles().try_remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_ends_is_forgotten_and_what_does_not_is_cut() {
        let connections = Connections::default();
        connections.spawn(async {});
        connections.spawn(std::future::pending());
        assert!(!connections.ended_within(Duration::from_millis(10)).await);
        assert_eq!((connections.len(), connections.handles().len()), (1, 1));
        connections.cut().await;
        assert_eq!((connections.len(), connections.handles().len()), (0, 0));
    }
}

//! Work that reads disks, beside the threads that serve.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::kind::Failure;

/// Least time between two reports.
const PAUSE: Duration = Duration::from_millis(50);

/// How long work that is cancelled is waited for. A disk that does not answer holds its thread for longer than anybody
/// wants to wait; the thread ends by itself once it does.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does `work` on a thread that may block, and tells it by a token when to end: once `cancelled` is, or nobody waits for it
/// any more.
pub(super) async fn blocking<T: Send + 'static>(
    cancelled: &CancellationToken,
    work: impl FnOnce(&CancellationToken) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let stop = cancelled.child_token();
    let _guard = stop.clone().drop_guard();
    let mut thread = tokio::task::spawn_blocking(move || work(&stop));
    let ended = tokio::select! {
        ended = &mut thread => ended,
        () = cancelled.cancelled() => match tokio::time::timeout(PATIENCE, thread).await {
            Ok(ended) => ended,
            Err(_) => return Err(stopped()),
        },
    };
    ended.unwrap_or_else(|_| Err(failure("the work has broken off; the server's log says why")))
}

/// What is said of work that was cancelled.
pub(super) fn stopped() -> Failure {
    failure("cancelled")
}

/// A failure that has no exit code.
pub(super) fn failure(message: impl Into<String>) -> Failure {
    Failure { message: message.into(), exit_code: None }
}

/// Says when it is time for a report.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    last: Option<Instant>,
}

impl Pace {
    /// Begins now.
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), last: None }
    }

    /// Whether a report is due; if so, the next one is later.
    pub(super) fn due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.last.is_none_or(|last| now.duration_since(last) >= PAUSE);
        if due {
            self.last = Some(now);
        }
        due
    }

    /// Seconds since it began, to the millisecond.
    pub(super) fn seconds(&self) -> f64 {
        (self.begun.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_is_told_to_end() {
        let (ended, wait) = mpsc::channel();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let never = CancellationToken::new();
        let work = blocking(&never, move |stop| {
            let _ = begun.send(());
            while !stop.is_cancelled() {
                std::thread::yield_now();
            }
            let _ = ended.send(());
            Ok(())
        });
        tokio::select! {
            _ = work => panic!("it never ends by itself"),
            began = begins => began.unwrap(),
        }
        wait.recv_timeout(Duration::from_secs(10)).unwrap();
    }

    #[tokio::test]
    async fn work_that_hangs_is_not_waited_for_once_it_is_cancelled() {
        let (release, held) = mpsc::channel::<()>();
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let work = blocking(&cancelled, move |_| {
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(work.await, Err(stopped()));
        drop(release);
    }
}

//! Threads that serve connections.
//!
//! Each has a runtime of its own, with all that a connection needs from the first byte to the last wake-up: no
//! task moves from one processor to another, and no stream is woken across. All accept from the same listener, so that
//! whoever has time takes the next connection.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
#[cfg(test)]
use tokio::runtime::Handle;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Limits, accept};
use crate::hub::Lane;
use crate::routes::Routes;

/// How long connections have to end once their streams are over; what then remains is cut. Thousands of them
/// take half a second where others want the processor as well.
const GRACE: Duration = Duration::from_millis(800);

/// Threads that wait for what they are to [serve](Self::serve). Dropped before, they end.
#[derive(Debug)]
pub(crate) struct Workers(Vec<Worker>);

#[derive(Debug)]
struct Worker {
    #[cfg(test)]
    handle: Handle,
    start: oneshot::Sender<Work>,
    /// Done when the thread is.
    ended: oneshot::Receiver<()>,
}

/// What a worker is to do.
#[derive(Debug)]
struct Work {
    listener: std::net::TcpListener,
    routes: Routes,
    lane: Lane,
    limits: Arc<Limits>,
    signals: Signals,
}

/// When workers stop.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    /// No more connections.
    pub(crate) shutdown: CancellationToken,
    /// Connections end after the request they are at.
    pub(crate) stop: CancellationToken,
}

impl Workers {
    /// Makes `count` threads.
    ///
    /// # Errors
    ///
    /// If the system does not let us.
    pub(crate) fn spawn(count: usize) -> io::Result<Self> {
        (0..count).map(Worker::spawn).collect::<io::Result<_>>().map(Self)
    }

    /// Runtimes of the threads, to count what they hold.
    #[cfg(test)]
    pub(crate) fn handles(&self) -> Vec<Handle> {
        self.0.iter().map(|worker| worker.handle.clone()).collect()
    }

    /// Has them serve `listener` until they are told to stop; `routes` makes the routes of one whose streams are woken
    /// by a lane. Done when all have ended. Dropped, it stops them.
    ///
    /// # Errors
    ///
    /// If the system does not let them share the listener.
    pub(crate) async fn serve(
        self,
        listener: std::net::TcpListener,
        routes: impl Fn(Lane) -> Routes,
        limits: Limits,
        signals: Signals,
    ) -> io::Result<()> {
        let _dropped = (signals.shutdown.clone().drop_guard(), signals.stop.clone().drop_guard());
        let limits = Arc::new(limits);
        let mut running = Vec::with_capacity(self.0.len());
        for Worker { start, ended, .. } in self.0 {
            let lane = Lane::default();
            let work = Work {
                listener: listener.try_clone()?,
                routes: routes(lane.clone()),
                lane,
                limits: Arc::clone(&limits),
                signals: signals.clone(),
            };
            // A thread that is no more is told of below.
            let _ = start.send(work);
            running.push(ended);
        }
        drop(listener);
        let all = running.into_iter().map(async |ended| {
            if ended.await.is_err() {
                tracing::error!("a thread that serves connections has failed");
            }
        });
        join_all(all).await;
        Ok(())
    }
}

impl Worker {
    fn spawn(index: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        #[cfg(test)]
        let handle = runtime.handle().clone();
        let (start, started) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            run(runtime, started);
            // Nobody waits where the server was dropped.
            let _ = end.send(());
        })?;
        Ok(Self {
            #[cfg(test)]
            handle,
            start,
            ended,
        })
    }
}

fn run(runtime: Runtime, started: oneshot::Receiver<Work>) {
    runtime.block_on(async {
        let Ok(work) = started.await else { return };
        let lane = work.lane.clone();
        tokio::select! {
            never = lane.run() => match never {},
            () = work.serve() => {}
        }
    });
    // A disk that does not answer is not waited for here.
    runtime.shutdown_background();
}

impl Work {
    async fn serve(self) {
        let Self { listener, routes, limits, signals: Signals { shutdown, stop }, .. } = self;
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "a thread cannot accept connections");
                return;
            }
        };
        let connections = accept(listener, routes, &limits, &shutdown, stop.clone()).await;
        stop.cancelled().await;
        if !connections.ended_within(GRACE).await {
            tracing::warn!(open = connections.len(), "cutting connections that did not end");
            connections.cut().await;
        }
    }
}

//! The stream that answers a request for a job: how far it is, until it has ended.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use http_body::Frame;
use tidings_protocol::job::{COMPLETE, UPDATES_PER_SECOND, Update};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{LEAST_PACE, Pace, TAKEN_WITHIN, frame};
use crate::jobs::{Following, Last};
use crate::limits::StreamSlot;

/// Time between two messages.
const SPACING: Duration = Duration::from_millis(1_000 / UPDATES_PER_SECOND as u64);

/// A sign of life.
const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");

/// An open stream: what the job is at first, each change, and its end. Dropped, it leaves the job, unless that is to end
/// with it.
pub(crate) struct ProcessStream {
    following: Following,
    heartbeat: Duration,
    /// What was told last.
    told: Option<Update>,
    last_sent: Instant,
    is_over: bool,
    ends_with_it: bool,
    /// Done when whoever reads may no longer.
    ended: Option<BoxFuture<'static, ()>>,
    _slot: StreamSlot,
}

impl std::fmt::Debug for ProcessStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessStream").field("id", &self.following.id()).finish_non_exhaustive()
    }
}

impl ProcessStream {
    /// A stream of what `following` follows, until the reader may no longer by `ended`.
    pub(crate) fn new(
        following: Following,
        pace: Pace,
        slot: StreamSlot,
        ended: Option<BoxFuture<'static, ()>>,
        ends_with_it: bool,
    ) -> Self {
        Self {
            following,
            heartbeat: pace.heartbeat,
            told: None,
            last_sent: Instant::now(),
            is_over: false,
            ends_with_it,
            ended,
            _slot: slot,
        }
    }

    /// The next frame; none when the stream is over. Dropped before it is done, nothing is lost.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        if self.told.is_none() {
            let update = self.following.update();
            let first = Update { id: Some(self.following.id().to_owned()), ..update.clone() };
            return Some(self.tell(update, &first));
        }
        loop {
            let update = self.following.update();
            let is_news = self.told.as_ref() != Some(&update);
            if let Some(last) = self.following.last() {
                self.is_over = true;
                return Some(end(is_news.then_some(&update), &last));
            }
            let due = self.last_sent + if is_news { SPACING } else { self.heartbeat };
            if is_news && due <= Instant::now() {
                let message = update.clone();
                return Some(self.tell(update, &message));
            }
            let ended = async {
                match &mut self.ended {
                    Some(ended) => ended.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = ended => {
                    // What has ended must not be polled again.
                    self.ended = None;
                    self.is_over = true;
                    if self.ends_with_it {
                        self.following.cancel();
                    }
                    return None;
                }
                () = self.following.changed(), if !is_news => {}
                () = sleep_until(due) => {
                    if !is_news {
                        self.last_sent = Instant::now();
                        return Some(HEARTBEAT);
                    }
                }
            }
        }
    }

    fn tell(&mut self, update: Update, message: &Update) -> Bytes {
        self.told = Some(update);
        self.last_sent = Instant::now();
        frame::message(None, message)
    }
}

/// How the job ended, behind what was not told of it so far.
fn end(news: Option<&Update>, last: &Last) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.extend(news.map(|news| frame::message(None, news)));
    bytes.extend([match last {
        Last::Complete(complete) => frame::message(Some(COMPLETE), complete),
        Last::Failed(failed) => frame::message(Some("error"), failed),
    }]);
    bytes.freeze()
}

impl Drop for ProcessStream {
    fn drop(&mut self) {
        if self.ends_with_it && !self.is_over {
            self.following.cancel();
        }
    }
}

/// The stream as the body of a response.
pub(super) struct ProcessBody(Arc<Mutex<Held>>);

/// The stream, as whoever owns a connection of HTTP/2 knows it.
#[derive(Clone)]
pub(crate) struct ProcessWatch(Weak<Mutex<Held>>);

struct Held {
    frames: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    /// Done when what was read has not been taken for too long; none while whoever reads waits for the stream.
    untaken: Option<Pin<Box<Sleep>>>,
}

impl std::fmt::Debug for ProcessWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ProcessWatch").finish_non_exhaustive()
    }
}

impl ProcessBody {
    pub(super) fn new(stream: ProcessStream) -> Self {
        let frames = futures_util::stream::unfold(stream, async |mut stream| {
            stream.next().await.map(|frame| (frame, stream))
        });
        let untaken = Some(Box::pin(tokio::time::sleep(TAKEN_WITHIN)));
        Self(Arc::new(Mutex::new(Held { frames: Box::pin(frames), untaken })))
    }

    /// Does not keep the stream: that ends with the body.
    pub(super) fn watch(&self) -> ProcessWatch {
        ProcessWatch(Arc::downgrade(&self.0))
    }
}

impl ProcessWatch {
    /// Ready when the stream is to end because its client does not take what was read from its body.
    pub(crate) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(held) = self.0.upgrade() else { return Poll::Pending };
        match &mut lock(&held).untaken {
            Some(untaken) => untaken.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl http_body::Body for ProcessBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut held = lock(&self.0);
        let frame = held.frames.as_mut().poll_next(cx);
        held.untaken = match &frame {
            Poll::Ready(Some(bytes)) => {
                let more = Duration::from_secs((bytes.len() / LEAST_PACE) as u64);
                Some(Box::pin(tokio::time::sleep(TAKEN_WITHIN + more)))
            }
            _ => None,
        };
        frame.map(|frame| frame.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Server-Sent Events: the only place that knows how they look on the wire.

pub mod frame;
pub(crate) mod process;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http_body::Frame;
use serde::Serialize;
use tidings_protocol::event::{Connected, EventId};
use tidings_protocol::topic::Topic;
use tokio::time::{Instant, Sleep};

use crate::hub::{Item, Subscription};
use crate::limits::StreamSlot;
use frame::{Chunk, Form};
use process::{ProcessBody, ProcessStream};

/// Bounds of the reconnection time told to a client, in ms; drawn anew for each connection, so that
/// clients that lost the server together do not return together.
const RETRY_MS: std::ops::Range<u64> = 500..2_000;

/// A piece of a body that has this many bytes goes out as it is; smaller ones are put together.
const GATHERED: usize = 8 << 10;

/// Time within which a client of HTTP/2 takes what was read for it, and what each further second lets it take: nobody
/// sees how much of a large event it has.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
const LEAST_PACE: usize = 8 << 10;

/// An open stream: first frame, events, heartbeats. Ends when the hub does, when its life is over, or
/// at its own moment of a drain.
pub(crate) struct EventStream {
    first: Option<Chunk>,
    /// Told behind it.
    initial: Option<Box<Chunk>>,
    subscription: Subscription,
    form: Form,
    heartbeat: Duration,
    /// When the stream ends by itself; none is never.
    end: Option<Instant>,
    /// Whether `end` has heard of the drain.
    is_draining: bool,
    /// Moved at most once a heartbeat, not at every event.
    timer: Pin<Box<Sleep>>,
    /// When the timer wakes the task; none if it has to be polled. A stream stays with one task.
    armed: Option<Instant>,
    last_sent: Instant,
    /// Id of what was sent last.
    told: EventId,
    is_caught_up: bool,
    /// Done when whoever reads may no longer.
    ended: Option<BoxFuture<'static, ()>>,
    _slot: StreamSlot,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { subscription, form, .. } = self;
        f.debug_struct("EventStream")
            .field("subscription", subscription)
            .field("form", form)
            .finish_non_exhaustive()
    }
}

/// What a stream keeps to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Longest silence.
    pub(crate) heartbeat: Duration,
    /// Longest life; each stream lives between half of it and all of it. None is for ever.
    pub(crate) max_life: Option<Duration>,
}

impl EventStream {
    /// A stream of what `subscription` reads, beginning with `connected`. On the heap from the start: it passes
    /// through many hands on its way to the connection.
    #[must_use]
    pub(crate) fn new(
        connected: &Connected,
        mut subscription: Subscription,
        form: Form,
        pace: Pace,
        slot: StreamSlot,
    ) -> Box<Self> {
        let now = Instant::now();
        let position = subscription.position();
        let gap = subscription.take_gap();
        let retry = rand::random_range(RETRY_MS);
        let end = pace.max_life.map(|life| now + life.mul_f64(rand::random_range(0.5..1.0)));
        let due = now + pace.heartbeat;
        Box::new(Self {
            first: Some(frame::first(retry, connected, position, gap.as_ref(), form)),
            initial: None,
            subscription,
            form,
            heartbeat: pace.heartbeat,
            end,
            is_draining: false,
            timer: Box::pin(tokio::time::sleep_until(end.map_or(due, |end| end.min(due)))),
            armed: None,
            last_sent: now,
            told: position,
            is_caught_up: false,
            ended: None,
            _slot: slot,
        })
    }

    /// Tells how things stand behind the first frame, in an event of type `kind` that is in no history. What `data` says
    /// must be no older than the subscription.
    #[must_use]
    pub(crate) fn saying(
        mut self: Box<Self>,
        kind: &str,
        topic: &Topic,
        data: &impl Serialize,
    ) -> Box<Self> {
        let initial = frame::initial(self.told, kind, topic.as_str(), data, self.form);
        self.initial = Some(Box::new(initial));
        self
    }

    /// Ends the stream when `ended` is done, if there is such a thing.
    #[must_use]
    pub(crate) fn until(mut self: Box<Self>, ended: Option<BoxFuture<'static, ()>>) -> Box<Self> {
        self.ended = ended;
        self
    }

    /// The next frame; none when the stream is over.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Chunk>> {
        let now = Instant::now();
        // Before any event: a reader for whom there is always another one must end too.
        if self.is_over(now, cx) {
            return Poll::Ready(None);
        }
        let chunk = if let Some(first) =
            self.first.take().or_else(|| self.initial.take().map(|chunk| *chunk))
        {
            first
        } else {
            match self.subscription.poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    self.told = item.id();
                    self.chunk(&item)
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if self.catches_up() => self.caught_up(),
                Poll::Pending => match self.health() {
                    Some(health) => health,
                    None => match std::task::ready!(self.poll_timer(now, cx)) {
                        Some(heartbeat) => heartbeat,
                        None => return Poll::Ready(None),
                    },
                },
            }
        };
        self.last_sent = now;
        Poll::Ready(Some(chunk))
    }

    /// Ready when the stream is to end though what was taken from it has not reached its client, and at `due` in any
    /// case. It comes back for the rest, if it may.
    pub(crate) fn poll_over(&mut self, due: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if self.is_over(now, cx) || due.is_some_and(|due| due <= now) {
            return Poll::Ready(());
        }
        let Some(end) = self.end.into_iter().chain(due).min() else { return Poll::Pending };
        // Not for a heartbeat: there is enough to send.
        self.armed = None;
        self.timer.as_mut().reset(end);
        self.timer.as_mut().poll(cx)
    }

    /// Whether the stream has for the first time nothing more to tell, and its client is to know how far that
    /// is: a fresh one may have been given the newest figures of a machine that fell silent long ago, and would come
    /// back asking for all that was published since. Clients that are told by heartbeats hear it in any case: from there on
    /// they know that nothing is left out.
    fn catches_up(&mut self) -> bool {
        !std::mem::replace(&mut self.is_caught_up, true)
            && (self.form == Form::Unnamed || self.told < self.subscription.position())
    }

    fn caught_up(&mut self) -> Chunk {
        let position = self.subscription.position();
        if self.form != Form::Unnamed {
            return frame::position(position);
        }
        // One that says that all is well must not come before one that says otherwise.
        self.subscription.take_away();
        frame::heartbeat(self.form, position, self.subscription.told_away())
    }

    /// What the reader is to be told of the server's health, if that is news.
    fn health(&mut self) -> Option<Chunk> {
        let away = self.subscription.take_away()?;
        Some(frame::health(self.form, self.subscription.position(), away))
    }

    fn is_over(&mut self, now: Instant, cx: &mut Context<'_>) -> bool {
        if !self.is_draining
            && let Poll::Ready(window) = self.subscription.poll_drain(cx)
        {
            self.is_draining = true;
            self.armed = None;
            // Spread at random, so that clients do not arrive at the next server together.
            let end = now + window.mul_f64(rand::random_range(0.0..1.0));
            self.end = Some(self.end.map_or(end, |earlier| earlier.min(end)));
        }
        if self.ended.as_mut().is_some_and(|ended| ended.as_mut().poll(cx).is_ready()) {
            // Whoever asks again is told the same; what has ended must not be polled again.
            self.ended = None;
            self.end = Some(now);
        }
        self.end.is_some_and(|end| end <= now)
    }

    fn chunk(&self, item: &Item) -> Chunk {
        match item {
            Item::Event(event) if self.subscription.is_recent(event) => {
                frame::shared(event, self.form)
            }
            Item::Event(event) => frame::single(event, self.form),
            Item::Gap(id, gap) => frame::gap(*id, gap, self.form),
        }
    }

    /// A heartbeat, or none when it is time to end.
    fn poll_timer(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<Option<Chunk>> {
        // Set for an earlier moment than is due by now, mostly: it is cheaper to be woken for nothing once a
        // heartbeat than to look at the timer after every event.
        if self.armed.is_some_and(|armed| now < armed) {
            return Poll::Pending;
        }
        let due = self.last_sent + self.heartbeat;
        let wake = self.end.map_or(due, |end| end.min(due));
        if self.timer.deadline() != wake {
            self.timer.as_mut().reset(wake);
        }
        // Without budget the timer does not look, and does not know whom to wake: the task is polled again anyway.
        let has_budget = tokio::task::coop::has_budget_remaining();
        if self.timer.as_mut().poll(cx).is_pending() {
            self.armed = has_budget.then_some(wake);
            return Poll::Pending;
        }
        self.armed = None;
        if self.end.is_some_and(|end| end <= wake) {
            return Poll::Ready(None);
        }
        let (position, away) = (self.subscription.position(), self.subscription.told_away());
        Poll::Ready(Some(frame::heartbeat(self.form, position, away)))
    }
}

/// The stream as the body of a response. Whoever owns the connection may [take](Self::take) it out and
/// write it by other means; HTTP/2 and tests read it as a body.
#[derive(Clone, Debug)]
pub(crate) struct Detachable(Arc<Mutex<Held>>);

#[derive(Debug)]
struct Held {
    stream: Option<Box<EventStream>>,
    /// By when the connection asks for more; none while whoever reads it as a body waits for the stream.
    due: Option<Instant>,
}

impl Detachable {
    /// The stream, once.
    pub(crate) fn take(&self) -> Option<Box<EventStream>> {
        self.held().stream.take()
    }

    /// Ready when the stream is to end though its client does not take what was read from its body, or because it has
    /// not for so long: whoever reads the body does not ask for more of it then.
    pub(crate) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.held() {
            Held { stream: Some(stream), due: Some(due) } => stream.poll_over(Some(*due), cx),
            _ => Poll::Pending,
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl http_body::Body for Detachable {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut held = self.held();
        let Some(stream) = held.stream.as_mut() else { return Poll::Ready(None) };
        let chunk = stream.poll_chunk(cx);
        let bytes = chunk.map(|chunk| chunk.map(|chunk| gather(chunk.bare(), stream, cx)));
        held.due = match &bytes {
            Poll::Ready(Some(bytes)) => {
                let more = Duration::from_secs((bytes.len() / LEAST_PACE) as u64);
                Some(Instant::now() + TAKEN_WITHIN + more)
            }
            _ => None,
        };
        bytes.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// What is there behind `first`, together with it. Clients of HTTP/2 give a connection up that brings them hundreds of
/// small frames at once, as a replay would.
fn gather(first: Bytes, stream: &mut EventStream, cx: &mut Context<'_>) -> Bytes {
    if first.len() >= GATHERED {
        return first;
    }
    let Poll::Ready(Some(second)) = stream.poll_chunk(cx) else { return first };
    let mut bytes = BytesMut::with_capacity(GATHERED);
    bytes.extend_from_slice(&first);
    bytes.extend_from_slice(&second.bare());
    while bytes.len() < GATHERED
        && let Poll::Ready(Some(next)) = stream.poll_chunk(cx)
    {
        bytes.extend_from_slice(&next.bare());
    }
    bytes.freeze()
}

/// Headers of every stream.
const HEADERS: [(header::HeaderName, HeaderValue); 4] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
    (header::CONNECTION, HeaderValue::from_static("keep-alive")),
    // nginx would hold events back otherwise.
    (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

impl IntoResponse for ProcessStream {
    fn into_response(self) -> Response {
        let body = ProcessBody::new(self);
        let watch = body.watch();
        let mut response = (HEADERS, Body::new(body)).into_response();
        response.extensions_mut().insert(watch);
        response
    }
}

impl IntoResponse for Box<EventStream> {
    fn into_response(self) -> Response {
        // Room for its first byte must come, too.
        let held = Held { stream: Some(self), due: Some(Instant::now() + TAKEN_WITHIN) };
        let body = Detachable(Arc::new(Mutex::new(held)));
        let mut response = (HEADERS, Body::new(body.clone())).into_response();
        // The body holds the same stream: dropped unsent (HEAD), it ends it.
        response.extensions_mut().insert(body);
        response
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! A connection of HTTP/2: many requests at once, each in a task of its own.
//!
//! What is bounded elsewhere by the number of connections is bounded here by itself: requests of one connection and of
//! all of them, requests that are taken back as soon as they are made, silence, and clients that are gone.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tidings_protocol::api::ErrorCode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, Sleep};
use tower::ServiceExt;

use self::places::{Place, Places};
use super::connections::Connections;
use super::secure::Secure;
use crate::client_addr::Arrival;
use crate::error::ApiError;
use crate::routes::Routes;
use crate::sse::Detachable;
use crate::sse::process::ProcessWatch;

mod places;

/// Most requests of a connection at once.
const MAX_REQUESTS: u32 = 100;

/// Largest head of a request, in bytes.
const MAX_HEAD: u32 = 16 << 10;

/// Bytes of a request's body that a client may send before they are read, and of all of a connection.
const WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Bytes of an answer that are kept for a client that does not read.
const MAX_UNSENT: usize = 64 << 10;

/// Time between two pings, and how long each may remain unanswered: a client that is gone is noticed after the sum
/// of both.
const PING_EVERY: Duration = Duration::from_secs(10);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// Time within which a client makes room for the first byte of an answer; hyper hands on the rest at once.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// Time between two looks at whether a connection is of use, and how many in a row may find that it is not.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const MAX_IDLE_LOOKS: u32 = 3;

/// A request that ends by the client's will within this time of its beginning was of no use to anybody.
const QUICK: Duration = Duration::from_secs(1);

/// Most of these between two looks. A page that is closed takes back as many as there may be at once.
const MAX_QUICK_ENDS: u32 = 2 * MAX_REQUESTS;

/// Answers requests until the connection ends.
pub(super) async fn serve<I>(
    io: I,
    peer: SocketAddr,
    arrival: Arrival,
    routes: Routes,
    secure: &Secure,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::new(Shared::default());
    let places = Places::new(Arc::clone(&secure.requests));
    let service = Routed { routes, arrival, places, shared: Arc::clone(&shared) };
    let tasks = Tasks { connections: secure.connections.clone(), shared: Arc::clone(&shared) };
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_REQUESTS)
        .max_header_list_size(MAX_HEAD)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_UNSENT)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(20)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_WITHIN);
    let mut connection = builder.serve_connection(TokioIo::new(io), service);
    // Clients go elsewhere with their next request as soon as the server is on its way to end.
    let mut draining = std::pin::pin!(secure.draining.cancelled());
    let mut is_closing = false;
    let mut looks = tokio::time::interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut idle_looks = 0;
    let ended = poll_fn(|cx| {
        if !is_closing && draining.as_mut().poll(cx).is_ready() {
            is_closing = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        while looks.poll_tick(cx).is_ready() {
            idle_looks = if shared.look() { idle_looks + 1 } else { 0 };
            if idle_looks == MAX_IDLE_LOOKS && !is_closing {
                is_closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            } else if idle_looks > MAX_IDLE_LOOKS {
                return Poll::Ready(Err("it is not used".into()));
            }
        }
        // Behind the proxy there are many, whose networks break and whose pages are closed all at once.
        if !arrival.is_proxy() && shared.is_flooded() {
            return Poll::Ready(Err("it takes its requests back as fast as it makes them".into()));
        }
        let ended = std::task::ready!(Pin::new(&mut connection).poll(cx));
        Poll::Ready(ended.map_err(|error| error.to_string()))
    });
    if let Err(error) = ended.await {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}

/// What a connection and its requests tell each other.
#[derive(Debug, Default)]
struct Shared(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// The request that hyper was just given, until it runs.
    next: Option<Arc<Exchange>>,
    /// Requests that are not answered to the end.
    open: u32,
    /// Whether there was one since the last look.
    was_used: bool,
    /// Those since the last look that were taken back at once.
    quick_ends: u32,
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Arc<Exchange> {
        let progress = Mutex::new(Progress::Asked);
        let exchange = Arc::new(Exchange { begun: Instant::now(), progress });
        let mut counts = self.counts();
        counts.open += 1;
        counts.was_used = true;
        counts.next = Some(Arc::clone(&exchange));
        exchange
    }

    fn end(&self, exchange: &Exchange) {
        let was_quick = !exchange.is_answered() && exchange.begun.elapsed() < QUICK;
        let mut counts = self.counts();
        counts.open = counts.open.saturating_sub(1);
        counts.quick_ends += u32::from(was_quick);
    }

    /// Whether the connection was of no use since the last time.
    fn look(&self) -> bool {
        let mut counts = self.counts();
        counts.quick_ends = 0;
        let was_used = std::mem::take(&mut counts.was_used);
        !was_used && counts.open == 0
    }

    fn is_flooded(&self) -> bool {
        self.counts().quick_ends > MAX_QUICK_ENDS
    }
}

/// A request and its answer.
#[derive(Debug)]
struct Exchange {
    begun: Instant,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
enum Progress {
    /// There is no answer yet.
    Asked,
    /// The answer is a stream, which keeps its place.
    Streaming { stream: Lasting, _place: Place },
    /// The answer is there, as a whole.
    Answered,
}

/// An answer that lasts.
#[derive(Debug)]
enum Lasting {
    Events(Detachable),
    Process(ProcessWatch),
}

impl Lasting {
    /// That of a response, if it is one.
    fn of(response: &mut Response<Body>) -> Option<Self> {
        let extensions = response.extensions_mut();
        let events = extensions.remove().map(Self::Events);
        events.or_else(|| extensions.remove().map(Self::Process))
    }

    fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Events(stream) => stream.poll_over(cx),
            Self::Process(stream) => stream.poll_over(cx),
        }
    }
}

impl Exchange {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_answered(&self) -> bool {
        matches!(*self.progress(), Progress::Answered)
    }

    /// Ready when the answer is a stream that is to end though its client reads nothing.
    fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &*self.progress() {
            Progress::Streaming { stream, .. } => stream.poll_over(cx),
            _ => Poll::Pending,
        }
    }
}

/// Runs what hyper makes of a request.
#[derive(Clone, Debug)]
struct Tasks {
    connections: Connections,
    shared: Arc<Shared>,
}

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        // hyper hands over what it made of a request right after it has called the service with it.
        let exchange = self.shared.counts().next.take();
        let shared = Arc::clone(&self.shared);
        self.connections.spawn(Task { future: Box::pin(future), exchange, shared, untaken: None });
    }
}

/// One request, until its answer is written or its client does not want it any more. Dropped, it resets the stream.
struct Task<F> {
    future: Pin<Box<F>>,
    exchange: Option<Arc<Exchange>>,
    shared: Arc<Shared>,
    /// Done when an answer has waited too long for its client; made for the few that wait at all.
    untaken: Option<Pin<Box<Sleep>>>,
}

impl<F: Future<Output = ()>> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(exchange) = &self.exchange else { return Poll::Pending };
        if !exchange.is_answered() {
            return exchange.poll_over(cx);
        }
        let wait = || Box::pin(tokio::time::sleep(TAKEN_WITHIN));
        self.untaken.get_or_insert_with(wait).as_mut().poll(cx)
    }
}

impl<F> Drop for Task<F> {
    fn drop(&mut self) {
        if let Some(exchange) = &self.exchange {
            self.shared.end(exchange);
        }
    }
}

/// The routes, as one connection asks them.
#[derive(Clone, Debug)]
struct Routed {
    routes: Routes,
    arrival: Arrival,
    places: Places,
    shared: Arc<Shared>,
}

impl hyper::service::Service<Request<Incoming>> for Routed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let exchange = self.shared.begin();
        let Some(place) = self.places.take() else {
            *exchange.progress() = Progress::Answered;
            let message = "the server answers as many requests as it can; try again later";
            let answer = ApiError::new(ErrorCode::Unavailable, message).into_response();
            return Box::pin(std::future::ready(Ok(answer)));
        };
        self.arrival.note(&mut request);
        let answer = self.routes.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let mut response = answer.await?;
            *exchange.progress() = match Lasting::of(&mut response) {
                Some(stream) => Progress::Streaming { stream, _place: place },
                // It gives its place back though it is not written yet: clients that take nothing would have them all.
                None => Progress::Answered,
            };
            // There is no such thing in HTTP/2.
            response.headers_mut().remove(header::CONNECTION);
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests;

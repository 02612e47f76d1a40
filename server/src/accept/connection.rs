//! One connection: requests by hyper, until one of them is a stream.
//!
//! hyper keeps its buffers and its state machine as long as a response lasts, which for a stream may be
//! days, and passes each frame through several layers. So a stream is taken out of its response and
//! written by [`stream`](super::stream), which needs neither.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, Version, header};
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::client_addr::Arrival;
use crate::routes::Routes;
use crate::sse::process::ProcessWatch;
use crate::sse::{Detachable, EventStream};

/// How long a client may take to send its request's head, and to send the next one on the same connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Largest read buffer of a connection, and so the largest head of a request, in bytes.
const MAX_BUFFER: usize = 16 << 10;

/// A stream and the connection it is to be written to.
#[derive(Debug)]
pub(super) struct Handover<I> {
    pub(super) io: I,
    /// The response's head, not yet written.
    pub(super) head: Bytes,
    pub(super) is_chunked: bool,
    pub(super) stream: Box<EventStream>,
}

/// Answers requests until the connection ends, or until one is answered by a stream.
pub(super) async fn serve<I>(
    io: I,
    peer: SocketAddr,
    arrival: Arrival,
    routes: Routes,
    shutdown: Arc<CancellationToken>,
) -> Option<Handover<I>>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let shared = Arc::new(Shared::default());
    let service = Routed { routes, arrival, shared: Arc::clone(&shared) };
    let io = Watched { io: TokioIo::new(io), shared: Arc::clone(&shared) };
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_BUFFER);
    let mut connection = builder.serve_connection(io, service);
    let mut stopping = std::pin::pin!(shutdown.cancelled());
    let mut is_stopping = false;
    let result = poll_fn(|cx| {
        if !is_stopping && stopping.as_mut().poll(cx).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
            return Poll::Ready(Err(result));
        }
        // Its client takes nothing, and hyper would wait for it for ever.
        if shared.poll_over(cx).is_ready() {
            return Poll::Ready(Err(Ok(())));
        }
        // What hyper has still to write of an earlier response goes first.
        if shared.is_blocked.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        shared.take().map_or(Poll::Pending, |taken| Poll::Ready(Ok(taken)))
    })
    .await;
    match result {
        Ok(Taken { head, is_chunked, stream }) => {
            let io = connection.into_parts().io.io.into_inner();
            Some(Handover { io, head, is_chunked, stream })
        }
        Err(Ok(())) => None,
        Err(Err(error)) => {
            tracing::debug!(%peer, %error, "a connection ended");
            None
        }
    }
}

/// What service and transport tell the connection's owner.
#[derive(Debug, Default)]
struct Shared {
    taken: Mutex<Option<Taken>>,
    /// Whether hyper has bytes that the socket would not take.
    is_blocked: AtomicBool,
    /// The job whose stream is the last answer, if it is one.
    following: Mutex<Option<ProcessWatch>>,
}

#[derive(Debug)]
struct Taken {
    head: Bytes,
    is_chunked: bool,
    stream: Box<EventStream>,
}

impl Shared {
    fn take(&self) -> Option<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn follow(&self, watch: Option<ProcessWatch>) {
        *self.following() = watch;
    }

    fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.following().as_ref().map_or(Poll::Pending, |watch| watch.poll_over(cx))
    }

    fn following(&self) -> MutexGuard<'_, Option<ProcessWatch>> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, taken: Taken) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
    }
}

/// The routes, with an eye on what they answer.
#[derive(Clone, Debug)]
struct Routed {
    routes: Routes,
    arrival: Arrival,
    shared: Arc<Shared>,
}

impl hyper::service::Service<Request<Incoming>> for Routed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let version = request.version();
        let is_get = *request.method() == Method::GET;
        self.arrival.note(&mut request);
        let answer = self.routes.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let mut response = answer.await?;
            shared.follow(response.extensions_mut().remove());
            let detachable = response.extensions_mut().remove::<Detachable>();
            let Some(stream) = detachable.filter(|_| is_get).and_then(|body| body.take()) else {
                let connection = response.headers_mut().get_mut(header::CONNECTION);
                if let Some(connection) = connection.filter(|_| version != Version::HTTP_11) {
                    // What lasts ends with its connection there.
                    *connection = HeaderValue::from_static("close");
                }
                return Ok(response);
            };
            let is_chunked = version == Version::HTTP_11;
            shared.put(Taken { head: head(&response, is_chunked), is_chunked, stream });
            // The owner drops this future with hyper's part of the connection.
            std::future::pending().await
        })
    }
}

/// The head of a stream's response. An HTTP/1.0 client reads until the connection ends.
fn head(response: &Response<Body>, is_chunked: bool) -> Bytes {
    let mut head = BytesMut::with_capacity(1024);
    let mut line = |parts: [&[u8]; 3]| {
        parts.into_iter().for_each(|part| head.put_slice(part));
        head.put_slice(b"\r\n");
    };
    line([b"HTTP/1.1 ", response.status().as_str().as_bytes(), b" OK"]);
    for (name, value) in response.headers() {
        if is_chunked || *name != header::CONNECTION {
            line([name.as_str().as_bytes(), b": ", value.as_bytes()]);
        }
    }
    line([b"date: ", httpdate::fmt_http_date(SystemTime::now()).as_bytes(), b""]);
    line(if is_chunked {
        [b"transfer-encoding", b": ", b"chunked"]
    } else {
        [b"connection", b": ", b"close"]
    });
    line([b"", b"", b""]);
    head.freeze()
}

/// A transport that remembers whether the last write was refused.
#[derive(Debug)]
struct Watched<I> {
    io: TokioIo<I>,
    shared: Arc<Shared>,
}

impl<I> Watched<I> {
    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        self.shared.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl<I: AsyncRead + Unpin> Read for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> Write for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::time::Instant;

    use super::*;
    use crate::jobs::Asked;
    use crate::routes::tests::{App, TOKEN};

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_of_a_jobs_stream_is_let_go_of_and_so_is_what_ends_with_it()
    {
        let app = App::new().await;
        tokio::spawn(app.state.jobs.clone().run(CancellationToken::new()));
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let (near, mut far) = tokio::io::duplex(64);
        let arrival = Arrival::new(peer, None, false);
        let serving = serve(near, peer, arrival, app.routes(), Arc::default());
        let body = r#"{"kind":"steps","args":{"steps":1000000,"end":"never"}}"#;
        let length = body.len();
        let request = format!(
            "POST /api/process?cancelOnDisconnect=true HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let asking = async { far.write_all(request.as_bytes()).await.unwrap() };
        let begun = Instant::now();
        let serving = tokio::time::timeout(Duration::from_secs(600), serving);
        let (handover, ()) = tokio::join!(serving, asking);
        assert!(handover.expect("an end").is_none());
        let active = || Asked { is_active: Some(true), ..Asked::default() };
        while !app.state.jobs.list(active()).await.unwrap().jobs.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(begun.elapsed() < Duration::from_secs(700), "the job goes on");
        }
    }
}

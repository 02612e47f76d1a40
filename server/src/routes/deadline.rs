//! The time that a body as a whole may take.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// Longest time a request's body may take, however steadily it comes.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Gives the body of a request its end.
pub(super) async fn bound(request: Request) -> Request {
    let end = Instant::now() + BODY_DEADLINE;
    request.map(|body| Body::new(Bounded { body, end, timer: None }))
}

/// A body that fails once its time is over.
struct Bounded {
    body: Body,
    end: Instant,
    /// Made where there is something to wait for: most bodies are there with their head.
    timer: Option<Pin<Box<Sleep>>>,
}

/// The time is over.
#[derive(Debug, thiserror::Error)]
#[error("the body took longer than {} s", BODY_DEADLINE.as_secs())]
struct TooSlow;

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let end = self.end;
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            // What never makes anybody wait is bounded by its length.
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        timer.as_mut().poll(cx).map(|()| Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

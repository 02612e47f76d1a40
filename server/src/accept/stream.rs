//! Writes a stream to its connection: one system call a wake-up, however many frames wait.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Handover;
use crate::sse::EventStream;
use crate::sse::frame::LAST_CHUNK;

/// Most frames of one write.
const BATCH: usize = 16;

/// A write takes no further frame once it holds this many bytes.
const BATCH_BYTES: usize = 64 << 10;

/// Most bytes a client may send on a stream, which it has no reason to.
const MAX_UNASKED: usize = 64 << 10;

/// A stream on its way to its client. Ends with the stream, or when the client goes. Holds no more than one
/// batch, however slow the client is: the rest stays in the hub.
#[derive(Debug)]
pub(super) struct StreamWriter<I> {
    io: I,
    stream: EventStream,
    is_chunked: bool,
    /// Taken from the stream and not yet written.
    batch: VecDeque<Bytes>,
    /// Whether the stream is over and all that is left is to say so.
    is_ending: bool,
    /// Bytes the client has sent since.
    unasked: usize,
}

impl<I> StreamWriter<I>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    pub(super) fn new(handover: Handover<I>) -> Self {
        let Handover { io, head, is_chunked, stream } = handover;
        let batch = VecDeque::from([head]);
        Self { io, stream, is_chunked, batch, is_ending: false, unasked: 0 }
    }

    /// Takes what is there. Whether there may be more.
    fn fill(&mut self, cx: &mut Context<'_>) -> bool {
        let mut size = 0;
        while self.batch.len() < BATCH && size < BATCH_BYTES && !self.is_ending {
            let bytes = match self.stream.poll_chunk(cx) {
                Poll::Pending => return false,
                Poll::Ready(Some(chunk)) if self.is_chunked => chunk.chunked(),
                Poll::Ready(Some(chunk)) => chunk.bare(),
                Poll::Ready(None) => {
                    self.is_ending = true;
                    if !self.is_chunked {
                        break;
                    }
                    LAST_CHUNK
                }
            };
            size += bytes.len();
            self.batch.push_back(bytes);
        }
        true
    }

    fn poll_write_batch(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.batch.front() {
            let mut written = if self.batch.len() == 1 {
                ready!(Pin::new(&mut self.io).poll_write(cx, first))?
            } else {
                let mut slices = [IoSlice::new(&[]); BATCH + 1];
                let count = self.batch.len().min(slices.len());
                for (slice, bytes) in slices.iter_mut().zip(&self.batch) {
                    *slice = IoSlice::new(bytes);
                }
                ready!(Pin::new(&mut self.io).poll_write_vectored(cx, &slices[..count]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            while let Some(bytes) = self.batch.front_mut() {
                let done = written.min(bytes.len());
                bytes.advance(done);
                written -= done;
                if bytes.has_remaining() {
                    break;
                }
                self.batch.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when the client has gone, or misbehaves.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 512];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer));
            self.unasked += buffer.filled().len();
            if read.is_err() || buffer.filled().is_empty() || self.unasked > MAX_UNASKED {
                return Poll::Ready(());
            }
        }
    }
}

impl<I> Future for StreamWriter<I>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            let may_have_more = this.fill(cx);
            match this.poll_write_batch(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if this.is_ending => {
                    return Pin::new(&mut this.io).poll_shutdown(cx).map(drop);
                }
                Poll::Ready(Ok(())) if may_have_more => {}
                Poll::Ready(Ok(())) | Poll::Pending => return this.poll_gone(cx),
            }
        }
    }
}

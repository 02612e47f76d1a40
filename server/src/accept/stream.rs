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
    stream: Box<EventStream>,
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
        let mut size: usize = self.batch.iter().map(Bytes::len).sum();
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
        // TLS takes what the socket did not; plain connections have nothing to flush.
        Pin::new(&mut self.io).poll_flush(cx)
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
                Poll::Ready(Ok(())) => return this.poll_gone(cx),
                Poll::Pending if this.stream.poll_over(None, cx).is_ready() => {
                    return Poll::Ready(());
                }
                Poll::Pending => return this.poll_gone(cx),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use futures_util::future::poll_immediate;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;
    use crate::hub::Hub;
    use crate::sse::tests::{Open, open, publish};

    const EVENT_BYTES: usize = 60 << 10;

    /// A stream whose client has read nothing yet, of a connection that holds 64 bytes.
    fn stalled(max_life: Option<Duration>) -> (Hub, StreamWriter<DuplexStream>, DuplexStream) {
        let Open { hub, stream } = open(max_life);
        let (io, client) = duplex(64);
        let head = Bytes::from_static(b"head");
        (hub, StreamWriter::new(Handover { io, head, is_chunked: true, stream }), client)
    }

    async fn publish_large(hub: &Hub) {
        publish(hub, vec![b'1'; EVENT_BYTES].into()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_holds_one_batch_however_often_its_stream_is_woken() {
        let (hub, mut writer, mut client) = stalled(None);
        for _ in 0..40 {
            assert!(poll_immediate(&mut writer).await.is_none());
            publish_large(&hub).await;
        }
        let held: usize = writer.batch.iter().map(Bytes::len).sum();
        assert!(held < BATCH_BYTES + EVENT_BYTES + 1024, "{held} bytes");
        drop(hub);
        let mut seen = 0;
        let reading = async {
            let mut space = vec![0; EVENT_BYTES];
            while seen < 40 * EVENT_BYTES {
                seen += client.read(&mut space).await.unwrap();
            }
        };
        tokio::select! {
            () = &mut writer => panic!("it goes on"),
            () = reading => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_at_its_time_though_its_client_reads_nothing() {
        let life = Duration::from_secs(100);
        let (hub, mut writer, _client) = stalled(Some(life));
        for _ in 0..20 {
            publish_large(&hub).await;
            assert!((&mut writer).now_or_never().is_none());
        }
        let began = Instant::now();
        writer.await;
        assert!((life / 2..=life).contains(&began.elapsed()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_a_stream_whose_client_reads_nothing() {
        let (hub, mut writer, _client) = stalled(None);
        for _ in 0..20 {
            publish_large(&hub).await;
            assert!((&mut writer).now_or_never().is_none());
        }
        let began = Instant::now();
        let drain = async {
            hub.drain(Duration::from_secs(10));
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = &mut writer => {}
            () = drain => {}
        }
        assert!(began.elapsed() <= Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

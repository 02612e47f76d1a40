//! HTTP/2 frame by frame, over TLS.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, StatusCode};
use tokio::task::JoinHandle;

use crate::{DEADLINE, Frame, tls};

/// A connection of HTTP/2; closed when dropped.
#[derive(Debug)]
pub struct Http2 {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

/// A stream of events on such a connection.
#[derive(Debug)]
pub struct Http2Events {
    /// Head of the answer.
    pub headers: HeaderMap,
    body: RecvStream,
    text: Vec<u8>,
    /// Frames of HTTP/2 so far.
    pub pieces: usize,
    /// What was read is given back to the server as room, unless this is a client that does not read.
    pub gives_room: bool,
    _request: SendStream<Bytes>,
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Http2 {
    /// Connects.
    ///
    /// # Errors
    ///
    /// If the server does not speak HTTP/2.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = tls::connect(address, &["h2", "http/1.1"]).await?;
        let (_, session) = stream.get_ref();
        ensure!(session.alpn_protocol() == Some(b"h2"), "{:?}", session.alpn_protocol());
        let (requests, connection) = h2::client::handshake(stream).await?;
        Ok(Self { requests, connection: tokio::spawn(connection) })
    }

    /// Sends a GET request with a token.
    ///
    /// # Errors
    ///
    /// If the server takes no more.
    pub async fn send(
        &mut self,
        path: &str,
        token: &str,
        more: &[(&str, &str)],
    ) -> Result<(ResponseFuture, SendStream<Bytes>)> {
        let mut request = Request::get(format!("https://localhost{path}"))
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let ready = tokio::time::timeout(DEADLINE, self.requests.clone().ready()).await;
        self.requests = ready.context("room for a request")??;
        Ok(self.requests.send_request(request.body(())?, true)?)
    }

    /// What sends requests on it.
    #[must_use]
    pub fn requests(&self) -> SendRequest<Bytes> {
        self.requests.clone()
    }

    /// Opens a stream of events.
    ///
    /// # Errors
    ///
    /// If the answer is none.
    pub async fn open(
        &mut self,
        path: &str,
        token: &str,
        more: &[(&str, &str)],
    ) -> Result<Http2Events> {
        let (answer, request) = self.send(path, token, more).await?;
        let answer = tokio::time::timeout(DEADLINE, answer).await.context("an answer")??;
        ensure!(answer.status() == StatusCode::OK, "{answer:?}");
        let (head, body) = answer.into_parts();
        let (headers, text) = (head.headers, Vec::new());
        Ok(Http2Events { headers, body, text, pieces: 0, gives_room: true, _request: request })
    }

    /// Waits until the server has closed the connection, and says how.
    ///
    /// # Errors
    ///
    /// If it does not within `deadline`.
    pub async fn closed(&mut self, deadline: Duration) -> Result<Result<(), h2::Error>> {
        let closed = tokio::time::timeout(deadline, &mut self.connection).await;
        Ok(closed.context("the connection to end")??)
    }
}

impl Http2Events {
    /// The next frame.
    ///
    /// # Errors
    ///
    /// If none comes in time, or the stream ends.
    pub async fn next(&mut self) -> Result<Frame> {
        let read = async {
            loop {
                if let Some(end) = self.text.windows(2).position(|end| end == b"\n\n") {
                    let block: Vec<u8> = self.text.drain(..end + 2).collect();
                    return Frame::parse(std::str::from_utf8(&block)?);
                }
                ensure!(self.more().await?, "the stream ended");
            }
        };
        tokio::time::timeout(DEADLINE, read).await.context("a frame in time")?
    }

    /// The next frame that is no heartbeat.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn past_heartbeats(&mut self) -> Result<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.comment.is_none() {
                return Ok(frame);
            }
        }
    }

    /// Reads to the end, which is one of HTTP and no reset.
    ///
    /// # Errors
    ///
    /// If it is another, or none in time.
    pub async fn ended(&mut self) -> Result<()> {
        let read = async {
            while self.more().await? {}
            anyhow::Ok(())
        };
        tokio::time::timeout(DEADLINE, read).await.context("the stream to end")?
    }

    async fn more(&mut self) -> Result<bool> {
        let Some(data) = self.body.data().await else { return Ok(false) };
        let data = data?;
        self.pieces += 1;
        if self.gives_room {
            self.body.flow_control().release_capacity(data.len())?;
        }
        self.text.extend_from_slice(&data);
        Ok(true)
    }
}

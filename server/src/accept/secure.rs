//! A connection by TLS: its handshake, and the protocol that client and server agree on in it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::connections::Connections;
use super::stream::StreamWriter;
use super::{connection, http2};
use crate::client_addr::Arrival;
use crate::routes::Routes;
use crate::tls::HTTP_2;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes a connection holds that are encrypted, and that the socket would not take.
const MAX_UNSENT: usize = 32 << 10;

/// First byte of every TLS connection. Source: RFC 8446, 5.1.
const HANDSHAKE: u8 = 22;

/// What plain requests are told.
const NOT_PLAIN: &str = concat!(
    r#"{"error":{"code":"bad_request","message":"this server speaks TLS: "#,
    r#"its address begins with https://"}}"#
);

/// What connections by TLS share.
pub(super) struct Secure {
    pub(super) acceptor: TlsAcceptor,
    /// What requests of HTTP/2 are counted by.
    pub(super) requests: Arc<Semaphore>,
    /// Cancelled once the server is on its way to end.
    pub(super) draining: CancellationToken,
    /// Where requests of HTTP/2 run, each a task.
    pub(super) connections: Connections,
}

impl Secure {
    /// Serves a connection until it ends.
    pub(super) async fn run(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        arrival: Arrival,
        routes: Routes,
        stop: Arc<CancellationToken>,
    ) {
        let shake = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.shake_hands(stream));
        let shaken = tokio::select! {
            () = stop.cancelled() => return,
            shaken = shake => shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        };
        let mut io = match shaken {
            Ok(io) => io,
            Err(error) => {
                // Not louder: strangers must not be able to fill the log.
                tracing::debug!(%peer, %error, "a TLS handshake failed");
                return;
            }
        };
        let (_, session) = io.get_mut();
        session.set_buffer_limit(Some(MAX_UNSENT));
        if session.alpn_protocol() == Some(HTTP_2) {
            return http2::serve(io, peer, arrival, routes, &self).await;
        }
        let handover = Box::pin(connection::serve(io, peer, arrival, routes, stop)).await;
        if let Some(handover) = handover {
            StreamWriter::new(handover).await;
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            return Err(refuse(stream, first[0]).await);
        }
        self.acceptor.accept(stream).await
    }
}

/// Tells a plain request where to go instead.
async fn refuse(mut stream: TcpStream, first: u8) -> io::Error {
    if first.is_ascii_uppercase() {
        // What lies unread when a socket is closed makes the system take the answer back.
        let _ = stream.try_read(&mut [0; 4096]);
        let length = NOT_PLAIN.len();
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n{NOT_PLAIN}"
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
    io::Error::new(io::ErrorKind::InvalidData, "it does not begin as TLS does")
}

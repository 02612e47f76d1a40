//! The accept loop: connections in, routes behind them, nothing left behind at the end.
//!
//! `axum::serve` finds out the protocol of each connection and keeps 8 KiB for that as long as it
//! lives; hyper's HTTP/1.1 builder does not, and lets us set the time a client has for its headers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a client may take to send its request's head, and to send the next one on the same connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long connections have to end once the server does.
const GRACE: Duration = Duration::from_secs(2);

/// Largest read buffer of a connection, and so the largest head of a request, in bytes.
const MAX_BUFFER: usize = 16 << 10;

/// Wait after a refusal of the system to accept; usually it is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the accept loop keeps to.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Most connections at once; whoever comes then waits in the system's queue.
    pub(crate) connections: usize,
    /// Where it is set, only this address and this machine are spoken to.
    pub(crate) proxy: Option<IpAddr>,
}

/// Accepts until `shutdown`, then waits for what is open, no longer than [`GRACE`].
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let Limits { connections: most, proxy } = limits;
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    // Said once when it begins, not at each attempt.
    let mut failing = false;
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next => next,
        };
        failing &= accepted.is_err();
        match accepted {
            Ok((_, peer)) if !is_welcome(peer, proxy) => {
                // Not louder: strangers must not be able to fill the log.
                tracing::debug!(%peer, "refused a connection that does not come from the proxy");
            }
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), shutdown.clone());
                let cut = cut.clone();
                connections.spawn(async move {
                    let _place = place;
                    tokio::select! {
                        () = connection => {}
                        () = cut.cancelled() => {}
                    }
                });
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot accept connections for now");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "cutting connections that did not end");
        cut.cancel();
        connections.wait().await;
    }
}

fn is_welcome(peer: SocketAddr, proxy: Option<IpAddr>) -> bool {
    let ip = peer.ip().to_canonical();
    proxy.is_none_or(|proxy| ip == proxy.to_canonical() || ip.is_loopback())
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
) {
    // An event is one small write and should leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot switch off Nagle's algorithm");
    }
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_BUFFER);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_proxy_only_it_and_this_machine_are_welcome() {
        let peer = |text: &str| SocketAddr::new(text.parse().unwrap(), 1);
        let proxy = Some("10.0.0.5".parse().unwrap());
        assert!(is_welcome(peer("10.0.0.5"), proxy));
        assert!(is_welcome(peer("::ffff:10.0.0.5"), proxy));
        assert!(is_welcome(peer("127.0.0.1"), proxy));
        assert!(!is_welcome(peer("10.0.0.6"), proxy));
        assert!(is_welcome(peer("10.0.0.6"), None));
    }
}

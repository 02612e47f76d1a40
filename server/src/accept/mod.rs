//! Connections in, routes behind them, nothing left behind at the end.
//!
//! `axum::serve` finds out the protocol of each connection and keeps 8 KiB for that as long as it
//! lives; hyper's HTTP/1.1 builder does not, and lets us set the time a client has for its headers.

mod connection;
mod connections;
mod http2;
mod secure;
mod socket;
mod stream;
mod workers;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::client_addr::Arrival;
use crate::routes::Routes;
use crate::tls::Tls;
use connections::Connections;
use secure::Secure;
use stream::StreamWriter;
pub(crate) use workers::{Signals, Workers};

/// Wait after a refusal of the system to accept; usually it is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all accept loops keep to together.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Places for connections; whoever comes when there is none waits in the system's queue.
    pub(crate) places: Arc<Semaphore>,
    /// What requests of HTTP/2 are counted by: many of them share a connection.
    pub(crate) requests: Arc<Semaphore>,
    /// Makes TLS connections of plain ones, where it is set.
    pub(crate) tls: Option<Tls>,
    /// Where it is set, only this address and this machine are spoken to.
    pub(crate) proxy: Option<IpAddr>,
}

/// Accepts until `shutdown`, one of several such loops, and leaves what is open then to the caller. `stop` ends
/// connections that are no streams, after the request they are at.
async fn accept(
    listener: TcpListener,
    routes: Routes,
    limits: &Limits,
    shutdown: &CancellationToken,
    stop: CancellationToken,
) -> Connections {
    let connections = Connections::default();
    // A clone of the token itself takes a lock.
    let stop = Arc::new(stop);
    if let Err(error) = socket::prepare(&listener) {
        tracing::warn!(%error, "not every option of a socket can be set here");
    }
    let secure = limits.tls.as_ref().map(|tls| {
        Arc::new(Secure {
            acceptor: tls.acceptor(),
            requests: Arc::clone(&limits.requests),
            draining: shutdown.clone(),
            connections: connections.clone(),
        })
    });
    // Said once when it begins, not at each attempt.
    let mut failing = false;
    loop {
        let next = async {
            let place = Arc::clone(&limits.places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = shutdown.cancelled() => return connections,
            next = next => next,
        };
        // The semaphore is never closed.
        let Ok(place) = place else { return connections };
        failing &= accepted.is_err();
        match accepted {
            Ok((_, peer)) if !is_welcome(peer, limits.proxy) => {
                // Not louder: strangers must not be able to fill the log.
                tracing::debug!(%peer, "refused a connection that does not come from the proxy");
            }
            Ok((stream, peer)) => {
                let arrival = Arrival::new(peer, limits.proxy, limits.tls.is_some());
                let stop = Arc::clone(&stop);
                let open = Open { stream, peer, arrival, place, stop, secure: secure.clone() };
                connections.spawn(open.run(routes.clone()));
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot accept connections for now");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// An accepted connection.
struct Open {
    stream: TcpStream,
    peer: SocketAddr,
    arrival: Arrival,
    place: OwnedSemaphorePermit,
    stop: Arc<CancellationToken>,
    /// Where connections are to be TLS.
    secure: Option<Arc<Secure>>,
}

impl Open {
    async fn run(self, routes: Routes) {
        let Self { stream, peer, arrival, place: _place, stop, secure } = self;
        if !socket::INHERITED
            && let Err(error) = socket::prepare(&stream)
        {
            tracing::debug!(%peer, %error, "not every option of a socket was set");
        }
        if let Some(secure) = secure {
            // Apart, so that a plain connection does not pay for what TLS takes.
            return Box::pin(secure.run(stream, peer, arrival, routes, stop)).await;
        }
        // One task for both: what the request needs is on the heap by itself, and gone when its stream begins.
        let handover = Box::pin(connection::serve(stream, peer, arrival, routes, stop)).await;
        if let Some(handover) = handover {
            StreamWriter::new(handover).await;
        }
    }
}

fn is_welcome(peer: SocketAddr, proxy: Option<IpAddr>) -> bool {
    let ip = peer.ip().to_canonical();
    proxy.is_none_or(|proxy| ip == proxy.to_canonical() || ip.is_loopback())
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

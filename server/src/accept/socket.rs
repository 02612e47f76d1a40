//! What a connection's socket is told: send at once, notice a peer that is gone, buffer little.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// Silence after which a peer is asked whether it is still there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);

/// Time between two questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Questions without an answer until the peer is taken for gone: 25 s of silence in all.
const KEEPALIVE_RETRIES: u32 = 3;

/// How long sent bytes may stay unacknowledged. Without it, a peer that vanished while heartbeats go out
/// would be kept for as long as the system resends them: a quarter of an hour.
#[cfg(any(target_os = "linux", target_os = "android"))]
const USER_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes the system holds that are not even sent. What waits here is old when it arrives, and memory
/// that a slow client costs.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 64 << 10;

/// Sets what the system lets us set; what it refuses is said once by the caller.
///
/// # Errors
///
/// The first refusal; the rest is set all the same.
pub(super) fn prepare<'s>(socket: impl Into<SockRef<'s>>) -> std::io::Result<()> {
    let socket = socket.into();
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL);
    #[cfg(not(target_os = "openbsd"))]
    let keepalive = keepalive.with_retries(KEEPALIVE_RETRIES);
    // An event is one small write and should leave at once.
    let mut result = socket.set_tcp_nodelay(true).and(socket.set_tcp_keepalive(&keepalive));
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        result = result
            .and(socket.set_tcp_user_timeout(Some(USER_TIMEOUT)))
            .and(socket.set_tcp_notsent_lowat(UNSENT));
    }
    result
}

/// Whether accepted sockets have what their listener was told. Source: tcp(7) and accept(2) of Linux; elsewhere
/// it is not promised.
pub(super) const INHERITED: bool = cfg!(target_os = "linux");

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_accepted_socket_has_what_its_listener_was_told() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        prepare(&listener).unwrap();
        let client = tokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (_client, accepted) = (client.unwrap(), accepted.unwrap().0);
        let socket = SockRef::from(&accepted);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_AFTER);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_RETRIES);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), UNSENT);
    }
}

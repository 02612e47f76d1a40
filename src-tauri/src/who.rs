//! Whose things the app shows outside of the window.

use std::time::Duration;

use tidings_client::{Client, ClientError};
use tidings_feed::Backoff;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::notices::Order;

/// Waits before what failed is tried again.
pub(crate) const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest of these waits.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Id of the user, once the server says it; null if the app ends. Asks only while a connection is wanted, by an order that `is_wanted`
/// takes for one. What failed is asked again at once by an order that `is_meant` says is of this server, and by no other: servers that
/// are away would all be asked together. `failed` hears why it is not said.
pub(crate) async fn user(
    client: &Client,
    orders: &mut watch::Receiver<Order>,
    is_wanted: impl Fn(Order) -> bool,
    is_meant: impl Fn() -> bool,
    failed: impl Fn(&ClientError),
) -> Option<String> {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, rand::random());
    loop {
        let order = *orders.borrow_and_update();
        if is_wanted(order) {
            match client.session().await {
                Ok(session) => return Some(session.user.id),
                Err(error) => {
                    failed(&error);
                    tracing::debug!("the server does not say whose things these are: {error}");
                    let again = async {
                        match &error {
                            // Its token is refused for good.
                            ClientError::Status { status: 401, .. } => std::future::pending().await,
                            error if may_pass(error) => sleep(backoff.next_wait()).await,
                            // Something on the way may answer for the server, and go.
                            _ => sleep(LONGEST_WAIT).await,
                        }
                    };
                    tokio::select! {
                        () = again => {}
                        ordered = ordered(orders, &is_meant) => ordered?,
                    }
                    continue;
                }
            }
        }
        orders.changed().await.ok()?;
    }
}

/// Waits for an order that is meant; null if the app ends.
async fn ordered(orders: &mut watch::Receiver<Order>, is_meant: impl Fn() -> bool) -> Option<()> {
    loop {
        orders.changed().await.ok()?;
        if is_meant() {
            return Some(());
        }
    }
}

/// Whether it may be otherwise by itself in a while.
pub(crate) fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable(_) | ClientError::Network(_) => true,
        ClientError::Status { status, .. } => *status >= 500 || matches!(status, 408 | 429),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use tidings_client::{ClientConfig, Token};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Refuses whoever asks, and says how often somebody did.
    async fn refuse(listener: &TcpListener, asked: &Cell<u32>) {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            asked.set(asked.get() + 1);
            let refused =
                "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(refused.as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_order_of_another_server_has_nobody_asked_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let client = Client::new(ClientConfig::new(server, Token::new("t"))).unwrap();
        let notices = crate::notices::Notices::default();
        let mut orders = notices.watch_orders();
        let (asked, failures, passed_over) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let is_of_this = || {
            // The third is.
            passed_over.set(passed_over.get() + 1);
            passed_over.get() > 2
        };
        let asks = user(
            &client,
            &mut orders,
            |_| true,
            is_of_this,
            |_| {
                failures.set(failures.get() + 1);
            },
        );
        let orders_come = async {
            for (failed, passed) in [(1, 0), (1, 1), (1, 2), (2, 3)] {
                while (failures.get(), passed_over.get()) != (failed, passed) {
                    assert!(failures.get() <= failed, "asked again for nothing");
                    tokio::task::yield_now().await;
                }
                notices.order(Order::Connect);
            }
        };
        tokio::select! {
            _ = asks => panic!("nobody said who it is"),
            () = refuse(&listener, &asked) => {}
            () = orders_come => {}
        }
        assert_eq!(asked.get(), 2, "at the start, and for the order that was meant");
    }
}

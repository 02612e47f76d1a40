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
/// takes for one. `failed` hears why it is not said.
pub(crate) async fn user(
    client: &Client,
    orders: &mut watch::Receiver<Order>,
    is_wanted: impl Fn(Order) -> bool,
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
                    if may_pass(&error) {
                        let wait = backoff.next_wait();
                        tokio::select! {
                            () = sleep(wait) => continue,
                            changed = orders.changed() => changed.ok()?,
                        }
                        continue;
                    }
                }
            }
        }
        orders.changed().await.ok()?;
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

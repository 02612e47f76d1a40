//! What a subscription tells of a server that says it is degraded.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod script;

use script::{
    DEGRADED, Script, WELL, degraded, event, live, patiently, reconnecting, until, until_items,
};

#[tokio::test]
async fn an_outage_is_told_while_the_stream_stays_open_and_so_is_its_end() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    until(&mut subscription, live).await;
    for _ in 0..2 {
        peer.send(DEGRADED).await;
        let seen = until(&mut subscription, degraded).await;
        assert_eq!((seen.cause, seen.failures), (None, 0), "nothing failed on this side");
        assert!(subscription.status().for_ms >= 2_000, "as long as the server says");
        peer.send(WELL).await;
        until(&mut subscription, live).await;
        assert!(subscription.status().for_ms < 2_000, "live since then");
    }
    // Over the same connection.
    peer.send(&event(6, "app/x")).await;
    assert_eq!(until_items(&mut subscription, 1).await.seqs, [6]);
}

#[tokio::test]
async fn an_outage_that_goes_on_is_no_news_with_each_heartbeat() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    peer.send(DEGRADED).await;
    until(&mut subscription, degraded).await;
    // The event is behind the heartbeats: once it is there, they were read.
    peer.send(&[&DEGRADED.repeat(5), &*event(6, "app/x")].concat()).await;
    let update = patiently(subscription.next()).await;
    assert_eq!(update.deliveries.len(), 1, "woken by the event alone: {update:?}");
    // Nor does it say that the outage is over.
    assert!(degraded(update.status.state), "{:?}", update.status);
}

#[tokio::test]
async fn the_next_connection_is_asked_how_the_server_is() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    peer.send(DEGRADED).await;
    until(&mut subscription, degraded).await;
    drop(peer);
    until(&mut subscription, reconnecting).await;
    let mut well = script.open().await;
    until(&mut subscription, live).await;
    well.send(DEGRADED).await;
    until(&mut subscription, degraded).await;
}

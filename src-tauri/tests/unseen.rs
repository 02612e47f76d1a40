//! What a page is told that nobody sees.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../crates/client/tests/script/mod.rs"]
mod script;

use std::future::ready;

use script::{Script, event};
use tidings_desktop::Bridge;
use tidings_feed::{Batch, Delivery, Item, State};
use tokio::sync::Notify;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_wait_until_somebody_sees_the_page_or_until_there_is_more() {
    let script = Script::new().await;
    let bridge = Bridge::new(script.subscribe());
    let mut peer = script.open().await;
    let mut since = 0;
    loop {
        let batch = bridge.poll(since, ready(())).await.expect("its own page");
        since = batch.seq;
        if batch.status.state == State::Live {
            break;
        }
    }
    let (unseen, shown) = (Notify::new(), Notify::new());
    let seen = || async {
        unseen.notify_one();
        shown.notified().await;
    };
    let seqs = |batch: &Batch| -> Vec<u64> {
        let seq = |delivery: &Delivery| match &delivery.item {
            Item::Event(event) => event.id.seq,
            Item::Gap(gap) => panic!("{gap:?}"),
        };
        batch.deliveries.iter().map(seq).collect()
    };

    peer.send(&event(6, "metrics/a")).await;
    let (batch, ()) = tokio::join!(bridge.poll(since, seen()), async {
        unseen.notified().await;
        peer.send(&event(7, "metrics/a")).await;
        peer.send(&event(8, "work/1")).await;
    });
    let batch = batch.expect("its own page");
    assert_eq!(seqs(&batch), [7, 8], "one answer, and of the metrics the newest");

    peer.send(&event(9, "metrics/a")).await;
    let (batch, ()) = tokio::join!(bridge.poll(batch.seq, seen()), async {
        unseen.notified().await;
        shown.notify_one();
    });
    let batch = batch.expect("its own page");
    assert_eq!(seqs(&batch), [9]);
}

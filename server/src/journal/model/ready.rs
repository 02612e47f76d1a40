//! Whether the hub knows that its journal cannot be written, and that it can again.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;

use super::found::Found;
use crate::hub::Durability;

#[tokio::test(start_paused = true)]
async fn a_journal_that_fails_is_told_until_it_can_be_written_again_though_nobody_publishes() {
    for durability in [Durability::Relaxed, Durability::Durable] {
        let found = Found::new();
        let (hub, writer) = found.open_idle(durability).await;
        tokio::spawn(writer.run());
        let topic: Topic = "app/a".parse().unwrap();
        let publish = async || hub.publish(&topic, EventType::update(), "1".into()).await;
        let pass = |seconds| tokio::time::sleep(Duration::from_secs(seconds));

        assert!(hub.check().await.is_ok());
        found.fail(100);
        assert!(hub.check().await.is_ok(), "nothing has failed yet");
        // Only a durable hub's publisher hears of it.
        let _ = publish().await;
        for _ in 0..5 {
            pass(2).await;
            assert!(hub.check().await.is_err(), "{durability:?}");
        }
        found.fail(0);
        assert!(hub.check().await.is_err(), "the journal is not tried at each question");
        pass(1).await;
        assert!(hub.check().await.is_ok(), "{durability:?}");
        publish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_journal_is_told_at_every_moment_though_it_can_be_read() {
    for durability in [Durability::Relaxed, Durability::Durable] {
        let found = Found::new();
        let (hub, writer) = found.open_idle(durability).await;
        tokio::spawn(writer.run());
        found.fill_up();
        let publisher = hub.clone();
        tokio::spawn(async move {
            let topic: Topic = "app/a".parse().unwrap();
            loop {
                let _ = publisher.publish(&topic, EventType::update(), "1".into()).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        // A task like the others and never idle, so that it looks between any two steps of an append.
        let looking = tokio::spawn(async move {
            for turn in 0..50_000 {
                assert!(hub.check().await.is_err(), "{durability:?} at {turn}");
                match turn % 100 {
                    0 => tokio::time::advance(Duration::from_millis(10)).await,
                    _ => in_turn().await,
                }
            }
        });
        looking.await.unwrap();
    }
}

/// Lets the others have their turn; tokio's own lets them have all their turns.
async fn in_turn() {
    let mut had = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut had, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_does_not_answer_is_told() {
    let found = Found::new();
    let (hub, writer) = found.open_idle(Durability::Durable).await;
    tokio::spawn(writer.run());
    let topic: Topic = "app/a".parse().unwrap();
    found.hang();
    assert!(hub.publish(&topic, EventType::update(), "1".into()).await.is_err());
    assert!(hub.check().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_first_event_that_is_kept_again_is_enough() {
    let found = Found::new();
    let (hub, writer) = found.open_idle(Durability::Durable).await;
    tokio::spawn(writer.run());
    let topic: Topic = "app/a".parse().unwrap();
    let publish = async || hub.publish(&topic, EventType::update(), "1".into()).await;
    found.fail(100);
    assert!(publish().await.is_err());
    assert!(hub.check().await.is_err());
    found.fail(0);
    publish().await.unwrap();
    assert!(hub.check().await.is_ok());
}

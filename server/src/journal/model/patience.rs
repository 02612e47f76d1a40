//! How long publishers wait for a journal that does not keep up.

use std::time::Duration;

use bytes::Bytes;
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;

use super::found::Found;
use crate::hub::{Durability, PublishError};

#[tokio::test(start_paused = true)]
async fn without_room_a_publisher_is_told_in_two_seconds_and_served_once_there_is() {
    let (hub, writer) = Found::new().open_idle(Durability::Relaxed).await;
    let large = Bytes::from(vec![b'1'; 16 << 20]);
    let topic = "app/a".parse().unwrap();
    let publish = async || hub.publish(&topic, EventType::update(), large.clone()).await;
    for _ in 0..3 {
        publish().await.unwrap();
    }
    // What is refused for another reason gives its room back.
    for n in 0..100 {
        let other = format!("app/{n}").parse().unwrap();
        let refused = hub.publish(&other, EventType::update(), large.slice(..8 << 20)).await;
        assert!(matches!(refused, Err(PublishError::TooManyTopics(1))), "{refused:?}");
    }
    let began = tokio::time::Instant::now();
    assert!(matches!(publish().await, Err(PublishError::Unavailable)));
    assert_eq!(began.elapsed().as_secs(), 2);
    tokio::spawn(writer.run());
    publish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_room_hears_at_once_that_the_hub_has_ended() {
    let (hub, _writer) = Found::new().open_idle(Durability::Relaxed).await;
    let large = Bytes::from(vec![b'1'; 40 << 20]);
    let topic: Topic = "app/a".parse().unwrap();
    hub.publish(&topic, EventType::update(), large.clone()).await.unwrap();
    let began = tokio::time::Instant::now();
    let closing = async {
        tokio::task::yield_now().await;
        hub.close();
    };
    let (told, ()) = tokio::join!(hub.publish(&topic, EventType::update(), large), closing);
    assert!(matches!(told, Err(PublishError::Closed)), "{told:?}");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_durable_publisher_is_told_in_ten_seconds_or_when_the_writer_is_gone() {
    let (hub, writer) = Found::new().open_idle(Durability::Durable).await;
    let topic: Topic = "app/a".parse().unwrap();
    let publish = async || hub.publish(&topic, EventType::update(), "1".into()).await;
    let began = tokio::time::Instant::now();
    assert!(matches!(publish().await, Err(PublishError::Unconfirmed)));
    assert_eq!(began.elapsed().as_secs(), 10);
    let gone = async {
        tokio::task::yield_now().await;
        drop(writer);
    };
    let (told, ()) = tokio::join!(publish(), gone);
    assert!(matches!(told, Err(PublishError::Closed)), "{told:?}");
    assert!(matches!(publish().await, Err(PublishError::Closed)));
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_may_have_is_unconfirmed_and_what_it_never_had_is_refused() {
    let found = Found::new();
    let (hub, writer) = found.open_idle(Durability::Durable).await;
    let writer = tokio::spawn(writer.run());
    found.hang();
    let large = Bytes::from(vec![b'1'; 40 << 20]);
    let topic: Topic = "app/a".parse().unwrap();
    let publish = async |data: &Bytes| {
        let told = hub.publish(&topic, EventType::update(), data.clone()).await;
        told.expect_err("the disk does not answer")
    };
    let second = Duration::from_secs(1);
    let later = async {
        // By now the journal has the first event, and there is no room for another as large.
        tokio::time::sleep(second).await;
        publish(&large).await
    };
    let (had, never_had) = tokio::join!(publish(&large), later);
    assert!(matches!(had, PublishError::Unconfirmed), "{had:?}");
    assert!(matches!(never_had, PublishError::Unavailable), "{never_had:?}");

    let small = Bytes::from_static(b"1");
    let gone = async {
        tokio::time::sleep(second).await;
        writer.abort();
    };
    let (never_had, ()) = tokio::join!(publish(&small), gone);
    assert!(matches!(never_had, PublishError::Closed), "{never_had:?}");
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_goes_while_the_journal_has_an_event_leaves_it_unconfirmed() {
    let found = Found::new();
    let (hub, writer) = found.open_idle(Durability::Durable).await;
    let writer = tokio::spawn(writer.run());
    found.hang();
    let topic: Topic = "app/a".parse().unwrap();
    let began = tokio::time::Instant::now();
    let gone = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        writer.abort();
    };
    let (told, ()) = tokio::join!(hub.publish(&topic, EventType::update(), "1".into()), gone);
    assert!(matches!(told, Err(PublishError::Unconfirmed)), "{told:?}");
    assert_eq!(began.elapsed().as_secs(), 1);
}

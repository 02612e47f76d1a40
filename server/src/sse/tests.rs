//! When a stream speaks, and when it ends.

use std::future::poll_fn;

use futures_util::FutureExt;
use tidings_protocol::event::EventType;

use super::*;
use crate::hub::{Hub, HubLimits, Start};
use crate::limits::StreamSlots;

const HEARTBEAT: Duration = Duration::from_secs(15);

pub(crate) struct Open {
    pub(crate) hub: Hub,
    pub(crate) stream: Box<EventStream>,
}

pub(crate) fn open(max_life: Option<Duration>) -> Open {
    open_on(Hub::new(HubLimits::default()), &["a"], Form::Named, max_life)
}

fn open_on(hub: Hub, selectors: &[&str], form: Form, max_life: Option<Duration>) -> Open {
    let selectors = selectors.iter().map(|selector| selector.parse().unwrap()).collect();
    let connected = Connected {
        protocol: 1,
        server_version: String::new(),
        heartbeat_seconds: 15,
        topics: Vec::new(),
        at: 0,
    };
    let subscription = hub.subscribe(selectors, Start::Fresh);
    let slot = StreamSlots::new(1).take().unwrap();
    let pace = Pace { heartbeat: HEARTBEAT, max_life };
    let stream = EventStream::new(&connected, subscription, form, pace, slot);
    Open { hub, stream }
}

pub(crate) async fn publish(hub: &Hub, data: Bytes) {
    hub.publish(&"a".parse().unwrap(), EventType::update(), data).await.unwrap();
}

impl Open {
    async fn publish(&self) {
        publish(&self.hub, Bytes::from_static(b"1")).await;
    }

    async fn next(&mut self) -> Option<String> {
        let chunk = poll_fn(|cx| self.stream.poll_chunk(cx)).await?;
        Some(String::from_utf8(chunk.bare().to_vec()).unwrap())
    }
}

#[test]
fn a_stream_takes_no_more_room_than_the_allocator_has_for_so_many_bytes() {
    // The next one is 512: a seventh more for each idle stream.
    assert!(size_of::<EventStream>() <= 448, "{}", size_of::<EventStream>());
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_comes_on_time_after_a_replay_that_took_all_its_turn() {
    let mut open = open(None);
    assert!(open.next().await.unwrap().contains("connected"));
    let before = Instant::now();
    poll_fn(|cx| {
        while let Poll::Ready(progress) = tokio::task::coop::poll_proceed(cx) {
            progress.made_progress();
        }
        assert!(open.stream.poll_chunk(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    tokio::task::yield_now().await;
    let next = tokio::time::timeout(HEARTBEAT * 2, open.next());
    assert_eq!(next.await.unwrap().unwrap(), ": heartbeat\n\n");
    assert_eq!(before.elapsed(), HEARTBEAT);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_comes_when_nothing_else_did_for_as_long() {
    let mut open = open(None);
    assert!(open.next().await.unwrap().contains("connected"));
    for _ in 0..3 {
        let before = Instant::now();
        assert_eq!(open.next().await.unwrap(), ": heartbeat\n\n");
        assert_eq!(before.elapsed().as_secs(), 15);
    }
    for _ in 0..3 {
        tokio::time::advance(HEARTBEAT * 2 / 3).await;
        open.publish().await;
        assert!(open.next().await.unwrap().contains("update"));
    }
    let before = Instant::now();
    assert_eq!(open.next().await.unwrap(), ": heartbeat\n\n");
    assert_eq!(before.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn how_things_stand_is_told_before_any_event() {
    let hub = Hub::new(HubLimits::default());
    let topic = "a".parse().unwrap();
    let Open { stream, .. } = open_on(hub.clone(), &["a"], Form::Bare, None);
    publish(&hub, Bytes::from_static(b"{\"n\":1}")).await;
    let stream = stream.saying("initial", &topic, &7);
    let mut open = Open { hub, stream };
    assert!(open.next().await.unwrap().contains("connected"));
    assert!(open.next().await.unwrap().starts_with("event: initial\nid: "));
    assert!(open.next().await.unwrap().ends_with("\ndata: {\"n\":1}\n\n"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_given_old_figures_resumes_behind_what_it_never_asked_for() {
    let hub = Hub::new(HubLimits::default());
    let publish = async |topic: &str| {
        let data = Bytes::from_static(b"1");
        hub.publish(&topic.parse().unwrap(), EventType::update(), data).await.unwrap()
    };
    publish("metrics/gone").await;
    publish("a").await;
    let head = publish("a").await;
    for form in [Form::Named, Form::Unnamed] {
        let mut open = open_on(hub.clone(), &["metrics/*", "a"], form, None);
        assert!(open.next().await.unwrap().contains("connected"));
        assert!(open.next().await.unwrap().contains("metrics/gone"));
        let last = open.next().await.unwrap();
        match form {
            Form::Named | Form::Bare => assert_eq!(last, format!("id: {head}\n\n")),
            Form::Unnamed => {
                let beat = format!("id: {head}\ndata: {{\"type\":\"heartbeat\",");
                assert!(last.starts_with(&beat), "{last}");
            }
        }
        assert!(open.next().now_or_never().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_sees_heartbeats_is_told_once_by_one_that_nothing_is_left_to_tell() {
    let hub = Hub::new(HubLimits::default());
    let id = hub.publish(&"metrics/a".parse().unwrap(), EventType::update(), "1".into()).await;
    let id = id.unwrap();
    let mut open = open_on(hub.clone(), &["metrics/*"], Form::Unnamed, None);
    assert!(open.next().await.unwrap().contains("connected"));
    assert!(open.next().await.unwrap().contains("metrics/a"));
    let beat = open.next().now_or_never().flatten().unwrap();
    assert!(beat.starts_with(&format!("id: {id}\ndata: {{\"type\":\"heartbeat\",")), "{beat}");
    assert!(open.next().now_or_never().is_none());
    let mut named = open_on(hub, &["metrics/*"], Form::Named, None);
    assert!(named.next().await.unwrap().contains("connected"));
    assert!(named.next().await.unwrap().contains("metrics/a"));
    assert!(named.next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_by_its_life_even_if_there_is_always_another_event() {
    let life = Duration::from_secs(100);
    let mut open = open(Some(life));
    let opened = Instant::now();
    loop {
        open.publish().await;
        open.publish().await;
        tokio::time::advance(Duration::from_secs(1)).await;
        if open.next().now_or_never().expect("an event, or the end").is_none() {
            break;
        }
    }
    assert!((50..=101).contains(&opened.elapsed().as_secs()), "{:?}", opened.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_ends_by_its_life_too() {
    let mut open = open(Some(Duration::from_secs(20)));
    let opened = Instant::now();
    while open.next().await.is_some() {}
    assert!((10..=21).contains(&opened.elapsed().as_secs()), "{:?}", opened.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_token_it_was_opened_by_whatever_waits() {
    let mut open = open(None);
    let (revoke, revoked) = tokio::sync::oneshot::channel::<()>();
    open.stream = open.stream.until(Some(Box::pin(async { revoked.await.unwrap_or_default() })));
    for _ in 0..10 {
        open.publish().await;
    }
    assert!(open.next().await.is_some());
    revoke.send(()).unwrap();
    assert_eq!(open.next().await, None, "with events still to read");
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_a_stream_within_its_window_and_events_go_on_until_then() {
    let mut open = open(None);
    assert!(open.next().await.is_some());
    open.hub.drain(Duration::from_secs(10));
    let drained = Instant::now();
    open.publish().await;
    let mut seen = 0;
    while open.next().await.is_some() {
        seen += 1;
    }
    assert_eq!(seen, 1);
    assert!(drained.elapsed() <= Duration::from_secs(10), "{:?}", drained.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_while_its_frames_are_gathered_ends_at_the_next_poll() {
    let mut open = open(None);
    assert!(open.next().await.unwrap().contains("connected"));
    open.publish().await;
    open.publish().await;
    // It is done at the second frame, and must not be polled again then.
    let mut polls = 0;
    let turn = poll_fn(move |_| {
        polls += 1;
        assert!(polls <= 2, "it is done, and polled");
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    });
    let stream = open.stream.until(Some(Box::pin(turn)));
    let mut body = std::pin::pin!(stream.into_response().into_body());
    let mut next = async || poll_fn(|cx| http_body::Body::poll_frame(body.as_mut(), cx)).await;
    let piece = next().await.unwrap().unwrap().into_data().unwrap();
    assert!(!piece.is_empty(), "the frame before the end");
    assert!(next().await.is_none(), "it ends as it should");
}

//! What only a real Redis shows: its scripts at their bounds.

mod divided;
mod redis;
mod restless;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use self::redis::{Redis, open, publish};
use bytes::Bytes;
use tidings_protocol::event::EventId;

use crate::hub::{Hub, HubLimits, Item, PageRequest, PublishError, Refusal, Retention, Start};

fn limits(events: usize) -> HubLimits {
    let retention = Retention { events, bytes: 1 << 30, age: Duration::from_secs(86_400) };
    HubLimits { retention, ..HubLimits::default() }
}

#[tokio::test]
async fn a_look_at_a_log_within_its_bounds_costs_the_same_however_large_it_is() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 256 << 10).await;
    let session = open(&bus, None).await.session;
    for _ in 0..400 {
        publish(&session, "app/x", 256 << 10).await.unwrap();
    }
    let began = Instant::now();
    for _ in 0..20 {
        Arc::clone(&session).trim().await.unwrap();
    }
    let each = began.elapsed() / 20;
    assert!(each < Duration::from_millis(50), "{each:?} for nothing");
    assert_eq!(redis.run::<usize>("XLEN t:{log}:events").await, 400);
}

#[tokio::test]
async fn a_log_far_beyond_its_bounds_is_trimmed_in_small_steps_and_says_what_is_gone() {
    let redis = Redis::start().await;
    let wide = redis.bus(limits(10_000), 256 << 10).await;
    let session = open(&wide, None).await.session;
    for n in 0..300 {
        publish(&session, if n < 250 { "app/x" } else { "app/y" }, 64 << 10).await.unwrap();
    }
    let narrow = redis.bus(limits(20), 256 << 10).await;
    let session = open(&narrow, None).await.session;
    Arc::clone(&session).trim().await.unwrap();
    assert_eq!(redis.run::<usize>("XLEN t:{log}:events").await, 20);
    assert_eq!(redis.run::<u64>("HGET t:{log}:evicted app/x").await, 250);
    assert_eq!(redis.run::<u64>("HGET t:{log}:evicted app/y").await, 280);
    assert_eq!(redis.run::<usize>("GET t:{log}:bytes").await, 20 * (64 << 10));
}

#[tokio::test]
async fn a_redis_that_is_full_is_given_room_and_lets_instances_come() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 256 << 10).await;
    let session = open(&bus, None).await.session;
    for _ in 0..100 {
        publish(&session, "app/x", 16 << 10).await.unwrap();
    }
    redis.run::<String>("CONFIG SET maxmemory 1mb").await;
    let refused = publish(&session, "app/x", 1).await.unwrap_err();
    assert!(matches!(refused, Refusal::Refused(PublishError::Unavailable)), "{refused:?}");
    // Another that keeps less.
    let narrow = redis.bus(limits(10), 256 << 10).await;
    let session = open(&narrow, None).await.session;
    Arc::clone(&session).trim().await.unwrap();
    assert_eq!(redis.run::<usize>("XLEN t:{log}:events").await, 10);
    assert_eq!(redis.run::<u64>("HGET t:{log}:evicted app/x").await, 90);
}

#[tokio::test]
async fn a_redis_that_takes_nothing_is_told_like_one_that_is_away_until_it_does_again() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 1 << 10).await;
    let (hub, follower) = Hub::join(limits(10_000), bus).await.unwrap();
    tokio::spawn(follower.run());
    let mut reader = hub.subscribe(vec!["app/x".parse().unwrap()], Start::Fresh);
    let publish = || async {
        let (topic, data) = ("app/x".parse().unwrap(), Bytes::from_static(b"1"));
        hub.publish(&topic, "update".parse().unwrap(), data).await
    };
    publish().await.unwrap();
    assert!(matches!(reader.next().await, Some(Item::Event(_))));
    let until = async |is_away: bool| {
        let began = Instant::now();
        while hub.away_since().is_some() != is_away {
            assert!(began.elapsed() < Duration::from_secs(20), "not told, away: {is_away}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    redis.run::<String>("CONFIG SET maxmemory 1").await;
    let refused = publish().await.unwrap_err();
    assert!(matches!(refused, PublishError::Unavailable), "{refused:?}");
    until(true).await;
    assert!(matches!(reader.take_away(), Some(Some(_))));
    assert!(hub.check().await.is_err());
    // Nobody publishes meanwhile.
    redis.run::<String>("CONFIG SET maxmemory 0").await;
    until(false).await;
    assert_eq!(reader.take_away(), Some(None));
    publish().await.unwrap();
    hub.close();
}

#[tokio::test]
async fn a_log_that_is_never_quiet_is_looked_at_to_its_end_each_second() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 1 << 10).await;
    let opened = open(&bus, None).await;
    let (session, mut head) = (opened.session, opened.standing.log.head);
    let (mut looks, began) = (0, Instant::now());
    while began.elapsed() < Duration::from_millis(3_500) {
        // Before each read, so that none of them waits in vain.
        publish(&session, "app/x", 1).await.unwrap();
        let batch = Arc::clone(&session).read(head, false).await.unwrap();
        head = batch.head;
        looks += usize::from(batch.is_whole);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!((3..10).contains(&looks), "{looks} looks in three and a half seconds");
}

#[tokio::test]
async fn many_small_events_are_read_in_few_turns_however_large_one_may_be() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 16 << 20).await;
    let opened = open(&bus, None).await;
    for _ in 0..3_000 {
        publish(&opened.session, "app/x", 10).await.unwrap();
    }
    let (mut head, mut turns, mut found) = (opened.standing.log.head, 0, 0);
    while found < 3_000 {
        let batch = Arc::clone(&opened.session).read(head, false).await.unwrap();
        (head, turns, found) = (batch.head, turns + 1, found + batch.events.len());
    }
    assert!(turns < 20, "{turns} turns");
}

#[tokio::test]
async fn the_newest_of_many_hosts_are_there_at_once_and_none_may_be_huge() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 256 << 10).await;
    let session = open(&bus, None).await.session;
    for n in 0..1_000 {
        publish(&session, &format!("metrics/h{n}"), 8 << 10).await.unwrap();
    }
    redis.run::<u64>("HSET t:{log}:latest metrics/old 1").await;
    let (hub, follower) =
        Hub::join(limits(10_000), redis.bus(limits(10_000), 256 << 10).await).await.unwrap();
    let mut reader = hub.subscribe(vec!["metrics/*".parse().unwrap()], Start::Fresh);
    tokio::spawn(follower.run());
    for n in 1..=1_000 {
        assert!(matches!(reader.next().await, Some(Item::Event(event)) if event.id.seq == n));
    }
    assert_eq!(redis.run::<usize>("HLEN t:{log}:latest").await, 1_000);
    let data = Bytes::from(vec![b'1'; (64 << 10) + 1]);
    let (topic, kind) = ("metrics/h0".parse().unwrap(), "update".parse().unwrap());
    let refused = hub.publish(&topic, kind, data).await;
    assert!(matches!(refused, Err(PublishError::TooLarge(_))), "{refused:?}");
    hub.close();
}

/// Everything that there is to read from `after` on: events by number, up to the end of the log.
async fn read_all(session: &Arc<dyn crate::hub::Session>, mut after: u64) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let batch = Arc::clone(session).read(after, false).await.unwrap();
        after = batch.head;
        found.extend(batch.events.iter().map(|(event, _)| event.id.seq));
        if batch.is_whole {
            return found;
        }
    }
}

#[tokio::test]
async fn the_end_of_a_job_is_not_lost_to_whoever_is_slower_than_the_metrics() {
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 256 << 10).await;
    let session = open(&bus, None).await.session;
    assert_eq!(read_all(&session, 0).await, [0_u64; 0]);
    let end = publish(&session, "jobs/u~1", 100).await.unwrap().seq;
    // It leaves the stream before it is read.
    for _ in 0..3 {
        redis.run::<u64>("XTRIM t:{log}:metrics MAXLEN 0").await;
        publish(&session, "metrics/box", 10).await.unwrap();
    }
    let found = read_all(&session, 0).await;
    assert_eq!(found, [end, end + 3], "the newest of each");
    // What was read is not told again.
    redis.run::<u64>("XTRIM t:{log}:metrics MAXLEN 0").await;
    let next = publish(&session, "jobs/u~2", 10).await.unwrap().seq;
    assert_eq!(read_all(&session, end + 3).await, [next]);
}

#[tokio::test]
async fn a_job_takes_no_place_in_redis_and_leaves_nothing_there_when_it_is_forgotten() {
    let redis = Redis::start().await;
    let limits = HubLimits { topics: 1, ..limits(100) };
    let (hub, follower) = Hub::join(limits, redis.bus(limits, 256 << 10).await).await.unwrap();
    let following = tokio::spawn(follower.run());
    let send = async |topic: &str| {
        let (topic, kind) = (topic.parse().unwrap(), "job".parse().unwrap());
        hub.publish(&topic, kind, Bytes::from_static(b"1")).await
    };
    let mut reader = hub.subscribe(vec!["jobs/*".parse().unwrap()], Start::Fresh);
    for n in 0..20 {
        send(&format!("jobs/u~{n}")).await.unwrap();
        assert!(matches!(reader.next().await, Some(Item::Event(_))));
    }
    send("a").await.unwrap();
    assert!(matches!(send("b").await, Err(PublishError::TooManyTopics(1))));
    assert_eq!(redis.run::<usize>("HLEN t:{log}:latest").await, 20);
    for n in 0..20 {
        hub.forget(&format!("jobs/u~{n}").parse().unwrap()).await;
    }
    hub.forget(&"a".parse().unwrap()).await;
    assert_eq!(redis.run::<usize>("HLEN t:{log}:latest").await, 0);
    assert_eq!(redis.run::<usize>("HLEN t:{log}:topics").await, 1);
    assert_eq!(hub.readers(), 0);
    send("jobs/u~1").await.unwrap();
    assert!(matches!(reader.next().await, Some(Item::Event(_))), "it may come again");
    hub.close();
    following.await.unwrap();
}

#[tokio::test]
async fn whoever_comes_with_a_made_up_cursor_wakes_nobody_else() {
    #[derive(Default)]
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let redis = Redis::start().await;
    let (hub, follower) =
        Hub::join(limits(10), redis.bus(limits(10), 1 << 10).await).await.unwrap();
    tokio::spawn(follower.run());
    let ahead = EventId { seq: 1_000, ..hub.head() };
    let subscribe = |start| hub.subscribe(vec!["app/x".parse().unwrap()], start);
    let (mut idle, woken) = (subscribe(Start::Fresh), Arc::new(Woken::default()));
    let waker = Waker::from(Arc::clone(&woken));
    assert!(idle.poll_next(&mut Context::from_waker(&waker)).is_pending());
    for _ in 0..2 {
        let told = subscribe(Start::After(ahead)).next().await;
        assert!(matches!(told, Some(Item::Gap(..))), "{told:?}");
    }
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    hub.close();
}

#[tokio::test]
async fn a_page_of_a_rare_topic_ends_early_where_payloads_are_large_and_comes_to_the_end_in_steps()
{
    let redis = Redis::start().await;
    let bus = redis.bus(limits(10_000), 256 << 10).await;
    let opened = open(&bus, None).await;
    let session = opened.session;
    for _ in 0..100 {
        publish(&session, "app/x", 256 << 10).await.unwrap();
    }
    let rare = publish(&session, "app/rare", 1).await.unwrap();
    let (mut after, mut pages, mut found) = (0, 0, Vec::new());
    while after < rare.seq {
        let ask = PageRequest {
            epoch: rare.epoch,
            topics: Arc::new(["app/rare".parse().unwrap()]),
            after,
            upto: rare.seq,
            max_events: 256,
            max_bytes: 256 << 10,
        };
        let began = Instant::now();
        let page = Arc::clone(&session).page(ask).await.unwrap();
        let took = began.elapsed();
        assert!(took < Duration::from_millis(300), "a page took {took:?}");
        assert!(page.reached > after, "no step forward");
        after = page.reached;
        pages += 1;
        found.extend(page.events);
    }
    assert!(pages > 5, "{pages} pages for 25 MiB");
    assert_eq!(found.iter().map(|event| event.id).collect::<Vec<_>>(), [rare]);
}

#[tokio::test]
async fn a_new_epoch_keeps_what_others_were_acknowledged() {
    let redis = Redis::start().await;
    let a = redis.bus(limits(10_000), 1 << 10).await;
    let first = open(&a, None).await.session;
    let mut seen = None;
    for _ in 0..3 {
        seen = Some(publish(&first, "app/x", 1).await.unwrap());
    }
    // As where Redis was started twice and has lost that it was.
    *a.run.lock().unwrap() = "a run that nobody knows".to_owned();
    let b = redis.bus(limits(10_000), 1 << 10).await;
    let other = open(&b, None).await.session;
    let fresh = publish(&other, "app/x", 1).await.unwrap();
    let opened = open(&a, seen).await;
    assert_ne!(opened.standing.log.epoch, fresh.epoch);
    assert!(opened.standing.log.head >= fresh.seq);
    let batch = Arc::clone(&opened.session).read(0, true).await.unwrap();
    let found: Vec<_> = batch.events.iter().map(|(event, _)| event.id).collect();
    assert_eq!(found.iter().map(|id| id.seq).collect::<Vec<_>>(), [1, 2, 3, fresh.seq]);
    assert!(found.iter().all(|id| id.epoch == opened.standing.log.epoch));
    // The other hears of it before anything else is taken from it.
    let refused = publish(&other, "app/x", 1).await.unwrap_err();
    assert!(matches!(refused, Refusal::Ended), "{refused:?}");
    let next = publish(&opened.session, "app/x", 1).await.unwrap();
    assert!(next.seq > fresh.seq && next.epoch == opened.standing.log.epoch);
}

#[tokio::test]
async fn a_topic_whose_last_event_is_gone_makes_room_for_another_and_is_still_known_as_gone() {
    let redis = Redis::start().await;
    let limits = HubLimits { topics: 5, ..limits(2) };
    let bus = redis.bus(limits, 1 << 10).await;
    let session = open(&bus, None).await.session;
    for n in 0..5 {
        publish(&session, &format!("app/{n}"), 1).await.unwrap();
    }
    let refused = publish(&session, "app/5", 1).await.unwrap_err();
    assert!(matches!(refused, Refusal::Refused(PublishError::TooManyTopics(5))), "{refused:?}");
    Arc::clone(&session).trim().await.unwrap();
    publish(&session, "app/5", 1).await.unwrap();
    let topics = open(&redis.bus(limits, 1 << 10).await, None).await.standing.log.topics;
    let gone = topics.iter().find(|topic| topic.topic.as_str() == "app/0").unwrap();
    assert_eq!((gone.newest, gone.evicted), (1, 1));
}

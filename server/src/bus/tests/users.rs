//! Users' channels at their worst: connections that are gone without a word, and instances that stand still.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::redis::{Redis, bus};
use crate::bus::RedisBus;
use crate::hub::{Hub, HubLimits, Item, Start, Subscription};

/// An instance that copies, and a reader of user `x`.
async fn copier(bus: Arc<RedisBus>) -> (Subscription, CancellationToken) {
    let channel = bus.user_channel();
    let (hub, follower) = Hub::join(HubLimits::default(), bus).await.unwrap();
    tokio::spawn(follower.run());
    let stop = CancellationToken::new();
    tokio::spawn(channel.run(hub.clone(), stop.clone()));
    (hub.subscribe(vec!["users/x".parse().unwrap()], Start::Fresh), stop)
}

/// Sends to user `x` until something arrives.
async fn until_heard(redis: &Redis, subscription: &mut Subscription) {
    let began = Instant::now();
    loop {
        redis.run::<u64>("PUBLISH user:x 0").await;
        let next = tokio::time::timeout(Duration::from_millis(100), subscription.next()).await;
        if let Ok(Some(Item::Event(_))) = next {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "nothing arrives");
    }
}

/// Leads to this Redis. Once that is so, nothing comes back any more by the connection that listened before.
async fn lead(listener: TcpListener, place: PathBuf, is_deaf: Arc<AtomicBool>) {
    loop {
        let (from, _) = listener.accept().await.unwrap();
        let (mut from, mut back) = from.into_split();
        let (mut answers, mut to) = UnixStream::connect(&place).await.unwrap().into_split();
        let listens = Arc::new(AtomicBool::new(false));
        let (late, noted) = (Arc::clone(&is_deaf), Arc::clone(&listens));
        tokio::spawn(async move {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = from.read(&mut buffer).await {
                let is_listener = buffer[..count].windows(10).any(|word| word == b"PSUBSCRIBE");
                if is_listener && !late.load(Ordering::Relaxed) {
                    noted.store(true, Ordering::Relaxed);
                }
                if to.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
        let is_deaf = Arc::clone(&is_deaf);
        tokio::spawn(async move {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = answers.read(&mut buffer).await {
                let is_lost = listens.load(Ordering::Relaxed) && is_deaf.load(Ordering::Relaxed);
                if !is_lost && back.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}

#[tokio::test]
async fn a_connection_that_is_deaf_without_a_word_is_missed_and_made_anew() {
    let redis = Redis::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let is_deaf = Arc::new(AtomicBool::new(false));
    let leading = tokio::spawn(lead(listener, redis.socket(), Arc::clone(&is_deaf)));
    let bus = bus(url, HubLimits::default(), 1 << 10).await.unwrap();
    let (mut subscription, stop) = copier(bus).await;
    until_heard(&redis, &mut subscription).await;
    is_deaf.store(true, Ordering::Relaxed);
    // What was under way when that came.
    while tokio::time::timeout(Duration::from_millis(500), subscription.next()).await.is_ok() {}
    until_heard(&redis, &mut subscription).await;
    stop.cancel();
    leading.abort();
}

#[tokio::test]
async fn what_waits_while_an_instance_stands_still_is_left_to_the_one_that_took_over() {
    let redis = Redis::start().await;
    let bus = redis.bus(HubLimits::default(), 1 << 10).await;
    let (mut subscription, stop) = copier(bus).await;
    until_heard(&redis, &mut subscription).await;
    while tokio::time::timeout(Duration::from_millis(500), subscription.next()).await.is_ok() {}
    let cli = |command: &str| {
        let mut cli = Command::new("redis-cli");
        cli.arg("-s").arg(redis.socket()).args(command.split(' '));
        String::from_utf8(cli.output().unwrap().stdout).unwrap()
    };
    // Nothing of this instance moves meanwhile: all of it is on this thread.
    let began = Instant::now();
    while cli("SET t:{log}:lease:users another NX PX 60000").trim() != "OK" {
        assert!(began.elapsed() < Duration::from_secs(20), "the lease never ends");
    }
    for n in 1..=40 {
        cli(&format!("PUBLISH user:x {n}"));
    }
    let heard = tokio::time::timeout(Duration::from_secs(2), subscription.next()).await;
    assert!(heard.is_err(), "copied twice: {heard:?}");
    stop.cancel();
}

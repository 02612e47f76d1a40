//! Several servers on one real Redis.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Events, Fault, Proxy, Redis, Server, ServerOptions, until};
use rustix::process::Signal;
use serde_json::{Value, json};

/// How soon publishers are told that Redis is away, and how soon all is well once it is back.
const WITHIN: Duration = Duration::from_secs(2);

/// A server of the set on this Redis.
async fn instance(url: &str) -> Result<Server> {
    Server::start_with(ServerOptions::default().with_args(["--redis", url])).await
}

/// What a publish answers: its id, or the code of the error.
async fn publish(server: &Server, topic: &str, data: Value) -> Result<Result<String, String>> {
    let answer = server.publish(topic)?.json(&data).send().await?;
    let body: Value = answer.json().await?;
    Ok(match body["id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => Err(body["error"]["code"].as_str().context("a code")?.to_owned()),
    })
}

async fn stream(server: &Server, path: &str, cursor: Option<&str>) -> Result<Events> {
    let mut request = server.get(path)?;
    if let Some(cursor) = cursor {
        request = request.header("Last-Event-ID", cursor);
    }
    Events::open(request).await
}

async fn is_ready(server: &Server) -> Result<bool> {
    Ok(server.get("/readyz")?.send().await?.status().is_success())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Publishes numbers until told to end, and notes what became of each.
struct Ledger {
    acknowledged: Mutex<BTreeMap<u64, String>>,
    unconfirmed: Mutex<Vec<u64>>,
    slowest: Mutex<Duration>,
    is_over: AtomicBool,
}

impl Ledger {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            acknowledged: Mutex::default(),
            unconfirmed: Mutex::default(),
            slowest: Mutex::default(),
            is_over: AtomicBool::new(false),
        })
    }

    /// Numbers from `first`, each `step` behind the last.
    async fn publish(&self, server: &Server, first: u64, step: u64) -> Result<()> {
        let mut n = first;
        while !self.is_over.load(Ordering::Relaxed) {
            let began = Instant::now();
            match publish(server, "app/ledger", json!(n)).await? {
                Ok(id) => drop(lock(&self.acknowledged).insert(n, id)),
                Err(code) if code == "unconfirmed" => lock(&self.unconfirmed).push(n),
                Err(code) => ensure!(code == "unavailable", "{code}"),
            }
            let mut slowest = lock(&self.slowest);
            *slowest = began.elapsed().max(*slowest);
            n += step;
        }
        Ok(())
    }

    /// Everything acknowledged is in the stream behind `cursor`, once and under its id; what else is there may be.
    async fn check(&self, server: &Server, cursor: &str) -> Result<usize> {
        let acknowledged = lock(&self.acknowledged).clone();
        let last = acknowledged.values().map(|id| seq(id)).max().context("something published")?;
        let mut events = stream(server, "/api/events?topic=app/ledger", Some(cursor)).await?;
        let (mut found, mut before) = (BTreeMap::new(), 0);
        while before < last {
            let frame = events.next_event().await?;
            ensure!(frame.event.as_deref() == Some("update"), "{frame:?}");
            let id = frame.id.clone().context("an id")?;
            ensure!(seq(&id) > before, "{id} behind {before}");
            before = seq(&id);
            let n = frame.json()?["data"].as_u64().context("a number")?;
            ensure!(found.insert(n, id).is_none(), "{n} came twice");
        }
        for (n, id) in &acknowledged {
            ensure!(found.get(n) == Some(id), "{n} is acknowledged as {id}: {:?}", found.get(n));
        }
        let unconfirmed = lock(&self.unconfirmed).clone();
        for n in found.keys().filter(|n| !acknowledged.contains_key(n)) {
            ensure!(unconfirmed.contains(n), "{n} is there, and was refused");
        }
        let slowest = *lock(&self.slowest);
        ensure!(slowest < WITHIN + Duration::from_millis(500), "an answer took {slowest:?}");
        Ok(acknowledged.len())
    }
}

fn seq(id: &str) -> u64 {
    id.split_once('-').and_then(|(_, seq)| seq.parse().ok()).unwrap_or_default()
}

/// An id before every event of the log there is.
async fn beginning(server: &Server) -> Result<String> {
    let id = publish(server, "app/first", json!(0)).await?;
    let id = id.map_err(anyhow::Error::msg)?;
    Ok(format!("{}-0", id.split_once('-').context("an id")?.0))
}

#[tokio::test]
async fn what_is_published_to_one_is_read_from_the_other_and_cursors_hold_on_both() -> Result<()> {
    let redis = Redis::start().await?;
    let (a, b) = (instance(&redis.url()).await?, instance(&redis.url()).await?);
    let mut on_b = stream(&b, "/api/events?topic=app/*", None).await?;
    let mut ids = Vec::new();
    for n in 0..20 {
        let server = if n % 3 == 0 { &b } else { &a };
        let id = publish(server, "app/x", json!(n)).await?.map_err(anyhow::Error::msg)?;
        ids.push(id);
    }
    ensure!(ids.is_sorted_by_key(|id| seq(id)), "{ids:?}");
    for (n, id) in ids.iter().enumerate() {
        let frame = on_b.next_event().await?;
        ensure!(frame.id.as_ref() == Some(id) && frame.json()?["data"] == n, "{frame:?} for {id}");
    }
    // Both hold the same history, and one that comes later has it from Redis.
    let c = instance(&redis.url()).await?;
    for server in [&a, &b, &c] {
        let mut events = stream(server, "/api/events?topic=app/*", Some(&ids[4])).await?;
        for id in &ids[5..] {
            let frame = events.next_event().await?;
            ensure!(frame.id.as_ref() == Some(id), "{frame:?} for {id}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_changes_over_at_every_event_loses_none() -> Result<()> {
    let redis = Redis::start().await?;
    let servers = [instance(&redis.url()).await?, instance(&redis.url()).await?];
    let mut cursor = beginning(&servers[0]).await?;
    for n in 0..100_u64 {
        // Published to the one, read from the other at once: it may not have heard of the cursor yet.
        let (publisher, reader) = (&servers[(n % 2) as usize], &servers[((n / 2) % 2) as usize]);
        let id = publish(publisher, "app/x", json!(n)).await?.map_err(anyhow::Error::msg)?;
        let mut events = stream(reader, "/api/events?topic=app/x", Some(&cursor)).await?;
        let frame = events.next_event().await?;
        ensure!(frame.event.as_deref() == Some("update"), "{frame:?} behind {cursor}");
        ensure!(frame.id.as_ref() == Some(&id), "{frame:?} for {id}");
        cursor = id;
    }
    // Beyond all there is: told, though a moment later.
    let made_up = format!("{}-{}", &cursor[..8], seq(&cursor) + 1_000);
    let mut events = stream(&servers[1], "/api/events?topic=app/x", Some(&made_up)).await?;
    let gap = events.next_event().await?;
    ensure!(gap.json()?["reason"] == "unknown_epoch", "{gap:?}");
    Ok(())
}

#[tokio::test]
async fn redis_is_killed_and_comes_back_and_nothing_acknowledged_is_lost() -> Result<()> {
    let mut redis = Redis::start().await?;
    let (a, b) = (instance(&redis.url()).await?, instance(&redis.url()).await?);
    let cursor = beginning(&a).await?;
    let mut named = stream(&b, "/api/events?topic=app/other", None).await?;
    let mut unnamed = stream(&b, "/api/events?topic=app/other&unnamed=1", None).await?;
    named.next().await?;
    unnamed.next().await?;
    let ledger = Ledger::new();
    let count = async {
        for _ in 0..3 {
            let before = lock(&ledger.acknowledged).len();
            until("some are published", DEADLINE, || async {
                Ok((lock(&ledger.acknowledged).len() > before + 50).then_some(()))
            })
            .await?;
            redis.kill().await?;
            let told = until_comment(&mut named, "degraded since").await?;
            ensure!(told < WITHIN, "it took {told:?} to tell that Redis is away");
            loop {
                let frame = unnamed.next().await?;
                if frame.json().is_ok_and(|data| data["degradedSince"].is_u64()) {
                    break;
                }
            }
            ensure!(!is_ready(&a).await? && !is_ready(&b).await?, "one is ready without Redis");
            let began = Instant::now();
            let code = publish(&a, "app/refused", json!(1)).await?;
            ensure!(code == Err("unavailable".to_owned()), "{code:?}");
            ensure!(began.elapsed() < WITHIN, "a publisher waited for {:?}", began.elapsed());
            redis.start_again().await?;
            let back = until_comment(&mut named, "recovered").await?;
            println!("told away after {told:?}, back {back:?} after Redis");
            ensure!(back < WITHIN, "it took {back:?} to come back");
            until("both are ready", WITHIN, || async {
                Ok((is_ready(&a).await? && is_ready(&b).await?).then_some(()))
            })
            .await?;
        }
        ledger.is_over.store(true, Ordering::Relaxed);
        Ok::<_, anyhow::Error>(())
    };
    let on_a = ledger.publish(&a, 1, 2);
    let on_b = ledger.publish(&b, 2, 2);
    tokio::try_join!(count, on_a, on_b)?;
    for server in [&a, &b] {
        println!("{} acknowledged, all there", ledger.check(server, &cursor).await?);
    }
    Ok(())
}

/// How long it takes until a comment comes that begins so.
async fn until_comment(events: &mut Events, begins: &str) -> Result<Duration> {
    let began = Instant::now();
    loop {
        let frame = events.next().await?;
        if frame.comment.is_some_and(|comment| comment.trim().starts_with(begins)) {
            return Ok(began.elapsed());
        }
    }
}

#[tokio::test]
async fn an_emptied_redis_is_a_new_history_and_a_gap() -> Result<()> {
    let redis = Redis::start().await?;
    let (a, b) = (instance(&redis.url()).await?, instance(&redis.url()).await?);
    let mut streams = [
        stream(&a, "/api/events?topic=app/*", None).await?,
        stream(&b, "/api/events?topic=app/*", None).await?,
    ];
    let before = publish(&a, "app/x", json!(1)).await?.map_err(anyhow::Error::msg)?;
    for events in &mut streams {
        ensure!(events.next_event().await?.id.as_ref() == Some(&before), "the event before");
    }
    redis.cli(&["FLUSHALL"]).await?;
    for events in &mut streams {
        let gap = events.next_event().await?;
        ensure!(gap.event.as_deref() == Some("gap"), "{gap:?}");
        ensure!(gap.json()?["reason"] == "unknown_epoch" && gap.json()?["from"].is_null());
    }
    let after = publish(&b, "app/x", json!(2)).await?.map_err(anyhow::Error::msg)?;
    ensure!(after[..8] != before[..8], "{after} goes on with {before}");
    for events in &mut streams {
        let frame = events.next_event().await?;
        ensure!(frame.id.as_ref() == Some(&after), "{frame:?} for {after}");
    }
    // Who comes back with the old cursor is told as well.
    let mut late = stream(&a, "/api/events?topic=app/*", Some(&before)).await?;
    ensure!(late.next_event().await?.json()?["reason"] == "unknown_epoch");
    Ok(())
}

#[tokio::test]
async fn a_redis_that_says_nothing_is_away_and_nothing_is_sent_twice() -> Result<()> {
    let redis = Redis::start().await?;
    let server = instance(&redis.url()).await?;
    let cursor = beginning(&server).await?;
    let ledger = Ledger::new();
    let stopped = async {
        for _ in 0..2 {
            let before = lock(&ledger.acknowledged).len();
            until("some are published", DEADLINE, || async {
                Ok((lock(&ledger.acknowledged).len() > before + 20).then_some(()))
            })
            .await?;
            redis.signal(Signal::STOP)?;
            until("the server is not ready", Duration::from_secs(4), || async {
                Ok((!is_ready(&server).await?).then_some(()))
            })
            .await?;
            redis.signal(Signal::CONT)?;
            let began = Instant::now();
            until("the server is ready", DEADLINE, || async {
                Ok(is_ready(&server).await?.then_some(()))
            })
            .await?;
            ensure!(began.elapsed() < WITHIN, "it took {:?} to come back", began.elapsed());
        }
        ledger.is_over.store(true, Ordering::Relaxed);
        Ok::<_, anyhow::Error>(())
    };
    tokio::try_join!(stopped, ledger.publish(&server, 1, 2), ledger.publish(&server, 2, 2))?;
    println!("{} acknowledged, all there", ledger.check(&server, &cursor).await?);
    Ok(())
}

#[tokio::test]
async fn whatever_the_network_does_at_whichever_byte_nothing_acknowledged_is_lost() -> Result<()> {
    let redis = Redis::start().await?;
    let proxy = Proxy::start(redis.address()).await?;
    let (a, b) =
        (instance(&format!("redis://{}", proxy.address())).await?, instance(&redis.url()).await?);
    let cursor = beginning(&a).await?;
    let ledger = Ledger::new();
    let faults = async {
        // What a session begins with, scripts, and events are some 20 kB in each direction.
        for at in [1, 40, 400, 2_000, 6_000, 20_000] {
            for fault in [
                Fault::CutRequest(at),
                Fault::CutAnswer(at),
                Fault::HalfClose(at),
                Fault::Swallow(at),
                Fault::Delay(Duration::from_millis(at.min(40) as u64)),
            ] {
                proxy.set(fault);
                proxy.cut();
                // Long enough for an attempt or two, and for traffic where one succeeds.
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            proxy.set(Fault::None);
            proxy.cut();
            until("the server is back", Duration::from_secs(5), || async {
                Ok(is_ready(&a).await?.then_some(()))
            })
            .await?;
        }
        ledger.is_over.store(true, Ordering::Relaxed);
        Ok::<_, anyhow::Error>(())
    };
    tokio::try_join!(
        faults,
        ledger.publish(&a, 1, 3),
        ledger.publish(&a, 2, 3),
        ledger.publish(&b, 3, 3)
    )?;
    let unconfirmed = lock(&ledger.unconfirmed).len();
    for server in [&a, &b] {
        let count = ledger.check(server, &cursor).await?;
        println!("{count} acknowledged, all there; {unconfirmed} unconfirmed");
    }
    Ok(())
}

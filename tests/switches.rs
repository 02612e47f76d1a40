//! Servers on one Redis and one Postgres, of which the one that is read from is killed, again and again: its client goes on at another
//! by its cursor.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::ledger::{self, Door, RETURN_WITHIN, SharedLedger, Traffic};
use harness::{Fleet, Frame, Proxy, Wire, http, until};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Nothing that a slow client still wants is to leave history.
const CONFIG: &str = "[hub]\nhistory_events = 1000000\nhistory_bytes = 1073741824\n\
                      [notifications]\nmax_per_user = 100000";

/// What is read: events of other programs, and the owner's own notifications.
const STREAM: &str = "/api/events?topic=app/*&topic=notifications/owner";

/// Between two events of a publisher, and between two notifications.
const PACE: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(20)];

/// Notifications that were posted, and that arrived, by the number in their title.
#[derive(Debug, Default)]
struct Inbox {
    acknowledged: BTreeSet<u64>,
    unknown: BTreeSet<u64>,
    /// With the version under which it came: what comes again with it has come already.
    arrived: BTreeMap<u64, u64>,
    /// How many came again.
    again: usize,
    /// Newest version, and the count it came with.
    unread: (u64, u64),
}

impl Inbox {
    fn arrive(&mut self, data: &Value) -> Result<()> {
        let number = data["title"].as_str().and_then(|title| title.parse().ok());
        let number = number.with_context(|| format!("no notification that was sent: {data}"))?;
        let version = data["version"].as_u64().with_context(|| format!("a version: {data}"))?;
        if let Some(before) = self.arrived.insert(number, version) {
            ensure!(before == version, "{number} came as {before} and as {version}");
            self.again += 1;
        }
        let unread = data["unreadCount"].as_u64().with_context(|| format!("a count: {data}"))?;
        self.unread = self.unread.max((version, unread));
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.acknowledged.iter().all(|number| self.arrived.contains_key(number))
    }
}

/// Where the reader stands.
#[derive(Debug, Default)]
struct Reading {
    /// The server it reads from.
    at: usize,
    /// Events it has had from there.
    events: usize,
    /// How often it went over to another.
    switches: usize,
    inbox: Inbox,
}

type Shared = Arc<Mutex<Reading>>;

fn lock(reading: &Shared) -> MutexGuard<'_, Reading> {
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads on at the next server whenever a connection ends, and notes what comes; ends with what should not have come.
async fn read(
    doors: Vec<Door>,
    mut cursor: String,
    reading: Shared,
    ledger: SharedLedger,
) -> Result<()> {
    for n in 0_usize.. {
        let at = n % doors.len();
        let door = &doors[at];
        let path = format!("{STREAM}&last_event_id={cursor}");
        let Ok((mut wire, head)) = Wire::get(door.address, &path, &door.token).await else {
            sleep(Duration::from_millis(5)).await;
            continue;
        };
        ensure!(head.status == 200, "{head:?} behind {cursor}");
        {
            let mut reading = lock(&reading);
            (reading.at, reading.events) = (at, 0);
            reading.switches += usize::from(n > 0);
        }
        while let Ok(frame) = wire.next().await {
            let noted = note(&frame, &reading, &ledger);
            noted.with_context(|| format!("from {at}, behind {cursor}"))?;
            if let Some(id) = frame.id {
                cursor = id;
            }
        }
    }
    bail!("no more servers")
}

fn note(frame: &Frame, reading: &Shared, ledger: &SharedLedger) -> Result<()> {
    match frame.event.as_deref() {
        None => return Ok(()),
        Some("update") => ledger::lock(ledger).arrive(frame.id.as_deref(), &frame.json()?)?,
        Some("notification") => lock(reading).inbox.arrive(&frame.json()?["data"])?,
        Some(_) => bail!("{frame:?}"),
    }
    lock(reading).events += 1;
    Ok(())
}

/// Posts notifications to the owner, whose titles are the numbers from 1 on, wherever a server is.
async fn post(doors: &[Door], reading: &Shared) -> Result<()> {
    let http = http()?;
    let (mut number, mut at) = (1, 0);
    loop {
        sleep(PACE[1]).await;
        let door = &doors[at % doors.len()];
        let request = http.post(format!("http://{}/api/notifications", door.address));
        let body = json!({ "userId": "owner", "title": number.to_string(), "message": "-" });
        lock(reading).inbox.unknown.insert(number);
        match request.bearer_auth(&door.token).json(&body).send().await {
            Ok(answer) if answer.status() == 201 => {
                let inbox = &mut lock(reading).inbox;
                inbox.unknown.remove(&number);
                inbox.acknowledged.insert(number);
            }
            Ok(answer) if answer.status() != 503 => bail!("{}", answer.text().await?),
            Ok(_) | Err(_) => at += 1,
        }
        number += 1;
    }
}

/// Kills the server that is read from, so often, and starts it again each time.
async fn switch(kills: usize) -> Result<()> {
    let mut fleet = Fleet::start(2, CONFIG, &[]).await?;
    let doors = fleet.doors()?;
    let cursor = doors[0].cursor().await?;
    // The client of the product reads as well, at an address that leads to whoever is there.
    let proxy = Proxy::start(doors[0].address).await?;
    let token = fleet.servers[0].scoped_token(&["read:app/*"]).await?;
    let tailed = SharedLedger::default();
    let door = Door { address: proxy.address(), token };
    let mut tail = ledger::follow(&door, &cursor, Arc::clone(&tailed))?;

    let (reading, sent) = (Shared::default(), SharedLedger::default());
    let reader = read(doors.clone(), cursor, Arc::clone(&reading), Arc::clone(&sent));
    let traffic = Traffic::among(&doors, PACE[0], Arc::clone(&sent), tokio::spawn(reader));
    let begun = Instant::now();
    let killing = async {
        for kill in 0..kills {
            let at = mid_stream(&reading, kill).await.with_context(|| format!("kill {kill}"))?;
            proxy.lead_to(doors[(at + 1) % doors.len()].address);
            fleet.servers[at].kill().await?;
            let server = &mut fleet.servers[at];
            server.start_again_after_kill().await.with_context(|| format!("kill {kill}"))?;
            if (kill + 1) % 50 == 0 {
                println!("{} kills in {:?}", kill + 1, begun.elapsed());
            }
        }
        mid_stream(&reading, kills).await.map(drop)
    };
    let story = async {
        tokio::select! {
            posted = post(&doors, &reading) => posted,
            killed = killing => killed,
            ended = &mut tail => ended?,
        }?;
        until("all notifications have arrived", RETURN_WITHIN, || async {
            Ok(lock(&reading).inbox.is_settled().then_some(()))
        })
        .await
    };
    traffic.through(story).await?;
    let missed = until("the tail has all of it, too", RETURN_WITHIN, || async {
        let mut tailed = ledger::lock(&tailed);
        let sent = ledger::lock(&sent);
        tailed.acknowledged.clone_from(&sent.acknowledged);
        tailed.unknown.clone_from(&sent.unknown);
        ensure!(tailed.is_settled(), "{} of {}", tailed.arrived(), sent.acknowledged());
        Ok(Some(()))
    });
    tokio::select! {
        missed = missed => missed?,
        ended = tail => ended??,
    }
    ledger::lock(&sent).check()?;
    ledger::lock(&tailed).check().context("of tidings tail")?;
    check_inbox(&doors, &reading).await?;
    let (sent, inbox) = (ledger::lock(&sent), &lock(&reading).inbox);
    println!(
        "{kills} kills in {:?}: {} events acknowledged and arrived, in the reader and in tidings tail; {} neither \
         acknowledged nor refused; {} notifications acknowledged and arrived, {} of them announced again",
        begun.elapsed(),
        sent.acknowledged(),
        sent.unknown.iter().map(BTreeSet::len).sum::<usize>(),
        inbox.acknowledged.len(),
        inbox.again,
    );
    ensure!(sent.acknowledged() > 5 * kills, "too little was published to show anything");
    Ok(())
}

/// Waits until the reader has gone over so often, and has events from where it is now: that server.
async fn mid_stream(reading: &Shared, switches: usize) -> Result<usize> {
    let events = 5 + switches % 20;
    until("the reader is in mid-stream", RETURN_WITHIN, || async {
        let reading = lock(reading);
        ensure!(reading.switches == switches, "{} switches", reading.switches);
        Ok((reading.events >= events).then_some(reading.at))
    })
    .await
}

/// What was acknowledged has arrived, nothing else has but what may have been taken, and each server counts what has arrived.
async fn check_inbox(doors: &[Door], reading: &Shared) -> Result<()> {
    for door in doors {
        let url = format!("http://{}/api/notifications?limit=1", door.address);
        let answer = http()?.get(url).bearer_auth(&door.token).send().await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        // What a server that was killed had saved is announced by another after a while.
        until("the reader has what each server counts", RETURN_WITHIN, || async {
            let inbox = &lock(reading).inbox;
            let (version, unread) = inbox.unread;
            ensure!(answer["version"] == version && answer["unreadCount"] == unread, "{answer}");
            ensure!(inbox.arrived.len() as u64 == unread, "{} of {unread}", inbox.arrived.len());
            Ok(Some(()))
        })
        .await?;
    }
    let inbox = &lock(reading).inbox;
    let arrived: BTreeSet<u64> = inbox.arrived.keys().copied().collect();
    let lost: Vec<_> = inbox.acknowledged.difference(&arrived).collect();
    ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let invented = arrived
        .iter()
        .find(|number| !inbox.acknowledged.contains(number) && !inbox.unknown.contains(number));
    ensure!(invented.is_none(), "never sent: {invented:?}");
    Ok(())
}

#[tokio::test]
async fn a_client_whose_server_is_killed_goes_on_at_another_and_loses_nothing() -> Result<()> {
    switch(6).await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove switches"]
async fn prove_switches() -> Result<()> {
    switch(1000).await
}

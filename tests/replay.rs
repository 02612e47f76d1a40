//! History of any length, to one client that has missed all of it.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::{DEADLINE, ProcessCost, Server, ServerOptions, Wire, wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How much memory a server may take for a replay, however long it is. Its program's pages do not count: how many
/// of them are its share depends on who else runs the same program.
const GROWTH: u64 = 2 << 20;

/// Requests on their way before an answer is waited for.
const PIPELINED: u64 = 64;

/// Looks at the server's memory, so many events apart.
const LOOK_EVERY: u64 = 1_000;

/// Topics that are filled side by side.
const TOPICS: u64 = 4;

/// Publishes the numbers 1 to `count` to a topic in this order, over one connection.
async fn fill(address: SocketAddr, token: String, topic: u64, count: u64) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let topic = format!("app/{topic}");
    let mut answers = vec![0; 64 << 10];
    for first in (1..=count).step_by(PIPELINED as usize) {
        let last = count.min(first + PIPELINED - 1);
        let requests = (first..=last).map(|n| wire::publish(&topic, &token, &n.to_string()));
        stream.write_all(requests.collect::<String>().as_bytes()).await?;
        let (mut taken, mut tail) = (0, Vec::new());
        while taken < last - first + 1 {
            let len = tokio::time::timeout(DEADLINE, stream.read(&mut answers)).await??;
            ensure!(len > 0, "closed while filling");
            tail.extend_from_slice(&answers[..len]);
            // An answer is `{"id":…}`, or it is `{"error":{…}}` and no id.
            while let Some(end) = tail.iter().position(|byte| *byte == b'}') {
                let answer = String::from_utf8(tail.drain(..=end).collect())?;
                ensure!(answer.contains("{\"id\":"), "{answer}");
                taken += 1;
            }
        }
    }
    Ok(())
}

fn sequence(id: &str) -> Result<u64> {
    Ok(id.split_once('-').context("<epoch>-<seq>")?.1.parse()?)
}

async fn replay(count: u64) -> Result<()> {
    let config = format!(
        "[hub]\nhistory_events = {}\nhistory_bytes = {}\n[collectors]\ninterval_ms = 3600000",
        count + count / 5,
        4_u64 << 30,
    );
    let mut server = Server::start_with(ServerOptions::with_config(config)).await?;
    let (address, token) = (server.address(), server.token()?);
    let (mut first, _) = Wire::get(address, "/api/events?topic=app/*", &token).await?;
    let cursor = first.next().await?.id.context("an id")?;
    drop(first);
    let begun = Instant::now();
    let mut filling = JoinSet::new();
    for topic in 0..TOPICS {
        filling.spawn(fill(address, token.clone(), topic, count / TOPICS));
    }
    while let Some(filled) = filling.join_next().await {
        filled??;
    }
    println!("{count} events published within {:?}", begun.elapsed());

    // What is read comes from the journal, not from the memory of the server that took it.
    ensure!(server.stop().await?.success(), "it did not end as it should");
    server.start_again().await?;
    server.open_files_at_rest().await?;
    let before = ProcessCost::of(&[server.pid()?])?;

    let begun = Instant::now();
    let path = format!("/api/events?topic=app/*&last_event_id={cursor}");
    let (mut stream, _) = Wire::get(address, &path, &token).await?;
    let connected = stream.next().await?;
    ensure!(connected.id.as_deref() == Some(&*cursor), "{connected:?}");
    let mut looks = Vec::new();
    let (mut last, mut most) = (sequence(&cursor)?, before.anonymous());
    let mut seen = [0; TOPICS as usize];
    for n in 1..=count {
        let frame = stream.next().await?;
        if frame.event.as_deref() != Some("update") {
            bail!("{n} was due, not {frame:?}");
        }
        let seq = sequence(frame.id.as_deref().context("an id")?)?;
        ensure!(seq > last, "{seq} after {last}");
        last = seq;
        let event = frame.json()?;
        let topic = event["topic"].as_str().and_then(|topic| topic.strip_prefix("app/"));
        let number = &mut seen[topic.context("a topic")?.parse::<usize>()?];
        *number += 1;
        ensure!(event["data"] == *number, "{number} was due, not {frame:?}");
        if n % LOOK_EVERY == 0 {
            let now = ProcessCost::of(&[server.pid()?])?.anonymous();
            if n % (count / 10) == 0 {
                looks.push(now.saturating_sub(before.anonymous()) >> 10);
            }
            most = most.max(now);
        }
    }
    let taken = begun.elapsed();
    let grown = most.saturating_sub(before.anonymous());
    println!("replayed within {taken:?}: {before} before, at most {} KiB more", grown >> 10);
    println!("after each tenth, KiB more: {looks:?}");

    // And live behind it, with nothing in between.
    let mut publisher = Wire::connect(address).await?;
    ensure!(seen == [count / TOPICS; TOPICS as usize], "{seen:?}");
    publisher.send(wire::publish("app/0", &token, "\"live\"")).await?;
    ensure!(publisher.head().await?.status == 200, "not published");
    let live = stream.next_within(Duration::from_secs(5)).await?;
    ensure!(live.json()?["data"] == "live", "{live:?}");
    ensure!(grown <= GROWTH, "memory grew by {} KiB", grown >> 10);
    Ok(())
}

#[tokio::test]
async fn a_long_history_is_replayed_whole_and_in_order_in_a_fixed_amount_of_memory() -> Result<()> {
    replay(20_000).await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove replay"]
async fn prove_replay() -> Result<()> {
    replay(1_000_000).await
}

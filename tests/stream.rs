//! The stream as the wire contract tells it, from the real binary.

use std::time::Duration;

use anyhow::{Context, Result};
use harness::{Events, Frame, Server, ServerOptions, http};
use serde_json::Value;
use tidings_protocol::event::EventId;

async fn events(server: &Server, query: &str) -> Result<Events> {
    Events::open(server.get(&format!("/api/events{query}"))?).await
}

/// The next frame that is an event of metrics.
async fn next_update(events: &mut Events) -> Result<Frame> {
    loop {
        let frame = events.next().await?;
        if frame.event.as_deref() == Some("update") {
            return Ok(frame);
        }
    }
}

fn sequence(frame: &Frame) -> Result<u64> {
    let id = frame.id.as_deref().context("every event has an id")?;
    let (epoch, seq) = id.split_once('-').context("<epoch>-<seq>")?;
    assert!(epoch.len() == 8 && epoch.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
    Ok(seq.parse()?)
}

#[tokio::test]
async fn a_stream_opens_with_its_headers_and_connected() -> Result<()> {
    let server = Server::start().await?;
    let mut events = events(&server, "").await?;

    let headers = events.response().headers();
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("connection", "keep-alive"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(!headers.contains_key("content-encoding"));

    let first = events.next().await?;
    assert_eq!(first.event, None);
    assert!(first.id.is_some());
    assert!(first.retry.context("a retry")?.parse::<u64>()? > 0);
    let connected: Value = serde_json::from_str(&first.data.context("data")?)?;
    assert_eq!(connected["type"], "connected");
    assert_eq!(connected["serverVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(connected["heartbeatSeconds"], 15);
    let topics = connected["topics"].as_array().context("topics")?;
    assert!(topics.contains(&"metrics/*".into()), "{topics:?}");
    Ok(())
}

#[tokio::test]
async fn metrics_come_once_an_interval_with_growing_ids_and_the_figures_of_proc() -> Result<()> {
    let options = ServerOptions {
        config: "[collectors]\ninterval_ms = 200\n[server]\nhost_name = \"box\"".to_owned(),
        ..ServerOptions::default()
    };
    let server = Server::start_with(options).await?;
    let mut events = events(&server, "").await?;

    let mut last = 0;
    let mut at = 0;
    for _ in 0..5 {
        let update = next_update(&mut events).await?;
        let seq = sequence(&update)?;
        assert!(seq > last, "{seq} after {last}");
        last = seq;
        let event = update.json()?;
        assert_eq!(event["topic"], "metrics/box");
        let then = event["at"].as_u64().context("a time")?;
        // Early by no more than the tick's own jitter on a busy machine.
        assert!(then >= at + 100, "{then} after {at}");
        at = then;
    }

    let snapshot = next_update(&mut events).await?.json()?["data"].clone();
    assert_eq!(snapshot["intervalMs"], 200);
    assert_eq!(snapshot["memory"]["total"], meminfo("MemTotal")?);
    let available = snapshot["memory"]["available"].as_u64().context("available")?;
    let now = meminfo("MemAvailable")?;
    assert!(available.abs_diff(now) < 512 << 20, "{available} against {now} now");
    let cores = snapshot["cpu"]["cores"].as_array().context("cores")?.len();
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo")?;
    assert_eq!(cores, cpuinfo.lines().filter(|line| line.starts_with("processor")).count());
    let uptime = snapshot["host"]["uptime"].as_u64().context("uptime")?;
    let proc_uptime: f64 =
        std::fs::read_to_string("/proc/uptime")?.split(' ').next().context("a figure")?.parse()?;
    assert!((proc_uptime - uptime as f64).abs() < 3.0, "{uptime} against {proc_uptime}");
    Ok(())
}

fn meminfo(key: &str) -> Result<u64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find(|line| line.starts_with(&format!("{key}:"))).context("a line")?;
    Ok(line.split_whitespace().nth(1).context("a figure")?.parse::<u64>()? * 1024)
}

#[tokio::test]
async fn silence_is_broken_by_a_heartbeat() -> Result<()> {
    let options = ServerOptions {
        config: "[server]\nheartbeat_seconds = 1".to_owned(),
        ..ServerOptions::default()
    };
    let server = Server::start_with(options).await?;

    let mut named = events(&server, "?topic=app/quiet").await?;
    named.next().await?;
    for _ in 0..2 {
        let frame = named.next_within(Duration::from_secs(3)).await?;
        assert_eq!(frame.comment.as_deref(), Some("heartbeat"), "{frame:?}");
    }

    let mut unnamed = events(&server, "?topic=app/quiet&unnamed=1").await?;
    let first = unnamed.next().await?;
    let frame = unnamed.next_within(Duration::from_secs(3)).await?;
    assert_eq!(frame.json()?["type"], "heartbeat");
    // A message without an id makes some clients forget theirs; other topics may have moved it on.
    let id = |frame: &Frame| frame.id.as_deref()?.parse::<EventId>().ok();
    let (before, after) = (id(&first).context("an id")?, id(&frame).context("an id")?);
    assert!(before.epoch == after.epoch && before.seq <= after.seq, "{before} and then {after}");
    Ok(())
}

#[tokio::test]
async fn unnamed_events_carry_their_type_and_id_in_the_data() -> Result<()> {
    let server = Server::start().await?;
    let mut events = events(&server, "?unnamed=1").await?;
    assert_eq!(events.next().await?.json()?["type"], "connected");
    let mut frame = events.next().await?;
    if frame.json()?["type"] == "heartbeat" {
        // There was no sample yet.
        frame = events.next().await?;
    }
    assert_eq!(frame.event, None);
    let event = frame.json()?;
    assert_eq!(event["type"], "update");
    assert_eq!(event["id"].as_str(), frame.id.as_deref());
    Ok(())
}

#[tokio::test]
async fn a_client_that_returns_with_its_cursor_goes_on_behind_it() -> Result<()> {
    let options = ServerOptions {
        config: "[collectors]\ninterval_ms = 100".to_owned(),
        ..ServerOptions::default()
    };
    let server = Server::start_with(options).await?;
    let mut first = events(&server, "").await?;
    let seen = next_update(&mut first).await?;
    let cursor = seen.id.clone().context("an id")?;
    drop(first);

    let request = server.get("/api/events")?.header("Last-Event-ID", &cursor);
    let mut again = Events::open(request).await?;
    assert_eq!(
        again.next().await?.id.as_deref(),
        Some(&*cursor),
        "the first frame keeps the cursor"
    );
    let next = next_update(&mut again).await?;
    assert!(sequence(&next)? > sequence(&seen)?);
    Ok(())
}

#[tokio::test]
async fn a_cursor_that_cannot_be_resumed_is_told_in_band() -> Result<()> {
    let server = Server::start().await?;
    for (cursor, reason) in [("00000000-7", "unknown_epoch"), ("17", "malformed_cursor")] {
        let mut events = events(&server, &format!("?last_event_id={cursor}")).await?;
        let first = events.next().await?;
        let gap = events.next().await?;
        assert_eq!(gap.event.as_deref(), Some("gap"));
        assert_eq!(gap.id, first.id);
        let data = gap.json()?;
        assert_eq!(data["reason"], reason);
        assert_eq!(data["from"], Value::Null);
        assert_eq!(data["to"].as_str(), gap.id.as_deref());
    }
    Ok(())
}

#[tokio::test]
async fn after_a_crash_a_new_epoch_begins_and_the_old_cursor_is_told_unknown() -> Result<()> {
    let mut server = Server::start().await?;
    let mut before = events(&server, "").await?;
    let cursor = next_update(&mut before).await?.id.context("an id")?;
    server.kill().await?;
    server.start_again().await?;

    let mut after = events(&server, &format!("?last_event_id={cursor}")).await?;
    after.next().await?;
    let gap = after.next().await?;
    assert_eq!(gap.json()?["reason"], "unknown_epoch");
    Ok(())
}

#[tokio::test]
async fn after_a_clean_end_the_old_cursor_goes_on_where_it_was() -> Result<()> {
    let mut server = Server::start().await?;
    let mut before = events(&server, "").await?;
    let cursor = next_update(&mut before).await?.id.context("an id")?;
    server.stop().await?;
    server.start_again().await?;

    let mut after = events(&server, &format!("?last_event_id={cursor}")).await?;
    assert_eq!(after.next().await?.id.as_deref(), Some(&*cursor));
    let next: EventId = next_update(&mut after).await?.id.context("an id")?.parse()?;
    let cursor: EventId = cursor.parse()?;
    assert!(next.epoch == cursor.epoch && next.seq > cursor.seq, "{cursor} and then {next}");
    Ok(())
}

#[tokio::test]
async fn a_selector_that_is_none_is_refused_with_a_code() -> Result<()> {
    let server = Server::start().await?;
    for topic in ["", "a//b", "a/*/b", "a%20b", &"x".repeat(256)] {
        let response = server.get(&format!("/api/events?topic={topic}"))?.send().await?;
        assert_eq!(response.status(), 400, "{topic}");
        assert_eq!(response.json::<Value>().await?["error"]["code"], "invalid_topic", "{topic}");
    }
    Ok(())
}

#[tokio::test]
async fn shutdown_ends_every_stream_and_the_process_at_once() -> Result<()> {
    let mut server = Server::start().await?;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = events(&server, "").await?;
        stream.next().await?;
        streams.push(stream);
    }
    let begun = std::time::Instant::now();
    assert!(server.stop().await?.success());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    for stream in streams {
        stream.end().await?;
    }
    assert!(http()?.get(server.url("/healthz")).send().await.is_err());
    Ok(())
}

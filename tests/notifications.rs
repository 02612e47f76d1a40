//! Notifications: posted by programs and from the command line, read on a stream, and nothing lost on the way.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use harness::{Events, Frame, Server, ServerOptions, http, run};
use serde_json::{Value, json};

const STREAM: &str = "/api/notifications/stream";

async fn tidings(server: &Server, args: &[&str], input: &str) -> Result<String> {
    let output = run(server, args, input.as_bytes()).await?;
    ensure!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

async fn refused(server: &Server, args: &[&str], input: &str) -> Result<String> {
    let output = run(server, args, input.as_bytes()).await?;
    ensure!(output.status.code() == Some(1), "{args:?}: {:?}", output.status);
    Ok(String::from_utf8(output.stderr)?)
}

/// The owner's stream, and what it says first.
async fn open(server: &Server, query: &str) -> Result<(Events, Value)> {
    let mut events = Events::open(server.get(&format!("{STREAM}{query}"))?).await?;
    let connected = events.next().await?;
    ensure!(connected.event.is_none() && connected.id.is_some(), "{connected:?}");
    let initial = events.next().await?;
    assert_eq!((initial.event.as_deref(), &initial.id), (Some("initial"), &connected.id));
    Ok((events, initial.json()?))
}

/// The next event that is no mere sign of life.
async fn next(events: &mut Events) -> Result<Frame> {
    loop {
        let frame = events.next().await?;
        if frame.data.is_some() {
            return Ok(frame);
        }
    }
}

async fn post(server: &Server, body: &Value) -> Result<Value> {
    let request = http()?.post(server.url("/api/notifications")).bearer_auth(server.token()?);
    Ok(request.json(body).send().await?.error_for_status()?.json().await?)
}

async fn list(server: &Server) -> Result<Value> {
    let answer = server.get("/api/notifications?limit=200")?.send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

#[tokio::test]
async fn a_stream_says_how_many_are_unread_what_comes_and_what_is_read_elsewhere() -> Result<()> {
    let server = Server::start().await?;
    let (mut one, initial) = open(&server, "").await?;
    assert_eq!(initial, json!({ "unreadCount": 0, "version": 0 }));
    let row = post(&server, &json!({ "title": "Backup done", "level": "success" })).await?;
    let frame = next(&mut one).await?;
    let mut expected = row.clone();
    expected["unreadCount"] = 1.into();
    assert_eq!((frame.event.as_deref(), frame.json()?), (Some("notification"), expected));

    let (mut two, initial) = open(&server, "").await?;
    assert_eq!(initial, json!({ "unreadCount": 1, "version": 1 }));
    let id = row["id"].as_str().context("an id")?;
    let read = http()?.post(server.url(&format!("/api/notifications/{id}/read")));
    read.bearer_auth(server.token()?).send().await?.error_for_status()?;
    for events in [&mut one, &mut two] {
        let frame = next(events).await?;
        assert_eq!(frame.event.as_deref(), Some("unread"));
        assert_eq!(frame.json()?, json!({ "unreadCount": 0, "version": 2, "read": [id] }));
    }
    Ok(())
}

#[tokio::test]
async fn what_came_while_a_client_was_away_arrives_once() -> Result<()> {
    let mut server = Server::start().await?;
    let (mut events, _) = open(&server, "").await?;
    post(&server, &json!({ "title": "0" })).await?;
    let cursor = next(&mut events).await?.id.context("an id")?;
    drop(events);
    for n in 1..=20 {
        post(&server, &json!({ "title": n.to_string() })).await?;
    }
    let (mut events, initial) = open(&server, &format!("?last_event_id={cursor}")).await?;
    assert_eq!(initial, json!({ "unreadCount": 21, "version": 21 }), "as it is now");
    post(&server, &json!({ "title": "21" })).await?;
    for n in 1..=21 {
        let told = next(&mut events).await?.json()?;
        assert_eq!((&told["title"], &told["version"]), (&json!(n.to_string()), &json!(n + 1)));
    }

    // Nor does any of it come again from the next process.
    let cursor = cursor_of(&server, &mut events).await?;
    drop(events);
    ensure!(server.stop().await?.success());
    server.start_again().await?;
    let (mut events, initial) = open(&server, &format!("?last_event_id={cursor}")).await?;
    assert_eq!(initial, json!({ "unreadCount": 23, "version": 23 }));
    post(&server, &json!({ "title": "last" })).await?;
    assert_eq!(next(&mut events).await?.json()?["title"], "last");
    Ok(())
}

/// Posts one more, and returns the cursor behind it.
async fn cursor_of(server: &Server, events: &mut Events) -> Result<String> {
    post(server, &json!({ "title": "one more" })).await?;
    next(events).await?.id.context("an id")
}

#[tokio::test]
async fn on_a_restored_database_a_stream_says_how_things_stand_there() -> Result<()> {
    let mut server = Server::start().await?;
    post(&server, &json!({ "title": "kept" })).await?;
    server.stop().await?;
    let file = server.data_dir().join("tidings.db");
    let copy = std::fs::read(&file)?;
    server.start_again().await?;
    let (mut events, _) = open(&server, "").await?;
    for n in 0..3 {
        post(&server, &json!({ "title": n.to_string() })).await?;
        next(&mut events).await?;
    }
    let cursor = cursor_of(&server, &mut events).await?;
    drop(events);
    server.stop().await?;
    for beside in ["tidings.db-wal", "tidings.db-shm"] {
        let _ = std::fs::remove_file(server.data_dir().join(beside));
    }
    std::fs::write(&file, copy)?;
    server.start_again().await?;

    let path = format!("{STREAM}?last_event_id={cursor}");
    let mut events = Events::open(server.get(&path)?).await?;
    let initial = loop {
        let frame = next(&mut events).await?;
        if frame.event.as_deref() == Some("initial") {
            break frame.json()?;
        }
    };
    assert_eq!(initial, json!({ "unreadCount": 1, "version": 1 }), "less than the client knew");
    Ok(())
}

#[tokio::test]
async fn an_unnamed_stream_has_the_envelope_of_every_other() -> Result<()> {
    let server = Server::start().await?;
    let mut events = Events::open(server.get(&format!("{STREAM}?unnamed=1"))?).await?;
    assert_eq!(events.next().await?.json()?["type"], "connected");
    let frame = events.next().await?;
    let initial = frame.json()?;
    assert_eq!((frame.event, &initial["type"]), (None, &json!("initial")));
    assert_eq!(
        (frame.id.as_deref(), &initial["topic"]),
        (initial["id"].as_str(), &json!("notifications/owner"))
    );
    assert_eq!(initial["data"], json!({ "unreadCount": 0, "version": 0 }));
    let row = post(&server, &json!({ "title": "a" })).await?;
    let told = loop {
        let told = next(&mut events).await?.json()?;
        if told["type"] != "heartbeat" {
            break told;
        }
    };
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("notification"), &row["id"]));
    assert_eq!(told["topic"], "notifications/owner");
    Ok(())
}

#[tokio::test]
async fn text_as_curl_sends_it_is_a_message() -> Result<()> {
    let server = Server::start().await?;
    let token = server.scoped_token(&["notify"]).await?;
    let request = http()?.post(server.url("/api/notifications")).bearer_auth(&token);
    let form = "application/x-www-form-urlencoded";
    let answer = request.header("Content-Type", form).body("disk of box: 99% & rising").send();
    let answer = answer.await?;
    assert_eq!(answer.status(), 201);
    let row: Value = answer.json().await?;
    assert_eq!(row["message"], "disk of box: 99% & rising");
    assert_eq!((&row["title"], &row["userId"]), (&json!("test"), &json!("owner")));
    assert_eq!(list(&server).await?["notifications"][0], row);
    let denied = http()?.get(server.url(STREAM)).bearer_auth(&token).send().await?;
    assert_eq!(denied.status(), 403, "it may post, and not read");
    Ok(())
}

#[tokio::test]
async fn a_notification_is_sent_from_the_command_line() -> Result<()> {
    let server = Server::start().await?;
    tidings(&server, &["user", "add", "Ada", "--role", "viewer", "--no-password"], "").await?;
    let args = ["notify", "Backup done", "--user", "ada", "--level", "success", "--json"];
    let row: Value = serde_json::from_str(&tidings(&server, &args, "").await?)?;
    assert_eq!((&row["message"], &row["level"]), (&json!("Backup done"), &json!("success")));
    ensure!(row["userId"] != "owner", "{row}");
    assert_eq!(list(&server).await?["unreadCount"], 0, "it is another's");

    let args = ["notify", "-", "--title", "make ended", "--expires", "2h", "--source", "make"];
    assert_eq!(tidings(&server, &args, "line 1\r\nline 2\n\n").await?, "", "nothing to say");
    let inbox = list(&server).await?;
    let row = &inbox["notifications"][0];
    assert_eq!((&row["title"], &row["message"]), (&json!("make ended"), &json!("line 1\nline 2")));
    let lasts = row["expiresAt"].as_u64().zip(row["createdAt"].as_u64());
    assert_eq!(lasts.map(|(end, begin)| end - begin), Some(7_200_000));

    for level in ["warning", "error", "error"] {
        let args =
            ["notify", "--title", "Disk", "--key", "disk:/", "--level", level, "--link", "/"];
        tidings(&server, &args, "").await?;
    }
    let inbox = list(&server).await?;
    assert_eq!((&inbox["unreadCount"], &inbox["version"]), (&json!(2), &json!(3)));
    assert_eq!(inbox["notifications"][0]["level"], "error");

    for (args, input, said) in [
        (&["notify", "x", "--user", "nobody"][..], "", "no such user"),
        (&["notify", "x", "--link", "javascript:alert(1)"], "", "a link is a URL"),
        (&["notify", "-"], " \n", "standard input is empty"),
        (&["notify", "bell \u{7}"], "", "no control characters"),
    ] {
        let told = refused(&server, args, input).await?;
        ensure!(told.starts_with("tidings: ") && told.contains(said), "{args:?}: {told}");
    }
    for args in [&["notify"][..], &["notify", "x", "--level", "fatal"]] {
        assert_eq!(run(&server, args, b"").await?.status.code(), Some(2), "{args:?}");
    }
    Ok(())
}

/// A publisher that goes on until the server is gone; the ids that were acknowledged.
async fn post_until_it_dies(url: String, token: String) -> Result<BTreeSet<String>> {
    let http = http()?;
    let mut ids = BTreeSet::new();
    for n in 0.. {
        let request = http.post(&url).bearer_auth(&token).json(&json!({ "title": n.to_string() }));
        let Ok(answer) = request.send().await else { break };
        let Ok(row) = answer.json::<Value>().await else { break };
        ids.insert(row["id"].as_str().context("an id")?.to_owned());
    }
    Ok(ids)
}

#[tokio::test]
async fn what_was_acknowledged_before_a_crash_reaches_who_resumes_once_or_once_more() -> Result<()>
{
    let options = ServerOptions::default().with_args(["--durable"]);
    let mut server = Server::start_with(options).await?;
    let mut arrived = Arrived::default();
    let mut acknowledged = BTreeSet::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let query = format!("?last_event_id={cursor}");
        let mut events = Events::open(server.get(&format!("{STREAM}{query}"))?).await?;
        let url = server.url("/api/notifications");
        let posting = tokio::spawn(post_until_it_dies(url, server.token()?));
        let mut heard = 0;
        while let Ok(frame) = events.next().await {
            ensure!(frame.event.as_deref() != Some("gap"), "{frame:?}");
            cursor = frame.id.clone().unwrap_or(cursor);
            if frame.event.as_deref() == Some("notification") {
                arrived.add(&frame)?;
                heard += 1;
                if heard == 20 {
                    server.kill().await?;
                    arrived.kills += 1;
                }
            }
        }
        acknowledged.extend(posting.await??);
        server.start_again().await?;
    }
    let mut events = Events::open(server.get(&format!("{STREAM}?last_event_id={cursor}"))?).await?;
    let all = list(&server).await?;
    let kept = all["notifications"].as_array().context("a list")?;
    let kept: BTreeSet<_> =
        kept.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
    ensure!(acknowledged.is_subset(&kept), "{} of {}", kept.len(), acknowledged.len());
    assert_eq!(all["unreadCount"], kept.len());
    // What comes behind the crashes comes once.
    let last = post(&server, &json!({ "title": "last" })).await?;
    let end = post(&server, &json!({ "title": "end" })).await?;
    let ids = [&last, &end].map(|row| row["id"].as_str().unwrap_or_default().to_owned());
    while !kept.iter().chain(&ids).all(|id| arrived.times.contains_key(id)) {
        let frame = next(&mut events).await?;
        if frame.event.as_deref() == Some("notification") {
            arrived.add(&frame)?;
        }
    }
    for id in &ids {
        assert_eq!(arrived.times.remove(id).context("it has arrived")?.1, 1);
    }
    assert_eq!(arrived.times.into_keys().collect::<BTreeSet<_>>(), kept);
    Ok(())
}

/// Which notifications arrived.
#[derive(Default)]
struct Arrived {
    /// By id: the version, and how often.
    times: BTreeMap<String, (u64, usize)>,
    /// How often the server was killed.
    kills: usize,
}

impl Arrived {
    /// One whose event the server had published just before it was killed may come once more, and is the same then.
    fn add(&mut self, frame: &Frame) -> Result<()> {
        let told = frame.json()?;
        let id = told["id"].as_str().context("an id")?.to_owned();
        let version = told["version"].as_u64().context("a version")?;
        let (first, times) = self.times.entry(id).or_insert((version, 0));
        *times += 1;
        ensure!(*first == version && *times <= 1 + self.kills, "{told} came {times} times");
        Ok(())
    }
}

//! `tidings tail`: what it prints, what it survives, and how it ends.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result};
use harness::{Server, ServerOptions, Tail, command, run};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

/// Publishes an event; the number in its id.
async fn publish(server: &Server, topic: &str, data: &Value) -> Result<u64> {
    let response = server.publish(topic)?.json(data).send().await?;
    assert_eq!(response.status(), 200, "{topic}");
    seq(&response.json::<Value>().await?["id"])
}

#[tokio::test]
async fn json_is_one_object_a_line_with_its_keys_in_order() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x", "app/y/*", "--json"]).await?;
    for topic in ["app/x", "app/z", "app/y/1"] {
        publish(&server, topic, &json!({ "b": [1, "\u{2028}"], "a": null })).await?;
    }
    for topic in ["app/x", "app/y/1"] {
        let line = tail.line().await?;
        let event: Value = serde_json::from_str(&line)?;
        let expected = format!(
            "{{\"id\":{},\"type\":\"update\",\"topic\":\"{topic}\",\"at\":{},\"data\":{}}}",
            event["id"], event["at"], event["data"]
        );
        assert_eq!(line, expected);
        assert_eq!(event["data"], json!({ "b": [1, "\u{2028}"], "a": null }));
    }
    Ok(())
}

#[tokio::test]
async fn a_line_for_people_is_plain_where_it_goes_to_no_terminal() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/*"]).await?;
    publish(&server, "app/x?type=build", &json!({ "ok": true })).await?;
    let line = tail.line().await?;
    assert!(line.ends_with("  app/x  build  {\"ok\":true}"), "{line:?}");
    assert!(!line.contains('\x1b'), "{line:?}");
    Ok(())
}

#[tokio::test]
async fn without_topics_it_follows_the_machines() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["--json"]).await?;
    let event = tail.json().await?;
    assert!(event["topic"].as_str().context("a topic")?.starts_with("metrics/"), "{event}");
    Ok(())
}

#[tokio::test]
async fn it_may_begin_behind_an_event_of_the_past() -> Result<()> {
    let server = Server::start().await?;
    let output = run(&server, &["publish", "app/x", "--lines", "-v"], b"1\n2\n3\n").await?;
    let ids = String::from_utf8(output.stdout)?;
    let first = ids.lines().next().context("an id")?;
    let mut tail = Tail::start(&server, &["app/x", "--json", "--since", first]).await?;
    for n in [2, 3] {
        assert_eq!(tail.json().await?["data"], n);
    }
    Ok(())
}

#[tokio::test]
async fn it_may_begin_with_the_newest_of_the_past() -> Result<()> {
    let server = Server::start().await?;
    for (topic, n) in [("app/a", 1), ("app/b", 2), ("app/b", 3), ("app/b", 4)] {
        publish(&server, topic, &json!(n)).await?;
    }
    let mut tail = Tail::start(&server, &["app/*", "--json", "--recent", "4"]).await?;
    publish(&server, "app/a", &json!(5)).await?;
    for expected in [1, 3, 4, 5] {
        assert_eq!(tail.json().await?["data"], expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_and_starts_again_is_found_and_the_loss_is_told() -> Result<()> {
    let mut server = Server::start().await?;
    let mut json = Tail::start(&server, &["app/x", "--json"]).await?;
    let mut pretty = Tail::start(&server, &["app/x"]).await?;
    publish(&server, "app/x", &json!(1)).await?;
    let before = json.json().await?;
    pretty.line().await?;

    server.kill().await?;
    json.told("trying again").await?;
    server.start_again().await?;
    json.told("connected to").await?;
    let gap = json.json().await?;
    assert_eq!((&gap["type"], &gap["reason"]), (&json!("gap"), &json!("unknown_epoch")));
    pretty.told("events are lost").await?;

    publish(&server, "app/x", &json!(2)).await?;
    let after = json.json().await?;
    assert_eq!(after["data"], 2);
    assert_ne!(before["id"].as_str().map(|id| &id[..8]), after["id"].as_str().map(|id| &id[..8]));
    assert!(pretty.line().await?.ends_with("  2"));
    Ok(())
}

#[tokio::test]
async fn it_ends_cleanly_when_asked_to() -> Result<()> {
    let server = Server::start().await?;
    for signal in [Signal::INT, Signal::TERM] {
        let tail = Tail::start(&server, &["app/x"]).await?;
        tail.signal(signal)?;
        let (status, said) = tail.end().await?;
        assert_eq!((status.code(), &*said), (Some(0), ""), "{signal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn it_ends_when_asked_to_though_nobody_reads_its_output() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    // More than its pipe holds.
    publish(&server, "app/x", &json!("x".repeat(200 << 10))).await?;
    let full = || {
        let unread = tail.unread();
        async move { Ok((unread? >= 64 << 10).then_some(())) }
    };
    harness::until("the pipe is full", harness::DEADLINE, full).await?;
    tail.signal(Signal::INT)?;
    let (status, _) = tail.end().await?;
    assert_eq!(status.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn a_line_that_is_half_written_when_it_is_asked_to_end_is_written_to_its_end() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    let filler = "x".repeat(200 << 10);
    publish(&server, "app/x", &json!(filler)).await?;
    let full = || {
        let unread = tail.unread();
        async move { Ok((unread? >= 64 << 10).then_some(())) }
    };
    harness::until("the pipe is full", harness::DEADLINE, full).await?;
    tail.signal(Signal::INT)?;
    assert_eq!(tail.json().await?["data"], json!(filler));
    let (status, _) = tail.end().await?;
    assert_eq!(status.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn a_closed_pipe_ends_it_without_a_word() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    publish(&server, "app/x", &json!(1)).await?;
    assert_eq!(tail.json().await?["data"], 1);
    tail.close_output();
    publish(&server, "app/x", &json!(2)).await?;
    let (status, said) = tail.end().await?;
    assert_eq!((status.code(), &*said), (Some(0), ""));
    Ok(())
}

#[tokio::test]
async fn a_reader_that_goes_ends_it_though_nothing_comes() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x"]).await?;
    tail.close_output();
    let (status, said) = tail.end().await?;
    assert_eq!((status.code(), &*said), (Some(0), ""));

    let (reader, output) = UnixStream::pair()?;
    let tail = Tail::start_into(&server, &["app/x"], OwnedFd::from(output)).await?;
    drop(reader);
    let (status, said) = tail.end().await?;
    assert_eq!((status.code(), &*said), (Some(0), ""));
    Ok(())
}

#[tokio::test]
async fn it_goes_on_where_its_output_is_a_file_a_terminal_or_nothing() -> Result<()> {
    let mut server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("output");
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    let window = ptsname(&terminal, Vec::new())?.into_string()?;
    let mut tails = Vec::new();
    for output in [path.as_path(), Path::new(&window), Path::new("/dev/null")] {
        let output = File::options().write(true).create(true).truncate(true).open(output)?;
        tails.push(Tail::start_into(&server, &["app/x", "--json"], output).await?);
    }
    publish(&server, "app/x", &json!("here")).await?;
    let written = || async { Ok(std::fs::read_to_string(&path)?.contains("here").then_some(())) };
    harness::until("the file has the event", harness::DEADLINE, written).await?;
    server.stop().await?;
    for mut tail in tails {
        tail.told("trying again").await?;
        tail.signal(Signal::TERM)?;
        assert_eq!(tail.end().await?.0.code(), Some(0));
    }
    Ok(())
}

#[tokio::test]
async fn a_slow_pipe_gets_every_event_or_is_told_which_it_does_not() -> Result<()> {
    let config = "[hub]\nhistory_bytes = 1048576".to_owned();
    let server = Server::start_with(ServerOptions { config, ..Default::default() }).await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    // More than its pipe, its own bounds, the sockets and the server's history hold.
    let filler = "x".repeat(200 << 10);
    let mut published = Vec::new();
    // Over one connection: the reader must not have time to keep up.
    let (http, url, token) = (harness::http()?, server.url("/api/publish/app/x"), server.token()?);
    for _ in 0..250 {
        let answer = http.post(&url).bearer_auth(&token).json(&filler).send().await?;
        assert_eq!(answer.status(), 200);
        published.push(seq(&answer.json::<Value>().await?["id"])?);
    }
    let (mut seen, mut gaps) = (Vec::new(), Vec::new());
    while seen.last() != published.last() {
        let line = tail.json().await?;
        if line["type"] == "gap" {
            // Where publishing takes longer than 10 s, the server ends the stream that is not read, and the next finds
            // what followed evicted.
            let reason = line["reason"].as_str();
            assert!(matches!(reason, Some("slow_consumer" | "evicted")), "{line}");
            gaps.push((seq(&line["from"])?, seq(&line["to"])?));
        } else {
            seen.push(seq(&line["id"])?);
        }
    }
    assert!(seen.is_sorted_by(|one, next| one < next), "in order, and each once");
    let lost: Vec<_> = published.iter().filter(|id| !seen.contains(id)).collect();
    assert!(!lost.is_empty(), "the test is too small to be slow");
    let is_told = |id: &u64| gaps.iter().any(|(from, to)| from < id && id <= to);
    assert!(lost.iter().all(|id| is_told(id)), "lost {lost:?}, told {gaps:?}");
    Ok(())
}

fn seq(id: &Value) -> Result<u64> {
    let (_, seq) = id.as_str().and_then(|id| id.split_once('-')).context("an id")?;
    Ok(seq.parse()?)
}

#[tokio::test]
async fn a_refusal_ends_it_with_the_reason() -> Result<()> {
    let server = Server::start().await?;
    let mut wrong = command(&server, &["tail"])?;
    let output = wrong.env("TIDINGS_TOKEN", "wrong").output().await?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--token-file"), "{said}");

    let output = command(&server, &["tail", "users/somebody"])?.output().await?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("topics"), "{said}");

    let mut elsewhere = command(&server, &["tail", "--server"])?;
    let output = elsewhere.arg(server.url("/elsewhere")).output().await?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("404"), "{said}");
    Ok(())
}

//! Publishing from outside: by HTTP, as curl and its like do, and from the command line.

use anyhow::{Context, Result};
use harness::{Events, Server, ServerOptions, Tail, command, run};
use serde_json::{Value, json};

const INJECTION: &str = "a\rdata: evil\n\nid: x";

/// The stream of `app/*`, open.
async fn listen(server: &Server) -> Result<Events> {
    let mut events = Events::open(server.get("/api/events?topic=app/*")?).await?;
    events.next().await?;
    Ok(events)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn what_is_posted_arrives_on_the_stream_with_the_id_that_was_answered() -> Result<()> {
    let server = Server::start().await?;
    let mut events = listen(&server).await?;
    let form = "application/x-www-form-urlencoded";
    for (content_type, body, data) in [
        ("application/json", "{\"n\":\n 1.50}", json!({ "n": 1.5 })),
        (form, "{\"n\":1}", json!({ "n": 1 })),
        (form, "hello & goodbye", json!({ "raw": "hello & goodbye" })),
        ("text/plain", "{\"n\":1}", json!({ "raw": "{\"n\":1}" })),
        ("text/plain; charset=utf-8", INJECTION, json!({ "raw": INJECTION })),
        (
            "application/json",
            "\"\u{feff}\u{2028}\u{1f600}\\u0000\"",
            json!("\u{feff}\u{2028}\u{1f600}\0"),
        ),
    ] {
        let request =
            server.publish("app/x?type=gr%C3%B6%C3%9Fer")?.header("Content-Type", content_type);
        let response = request.body(body).send().await?;
        assert_eq!(response.status(), 200, "{body:?}");
        let published: Value = response.json().await?;
        let frame = events.next().await?;
        assert_eq!(frame.event.as_deref(), Some("größer"));
        assert_eq!(frame.id.as_deref(), published["id"].as_str());
        let event = frame.json()?;
        assert_eq!((&event["topic"], &event["data"]), (&json!("app/x"), &data));
    }
    Ok(())
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_413_by_the_real_server_too() -> Result<()> {
    let config = "[limits]\nbody_bytes = 1024".to_owned();
    let server = Server::start_with(ServerOptions { config, ..Default::default() }).await?;
    for (length, status) in [(1024, 200), (1025, 413), (200 << 10, 413)] {
        let response = server.publish("app/x")?.body("x".repeat(length)).send().await?;
        assert_eq!(response.status(), status, "{length} bytes");
    }
    Ok(())
}

#[tokio::test]
async fn whatever_is_acknowledged_can_be_read_by_our_own_client() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    let most = 256 << 10;
    let lines = format!("[{}1]", "\n".repeat(most - 3));
    let escaped = format!("\"{}\"", "\\u0000".repeat((most - 2) / 6));
    for (body, kind, status) in [
        ("\0".repeat(200_000), "text/plain", 413),
        ("\0".repeat(80_000), "text/plain", 200),
        ("\"\n".repeat(most / 2), "text/plain", 200),
        (lines, "application/json", 200),
        (escaped, "application/json", 200),
    ] {
        let request = server.publish("app/x")?.header("Content-Type", kind);
        let expected = match kind {
            "text/plain" => json!({ "raw": body }),
            _ => serde_json::from_str(&body)?,
        };
        let answer = request.body(body).send().await?;
        assert_eq!(answer.status(), status);
        if status == 200 {
            let event = tail.json().await?;
            assert!(event["data"] == expected, "{}", &event.to_string()[..200]);
        } else {
            let said: Value = answer.json().await?;
            assert_eq!(said["error"]["code"], "body_too_large");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_of_large_events_has_them_read_in_full() -> Result<()> {
    let config = "[limits]\nbody_bytes = 16777216\n[hub]\nhistory_bytes = 268435456";
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    for text in ["x".repeat(16 << 20), "\n".repeat(16 << 20)] {
        let request = server.publish("app/x")?.header("Content-Type", "text/plain");
        assert_eq!(request.body(text.clone()).send().await?.status(), 200);
        assert!(tail.json().await?["data"] == json!({ "raw": text }), "it is another text");
    }
    Ok(())
}

#[tokio::test]
async fn standard_input_arrives_as_that_very_string_and_injects_nothing() -> Result<()> {
    let server = Server::start().await?;
    let mut events = listen(&server).await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    let output = run(&server, &["publish", "app/x", "-", "-v"], INJECTION.as_bytes()).await?;
    assert!(output.status.success(), "{}", text(&output.stderr));

    let frame = events.next().await?;
    assert_eq!(frame.event.as_deref(), Some("update"));
    assert_eq!(frame.id.as_deref(), Some(text(&output.stdout).trim()));
    assert_eq!(frame.json()?["data"], json!({ "raw": INJECTION }));
    let line = tail.line().await?;
    let escaped = "\"data\":{\"raw\":\"a\\rdata: evil\\n\\nid: x\"}}";
    assert!(line.ends_with(escaped), "{line}");

    run(&server, &["publish", "app/x", "end"], b"").await?;
    assert_eq!(events.next().await?.json()?["data"], json!({ "raw": "end" }), "nothing between");
    Ok(())
}

#[tokio::test]
async fn an_argument_is_json_if_it_can_be_read_as_such() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/*", "--json"]).await?;
    for (args, kind, data) in [
        (&["{\"a\": 1}"][..], "update", json!({ "a": 1 })),
        (&["-1.5"], "update", json!(-1.5)),
        (&["any text"], "update", json!({ "raw": "any text" })),
        (&["17", "--text", "--type", "größer"], "größer", json!({ "raw": "17" })),
    ] {
        let output = run(&server, &[&["publish", "app/x"], args].concat(), b"").await?;
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "it says nothing unasked");
        let event = tail.json().await?;
        assert_eq!((&event["type"], &event["data"]), (&json!(kind), &data), "{args:?}");
    }
    Ok(())
}

#[tokio::test]
async fn each_line_becomes_an_event_in_order() -> Result<()> {
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/lines", "--json"]).await?;
    let input: String = (1..=2_000).map(|n| format!("{n}\n\n")).collect();
    let output = run(&server, &["publish", "app/lines", "--lines", "-v"], input.as_bytes()).await?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let ids = text(&output.stdout);
    assert_eq!(ids.lines().count(), 2_000);
    for (n, id) in (1..).zip(ids.lines()) {
        let event = tail.json().await?;
        assert_eq!((&event["id"], &event["data"]), (&json!(id), &json!(n)));
    }
    Ok(())
}

#[tokio::test]
async fn a_line_is_published_while_the_input_is_still_open() -> Result<()> {
    use tokio::io::AsyncWriteExt;
    let server = Server::start().await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    let mut command = command(&server, &["publish", "app/x", "--lines"])?;
    let mut child = command.stdin(std::process::Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("standard input is piped")?;
    for n in 1..=3 {
        stdin.write_all(format!("{n}\n").as_bytes()).await?;
        assert_eq!(tail.json().await?["data"], n);
    }
    drop(stdin);
    assert!(child.wait().await?.success());
    Ok(())
}

#[tokio::test]
async fn what_is_not_acknowledged_is_told_with_what_was() -> Result<()> {
    let config = "[limits]\nbody_bytes = 1024".to_owned();
    let mut server = Server::start_with(ServerOptions { config, ..Default::default() }).await?;
    let input = format!("1\n2\n\"{}\"\n4\n", "x".repeat(2_000));
    let failed = async |server: &Server, args: &[&str], input: &[u8], words: &[&str]| {
        let output = run(server, args, input).await?;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {said}");
        Ok::<_, anyhow::Error>(())
    };
    let lines = ["publish", "app/x", "--lines"];
    let words = ["line 3 was not acknowledged; 2 events", "413"];
    failed(&server, &lines, input.as_bytes(), &words).await?;
    failed(&server, &lines, b"1\n\xff\n", &["line 2", "1 events", "UTF-8"]).await?;
    failed(&server, &["publish", "app/x"], b"", &["nothing to publish"]).await?;
    failed(&server, &["publish", "users/somebody", "1"], b"", &["403", "users/somebody"]).await?;
    server.stop().await?;
    failed(&server, &["publish", "app/x", "1"], b"", &["cannot be reached"]).await?;
    Ok(())
}

#[tokio::test]
async fn an_event_that_may_have_been_kept_is_not_sent_again_and_the_reason_is_told() -> Result<()> {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let mut publish = tokio::process::Command::new(harness::binary("tidings")?);
    publish
        .args(["publish", "app/x", "--lines", "--server"])
        .arg(format!("http://{}", listener.local_addr()?))
        .env("TIDINGS_TOKEN", "token");
    let pipe = std::process::Stdio::piped;
    publish.stdout(pipe()).stderr(pipe()).kill_on_drop(true);
    let answer = async {
        let mut peer = BufReader::new(listener.accept().await?.0);
        let mut line = String::new();
        while peer.read_line(&mut line).await? > 2 {
            line.clear();
        }
        let body = r#"{"error":{"code":"unconfirmed","message":"look first"}}"#;
        let length = body.len();
        let head = format!("HTTP/1.1 503 Service Unavailable\r\nContent-Length: {length}\r\n\r\n");
        peer.write_all(format!("{head}{body}").as_bytes()).await?;
        // Open until the end: an attempt more would find nobody who answers, here or on a connection of its own.
        Ok::<_, anyhow::Error>(peer)
    };
    let (output, peer) = tokio::join!(harness::feed(&mut publish, b"1\n2\n"), answer);
    let (output, _peer) = (output?, peer?);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("line 1 was not acknowledged") && said.contains("look first"), "{said}");
    assert!(!said.contains("trying again"), "{said}");
    Ok(())
}

//! Commands whose output nobody reads.

use std::net::TcpListener;
use std::process::Stdio;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Events, Server, binary, command, http, run};
use tokio::process::Command;

/// A pipe that is closed at its other end.
fn closed() -> Result<Stdio> {
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    Ok(writer.into())
}

#[tokio::test]
async fn a_server_serves_though_nobody_reads_what_it_prints_and_logs() -> Result<()> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let folder = tempfile::tempdir()?;
    let _server = Command::new(binary("tidings")?)
        .args(["serve", "--listen", &address.to_string(), "--data-dir"])
        .arg(folder.path())
        .env("TIDINGS_DURABLE", "1")
        .env("TIDINGS_LOG", "debug")
        .stdout(closed()?)
        .stderr(closed()?)
        .kill_on_drop(true)
        .spawn()?;
    harness::until("the server answers", DEADLINE, || async {
        let answer = http()?.get(format!("http://{address}/healthz")).send().await;
        Ok(answer.is_ok_and(|answer| answer.status() == 200).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_failure_that_nobody_hears_of_is_a_failure_and_no_panic() -> Result<()> {
    let mut server = Server::start().await?;
    let mut publish = command(&server, &["publish", "app/x", "1"])?;
    server.stop().await?;
    let status = publish.stderr(closed()?).status().await?;
    assert_eq!(status.code(), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_publish_whose_ids_nobody_reads_publishes_all_the_same() -> Result<()> {
    let server = Server::start().await?;
    let mut events = Events::open(server.get("/api/events?topic=app/x")?).await?;
    events.next().await?;
    let mut one = command(&server, &["publish", "app/x", "1", "-v"])?;
    assert_eq!(one.stdout(closed()?).status().await?.code(), Some(0));
    let mut lines = command(&server, &["publish", "app/x", "--lines", "-v"])?;
    let output = harness::feed(lines.stdout(closed()?), b"2\n3\n").await?;
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    if cfg!(target_os = "linux") {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
        let mut lines = command(&server, &["publish", "app/x", "--lines", "-v"])?;
        let output = harness::feed(lines.stdout(full), b"4\n5\n").await?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.success() && said.matches("no more ids").count() == 1, "{said}");
    } else {
        run(&server, &["publish", "app/x", "--lines"], b"4\n5\n").await?;
    }
    for n in 1..=5 {
        assert_eq!(events.next().await?.json()?["data"], n);
    }
    Ok(())
}

#[tokio::test]
async fn a_list_of_tokens_may_go_unread_and_a_new_token_may_not() -> Result<()> {
    let server = Server::start().await?;
    let create = ["token", "create", "--name", "ci", "--scope", "read:app/*"];
    run(&server, &create, b"").await?;
    for list in [&["token", "list"][..], &["token", "list", "--json"]] {
        let mut command = command(&server, list)?;
        let output = harness::feed(command.stdout(closed()?), b"").await?;
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{list:?}");
    }
    let status = command(&server, &create)?.stdout(closed()?).status().await?;
    assert_eq!(status.code(), Some(1), "nobody will ever see it again");
    Ok(())
}

//! Other programs on the Redis of a server, and those of its kind that it does not take.

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Events, Frame, Redis, Server, ServerOptions, until};

/// A server of the set on this Redis.
async fn instance(url: &str) -> Result<Server> {
    Server::start_with(ServerOptions::default().with_args(["--redis", url])).await
}

/// The next event, past comments and frames that only move the cursor.
async fn next_event(events: &mut Events) -> Result<Frame> {
    loop {
        let frame = events.next().await?;
        if frame.event.is_some() {
            return Ok(frame);
        }
    }
}

#[tokio::test]
async fn other_programs_reach_a_users_channel_once_whichever_instance_copies() -> Result<()> {
    let redis = Redis::start().await?;
    let (mut a, b) = (instance(&redis.url()).await?, instance(&redis.url()).await?);
    let mut channel = Events::open(b.get("/api/events/owner")?).await?;
    let lease = || async { redis.cli(&["GET", "tidings:{log}:lease:users"]).await };
    until("somebody copies", DEADLINE, || async { Ok((!lease().await?.is_empty()).then_some(())) })
        .await?;
    let send = |text: &'static str| redis_publish(&redis, text);
    for (sent, name, data) in [
        (r#"{"type":"order","n":1}"#, "order", r#"{"type":"order","n":1}"#),
        ("hello", "message", r#"{"raw":"hello"}"#),
        (r#"{"type":"gap"}"#, "message", r#"{"type":"gap"}"#),
        ("[1]", "message", "[1]"),
    ] {
        send(sent).await?;
        let frame = next_event(&mut channel).await?;
        ensure!(frame.event.as_deref() == Some(name), "{frame:?} for {sent}");
        ensure!(frame.data.as_deref() == Some(data), "{frame:?} for {sent}");
    }
    // What nobody could be sent does not stop the rest.
    redis.cli(&["PUBLISH", "user:a/b", "1"]).await?;
    redis.cli(&["PUBLISH", "user:", "1"]).await?;
    // The other goes on where this one was the one that copied.
    let before = lease().await?;
    a.stop().await?;
    until("b copies", DEADLINE, || async {
        let now = lease().await?;
        send("again").await?;
        Ok((!now.is_empty()).then_some(()))
    })
    .await?;
    println!("{before} copied first");
    let frame = next_event(&mut channel).await?;
    ensure!(frame.data.as_deref() == Some(r#"{"raw":"again"}"#), "{frame:?}");
    Ok(())
}

async fn redis_publish(redis: &Redis, text: &str) -> Result<String> {
    redis.cli(&["PUBLISH", "user:owner", text]).await
}

#[tokio::test]
async fn a_redis_that_cannot_be_used_is_refused_with_the_reason() -> Result<()> {
    let cluster = Redis::start_with(&["--cluster-enabled", "yes"]).await?;
    let locked = Redis::start_with(&["--aclfile", "", "--maxmemory-policy", "noeviction"]).await?;
    let nobody = harness::free_address()?;
    for (url, why) in [
        (cluster.url(), "Redis Cluster"),
        ("redis+sentinel://127.0.0.1:1/x".to_owned(), "Sentinel"),
        (format!("redis://{nobody}"), "refused"),
        (format!("redis://:hunter2@{}", locked.address()), "TIDINGS_REDIS"),
    ] {
        let folder = tempfile::tempdir()?;
        let mut command = tokio::process::Command::new(harness::binary("tidings")?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--redis", &url, "--data-dir"]);
        let ended = command.arg(folder.path()).kill_on_drop(true).output();
        let ended = tokio::time::timeout(DEADLINE, ended).await.context("it to end")??;
        let told = String::from_utf8_lossy(&ended.stderr);
        ensure!(!ended.status.success() && told.contains(why), "{url}: {told}");
        ensure!(!told.contains("hunter2"), "{told}");
    }
    Ok(())
}

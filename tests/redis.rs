//! Other programs on the Redis of a server, and those of its kind that it does not take.

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Events, Redis, Server, ServerOptions, until};

/// A server of the set on this Redis.
async fn instance(url: &str) -> Result<Server> {
    Server::start_with(ServerOptions::default().with_args(["--redis", url])).await
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
        let frame = channel.next_event().await?;
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
    let frame = channel.next_event().await?;
    ensure!(frame.data.as_deref() == Some(r#"{"raw":"again"}"#), "{frame:?}");
    Ok(())
}

async fn redis_publish(redis: &Redis, text: &str) -> Result<String> {
    redis.cli(&["PUBLISH", "user:owner", text]).await
}

/// Starts a server that cannot use its Redis; what it says about that.
async fn refused(url: &str, env: &[(&str, &str)]) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let mut command = tokio::process::Command::new(harness::binary("tidings")?);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
    command.env("TIDINGS_REDIS", url).envs(env.iter().copied());
    let ended = tokio::time::timeout(DEADLINE, command.kill_on_drop(true).output()).await;
    let ended = ended.context("it to end")??;
    ensure!(!ended.status.success(), "it began to serve");
    Ok(String::from_utf8(ended.stderr)?)
}

#[tokio::test]
async fn a_redis_by_tls_with_user_password_and_database_is_one_like_any_other() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let pair = rcgen::KeyPair::generate()?;
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
    std::fs::write(&certificate, params.self_signed(&pair)?.pem())?;
    std::fs::write(&key, pair.serialize_pem())?;
    // Not from the harness, which gives the same one again until it is in use.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
    let tls = ["--tls-port", &port, "--tls-auth-clients", "no"];
    let redis = Redis::start_with(&[files.as_slice(), &tls].concat()).await?;
    // The rights that docs/configuration.md names.
    let rights = "+@read +@write +@scripting +@connection +@transaction +@pubsub +info +time";
    let user = ["ACL", "SETUSER", "tidings", "on", ">hunter/2@", "~tidings:*", "&user:*"];
    redis.cli(&user.into_iter().chain(rights.split(' ')).collect::<Vec<_>>()).await?;

    let url = format!("rediss://tidings:hunter%2F2%40@localhost:{port}/3");
    let trust = certificate.as_str();
    let options = ServerOptions::default();
    let options = options.with_env("TIDINGS_REDIS", &url).with_env("SSL_CERT_FILE", trust);
    let (a, b) = (Server::start_with(options.clone()).await?, Server::start_with(options).await?);
    let mut events = Events::open(b.get("/api/events?topic=app/x")?).await?;
    let sent = a.publish("app/x")?.json(&serde_json::json!({ "n": 1 })).send().await?;
    ensure!(sent.status().is_success(), "{sent:?}");
    let frame = loop {
        let frame = events.next_event().await?;
        if frame.event.as_deref() != Some("connected") {
            break frame;
        }
    };
    let told = frame.data.as_deref().is_some_and(|data| data.contains(r#""n":1"#));
    ensure!(told, "{frame:?}");
    let keys = |database: &'static str| redis.cli_in(database, &["EXISTS", "tidings:{log}:seq"]);
    ensure!((keys("3").await?, keys("0").await?) == ("1".to_owned(), "0".to_owned()));
    // Users' channels are those of all databases.
    let mut channel = Events::open(b.get("/api/events/owner")?).await?;
    until("somebody copies", DEADLINE, || async {
        let lease = redis.cli_in("3", &["GET", "tidings:{log}:lease:users"]).await?;
        Ok((!lease.is_empty()).then_some(()))
    })
    .await?;
    redis_publish(&redis, "hello").await?;
    let frame = channel.next_event().await?;
    ensure!(frame.data.as_deref() == Some(r#"{"raw":"hello"}"#), "{frame:?}");

    let plain = redis.url();
    let wrong = url.replace("hunter", "hunted");
    for (url, trust, why) in [
        (&wrong, trust, "authentication failed"),
        (&url, "/dev/null", "Redis cannot be used"),
        (&plain.replace("redis://", "rediss://"), trust, "Redis cannot be used"),
    ] {
        let told = refused(url, &[("SSL_CERT_FILE", trust)]).await?;
        ensure!(told.contains(why), "{url}: {told}");
        ensure!(!told.contains("hunte"), "{told}");
    }
    Ok(())
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

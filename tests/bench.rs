//! `tidings bench` against a real server.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{Server, binary};
use serde_json::Value;
use tokio::process::Command;

/// Runs it with JSON for an answer; a bench that hangs is a failure.
async fn bench(args: &[&str]) -> Result<std::process::Output> {
    let mut command = Command::new(binary("tidings")?);
    command.arg("bench").args(args).env_remove("TIDINGS_TOKEN").kill_on_drop(true);
    Ok(tokio::time::timeout(Duration::from_secs(60), command.output()).await??)
}

async fn report(server: &Server, args: &[&str]) -> Result<Value> {
    let token = server.data_dir().join("owner-token");
    let (url, pid) = (server.url(""), server.pid()?.as_raw_nonzero().to_string());
    let token = token.to_str().context("a path in UTF-8")?;
    let common = ["--json", "--server", &url, "--server-pid", &pid, "--token-file", token];
    let output = bench(&[&common, args].concat()).await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test]
async fn every_event_is_counted_once_on_each_stream_of_its_topic() -> Result<()> {
    let server = Server::start().await?;
    let args = ["--streams", "23", "--topics", "5", "--rate", "40", "--duration", "1s"];
    let report = report(&server, &[&args[..], &["--warm-up", "100ms"]].concat()).await?;
    let fan_out = &report["fanOut"];
    let figures = ["planned", "published", "expected", "received", "lost", "duplicated"];
    let found = figures.map(|name| fan_out[name].as_u64());
    // 40 events on each of 5 topics; three topics have 5 streams, two have 4.
    assert_eq!(found, [200, 200, 920, 920, 0, 0].map(Some), "{report}");
    assert_eq!(fan_out["reordered"], 0);
    assert!(fan_out["latencyMs"]["p50"].as_f64().is_some_and(|ms| ms > 0.0), "{report}");
    if cfg!(target_os = "linux") {
        assert!(report["cpu"]["microsPerDelivery"].as_f64().is_some_and(|us| us > 0.0), "{report}");
        assert!(report["memory"]["before"].as_u64().is_some_and(|kib| kib > 500), "{report}");
    }
    Ok(())
}

#[tokio::test]
async fn connections_are_counted_with_their_first_byte_and_leave_nothing_behind() -> Result<()> {
    let server = Server::start().await?;
    let before = server.open_files_at_rest().await?;
    let report = report(&server, &["--mode", "connect", "--streams", "100"]).await?;
    assert_eq!(report["connect"]["open"], 100, "{report}");
    assert_eq!(report["connect"]["errors"], 0, "{report}");
    harness::until("descriptors are back", harness::DEADLINE, || async {
        Ok((server.open_files()? <= before).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_server_that_refuses_is_told_with_its_own_words() -> Result<()> {
    let server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    std::fs::write(&token, "wrong")?;
    let (url, token) = (server.url(""), token.to_str().context("a path in UTF-8")?);
    let output = bench(&["--streams", "3", "--server", &url, "--token-file", token]).await?;
    let told = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && told.contains("status 401"), "{told}");
    Ok(())
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_measured() -> Result<()> {
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let url = format!("http://{free}/{{topic}}");
    for mode in ["fan-out", "idle", "connect"] {
        let args =
            ["--mode", mode, "--streams", "3", "--subscribe-url", &url, "--publish-url", &url];
        let output = bench(&args).await?;
        let told = String::from_utf8(output.stderr)?;
        assert!(!output.status.success() && told.contains("no stream"), "{mode}: {told}");
    }
    Ok(())
}

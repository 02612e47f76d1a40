//! Tokens of limited scope, made and revoked from the command line.

use std::process::Output;

use anyhow::{Result, ensure};
use harness::{Server, ServerOptions, Tail, binary, http};
use reqwest::StatusCode;
use rustix::process::Signal;
use tokio::process::Command;

async fn token(server: &Server, args: &[&str]) -> Result<Output> {
    let owner = server.data_dir().join("owner-token");
    let output = Command::new(binary("tidings")?)
        .arg("token")
        .args(args)
        .args(["--server", &server.url("")])
        .arg("--token-file")
        .arg(owner)
        .kill_on_drop(true)
        .output()
        .await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(output)
}

async fn publish(server: &Server, topic: &str, token: &str) -> Result<StatusCode> {
    let url = server.url(&format!("/api/publish/{topic}"));
    Ok(http()?.post(url).bearer_auth(token).json(&1).send().await?.status())
}

async fn crash(server: &mut Server) -> Result<()> {
    server.signal(Signal::KILL)?;
    server.stop().await?;
    server.start_again().await
}

#[tokio::test]
async fn a_token_is_all_there_is_on_stdout_and_outlives_a_crash_until_it_is_revoked() -> Result<()>
{
    let mut server = Server::start().await?;
    let args = ["create", "--name", "ci", "--scope", "publish:app/*", "--expires", "1h"];
    let output = token(&server, &args).await?;
    let stdout = String::from_utf8(output.stdout)?;
    let secret = stdout.strip_suffix('\n').unwrap_or_default();
    ensure!(secret.starts_with("tdg_") && !secret.contains(char::is_whitespace), "{stdout:?}");
    ensure!(!String::from_utf8(output.stderr)?.contains(secret), "it is told once");

    crash(&mut server).await?;
    assert_eq!(publish(&server, "app/x", secret).await?, StatusCode::OK);
    assert_eq!(publish(&server, "other", secret).await?, StatusCode::FORBIDDEN);

    let list = String::from_utf8(token(&server, &["list"]).await?.stdout)?;
    let line = list.lines().find(|line| line.contains("publish:app/*")).unwrap_or_default();
    ensure!(line.contains("ci") && line.contains("in 1h") && !list.contains(secret), "{list}");
    let id = line.split_whitespace().next().unwrap_or_default();
    token(&server, &["revoke", id]).await?;
    assert_eq!(publish(&server, "app/x", secret).await?, StatusCode::UNAUTHORIZED);

    crash(&mut server).await?;
    assert_eq!(publish(&server, "app/x", secret).await?, StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn a_token_for_a_user_needs_no_name_and_no_scope_and_another_user_is_refused() -> Result<()> {
    let server = Server::start().await?;
    let secret = String::from_utf8(token(&server, &["create", "--user", "owner"]).await?.stdout)?;
    assert_eq!(publish(&server, "app/x", secret.trim()).await?, StatusCode::OK);
    let list = String::from_utf8(token(&server, &["list"]).await?.stdout)?;
    ensure!(list.contains("read:* publish:*"), "{list}");
    let output = harness::run(&server, &["token", "create", "--user", "ada"], b"").await?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(!output.status.success() && said.contains("no user \"ada\""), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_publisher_over_its_rate_waits_as_long_as_it_is_told_and_loses_nothing() -> Result<()> {
    let config = "[limits]\nevents_per_second = 20".to_owned();
    let server = Server::start_with(ServerOptions { config, ..Default::default() }).await?;
    let mut tail = Tail::start(&server, &["app/x", "--json"]).await?;
    let args = ["create", "--name", "ci", "--scope", "publish:app/*"];
    let secret = String::from_utf8(token(&server, &args).await?.stdout)?;
    let input: String = (1..=60).map(|n| format!("{n}\n")).collect();
    let mut command = harness::command(&server, &["publish", "app/x", "--lines"])?;
    let output = harness::feed(command.env("TIDINGS_TOKEN", secret.trim()), input.as_bytes());
    let output = output.await?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.success() && said.contains("trying again in"), "{said}");
    for n in 1..=60 {
        assert_eq!(tail.json().await?["data"], n);
    }
    Ok(())
}

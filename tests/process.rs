//! `tidings process`: what a server does is followed, ended and fetched from the command line.

#![cfg(target_os = "linux")]

use std::process::Output;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Server, ServerOptions, command, run, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::Child;

/// A server that may do three things.
async fn server() -> Result<Server> {
    let config = r#"
[jobs.commands.well]
argv = ["sh", "-c", "for n in 1 2 3 4; do echo $n of 4; sleep 0.2; done"]
pattern = '(?<done>\d+) of (?<total>\d+)'
[jobs.commands.badly]
argv = ["sh", "-c", "echo oh; exit 3"]
[jobs.commands.long]
argv = ["sh", "-c", "echo begun; exec sleep 86400"]
"#;
    Server::start_with(ServerOptions::with_config(config)).await
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Starts a command and waits until its job runs; the job's id.
async fn start(server: &Server, name: &str) -> Result<(Child, String)> {
    let child = command(server, &["process", "command", &format!("name={name}")])?.spawn()?;
    let id = until("a job that runs", DEADLINE, || async {
        let request = server.get("/api/jobs?state=active")?;
        let page: Value = request.send().await?.error_for_status()?.json().await?;
        let job = page["jobs"].get(0).context("none")?;
        ensure!(job["state"] == "running" && job["lines"] == 1, "{job}");
        Ok(job["id"].as_str().map(str::to_owned))
    });
    Ok((child, id.await?))
}

async fn output(child: Child) -> Result<Output> {
    Ok(tokio::time::timeout(DEADLINE, child.wait_with_output()).await.context("its end")??)
}

fn signal(child: &Child, signal: Signal) -> Result<()> {
    let pid = i32::try_from(child.id().context("it runs")?)?;
    Ok(kill_process(Pid::from_raw(pid).context("positive")?, signal)?)
}

#[tokio::test]
async fn what_comes_of_a_job_is_on_standard_output_and_how_far_it_is_beside_it() -> Result<()> {
    let server = server().await?;
    let output = run(&server, &["process", "command", "name=well"], b"").await?;
    assert!(output.status.success(), "{}", said(&output));
    let result: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(result["exitCode"], 0);
    assert!(said(&output).contains('%'), "{}", said(&output));

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("result.json").display().to_string();
    let args = ["process", "command", "name=well", "--quiet", "-o", &file];
    let output = run(&server, &args, b"").await?;
    assert!(output.status.success() && output.stdout.is_empty(), "{}", said(&output));
    let result: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    assert_eq!(result["exitCode"], 0);
    let output = run(&server, &args, b"").await?;
    assert_eq!(output.status.code(), Some(1), "what is there stays");
    Ok(())
}

#[tokio::test]
async fn a_job_that_fails_is_a_failure_that_says_why() -> Result<()> {
    let server = server().await?;
    let output = run(&server, &["process", "command", "name=badly"], b"").await?;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(said(&output).contains("exit code 3"), "{}", said(&output));
    for args in [&["process", "command"][..], &["process", "command", "name=other"]] {
        let output = run(&server, args, b"").await?;
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(said(&output).contains("name"), "{}", said(&output));
    }
    Ok(())
}

#[tokio::test]
async fn ctrl_c_asks_for_the_end_and_waits_for_it() -> Result<()> {
    let server = server().await?;
    let (child, id) = start(&server, "long").await?;
    signal(&child, Signal::INT)?;
    let output = output(child).await?;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let shown = run(&server, &["jobs", "show", &id, "--json"], b"").await?;
    let job: Value = serde_json::from_slice(&shown.stdout)?;
    assert_eq!(job["state"], "cancelled", "{job}");
    Ok(())
}

#[tokio::test]
async fn a_job_that_is_left_alone_goes_on() -> Result<()> {
    let server = server().await?;
    let output = run(&server, &["process", "command", "name=long", "--detach"], b"").await?;
    assert!(output.status.success(), "{}", said(&output));
    let id = String::from_utf8(output.stdout)?.trim().to_owned();
    let shown = run(&server, &["jobs", "show", &id, "--json"], b"").await?;
    let job: Value = serde_json::from_slice(&shown.stdout)?;
    assert!(matches!(job["state"].as_str(), Some("queued" | "running")), "{job}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_dies_is_no_success() -> Result<()> {
    let mut server = server().await?;
    let (child, _) = start(&server, "long").await?;
    server.kill().await?;
    server.start_again_after_kill().await?;
    let output = output(child).await?;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(said(&output).contains("interrupted"), "{}", said(&output));
    Ok(())
}

#[tokio::test]
async fn what_the_server_cannot_do_is_said_by_it() -> Result<()> {
    let server = Server::start().await?;
    let list = run(&server, &["process", "--list", "--json"], b"").await?;
    assert!(list.status.success(), "{}", said(&list));
    let kinds: Value = serde_json::from_slice(&list.stdout)?;
    assert!(kinds["kinds"].is_array(), "{kinds}");
    let output = run(&server, &["process", "no-such-kind"], b"").await?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("400"), "{}", said(&output));
    assert!(output.stdout.is_empty());
    Ok(())
}

//! Commands that a real server runs as jobs, and what becomes of their processes.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Server, ServerOptions, http, until};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// A child in the same group, and one in a session of its own that lost its parent and does not want to end.
const FAMILY: &str = "\
    sh -c 'echo $$ >grand.new; mv grand.new grand; exec sleep 86400' & \
    setsid sh -c '(trap \"\" TERM HUP INT; sh -c \"echo \\$PPID\" >great.new; mv great.new great; \
    while :; do sleep 1; done) & exit' & \
    echo $$ >main.new; mv main.new main; echo begun; wait; wait";

/// A command of that name which a shell runs in `folder`.
fn command(name: &str, script: &str, folder: &Path) -> String {
    let argv = json!(["sh", "-c", script]);
    format!("[jobs.commands.{name}]\nargv = {argv}\ncwd = {:?}\n", folder.display().to_string())
}

async fn ask(server: &Server, method: Method, path: &str) -> Result<Value> {
    let request = http()?.request(method, server.url(path)).bearer_auth(server.token()?);
    Ok(request.send().await?.error_for_status()?.json().await?)
}

/// Starts a command.
async fn start(server: &Server, name: &str) -> Result<Response> {
    let request = json!({ "kind": "command", "args": { "name": name } });
    Ok(server.post("/api/process")?.json(&request).send().await?)
}

/// Path of the job that an answer is about.
fn path(answer: &Response) -> Result<String> {
    let path = answer.headers().get("location").context("a job's path")?;
    Ok(path.to_str()?.to_owned())
}

async fn lines(server: &Server, path: &str) -> Result<Vec<String>> {
    let log = ask(server, Method::GET, &format!("{path}/log")).await?;
    let lines = log["lines"].as_array().context("lines")?;
    Ok(lines.iter().filter_map(|line| line["text"].as_str()).map(str::to_owned).collect())
}

async fn ended_as(server: &Server, path: &str, state: &str) -> Result<Value> {
    until(state, DEADLINE, || async {
        let job = ask(server, Method::GET, path).await?;
        Ok((job["state"] == state).then_some(job))
    })
    .await
}

/// Waits until each of the family has written its id.
async fn family(folder: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for name in ["main", "grand", "great"] {
        let pid = until(name, DEADLINE, || async {
            let text = fs::read_to_string(folder.join(name)).ok();
            text.map(|text| Ok(text.trim().parse::<u32>()?)).transpose()
        });
        found.push(pid.await?);
    }
    ensure!(!found.iter().any(|pid| is_gone(*pid)), "{found:?}");
    Ok(found)
}

/// Whether no process of that id runs; one that has ended and is not yet waited for counts as gone.
fn is_gone(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}

async fn all_gone(family: &[u32]) -> Result<()> {
    until("the command's processes to be gone", DEADLINE, || async {
        Ok(family.iter().all(|pid| is_gone(*pid)).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_command_tells_how_far_it_is_and_how_it_ended() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // Whether a bar is overwritten is known by what comes behind it.
    let bar = r"printf '10%%\r.'; until test -e go; do sleep 0.1; done; printf '60%%\r.'; \
        until test -e end; do sleep 0.1; done; echo; env; printf 'caf\351\n'; echo done";
    let config = [
        &command("bar", bar, folder.path()),
        "pattern = '(\\d+)%'\n",
        &command("fails", "echo why >&2; exit 23", folder.path()),
        "[jobs.commands.missing]\nargv = [\"no-such-program\"]\n",
    ]
    .concat();
    let options = ServerOptions::with_config(config).with_env("SECRET_OF_THE_SERVER", "secret");
    let server = Server::start_with(options).await?;

    let mut answer = start(&server, "bar").await?.error_for_status()?;
    let job = path(&answer)?;
    let mut told = String::new();
    for (progress, gate) in [("\"progress\":10,", "go"), ("\"progress\":60,", "end")] {
        while !told.contains(progress) {
            let chunk =
                tokio::time::timeout(DEADLINE, answer.chunk()).await.context(progress)??;
            told.push_str(std::str::from_utf8(&chunk.context("no more")?)?);
        }
        fs::write(folder.path().join(gate), "")?;
    }
    told.push_str(&answer.text().await?);
    assert!(told.contains("event: complete") && told.contains("\"exitCode\":0"), "{told}");
    let ended = ask(&server, Method::GET, &job).await?;
    assert_eq!((&ended["state"], &ended["exitCode"]), (&json!("succeeded"), &json!(0)), "{ended}");
    assert_eq!((&ended["name"], &ended["message"]), (&json!("bar"), &json!("done")), "{ended}");
    let lines = lines(&server, &job).await?;
    assert!(lines.iter().any(|line| line.starts_with("PATH=")), "{lines:?}");
    assert!(lines.iter().any(|line| line == "caf\u{fffd}"), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("SECRET") || line.contains("TIDINGS")),
        "{lines:?}"
    );

    for (name, code, why) in [
        ("fails", 23, "sh ended with exit code 23: why"),
        ("missing", 127, "there is no program no-such-program"),
    ] {
        let answer = start(&server, name).await?.error_for_status()?;
        let job = path(&answer)?;
        let told = answer.text().await?;
        assert!(told.contains("event: error") && told.contains(why), "{told}");
        let ended = ask(&server, Method::GET, &job).await?;
        assert_eq!(
            (&ended["state"], &ended["exitCode"]),
            (&json!("failed"), &json!(code)),
            "{ended}"
        );
    }
    let refused = start(&server, "rm -rf /").await?;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    Ok(())
}

#[tokio::test]
async fn a_cancelled_command_leaves_no_process_behind() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server =
        Server::start_with(ServerOptions::with_config(command("family", FAMILY, folder.path())))
            .await?;
    let answer = start(&server, "family").await?.error_for_status()?;
    let job = path(&answer)?;
    let family = family(folder.path()).await?;
    let asked = ask(&server, Method::DELETE, &job).await?;
    assert_eq!(asked["cancelRequested"], true, "{asked}");
    ended_as(&server, &job, "cancelled").await?;
    all_gone(&family).await
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_process_behind_and_says_after_its_restart_what_was_interrupted()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server =
        Server::start_with(ServerOptions::with_config(command("family", FAMILY, folder.path())))
            .await?;
    let answer = start(&server, "family").await?.error_for_status()?;
    let job = path(&answer)?;
    let family = family(folder.path()).await?;
    server.kill().await?;
    all_gone(&family).await?;
    server.start_again_after_kill().await?;
    ended_as(&server, &job, "interrupted").await.map(drop)
}

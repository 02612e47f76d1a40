//! Jobs of several servers that are one to their users.
#![cfg(target_os = "linux")]

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Events, Fleet, Server, http, until};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const CONFIG: &str = "[jobs.commands.long]\nargv = [\"sleep\", \"86400\"]\n";

fn to_job(server: &Server, method: Method, id: &str) -> Result<RequestBuilder> {
    let url = server.url(&format!("/api/jobs/{id}"));
    Ok(http()?.request(method, url).bearer_auth(server.token()?))
}

async fn json_of(request: RequestBuilder) -> Result<Value> {
    Ok(request.send().await?.error_for_status()?.json().await?)
}

#[tokio::test]
async fn who_reads_at_another_server_hears_what_becomes_of_the_jobs_of_one_that_ends() -> Result<()>
{
    let mut fleet = Fleet::start(2, CONFIG, &[]).await?;
    let request = json!({ "kind": "command", "args": { "name": "long" } });
    let answer = fleet.servers[0].post("/api/process")?.json(&request).send().await?;
    let path = answer.headers().get("location").context("a job's path")?.to_str()?.to_owned();
    let id = path.strip_prefix("/api/jobs/").context("its id")?.to_owned();
    drop(answer);
    let other = fleet.servers[1].get(&format!("/api/events?topic=jobs/{id}"))?;
    let mut events = Events::open(other).await?;
    let state = async |events: &mut Events| -> Result<String> {
        loop {
            let frame = events.next_event().await?;
            if frame.event.as_deref() == Some("job") {
                return Ok(frame.json()?["data"]["state"].as_str().context("a job")?.to_owned());
            }
        }
    };
    while state(&mut events).await? != "running" {}
    let status = fleet.servers[0].stop().await?;
    ensure!(status.success(), "{status}");
    // What a reader is told, and not what it would be answered if it asked.
    while state(&mut events).await? == "running" {}
    let job = json_of(to_job(&fleet.servers[1], Method::GET, &id)?).await?;
    assert_eq!(job["state"], "interrupted", "{job}");
    Ok(())
}

#[tokio::test]
async fn a_program_reports_to_whichever_server_it_comes_to() -> Result<()> {
    let fleet = Fleet::start(2, "", &[]).await?;
    let [first, second] = &fleet.servers[..] else { anyhow::bail!("two servers") };
    let new = json!({ "name": "Backup" });
    let job = json_of(first.post("/api/jobs")?.json(&new)).await?;
    let id = job["id"].as_str().context("an id")?;
    let patch = |server, patch: Value| {
        Ok::<_, anyhow::Error>(to_job(server, Method::PATCH, id)?.json(&patch))
    };
    let job = json_of(patch(second, json!({ "progress": 50 }))?).await?;
    assert_eq!(job["progress"], 50, "{job}");
    let job = json_of(patch(first, json!({ "state": "succeeded" }))?).await?;
    assert_eq!(job["state"], "succeeded", "{job}");
    for server in [first, second] {
        until("its end is known", DEADLINE, || async {
            let job = json_of(to_job(server, Method::GET, id)?).await?;
            Ok((job["state"] == "succeeded").then_some(()))
        })
        .await?;
    }
    Ok(())
}

//! Users, sessions and tokens of servers on one Redis and one Postgres: what one of them was told holds on all.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Events, Fleet, Server, http, until};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

/// An open stream is to end within a second of what it depends on; and time to see it.
const ENDS_WITHIN: Duration = Duration::from_millis(1_500);

/// A user, added on that server: its id.
async fn add(server: &Server, name: &str, role: &str) -> Result<String> {
    let body = json!({ "name": name, "role": role, "password": PASSWORD });
    let request = http()?.post(server.url("/api/users")).bearer_auth(server.token()?);
    let user: Value = request.json(&body).send().await?.error_for_status()?.json().await?;
    Ok(user["id"].as_str().context("an id")?.to_owned())
}

/// Signs in by name and password: the cookie.
async fn sign_in(url: &str, name: &str) -> Result<String> {
    let body = json!({ "username": name, "password": PASSWORD });
    let answer = http()?.post(format!("{url}/api/session")).json(&body).send().await?;
    let answer = answer.error_for_status()?;
    let cookie = answer.headers().get("set-cookie").context("a cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn who_signs_in_by_a_proxy_is_signed_in_on_each_server_behind_it() -> Result<()> {
    let fleet = Fleet::start(2, "", &["--behind-proxy", "127.0.0.1"]).await?;
    let nginx = fleet.behind_nginx().await?;
    add(&fleet.servers[0], "Ada", "viewer").await?;
    let url = format!("http://{}", nginx.address());
    let cookie = sign_in(&url, "ada").await?;
    for turn in 0..6 {
        let request = http()?.get(format!("{url}/api/session")).header("Cookie", &cookie);
        let answer = request.send().await?;
        ensure!(answer.status() == 200, "turn {turn}: {}", answer.status());
        let session: Value = answer.json().await?;
        ensure!(session["user"]["name"] == "Ada", "{session}");
    }
    let out = http()?.delete(format!("{url}/api/session")).header("Cookie", &cookie);
    out.header("Origin", &url).send().await?.error_for_status()?;
    until("no server knows the session", ENDS_WITHIN, || async {
        for server in &fleet.servers {
            let request = http()?.get(server.url("/api/session")).header("Cookie", &cookie);
            ensure!(request.send().await?.status() == 401, "{} does", server.address());
        }
        Ok(Some(()))
    })
    .await
}

#[tokio::test]
async fn what_ends_on_one_server_ends_streams_on_the_other_within_a_second() -> Result<()> {
    let fleet = Fleet::start(2, "", &[]).await?;
    let [a, b] = &fleet.servers[..] else { anyhow::bail!("two servers") };
    // A token that is revoked.
    let body = json!({ "name": "reader", "scopes": ["read:app/*"] });
    let request = http()?.post(a.url("/api/tokens")).bearer_auth(a.token()?).json(&body);
    let token: Value = request.send().await?.error_for_status()?.json().await?;
    let secret = token["token"].as_str().context("a token")?;
    let id = token["id"].as_str().context("an id")?;
    let stream = http()?.get(b.url("/api/events?topic=app/*")).bearer_auth(secret);
    let stream = Events::open(stream).await?;
    let revoke = http()?.delete(a.url(&format!("/api/tokens/{id}"))).bearer_auth(a.token()?);
    ends(stream, revoke).await.context("by a token that is revoked")?;

    // A user who is removed.
    let id = add(a, "Ada", "viewer").await?;
    let cookie = sign_in(&b.url(""), "ada").await?;
    let stream = Events::open(http()?.get(b.url("/api/events")).header("Cookie", cookie)).await?;
    let remove = http()?.delete(a.url(&format!("/api/users/{id}"))).bearer_auth(a.token()?);
    ends(stream, remove).await.context("of a user who is removed")
}

/// Sends the request, and the stream is over soon after its answer.
async fn ends(stream: Events, request: reqwest::RequestBuilder) -> Result<()> {
    request.send().await?.error_for_status()?;
    let begun = Instant::now();
    stream.end().await?;
    ensure!(begun.elapsed() < ENDS_WITHIN, "it took {:?}", begun.elapsed());
    Ok(())
}

//! Users, from the command line and in the browser's way.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{Server, http, run};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

async fn tidings(server: &Server, args: &[&str], input: &str) -> Result<String> {
    let output = run(server, args, input.as_bytes()).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{args:?}: {said}");
    let answered = String::from_utf8(output.stdout)?;
    Ok(format!("{answered}{said}"))
}

async fn refused(server: &Server, args: &[&str], input: &str) -> Result<String> {
    let output = run(server, args, input.as_bytes()).await?;
    ensure!(!output.status.success(), "{args:?} was carried out");
    Ok(String::from_utf8(output.stderr)?)
}

async fn add(server: &Server, name: &str, role: &str) -> Result<()> {
    let args = ["user", "add", name, "--role", role, "--password-stdin"];
    tidings(server, &args, &format!("{PASSWORD}\n")).await.map(drop)
}

async fn sign_in(server: &Server, name: &str, password: &str) -> Result<Response> {
    let body = json!({ "username": name, "password": password });
    Ok(http()?.post(server.url("/api/session")).json(&body).send().await?)
}

fn cookie(response: &Response) -> Result<String> {
    let cookie = response.headers().get("set-cookie").context("a cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

async fn session(server: &Server, cookie: &str) -> Result<Response> {
    Ok(http()?.get(server.url("/api/session")).header("Cookie", cookie).send().await?)
}

#[tokio::test]
async fn a_user_is_added_signs_in_and_is_removed_by_the_command_line() -> Result<()> {
    let mut server = Server::start().await?;
    add(&server, "Ada Lovelace", "viewer").await?;
    let list = tidings(&server, &["user", "list"], "").await?;
    let line = list.lines().find(|line| line.contains("Ada Lovelace")).context("a line")?;
    ensure!(line.ends_with("viewer") && list.contains("owner"), "{list}");
    let all: Value =
        serde_json::from_str(&tidings(&server, &["user", "list", "--json"], "").await?)?;
    assert_eq!(all[1]["role"], "viewer");

    let signed_in = sign_in(&server, "ada lovelace", PASSWORD).await?;
    assert_eq!(signed_in.status(), StatusCode::OK);
    let cookie = cookie(&signed_in)?;
    server.kill().await?;
    server.start_again().await?;
    let shown: Value = session(&server, &cookie).await?.json().await?;
    assert_eq!(shown["user"]["name"], "Ada Lovelace");

    tidings(&server, &["user", "role", "ada lovelace", "publisher"], "").await?;
    let shown: Value = session(&server, &cookie).await?.json().await?;
    assert_eq!(shown["user"]["role"], "publisher");
    let passwd = ["user", "passwd", "ADA LOVELACE", "--password-stdin"];
    tidings(&server, &passwd, "another horse").await?;
    assert_eq!(session(&server, &cookie).await?.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&server, "ada lovelace", "another horse").await?.status(), StatusCode::OK);

    let args = ["user", "remove", "ada lovelace"];
    ensure!(refused(&server, &args, "y\n").await?.contains("--yes"), "there is no terminal");
    tidings(&server, &["user", "remove", "ada lovelace", "--yes"], "").await?;
    let list = tidings(&server, &["user", "list"], "").await?;
    ensure!(!list.contains("Ada"), "{list}");
    Ok(())
}

#[tokio::test]
async fn a_command_that_is_refused_says_why() -> Result<()> {
    let server = Server::start().await?;
    add(&server, "Ada", "viewer").await?;
    let new = |name: &'static str| ["user", "add", name, "--password-stdin"];
    for (args, input, reason) in [
        (&new("ada")[..], PASSWORD, "there is a user of this name"),
        (&new("a/b"), PASSWORD, "a name has no /"),
        (&new("Bob"), "short", "10 to 1000 bytes"),
        (&new("Bob"), "password123", "tried first"),
        (&["user", "add", "Bob"], PASSWORD, "--password-stdin"),
        (&["user", "role", "nobody", "admin"], "", "no user \"nobody\""),
        (&["user", "role", "owner", "viewer"], "", "the owner"),
        (&["user", "remove", "owner", "--yes"], "", "the owner"),
        (&["user", "role", "Ada", "king"], "", "viewer, publisher or admin"),
        (&["token", "create", "--user", "nobody"], "", "no user \"nobody\""),
    ] {
        let told = refused(&server, args, input).await?;
        ensure!(told.contains(reason), "{args:?}: {told}");
        ensure!(input.is_empty() || !told.contains(input), "it is told to nobody: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_for_a_user_acts_for_that_user_within_the_role() -> Result<()> {
    let server = Server::start().await?;
    tidings(&server, &["user", "add", "ci", "--no-password"], "").await?;
    let create = ["token", "create", "--user", "CI", "--name", "build"];
    let output = run(&server, &create, b"").await?;
    let token = String::from_utf8(output.stdout)?.trim().to_owned();
    let ask = async |method: &str, path: &str| {
        let method = method.parse::<reqwest::Method>()?;
        let request = http()?.request(method, server.url(path)).bearer_auth(&token);
        anyhow::Ok(request.body("1").send().await?)
    };
    let shown: Value = ask("GET", "/api/session").await?.json().await?;
    assert_eq!(shown["user"]["name"], "ci");
    let publish = "/api/publish/app/x";
    assert_eq!(ask("POST", publish).await?.status(), StatusCode::FORBIDDEN, "a viewer");
    tidings(&server, &["user", "role", "ci", "publisher"], "").await?;
    assert_eq!(ask("POST", publish).await?.status(), StatusCode::OK);
    let lower = run(&server, &["user", "role", "ci", "viewer"], b"").await?;
    let said = String::from_utf8(lower.stderr)?;
    ensure!(said.contains("ci is a viewer now; revoked one token"), "{said}");
    assert_eq!(ask("POST", publish).await?.status(), StatusCode::UNAUTHORIZED);
    tidings(&server, &["user", "role", "ci", "publisher"], "").await?;
    let output = run(&server, &create, b"").await?;
    let token = String::from_utf8(output.stdout)?.trim().to_owned();
    let ask = async |path: &str| {
        let request = http()?.post(server.url(path)).bearer_auth(&token).body("1");
        anyhow::Ok(request.send().await?.status())
    };
    assert_eq!(ask(publish).await?, StatusCode::OK);
    let list = tidings(&server, &["token", "list", "--user", "ci"], "").await?;
    ensure!(list.contains("build") && list.contains("ci"), "{list}");
    let none = tidings(&server, &["token", "list", "--user", "owner"], "").await?;
    ensure!(!none.contains("build"), "{none}");

    tidings(&server, &["user", "remove", "ci", "--yes"], "").await?;
    assert_eq!(ask(publish).await?, StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn open_streams_end_with_the_session_the_role_and_the_user() -> Result<()> {
    let server = Server::start().await?;
    add(&server, "Ada", "admin").await?;
    let url = server.url("/api/events?topic=app/x");
    let open = async |cookie: &str| {
        let stream = http()?.get(&url).header("Cookie", cookie).send().await?;
        anyhow::Ok(stream.error_for_status()?)
    };
    // Long enough for a slow machine; each is told at once.
    let ends = async |mut stream: Response| {
        let end = async {
            while stream.chunk().await?.is_some() {}
            anyhow::Ok(())
        };
        tokio::time::timeout(Duration::from_secs(1), end).await.context("its end in a second")?
    };
    let (first, second) =
        (sign_in(&server, "ada", PASSWORD).await?, sign_in(&server, "ada", PASSWORD).await?);
    let (first, second) = (cookie(&first)?, cookie(&second)?);
    let (ending, staying) = (open(&first).await?, open(&second).await?);
    let end = http()?.delete(server.url("/api/session")).header("Cookie", &first);
    assert_eq!(end.header("Origin", server.url("")).send().await?.status(), StatusCode::NO_CONTENT);
    ends(ending).await?;

    tidings(&server, &["user", "role", "ada", "viewer"], "").await?;
    ends(staying).await?;
    let again = http()?.get(&url).header("Cookie", &second).send().await?;
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
    let own = http()?.get(server.url("/api/events")).header("Cookie", &second).send().await?;
    assert_eq!(own.status(), StatusCode::OK);
    tidings(&server, &["user", "remove", "ada", "--yes"], "").await?;
    ends(own).await
}

#[tokio::test]
async fn who_tries_too_often_is_told_when_to_come_back() -> Result<()> {
    let server = Server::start().await?;
    add(&server, "Ada", "viewer").await?;
    for name in ["ada", "nobody", "ADA", "owner", "ada"] {
        let wrong = sign_in(&server, name, "something else").await?;
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
        let body: Value = wrong.json().await?;
        assert_eq!(body["error"]["code"], "invalid_credentials");
        assert_eq!(body["error"]["message"], "name or password is wrong");
    }
    let late = sign_in(&server, "ada", PASSWORD).await?;
    assert_eq!(late.status(), StatusCode::TOO_MANY_REQUESTS);
    let after: u64 = late.headers()["retry-after"].to_str()?.parse()?;
    ensure!((1..=10).contains(&after), "{after}");
    let by_token = json!({ "token": server.token()? });
    let owner = http()?.post(server.url("/api/session")).json(&by_token).send().await?;
    assert_eq!(owner.status(), StatusCode::OK, "the owner's token does not count");
    Ok(())
}

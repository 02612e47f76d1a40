//! The dashboard in Chromium.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Events, Redis, Screen, Server, ServerOptions, Tail, stories, until};
use rustix::process::Signal;

#[tokio::test]
async fn the_link_shows_live_values_that_change_and_leaves_the_address_bar() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    assert_eq!(screen.address().await?, server.url("/"));

    let updated = screen.wait_for_figure("updated", "").await?;
    let cpu = screen.wait_for_figure("cpu-total", "").await?;
    screen.wait_for_figure("memory-used", "").await?;
    screen.wait_for_figure("updated", &updated).await?;
    screen.wait_for_figure("cpu-total", &cpu).await?;
    for panel in ["cpu", "memory", "disks", "network", "processes"] {
        let css = format!("[data-panel={panel}]");
        screen.wait_for_attribute(&css, "data-freshness", "live", DEADLINE).await?;
    }
    screen.picture("browser-live").await?;
    screen.close().await
}

#[tokio::test]
async fn a_server_that_stops_and_returns_is_live_again_without_a_reload() -> Result<()> {
    let mut server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    stories::stops_and_returns(&screen, &mut server, "browser").await?;
    screen.close().await
}

#[tokio::test]
async fn a_frozen_server_turns_every_panel_stale_at_its_deadline_and_live_again() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    stories::freezes_and_goes_on(&screen, &server, "browser").await?;
    screen.close().await
}

#[tokio::test]
async fn a_user_signs_in_by_name_and_password_and_sees_who_that_is() -> Result<()> {
    let server = Server::start().await?;
    let add = ["user", "add", "Ada", "--role", "publisher", "--password-stdin"];
    ensure!(harness::run(&server, &add, b"correct horse").await?.status.success());
    let screen = Screen::browser().await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen
        .wait_for(
            "the name is asked for first, and programs that keep passwords know both",
            "const [name, word] = document.querySelectorAll('.sign-in input');\
             return document.activeElement === name && name.autocomplete === 'username' \
             && word.autocomplete === 'current-password';",
        )
        .await?;
    screen.picture("browser-sign-in").await?;
    screen.fill("input[name=username]", "ada").await?;
    let sign_in = async |password: &str| {
        screen.fill("input[name=password]", password).await?;
        screen.submit("input[name=password]", "").await
    };
    sign_in("something else").await?;
    let told = |text: &str| {
        format!("return document.getElementById('sign-in-error').innerText.includes('{text}');")
    };
    screen.wait_for("it is refused", &told("The name or the password is wrong.")).await?;
    screen.picture("browser-sign-in-refused").await?;
    for _ in 0..5 {
        let body = serde_json::json!({ "username": "ada", "password": "something else" });
        harness::http()?.post(server.url("/api/session")).json(&body).send().await?;
    }
    sign_in("correct horse").await?;
    screen.wait_for("it is too often", &told("Too many attempts. Try again in ")).await?;
    until("the next attempt is due", DEADLINE, || async {
        sign_in("correct horse").await?;
        screen.wait_for_state("live", Duration::from_secs(2)).await?;
        Ok(Some(()))
    })
    .await?;

    screen
        .wait_for(
            "the name is shown",
            "return document.querySelector('[data-testid=account]').innerText === 'Ada';",
        )
        .await?;
    screen.click("account").await?;
    screen
        .wait_for(
            "the menu is open",
            "return document.querySelector('[data-testid=role]').innerText === 'publisher';",
        )
        .await?;
    screen.picture("browser-account").await?;
    screen.click("sign-out").await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn a_user_who_is_removed_is_asked_to_sign_in_at_once() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in_as_viewer(&server, "Ada").await?;
    let remove = ["user", "remove", "Ada", "--yes"];
    ensure!(harness::run(&server, &remove, b"").await?.status.success());
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn without_a_session_the_page_takes_the_owners_token() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::browser().await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.click("sign-in-other").await?;
    screen.picture("browser-sign-in-token").await?;
    screen.submit("input[name=token]", &server.token()?).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn disconnect_stays_disconnected_until_reconnect() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    // The browser keeps others open that it fetched the page by.
    let connected = harness::established(server.address())?;
    screen.click("disconnect").await?;
    screen.wait_for_state("offline", DEADLINE).await?;
    until("the stream's connection is closed", DEADLINE, || async {
        let open = harness::established(server.address())?;
        ensure!(open < connected, "{open} connections");
        Ok(Some(()))
    })
    .await?;
    // Longer than its first attempts at a lost server would wait.
    let seen = screen.wait_for_state("live", Duration::from_secs(2)).await;
    ensure!(seen.is_err() && screen.text("status").await? == "Offline", "it came back by itself");
    screen.picture("browser-offline").await?;
    screen.click("reconnect").await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn retry_now_does_not_wait_for_the_next_attempt() -> Result<()> {
    let mut server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    server.stop().await?;
    // Each attempt doubles the wait; in the longer ones a click can only be what ends them.
    until("the next attempt is far away", Duration::from_secs(60), || async {
        let badge = screen.text("status").await?;
        let seconds = badge.chars().filter(char::is_ascii_digit).collect::<String>();
        ensure!(seconds.parse::<u32>().is_ok_and(|seconds| seconds >= 8), "{badge}");
        Ok(Some(()))
    })
    .await?;
    server.start_again().await?;
    screen.click("retry").await?;
    screen.wait_for_state("live", Duration::from_secs(4)).await?;
    screen.close().await
}

/// What the latest event looks like, folded as it is.
const EVENT: &str = "document.querySelector('[data-testid=event-json]').innerText";

#[tokio::test]
async fn the_latest_event_folds_and_stays_folded_with_the_next() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    screen
        .wait_for("the event is open", &format!("return {EVENT}.includes('\"kernel\"');"))
        .await?;
    screen.press(".json-fold[aria-label^='host']").await?;
    let folded =
        format!("return !{EVENT}.includes('\"kernel\"') && {EVENT}.includes('\"memory\"');");
    screen.wait_for("the host is folded", &folded).await?;
    let updated = screen.text("updated").await?;
    screen.wait_for_figure("updated", &updated).await?;
    assert_eq!(screen.run(&folded).await?, true);
    screen.close().await
}

#[tokio::test]
async fn the_latest_event_can_be_copied() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    screen.wait_for_figure("cpu-total", "").await?;
    screen
        .run("navigator.clipboard.writeText = text => { window.__copied = text; return Promise.resolve(); };")
        .await?;
    screen.press("[data-panel=events] button[aria-label='Copy JSON']").await?;
    screen
        .wait_for(
            "the button says so",
            "return !!document.querySelector(\"[aria-label='Copied']\");",
        )
        .await?;
    let copied = screen.run("return JSON.parse(window.__copied);").await?;
    assert!(copied["memory"]["total"].is_u64(), "{copied}");
    screen.close().await
}

#[tokio::test]
async fn a_paused_page_holds_still_counts_what_waits_and_catches_up() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    screen.wait_for_figure("cpu-total", "").await?;
    screen.key(" ").await?;
    let held = screen.text("event-json").await?;
    screen
        .wait_for(
            "it counts what waits",
            "return /\\+[2-9]/.test(document.querySelector('[data-testid=pause]').innerText);",
        )
        .await?;
    assert_eq!(screen.text("event-json").await?, held);
    screen.picture("browser-paused").await?;
    screen.key(" ").await?;
    until("the page has caught up", DEADLINE, || async {
        Ok((screen.text("event-json").await? != held).then_some(()))
    })
    .await?;
    screen.close().await
}

#[tokio::test]
async fn keys_open_the_help_and_change_the_theme() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    screen.key("?").await?;
    screen.wait_for("the help is open", "return document.querySelector('dialog').open;").await?;
    screen.picture("browser-help").await?;
    screen.press("dialog button[aria-label=Close]").await?;
    screen.wait_for("the help is closed", "return !document.querySelector('dialog').open;").await?;
    let background = "return getComputedStyle(document.body).backgroundColor;";
    let mut seen = vec![screen.run(background).await?];
    for _ in 0..2 {
        screen.key("t").await?;
        seen.push(screen.run(background).await?);
    }
    assert!(seen.iter().any(|colour| *colour != seen[0]), "{seen:?}");
    screen.close().await
}

#[tokio::test]
async fn signing_out_ends_the_session_and_asks_who_somebody_is() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    screen
        .wait_for("the name is shown", "return !!document.querySelector('[data-testid=account]');")
        .await?;
    screen.click("account").await?;
    screen.click("sign-out").await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.close().await
}

/// How soon a lost Redis is told, and how soon all is well once it is back.
const WITHIN: Duration = Duration::from_secs(2);

/// Publishes an event that the page shows; its number, or the code of the refusal.
async fn publish(server: &Server, n: u64) -> Result<Result<u64, String>> {
    let answer = server.publish("users/owner")?.json(&n).send().await?;
    let is_unavailable = answer.status() == 503;
    let body: serde_json::Value = answer.json().await?;
    let Some(code) = body["error"]["code"].as_str() else { return Ok(Ok(n)) };
    ensure!(is_unavailable, "{body}");
    Ok(Err(code.to_owned()))
}

#[tokio::test]
async fn a_server_whose_redis_is_away_is_degraded_and_live_again_by_itself_with_nothing_lost()
-> Result<()> {
    let mut redis = Redis::start().await?;
    let options = ServerOptions::with_config("[server]\nheartbeat_seconds = 2");
    let server = Server::start_with(options.with_args(["--redis", &redis.url()])).await?;
    let screen = Screen::signed_in(&server).await?;
    let mut tail = Tail::start(&server, &["users/owner", "--json"]).await?;
    let mut stream = Events::open(server.get("/api/events?topic=app/x&unnamed=1")?).await?;
    screen.wait_for_attribute("[data-panel=cpu]", "data-freshness", "live", DEADLINE).await?;
    screen.mark().await?;
    screen
        .run(
            "const line = document.querySelector('[role=status]'); window.__said = [line.innerText];\
             new MutationObserver(() => window.__said.push(line.textContent))\
             .observe(line, { childList: true, characterData: true, subtree: true }); return null;",
        )
        .await?;
    let mut acknowledged = Vec::new();
    for n in 0..20 {
        acknowledged.push(publish(&server, n).await?.map_err(anyhow::Error::msg)?);
    }

    redis.kill().await?;
    screen.wait_for_state("degraded", WITHIN + Duration::from_secs(1)).await?;
    for panel in ["cpu", "memory", "disks", "network", "processes", "events"] {
        let css = format!("[data-panel={panel}]");
        screen.wait_for_attribute(&css, "data-freshness", "degraded", WITHIN).await?;
    }
    let kept = screen.text("cpu-total").await?;
    ensure!(kept.contains(|c: char| c.is_ascii_digit()), "the last figure was wiped out: {kept:?}");
    tail.told("unable to use its message bus since").await?;
    let refused = publish(&server, 100).await?;
    ensure!(refused == Err("unavailable".to_owned()), "{refused:?}");
    ensure!(server.get("/readyz")?.send().await?.status() == 503, "it is ready without Redis");
    let notice = "return document.querySelector('.notice-text').innerText;";
    screen
        .wait_for(
            "the cause is told by the clock of the page",
            "const told = document.querySelector('.notice-text').innerText\
             .match(/message bus since (\\d\\d):(\\d\\d):(\\d\\d); values of this server/);\
             const then = new Date(); then.setHours(told[1], told[2], told[3]);\
             return Math.abs(Date.now() - then) < 60000;",
        )
        .await?;
    let told = screen.run(notice).await?;
    for theme in ["system", "light", "dark"] {
        screen.picture(&format!("browser-degraded-{theme}")).await?;
        screen.key("t").await?;
    }
    // It stays so, and is said once, however many heartbeats say it again.
    for _ in 0..3 {
        while !stream.next().await?.json().is_ok_and(|data| data["degradedSince"].is_u64()) {}
    }
    ensure!(screen.run(notice).await? == told, "what is said of it changes while it lasts");
    ensure!(screen.text("status").await? == "Degraded");

    redis.start_again().await?;
    screen.wait_for_state("live", WITHIN).await?;
    screen.wait_for_attribute("[data-panel=cpu]", "data-freshness", "live", DEADLINE).await?;
    let updated = screen.text("updated").await?;
    screen.wait_for_figure("updated", &updated).await?;
    ensure!(screen.is_marked().await?, "the page was reloaded");
    let said = screen.run("return window.__said;").await?;
    let expected = ["Live", "Degraded: the server cannot use its message bus", "Live"];
    ensure!(said == serde_json::json!(expected), "{said}");
    for n in 20..40 {
        acknowledged.push(publish(&server, n).await?.map_err(anyhow::Error::msg)?);
    }
    for n in &acknowledged {
        let event = tail.json().await?;
        ensure!(event["data"].as_u64().context("a number")? == *n, "{event} for {n}");
    }
    let shown = format!(
        "const lines = [...document.querySelectorAll('.event-line')];\
         const own = lines.filter(line => line.innerText.includes('users/owner'));\
         return own.length === {} && !lines.some(line => line.dataset.gap);",
        acknowledged.len()
    );
    screen.wait_for("the page has everything acknowledged, and no gap", &shown).await?;
    tail.told("can use its message bus again").await?;
    tail.signal(Signal::TERM)?;
    let (status, rest) = tail.end().await?;
    ensure!(status.success() && rest.is_empty(), "{status}: {rest}");
    screen.close().await
}

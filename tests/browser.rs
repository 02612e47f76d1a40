//! The dashboard in Chromium.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, stories, until};

async fn signed_in(server: &Server) -> Result<Screen> {
    let screen = Screen::browser().await?;
    screen.open(&server.sign_in_link()).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    Ok(screen)
}

#[tokio::test]
async fn the_link_shows_live_values_that_change_and_leaves_the_address_bar() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
    stories::stops_and_returns(&screen, &mut server, "browser").await?;
    screen.close().await
}

#[tokio::test]
async fn a_frozen_server_turns_every_panel_stale_at_its_deadline_and_live_again() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
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
    let add = ["user", "add", "Ada", "--password-stdin"];
    ensure!(harness::run(&server, &add, b"correct horse").await?.status.success());
    let screen = Screen::browser().await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.fill("input[name=username]", "Ada").await?;
    screen.submit("input[name=password]", "correct horse").await?;
    screen.wait_for_state("live", DEADLINE).await?;
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
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
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
    let screen = signed_in(&server).await?;
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

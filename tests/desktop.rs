//! The dashboard in the real desktop window.

use anyhow::{Context, Result};
use harness::{DEADLINE, Screen, Server, WINDOW_WITHIN, stories};
use rustix::process::{Signal, kill_process};

#[tokio::test]
async fn the_bundled_server_is_live_in_the_window() -> Result<()> {
    let screen = Screen::desktop().await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    let first = screen.wait_for_figure("updated", "").await?;
    screen.wait_for_figure("cpu-total", "").await?;
    screen.wait_for_figure("updated", &first).await?;
    screen.picture("desktop-live").await?;
    screen.close().await
}

#[tokio::test]
async fn a_watched_server_that_stops_and_returns_is_live_again_without_a_reload() -> Result<()> {
    let mut server = Server::start().await?;
    let screen = Screen::desktop_watching(&server).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    stories::stops_and_returns(&screen, &mut server, "desktop").await?;
    screen.close().await
}

#[tokio::test]
async fn what_programs_publish_shows_in_the_window_of_who_may_read_it_and_others_have_their_own()
-> Result<()> {
    let server = Server::start().await?;
    let publish = async |value: u32| -> Result<()> {
        let body = serde_json::json!({ "depth": value });
        server.publish("app/queue")?.json(&body).send().await?.error_for_status()?;
        Ok(())
    };
    let screen = Screen::desktop_watching(&server).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    publish(5).await?;
    screen
        .wait_for(
            "the number is there",
            "return document.querySelector('[data-path=depth] .number-value')?.innerText === '5';",
        )
        .await?;
    screen.close().await?;

    let (url, token) = (server.url(""), server.scoped_token(&["read:metrics/*"]).await?);
    let screen =
        Screen::desktop_with(&[("TIDINGS_SERVER", &url), ("TIDINGS_TOKEN", &token)]).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    publish(6).await?;
    let updated = screen.wait_for_figure("updated", "").await?;
    screen.wait_for_figure("updated", &updated).await?;
    let topics =
        screen.run("return document.querySelectorAll('[data-testid=topic]').length;").await?;
    assert_eq!(topics, 0);
    screen.close().await
}

#[tokio::test]
async fn a_frozen_server_turns_every_panel_stale_at_its_deadline_and_live_again() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::desktop_watching(&server).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    stories::freezes_and_goes_on(&screen, &server, "desktop").await?;
    screen.close().await
}

#[tokio::test]
async fn a_refused_token_is_told_together_with_what_to_do() -> Result<()> {
    let server = Server::start().await?;
    let url = server.url("");
    let screen =
        Screen::desktop_with(&[("TIDINGS_SERVER", &url), ("TIDINGS_TOKEN", "wrong")]).await?;
    screen.wait_for_state("unauthorized", WINDOW_WITHIN).await?;
    let shown = "return document.querySelector('[data-testid=refused]') !== null";
    screen.wait_for("the card", shown).await?;
    let card = screen.text("refused").await?;
    assert!(card.contains("TIDINGS_TOKEN"), "no word of what to do: {card}");
    // The driver takes a picture at the next paint, and by itself nothing changes on this page.
    let paint =
        "let on = 0; setInterval(() => (document.body.style.paddingTop = `${(on ^= 1)}px`), 50)";
    screen.run(paint).await?;
    screen.picture("desktop-refused").await?;
    screen.click("retry").await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn a_signal_ends_the_app_and_everything_it_started() -> Result<()> {
    let screen = Screen::desktop().await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    let processes = screen.processes()?;
    let app = processes.iter().find(|process| process.program == "tidings-desktop");
    assert!(processes.len() > 1, "a web view has processes of its own: {processes:?}");
    kill_process(app.context("the app")?.pid, Signal::TERM)?;
    screen.wait_for_end().await
}

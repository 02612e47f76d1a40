//! The dashboard in Chromium.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, until};
use rustix::process::Signal;

/// A panel is stale three seconds after its last sample; a slow machine may paint late.
const STALE_WITHIN: Duration = Duration::from_secs(5);

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

    let first = screen.wait_for_change("updated", "").await?;
    screen.wait_for_change("cpu-total", "").await?;
    screen.wait_for_change("memory-used", "").await?;
    screen.wait_for_change("updated", &first).await?;
    for panel in ["cpu", "memory", "disks", "network", "processes"] {
        let css = format!("[data-panel={panel}]");
        screen.wait_for_attribute(&css, "data-freshness", "live", DEADLINE).await?;
    }
    // A minute of samples would be prettier; ten seconds show the charts' lines.
    screen.picture("browser-live").await?;
    screen.close().await
}

#[tokio::test]
async fn a_server_that_stops_and_returns_is_live_again_without_a_reload() -> Result<()> {
    let mut server = Server::start().await?;
    let screen = signed_in(&server).await?;
    let before = screen.wait_for_change("cpu-total", "").await?;
    screen.mark().await?;

    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    ensure!(!screen.text("cpu-total").await?.is_empty(), "{before} was wiped out");
    screen.picture("browser-reconnecting").await?;

    server.start_again().await?;
    screen.wait_for_state("live", Duration::from_secs(40)).await?;
    let updated = screen.text("updated").await?;
    screen.wait_for_change("updated", &updated).await?;
    assert!(screen.is_marked().await?, "the page was reloaded");
    screen.close().await
}

#[tokio::test]
async fn a_frozen_server_turns_every_panel_stale_at_its_deadline_and_live_again() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen.mark().await?;
    screen.wait_for_attribute("[data-panel=cpu]", "data-freshness", "live", DEADLINE).await?;

    server.signal(Signal::STOP)?;
    for panel in ["cpu", "memory", "disks", "network"] {
        let css = format!("[data-panel={panel}]");
        screen.wait_for_attribute(&css, "data-freshness", "stale", STALE_WITHIN).await?;
    }
    screen.wait_for_state("stale", STALE_WITHIN).await?;
    screen.picture("browser-stale").await?;

    server.signal(Signal::CONT)?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.wait_for_attribute("[data-panel=cpu]", "data-freshness", "live", DEADLINE).await?;
    assert!(screen.is_marked().await?, "the page was reloaded");
    screen.close().await
}

#[tokio::test]
async fn without_a_session_the_page_asks_for_a_token_and_takes_it() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::browser().await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.picture("browser-sign-in").await?;

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
    screen.picture("browser-offline").await?;
    screen.click("reconnect").await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn a_server_that_was_not_there_when_the_page_was_left_open_is_found_by_retry_now()
-> Result<()> {
    let mut server = Server::start().await?;
    let screen = signed_in(&server).await?;
    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    server.start_again().await?;
    // Its own next attempt may be first; then there is nothing left to click.
    let _ = screen.click("retry").await;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.close().await
}

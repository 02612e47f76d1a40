//! Notifications in the real desktop window.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, WINDOW_WITHIN, until};
use serde_json::{Value, json};

/// Name of the app's folder, which is its identifier.
const APP: &str = "dev.tidings.desktop";

async fn notify(server: &Server, title: &str) -> Result<()> {
    let request = server.post("/api/notifications")?;
    let answer = request.json(&json!({ "title": title, "level": "error" })).send().await?;
    ensure!(answer.status() == 201, "{}", answer.text().await?);
    Ok(())
}

async fn inbox(server: &Server) -> Result<(Vec<String>, u64)> {
    let answer: Value = server.get("/api/notifications")?.send().await?.json().await?;
    let rows = answer["notifications"].as_array().cloned().unwrap_or_default();
    let titles = rows.iter().filter_map(|row| row["title"].as_str().map(str::to_owned)).collect();
    Ok((titles, answer["unreadCount"].as_u64().unwrap_or(u64::MAX)))
}

async fn wait_for_bell(screen: &Screen, name: &str) -> Result<()> {
    let script =
        format!("return document.querySelector('[data-testid=bell]')?.ariaLabel === '{name}';");
    screen.wait_for(&format!("the bell says {name}"), &script).await
}

async fn wait_for_rows(screen: &Screen, count: usize) -> Result<()> {
    let script = format!("return document.querySelectorAll('.note').length === {count};");
    screen.wait_for(&format!("the inbox shows {count}"), &script).await
}

#[tokio::test]
async fn a_notification_comes_up_in_the_window_and_what_is_done_there_is_done_at_the_server()
-> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::desktop_watching(&server).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    wait_for_bell(&screen, "Notifications").await?;
    notify(&server, "Disk is full").await?;
    let toast = "return document.querySelector('.toast-title')?.innerText === 'Disk is full';";
    screen.wait_for("there is a toast", toast).await?;
    wait_for_bell(&screen, "Notifications, 1 unread").await?;
    screen.picture("desktop-toast").await?;
    notify(&server, "Build failed").await?;
    wait_for_bell(&screen, "Notifications, 2 unread").await?;

    screen.click("bell").await?;
    wait_for_rows(&screen, 2).await?;
    screen.run("document.querySelector('[data-testid=note-read]').click();").await?;
    wait_for_bell(&screen, "Notifications, 1 unread").await?;
    screen.run("document.querySelector('[data-testid=note-remove]').click();").await?;
    wait_for_rows(&screen, 1).await?;
    until("the server has it", DEADLINE, || async {
        let there = inbox(&server).await?;
        ensure!(there == (vec!["Disk is full".to_owned()], 1), "{there:?}");
        Ok(Some(()))
    })
    .await?;
    screen.click("read-all").await?;
    wait_for_bell(&screen, "Notifications").await?;
    until("the server has read all", DEADLINE, || async {
        Ok((inbox(&server).await?.1 == 0).then_some(()))
    })
    .await?;
    screen.close().await
}

#[tokio::test]
async fn the_inbox_of_the_bundled_server_outlasts_the_app() -> Result<()> {
    // What it keeps is what any server keeps: this one leaves it an inbox, and looks what became of that.
    let mut server = Server::start().await?;
    notify(&server, "Disk is full").await?;
    notify(&server, "Build failed").await?;
    server.stop().await?;
    let home = tempfile::tempdir()?;
    fs::create_dir(home.path().join(APP))?;
    symlink(server.data_dir(), home.path().join(APP).join("server"))?;
    let data = home.path().display().to_string();

    let screen = Screen::desktop_with(&[("XDG_DATA_HOME", &data)]).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    wait_for_bell(&screen, "Notifications, 2 unread").await?;
    screen.click("bell").await?;
    wait_for_rows(&screen, 2).await?;
    screen.picture("desktop-inbox").await?;
    screen.run("document.querySelector('[data-testid=note-remove]').click();").await?;
    wait_for_bell(&screen, "Notifications, 1 unread").await?;
    screen.close().await?;

    server.start_again().await?;
    assert_eq!(inbox(&server).await?, (vec!["Disk is full".to_owned()], 1));
    Ok(())
}

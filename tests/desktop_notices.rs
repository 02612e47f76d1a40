//! Notifications of the system, by the real desktop app on a session bus of the test's own.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, NoticeCall, NoticeService, Screen, Server, until};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

/// The app that watches `server`, with what it keeps in `home`, hidden.
async fn app(server: &Server, service: &NoticeService, home: &Path) -> Result<Screen> {
    let screen = visible_app(server, service, home).await?;
    hide(&screen).await?;
    Ok(screen)
}

/// Hides the window, so that nobody looks at it.
async fn hide(screen: &Screen) -> Result<()> {
    screen.hide().await?;
    screen.wait_for("nobody looks at the window", "return !document.hasFocus();").await
}

/// As [`app`], in front.
async fn visible_app(server: &Server, service: &NoticeService, home: &Path) -> Result<Screen> {
    Screen::desktop_at(server, service.address(), home).await
}

/// Waits until the app keeps that everything up to `version` was told.
async fn wait_for_mark(home: &Path, version: u64) -> Result<()> {
    let folder = home.join("dev.tidings.desktop").join("told");
    until(&format!("version {version} is marked"), DEADLINE, || async {
        let file = std::fs::read_dir(&folder)?.next().context("a file")??;
        let kept: Value = serde_json::from_slice(&std::fs::read(file.path())?)?;
        ensure!(kept["version"].as_u64() >= Some(version), "it is {kept}");
        Ok(Some(()))
    })
    .await
}

async fn notify(server: &Server, title: &str, message: &str) -> Result<u64> {
    let body = json!({ "title": title, "message": message });
    let answer = server.post("/api/notifications")?.json(&body).send().await?;
    ensure!(answer.status() == 201, "{}", answer.text().await?);
    let row: Value = answer.json().await?;
    row["version"].as_u64().context("a version")
}

async fn wait_for_titles(service: &NoticeService, titles: &[&str]) -> Result<()> {
    until(&format!("{titles:?} came up"), DEADLINE, || async {
        let shown = service.titles();
        ensure!(shown == titles, "{shown:?}");
        Ok(Some(()))
    })
    .await
}

async fn wait_for_unread(server: &Server, count: u64) -> Result<()> {
    until(&format!("{count} are unread"), DEADLINE, || async {
        let inbox: Value = server.get("/api/notifications")?.send().await?.json().await?;
        ensure!(inbox["unreadCount"] == count, "{}", inbox["unreadCount"]);
        Ok(Some(()))
    })
    .await
}

#[tokio::test]
async fn a_click_on_a_notification_of_the_system_opens_it_in_the_window() -> Result<()> {
    let server = Server::start().await?;
    let service = NoticeService::start().await?;
    let home = tempfile::tempdir()?;
    notify(&server, "before the app ever ran", "").await?;
    let screen = app(&server, &service, home.path()).await?;
    wait_for_mark(home.path(), 1).await?;

    notify(&server, "Build <b>481</b>", "<img src=\"x\"> & more").await?;
    wait_for_titles(&service, &["Build <b>481</b>"]).await?;
    let [NoticeCall::Shown { id, replaces: 0, body, actions, .. }] = &service.calls()[..] else {
        anyhow::bail!("{:?}", service.calls());
    };
    assert_eq!(body, "&lt;img src=&quot;x&quot;&gt; &amp; more");
    assert_eq!(actions, &["default", "Open"]);

    service.click(*id).await?;
    let is_there = "const note = document.activeElement;
        return note.matches('.note') && note.querySelector('.note-title').lastChild.data === 'Build <b>481</b>';";
    screen.wait_for("the notification has the focus in the inbox", is_there).await?;
    wait_for_unread(&server, 1).await?;
    until("it is taken away, since it is read", DEADLINE, || async {
        Ok(service.calls().contains(&NoticeCall::Closed(*id)).then_some(()))
    })
    .await?;
    screen.picture("desktop-chosen").await?;

    screen.wait_for("the window has the focus", "return document.hasFocus();").await?;
    let version = notify(&server, "in front", "").await?;
    wait_for_mark(home.path(), version).await?;
    assert_eq!(service.titles().len(), 1, "the window shows it: {:?}", service.calls());
    screen.close().await
}

#[tokio::test]
async fn each_comes_up_once_across_restarts_and_a_kill() -> Result<()> {
    let server = Server::start().await?;
    let service = NoticeService::start().await?;
    let home = tempfile::tempdir()?;
    let screen = app(&server, &service, home.path()).await?;
    wait_for_mark(home.path(), 0).await?;
    notify(&server, "one", "").await?;
    wait_for_titles(&service, &["one"]).await?;
    let processes = screen.processes()?;
    let process = processes.iter().find(|process| process.program == "tidings-desktop");
    kill_process(process.context("the app")?.pid, Signal::KILL)?;
    drop(screen);

    for number in 2..=5 {
        notify(&server, &format!("away {number}"), "").await?;
    }
    let screen = app(&server, &service, home.path()).await?;
    let told = ["one", "4 notifications while you were away"];
    wait_for_titles(&service, &told).await?;
    screen.close().await?;

    let screen = app(&server, &service, home.path()).await?;
    notify(&server, "after", "").await?;
    wait_for_titles(&service, &[told[0], told[1], "after"]).await?;
    screen.close().await
}

#[tokio::test]
async fn quiet_hours_hold_all_back_until_one_summary() -> Result<()> {
    let server = Server::start().await?;
    let service = NoticeService::start().await?;
    let home = tempfile::tempdir()?;
    let screen = visible_app(&server, &service, home.path()).await?;
    wait_for_mark(home.path(), 0).await?;
    screen.click("bell").await?;
    screen.wait_for("the inbox is open", "return !!document.querySelector('.inbox-head');").await?;
    screen.click("choose-toasts").await?;
    let is_known = "return !!document.querySelector('[data-testid=quiet-choice] [name=quiet]');";
    screen.wait_for("the settings are there", is_known).await?;
    screen.press("[name=quiet]").await?;
    let set = |name: &str, time: &str| {
        format!(
            "const field = document.querySelector('[data-testid=quiet-choice] [name={name}]');
             if (!field) return false;
             field.value = '{time}'; field.dispatchEvent(new Event('change', {{ bubbles: true }}));
             return true;"
        )
    };
    screen.wait_for("the beginning can be set", &set("from", "00:00")).await?;
    screen.wait_for("the end can be set", &set("to", "00:00")).await?;
    screen.picture("desktop-quiet").await?;
    let file = home.path().join("dev.tidings.desktop").join("settings.json");
    until("the settings are kept", DEADLINE, || async {
        let kept: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        let quiet = &kept["quiet"];
        let is_kept = quiet["on"] == true && quiet["from"] == "00:00" && quiet["to"] == "00:00";
        ensure!(is_kept, "{kept}");
        Ok(Some(()))
    })
    .await?;

    hide(&screen).await?;
    for number in 1..=7 {
        let version = notify(&server, &format!("quiet {number}"), "").await?;
        wait_for_mark(home.path(), version).await?;
    }
    assert_eq!(service.titles(), [""; 0]);
    screen.run("document.querySelector('[name=quiet]').click();").await?;
    wait_for_titles(&service, &["7 notifications while quiet"]).await?;
    screen.close().await
}

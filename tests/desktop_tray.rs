//! The icon in the tray by the real desktop app: how it stands with its server, what is unread, quiet hours.

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, TrayService, until};
use serde_json::{Value, json};

/// Waits until the tray's menu begins with these lines.
async fn wait_for_head(service: &TrayService, head: [&str; 2]) -> Result<()> {
    until(&format!("the tray says {head:?}"), DEADLINE, || async {
        let entries = service.menu().await?;
        let labels: Vec<_> = entries.iter().take(2).map(|entry| &*entry.label).collect();
        ensure!(labels == head, "it says {labels:?}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test]
async fn the_tray_says_how_it_stands_and_what_is_unread_which_it_leads_to() -> Result<()> {
    let (mut server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    wait_for_head(&service, ["Live", "No unread notifications"]).await?;
    let plain = service.picture().await?;

    let news = json!({ "title": "The disk is full" });
    server.post("/api/notifications")?.json(&news).send().await?.error_for_status()?;
    wait_for_head(&service, ["Live", "1 unread notification"]).await?;
    let marked = service.picture().await?;
    ensure!(marked != plain, "the icon shows it");
    screen.hide().await?;
    service.choose_line("1 unread notification").await?;
    screen.wait_for("the inbox", "return !!document.querySelector('.inbox-head');").await?;
    server.post("/api/notifications/read-all")?.send().await?.error_for_status()?;
    wait_for_head(&service, ["Live", "No unread notifications"]).await?;

    server.kill().await?;
    wait_for_head(&service, ["Reconnecting", "No unread notifications"]).await?;
    let faint = service.picture().await?;
    ensure!(faint != marked && faint != plain, "the icon shows it");
    server.start_again().await?;
    wait_for_head(&service, ["Live", "No unread notifications"]).await?;
    screen.close().await
}

#[tokio::test]
async fn quiet_hours_are_switched_in_the_tray_and_stay_so() -> Result<()> {
    let (server, service) = (Server::start().await?, TrayService::start().await?);
    let home = tempfile::tempdir()?;
    let screen = Screen::desktop_at(&server, service.address(), home.path()).await?;
    let settings = home.path().join("dev.tidings.desktop/settings.json");
    wait_for_head(&service, ["Live", "No unread notifications"]).await?;
    for is_on in [true, false] {
        service.choose_line("Quiet Hours, 22:00 to 07:00").await?;
        until(&format!("that it is quiet is {is_on}"), DEADLINE, || async {
            let kept: Value = serde_json::from_slice(&std::fs::read(&settings)?)?;
            ensure!(kept["quiet"]["on"] == is_on, "{kept}");
            let entries = service.menu().await?;
            let entry = entries.iter().find(|entry| entry.label.starts_with("Quiet Hours"));
            ensure!(entry.is_some_and(|entry| entry.checked == is_on), "{entries:?}");
            Ok(Some(()))
        })
        .await?;
    }
    screen.close().await
}

//! How far jobs are, in the tray and the dock, by the real desktop app on a session bus of the test's own.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, TrayService, WINDOW_WITHIN, http, until};
use reqwest::Method;
use serde_json::{Value, json};

/// A command that says something and ends by no itself.
const CONFIG: &str = r#"
[jobs.commands.wait]
argv = ["sh", "-c", "echo here I am; exec sleep 600"]
"#;

/// What the tray says of a server that is gone.
const GONE: [&str; 2] = ["Reconnecting", "No unread notifications"];

const APP: &str = "application://Tidings.desktop";

async fn app(server: &Server, service: &TrayService) -> Result<Screen> {
    let (url, token) = (server.url(""), server.token()?);
    let screen = Screen::desktop_with(&[
        ("TIDINGS_SERVER", &url),
        ("TIDINGS_TOKEN", &token),
        ("DBUS_SESSION_BUS_ADDRESS", service.address()),
    ])
    .await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    Ok(screen)
}

async fn asked(server: &Server, method: Method, path: &str, body: Value) -> Result<Value> {
    let request = http()?.request(method, server.url(path)).bearer_auth(server.token()?);
    Ok(request.json(&body).send().await?.error_for_status()?.json().await?)
}

/// Reports a job, and returns its id.
async fn reported(server: &Server, name: &str) -> Result<String> {
    let job = asked(server, Method::POST, "/api/jobs", json!({ "name": name })).await?;
    Ok(job["id"].as_str().context("an id")?.to_owned())
}

async fn patch(server: &Server, id: &str, patch: Value) -> Result<Value> {
    asked(server, Method::PATCH, &format!("/api/jobs/{id}"), patch).await
}

/// Waits until the tray says these jobs and nothing unusual of all else.
async fn wait_for_tray(service: &TrayService, title: &str, jobs: &[&str]) -> Result<()> {
    wait_for_menu(service, title, ["Live", "No unread notifications"], jobs).await
}

async fn wait_for_menu(
    service: &TrayService,
    title: &str,
    head: [&str; 2],
    jobs: &[&str],
) -> Result<()> {
    let below = ["", "Quiet Hours, 22:00 to 07:00", "Show Tidings", "Quit"];
    let menu = [&head[..], &[""], jobs, &below].concat();
    until(&format!("the tray says {title:?} and {menu:?}"), DEADLINE, || async {
        let (shown, entries) = (service.title().await?, service.menu().await?);
        let labels: Vec<_> = entries.iter().map(|entry| &*entry.label).collect();
        ensure!(shown == title && labels == menu, "it says {shown:?} and {labels:?}");
        Ok(Some(()))
    })
    .await
}

async fn wait_for_bar(service: &TrayService, progress: Option<f64>) -> Result<()> {
    until(&format!("the dock shows {progress:?}"), DEADLINE, || async {
        let bars = service.bars();
        ensure!(bars.last() == Some(&(APP.to_owned(), progress)), "it was told {bars:?}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test]
async fn the_tray_and_the_dock_show_how_far_jobs_are_and_nothing_once_they_have_ended() -> Result<()>
{
    let server = Server::start().await?;
    let service = TrayService::start().await?;
    let earlier = reported(&server, "rsync & _co_").await?;
    patch(&server, &earlier, json!({ "progress": 20 })).await?;
    let screen = app(&server, &service).await?;
    wait_for_tray(&service, "20%", &["rsync & __co__ 20%"]).await?;
    wait_for_bar(&service, Some(0.2)).await?;
    let entries = service.menu().await?;
    assert!(!entries[0].enabled && entries[1].enabled && !entries[3].enabled, "{entries:?}");

    let later = reported(&server, "dd").await?;
    let both = ["rsync & __co__ 20%", "dd, running"];
    wait_for_tray(&service, "2 jobs", &both).await?;
    wait_for_bar(&service, None).await?;
    patch(&server, &later, json!({ "progress": 70.9 })).await?;
    let both = ["rsync & __co__ 20%", "dd 70%"];
    wait_for_tray(&service, "45%", &both).await?;
    wait_for_bar(&service, Some(0.45)).await?;

    patch(&server, &earlier, json!({ "state": "succeeded" })).await?;
    wait_for_tray(&service, "70%", &["dd 70%"]).await?;
    patch(&server, &later, json!({ "state": "failed", "error": "no" })).await?;
    // A job that fails tells its user.
    wait_for_menu(&service, "", ["Live", "1 unread notification"], &["No jobs"]).await?;
    wait_for_bar(&service, None).await?;
    screen.close().await
}

#[tokio::test]
async fn of_a_job_that_tells_much_the_dock_hears_at_most_twice_a_second() -> Result<()> {
    let server = Server::start().await?;
    let service = TrayService::start().await?;
    let screen = app(&server, &service).await?;
    let job = reported(&server, "dd").await?;
    wait_for_tray(&service, "1 job", &["dd, running"]).await?;
    let start = Instant::now();
    let mut percent = 0;
    while start.elapsed() < Duration::from_secs(2) && percent < 100 {
        percent += 1;
        patch(&server, &job, json!({ "progress": percent })).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    wait_for_bar(&service, Some(f64::from(percent) / 100.0)).await?;
    let (told, halves) = (service.bars().len() as u128, start.elapsed().as_millis() / 500);
    ensure!((2..=halves + 2).contains(&told), "{told} in {halves} half seconds");
    screen.close().await
}

#[tokio::test]
async fn the_menu_of_the_tray_brings_the_window_back_and_ends_the_app() -> Result<()> {
    let server = Server::start().await?;
    let service = TrayService::start().await?;
    let screen = app(&server, &service).await?;
    wait_for_tray(&service, "", &["No jobs"]).await?;
    screen.hide().await?;
    screen.wait_for("nobody looks at the window", "return !document.hasFocus();").await?;
    service.choose_line("Show Tidings").await?;
    screen.wait_for("the window has the focus", "return document.hasFocus();").await?;
    service.choose_line("Quit").await?;
    screen.wait_for_end().await
}

#[tokio::test]
async fn of_a_server_that_is_gone_no_jobs_are_told() -> Result<()> {
    let server = Server::start().await?;
    let service = TrayService::start().await?;
    let job = reported(&server, "dd").await?;
    patch(&server, &job, json!({ "progress": 20 })).await?;
    let screen = app(&server, &service).await?;
    wait_for_tray(&service, "20%", &["dd 20%"]).await?;
    drop(server);
    wait_for_menu(&service, "", GONE, &["Jobs: not known"]).await?;
    wait_for_bar(&service, None).await?;
    screen.close().await
}

/// What the page in the window gets when it says this to the app.
async fn told(screen: &Screen, command: &str, arguments: Value) -> Result<Value> {
    let script = format!("return window.__TAURI_INTERNALS__.invoke({command:?}, {arguments});");
    screen.run(&script).await
}

#[tokio::test]
async fn the_page_starts_reads_and_ends_a_job_and_saves_a_result_by_the_app() -> Result<()> {
    let server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let service = TrayService::start().await?;
    let screen = app(&server, &service).await?;
    let request = json!({ "kind": "command", "args": { "name": "wait" } }).to_string();
    let id = told(&screen, "start_job", json!({ "request": request })).await?;
    wait_for_tray(&service, "1 job", &["wait, running"]).await?;
    until("the line is there", DEADLINE, || async {
        let log = told(&screen, "job_log", json!({ "id": id, "after": 0 })).await?;
        Ok(log.as_str().context("a log")?.contains("here I am").then_some(()))
    })
    .await?;
    told(&screen, "cancel_job", json!({ "id": id })).await?;
    wait_for_tray(&service, "", &["No jobs"]).await?;

    let job = reported(&server, "report").await?;
    patch(&server, &job, json!({ "state": "succeeded", "result": { "files": 12 } })).await?;
    for name in ["reported.json", "reported (1).json"] {
        let path = told(&screen, "save_job_result", json!({ "id": job })).await?;
        let path = path.as_str().context("a path")?;
        ensure!(path.ends_with(name), "it is {path}");
        let saved: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        assert_eq!(saved, json!({ "files": 12 }));
    }
    screen.close().await
}

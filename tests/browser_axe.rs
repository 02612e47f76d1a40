//! The dashboard for everybody: axe-core finds nothing in any state, in either theme.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, http};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A rule that is the case at once, and a job that ends by no itself.
const CONFIG: &str = r#"
[[alerts]]
name = "Busy"
metric = "memory.used"
above = 0

[jobs.commands.wait]
argv = ["sh", "-c", "echo half of it, 50%; exec sleep 600"]
pattern = "(\\d+)%"
"#;

const ESCAPE: &str = "\u{e00c}";

/// A panel is stale three seconds after its last sample.
const STALE_WITHIN: Duration = Duration::from_secs(20);

async fn signed_in(server: &Server) -> Result<Screen> {
    let screen = Screen::signed_in(server).await?;
    screen.wait_for_figure("cpu-total", "").await?;
    Ok(screen)
}

async fn post(server: &Server, path: &str, body: Value) -> Result<()> {
    let request = http()?.post(server.url(path)).bearer_auth(server.token()?).json(&body);
    request.send().await?.error_for_status()?;
    Ok(())
}

async fn wait_for(screen: &Screen, css: &str) -> Result<()> {
    let script = format!("return document.querySelector({css:?}) !== null;");
    screen.wait_for(&format!("there is {css}"), &script).await
}

#[tokio::test]
async fn axe_finds_nothing_before_anybody_has_signed_in() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::browser().await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    screen.judge("axe-sign-in").await?;
    screen.click("sign-in-other").await?;
    screen.judge("axe-sign-in-token").await?;
    screen.close().await
}

#[tokio::test]
async fn axe_finds_nothing_on_a_dashboard_with_nothing_to_tell_yet() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    wait_for(&screen, "[data-testid=jobs-blank]").await?;
    screen.judge("axe-blank").await?;
    screen.key("n").await?;
    wait_for(&screen, "[data-testid=inbox]:popover-open").await?;
    screen.judge("axe-inbox-blank").await?;
    screen.close().await
}

#[tokio::test]
async fn axe_finds_nothing_in_any_part_of_a_busy_dashboard() -> Result<()> {
    let server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let screen = signed_in(&server).await?;
    post(
        &server,
        "/api/publish/app/builds",
        json!({"a": [1, null, {"b": true}], "c": "x", "n": {"m": 2}}),
    )
    .await?;
    for level in ["info", "success", "warning", "error"] {
        let note =
            json!({"userId": "owner", "title": level, "message": "One\ntwo", "level": level});
        post(&server, "/api/notifications", note).await?;
    }
    post(&server, "/api/process", json!({"kind": "command", "args": {"name": "wait"}})).await?;
    let other = json!({"name": "a report", "message": "as far as is known"});
    post(&server, "/api/jobs", other).await?;
    wait_for(&screen, "[data-testid=job] + [data-testid=job]").await?;
    wait_for(&screen, "[data-testid=toast]").await?;
    wait_for(&screen, "[data-testid=alert][data-state=firing]").await?;
    screen.press("[data-testid=topic-number]").await?;
    wait_for(&screen, "#chart-topic[data-points]").await?;
    screen.judge("axe-dashboard").await?;
    screen.fill("[data-testid=events-filter]", "no such words").await?;
    screen.judge("axe-events-none").await?;

    screen.key("?").await?;
    wait_for(&screen, "dialog[open]").await?;
    screen.judge("axe-help").await?;
    screen.key(ESCAPE).await?;
    screen.click("settings").await?;
    wait_for(&screen, "[data-testid=settings-dialog][open]").await?;
    screen.click("panel-pin-jobs").await?;
    screen.click("panel-show-network").await?;
    screen.judge("axe-settings").await?;
    screen.key_here(ESCAPE).await?;
    screen.key("n").await?;
    wait_for(&screen, "[data-testid=inbox] [data-testid=note]").await?;
    screen.judge("axe-inbox").await?;
    screen.click("choose-toasts").await?;
    screen.judge("axe-inbox-toasts").await?;
    screen.key(ESCAPE).await?;
    screen.click("account").await?;
    wait_for(&screen, "[data-testid=role]").await?;
    screen.judge("axe-account").await?;
    screen.key(ESCAPE).await?;
    screen.close().await
}

#[tokio::test]
async fn axe_finds_nothing_in_jobs_and_rules_that_are_open() -> Result<()> {
    let server = Server::start_with(ServerOptions::with_config(CONFIG)).await?;
    let screen = signed_in(&server).await?;
    post(&server, "/api/process", json!({"kind": "command", "args": {"name": "wait"}})).await?;
    wait_for(&screen, "[data-testid=job]").await?;
    screen.press("[data-testid=job] [aria-expanded=false]").await?;
    wait_for(&screen, "[data-testid=job-log]").await?;
    screen.click("job-new").await?;
    wait_for(&screen, "[data-testid=job-form]").await?;
    screen.judge("axe-job").await?;
    screen.press("[data-testid=job] [data-testid=job-cancel]").await?;
    wait_for(&screen, "dialog[open]").await?;
    screen.judge("axe-job-question").await?;
    screen.key_here(ESCAPE).await?;
    screen.click("alert-new").await?;
    wait_for(&screen, "dialog[open] form").await?;
    screen.judge("axe-rule").await?;
    screen.close().await
}

#[tokio::test]
async fn axe_finds_nothing_in_what_is_said_of_a_stream_that_is_not_live() -> Result<()> {
    let mut server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen.click("pause").await?;
    screen.wait_for_attribute("[data-testid=pause]", "aria-pressed", "true", DEADLINE).await?;
    screen.judge("axe-paused").await?;
    screen.click("pause").await?;
    server.signal(Signal::STOP)?;
    screen.wait_for_state("stale", STALE_WITHIN).await?;
    screen.judge("axe-stale").await?;
    server.signal(Signal::CONT)?;
    screen.wait_for_state("live", DEADLINE).await?;
    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    let notice = "return !!document.querySelector('.notice[data-state=reconnecting]');";
    screen.wait_for("the notice", notice).await?;
    screen.judge("axe-reconnecting").await?;
    screen.click("disconnect").await?;
    screen.wait_for_state("offline", DEADLINE).await?;
    screen.judge("axe-offline").await?;
    let kept = screen.text("cpu-total").await?;
    ensure!(kept.contains(|c: char| c.is_ascii_digit()), "the last figure was wiped out: {kept:?}");
    screen.close().await
}

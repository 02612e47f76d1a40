//! Jobs in Chromium: started, watched, ended and removed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, http, until};
use reqwest::Method;
use serde_json::{Value, json};

/// A command that shows how far it is, and one that ends by no itself.
const CONFIG: &str = r#"
[jobs.commands.steps]
argv = ["sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do echo step $n, ${n}0%; sleep 0.2; done; echo all done"]
pattern = "(\\d+)%"
description = "goes nine steps"

[jobs.commands.wait]
argv = ["sleep", "600"]
"#;

/// The shortest time in which a reporter that is silent counts as lost.
const LEASE_SECONDS: u64 = 5;

/// How many that have ended a page asks for at first.
const FIRST_PAGE: usize = 50;

const LOST_WITHIN: Duration = Duration::from_secs(20);

/// A folder that jobs may read.
const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

async fn started() -> Result<Server> {
    let roots = format!("[jobs]\nroots = [{FOLDER:?}]\n");
    Server::start_with(ServerOptions::with_config(roots + CONFIG)).await
}

async fn asked(server: &Server, method: Method, path: &str, body: Value) -> Result<Value> {
    let request = http()?.request(method, server.url(path)).bearer_auth(server.token()?);
    Ok(request.json(&body).send().await?.error_for_status()?.json().await?)
}

/// Reports a job, and returns its id.
async fn reported(server: &Server, job: Value) -> Result<String> {
    let job = asked(server, Method::POST, "/api/jobs", job).await?;
    Ok(job["id"].as_str().context("an id")?.to_owned())
}

async fn patch(server: &Server, id: &str, patch: Value) -> Result<Value> {
    asked(server, Method::PATCH, &format!("/api/jobs/{id}"), patch).await
}

/// What stands in the row of the job of this name.
fn of(name: &str, css: &str) -> String {
    format!("[data-testid=job][data-name='{name}'] {css}").trim_end().to_owned()
}

async fn wait_for_job(screen: &Screen, name: &str, state: &str, within: Duration) -> Result<()> {
    screen.wait_for_attribute(&of(name, ""), "data-state", state, within).await
}

async fn text_of(screen: &Screen, css: &str) -> Result<String> {
    let script = format!("return document.querySelector({css:?})?.textContent ?? '';");
    Ok(screen.run(&script).await?.as_str().unwrap_or_default().to_owned())
}

async fn wait_for_text(screen: &Screen, css: &str, text: &str) -> Result<()> {
    until(&format!("{css} says {text:?}"), DEADLINE, || async {
        let found = text_of(screen, css).await?;
        ensure!(found.contains(text), "it says {found:?}");
        Ok(Some(()))
    })
    .await
}

/// Opens the form, which is there once the page knows what may be started.
async fn open_form(screen: &Screen) -> Result<()> {
    let known = "return !!document.querySelector('[data-testid=job-new]');";
    screen.wait_for("something may be started", known).await?;
    screen.press("[data-testid=job-new]").await
}

/// Chooses an option, as somebody does.
fn chosen(css: &str, value: &str) -> String {
    format!(
        "const field = document.querySelector({css:?}); field.value = {value:?};
        field.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));"
    )
}

/// Has all requests fail that this is said of.
fn failing(which: &str) -> String {
    format!(
        "window.real = window.fetch;
        window.fetch = (path, init) => {which} ? Promise.reject(new TypeError('down')) : window.real(path, init);"
    )
}

/// Has requests of this method wait until they are released, however long that takes: the page gives up what it sent itself after
/// four seconds.
fn held(method: &str) -> String {
    format!(
        "const real = window.fetch, gate = new Promise(done => window.release = done);
        const late = init => init.signal?.aborted ? {{ ...init, signal: null }} : init;
        window.fetch = (path, init) => init?.method === {method:?} ? gate.then(() => real(path, late(init))) : real(path, init);"
    )
}

/// Has the page note every width of every bar from now on.
const WATCH_BARS: &str = "window.bars = []; new MutationObserver(changes => {
    for (const { target } of changes)
        if (target.matches('.job-meter rect')) window.bars.push(parseFloat(target.getAttribute('width')));
}).observe(document.querySelector('[data-panel=jobs]'), { subtree: true, attributes: true });";

async fn bars(screen: &Screen) -> Result<Vec<f64>> {
    Ok(serde_json::from_value(screen.run("return window.bars;").await?)?)
}

#[tokio::test]
async fn a_job_is_started_by_the_form_and_watched_until_its_result_can_be_fetched() -> Result<()> {
    let server = started().await?;
    let screen = Screen::signed_in(&server).await?;
    let blank = "[data-testid=jobs-blank]";
    screen.wait_for_attribute(blank, "data-blank", "empty", DEADLINE).await?;
    wait_for_text(&screen, blank, "tidings run --").await?;
    open_form(&screen).await?;
    screen.run(&chosen("#kind", "command")).await?;
    screen.press("[data-testid=job-start]").await?;
    // What is needed and missing is said at its field, which has the focus.
    let focused = "return document.activeElement.id === 'job-arg-name';";
    screen.wait_for("what is missing has the focus", focused).await?;
    wait_for_text(&screen, "#job-arg-name-error", "needed").await?;
    screen.run(WATCH_BARS).await?;
    screen.run(&chosen("#job-arg-name", "steps")).await?;
    screen.press("[data-testid=job-start]").await?;
    let taken = "return document.querySelector('[data-testid=job-start][aria-disabled]')
        && document.querySelector('[data-testid=job-start]').innerText.startsWith('Processing…');";
    screen.wait_for("the button says that it runs", taken).await?;
    let focused = "return document.activeElement.dataset.testid === 'job-start';";
    screen.wait_for("what was pressed keeps the focus", focused).await?;
    wait_for_job(&screen, "steps", "running", DEADLINE).await?;
    screen.picture("jobs-running").await?;
    wait_for_job(&screen, "steps", "succeeded", DEADLINE).await?;
    let taken = "[data-testid=job-start][aria-disabled]";
    screen.wait_for_none(taken).await?;
    let bars = bars(&screen).await?;
    ensure!(!bars.is_empty() && bars.is_sorted(), "a bar only rises: {bars:?}");
    wait_for_text(&screen, "[data-testid=jobs-said]", "steps succeeded").await?;

    screen.press(&of("steps", ".job-name")).await?;
    wait_for_text(&screen, "[data-testid=job-log]", "step 9, 90%").await?;
    wait_for_text(&screen, "[data-testid=job-args]", "steps").await?;
    screen
        .wait_for(
            "there is a result",
            "return !!document.querySelector('[data-testid=job-result]');",
        )
        .await?;
    let address = screen.attribute("[data-testid=job-download]", "href").await?;
    let script = format!("return fetch({address:?}).then(answer => answer.status);");
    assert_eq!(screen.run(&script).await?, json!(200));
    screen.picture("jobs-result").await?;
    screen.press(&of("steps", "[data-testid=job-remove]")).await?;
    screen.click("job-sure").await?;
    screen.wait_for_none("[data-testid=job]").await?;
    screen.wait_for_none(taken).await?;
    screen.close().await
}

#[tokio::test]
async fn a_scan_is_refused_at_the_field_of_its_folder_and_tells_what_another_one_takes()
-> Result<()> {
    let server = started().await?;
    let screen = Screen::signed_in(&server).await?;
    open_form(&screen).await?;
    screen.run(&chosen("#kind", "scan")).await?;
    screen.fill("#job-arg-path", "/etc").await?;
    screen.press("[data-testid=job-start]").await?;
    let error = "#job-arg-path-error";
    screen
        .wait_for("it is refused", &format!("return !!document.querySelector({error:?});"))
        .await?;
    let focused = "return document.activeElement.id === 'job-arg-path'
        && document.activeElement.getAttribute('aria-describedby').endsWith('job-arg-path-error');";
    screen.wait_for("what is wrong has the focus, and its error", focused).await?;
    screen.run(&held("POST")).await?;
    screen.fill("#job-arg-path", FOLDER).await?;
    screen.key_here("\u{e007}").await?;
    let asking = "return document.querySelector('#kind').disabled
        && document.activeElement.dataset.testid === 'job-start';";
    screen.wait_for("nothing is chosen meanwhile, and the focus stays in the form", asking).await?;
    screen.run("window.release();").await?;
    let scan = "[data-testid=job]";
    screen.wait_for_attribute(scan, "data-state", "succeeded", DEADLINE).await?;
    screen.press(".job-name").await?;
    wait_for_text(&screen, "[data-testid=job-result]", "bytes").await?;
    wait_for_text(&screen, "[data-testid=job-args]", FOLDER).await?;
    screen.picture("jobs-scan").await?;
    screen.close().await
}

#[tokio::test]
async fn a_reported_job_rises_and_is_cancelled_once_somebody_is_sure() -> Result<()> {
    let server = started().await?;
    let screen = Screen::signed_in(&server).await?;
    let id = reported(&server, json!({ "name": "Backup", "host": "nas" })).await?;
    wait_for_job(&screen, "Backup", "running", DEADLINE).await?;
    let bar = of("Backup", "[role=progressbar]");
    let unknown = format!("return !document.querySelector({bar:?}).hasAttribute('aria-valuenow');");
    screen.wait_for("nobody knows how far it is", &unknown).await?;
    wait_for_text(&screen, &of("Backup", "[data-testid=job-times]"), "time left: unknown").await?;
    screen.run(WATCH_BARS).await?;
    for progress in [10.0, 40.5, 20.0, 60.0] {
        patch(&server, &id, json!({ "progress": progress, "lines": [format!("at {progress}")] }))
            .await?;
    }
    screen.wait_for_attribute(&bar, "aria-valuenow", "60.0", DEADLINE).await?;
    let bars = bars(&screen).await?;
    ensure!(bars.is_sorted(), "a bar only rises: {bars:?}");
    screen.press(&of("Backup", ".job-name")).await?;
    wait_for_text(&screen, "[data-testid=job-log]", "at 60").await?;
    patch(&server, &id, json!({ "lines": ["one more"] })).await?;
    wait_for_text(&screen, "[data-testid=job-log]", "one more").await?;

    screen.press(&of("Backup", "[data-testid=job-cancel]")).await?;
    let kept = "return document.activeElement.dataset.testid === 'job-keep';";
    screen.wait_for("what changes nothing has the focus", kept).await?;
    screen.picture("jobs-question").await?;
    screen.click("job-keep").await?;
    screen.wait_for_none("dialog[open]").await?;
    ensure!(patch(&server, &id, json!({})).await?["cancelRequested"].is_null());
    screen.press(&of("Backup", "[data-testid=job-cancel]")).await?;
    screen.click("job-sure").await?;
    wait_for_text(&screen, &of("Backup", "[data-testid=job-state]"), "Cancelling…").await?;
    assert_eq!(patch(&server, &id, json!({})).await?["cancelRequested"], json!(true));
    patch(&server, &id, json!({ "state": "cancelled" })).await?;
    wait_for_job(&screen, "Backup", "cancelled", DEADLINE).await?;

    // Where it is refused the focus stays, whatever comes later.
    screen.run(&failing("init?.method === 'DELETE'")).await?;
    screen.press(&of("Backup", "[data-testid=job-remove]")).await?;
    screen.click("job-sure").await?;
    let refused = format!(
        "return !!document.querySelector({:?});",
        of("Backup", "[data-testid=job-refused]")
    );
    screen.wait_for("it is refused", &refused).await?;
    screen.run("window.fetch = window.real;").await?;
    let other = reported(&server, json!({ "name": "Other" })).await?;
    wait_for_job(&screen, "Other", "running", DEADLINE).await?;
    let focused = "return document.activeElement.dataset.testid ?? document.activeElement.id;";
    assert_eq!(screen.run(focused).await?, json!("job-remove"));
    patch(&server, &other, json!({ "state": "succeeded" })).await?;
    wait_for_job(&screen, "Other", "succeeded", DEADLINE).await?;
    screen.press(&of("Other", "[data-testid=job-remove]")).await?;
    screen.click("job-sure").await?;
    screen.wait_for_none(&of("Other", "")).await?;

    screen.press(&of("Backup", "[data-testid=job-remove]")).await?;
    screen.click("job-sure").await?;
    screen.wait_for_none("[data-testid=job]").await?;
    screen
        .wait_for("the panel has the focus", "return document.activeElement.id === 'jobs';")
        .await?;
    screen.close().await
}

#[tokio::test]
async fn a_reporter_that_falls_silent_is_lost_and_a_link_leads_to_its_job() -> Result<()> {
    let server = started().await?;
    let screen = Screen::signed_in(&server).await?;
    let job = json!({ "name": "Silent", "leaseSeconds": LEASE_SECONDS });
    let id = reported(&server, job).await?;
    wait_for_job(&screen, "Silent", "running", DEADLINE).await?;
    wait_for_job(&screen, "Silent", "lost", LOST_WITHIN).await?;
    ensure!(!text_of(&screen, &of("Silent", "[data-testid=job-why]")).await?.is_empty());
    screen.open(&server.url(&format!("/#jobs/{id}"))).await?;
    let open = of("Silent", ".job-name");
    screen.wait_for_attribute(&open, "aria-expanded", "true", DEADLINE).await?;
    let focused = format!("return document.activeElement.id === 'job-{id}';");
    screen.wait_for("it has the focus", &focused).await?;

    // One that no list brought at first, and one that is not there.
    for n in 0..FIRST_PAGE {
        let id = reported(&server, json!({ "name": format!("later {n}") })).await?;
        patch(&server, &id, json!({ "state": "succeeded" })).await?;
    }
    screen.open("about:blank").await?;
    screen.open(&server.url(&format!("/#jobs/{id}"))).await?;
    screen.wait_for_attribute(&open, "aria-expanded", "true", DEADLINE).await?;
    screen.wait_for("it has the focus", &focused).await?;
    screen.open(&server.url("/#jobs/owner~00")).await?;
    wait_for_text(&screen, "[data-testid=jobs-no-such]", "did not come").await?;
    let focused = "return document.activeElement.dataset.testid === 'jobs-no-such';";
    screen.wait_for("that is in sight, and has the focus", focused).await?;
    screen.picture("jobs-no-such").await?;
    screen.close().await
}

#[tokio::test]
async fn a_job_of_a_server_that_was_killed_is_told_as_interrupted_and_never_runs_on() -> Result<()>
{
    let mut server = started().await?;
    let screen = Screen::signed_in(&server).await?;
    let body = json!({ "kind": "command", "args": { "name": "wait" } });
    let start = format!(
        "return fetch('/api/process', {{ method: 'POST', headers: {{ 'content-type': 'application/json' }},
            body: {:?} }}).then(answer => answer.status);",
        body.to_string()
    );
    assert_eq!(screen.run(&start).await?, json!(200));
    wait_for_job(&screen, "wait", "running", DEADLINE).await?;
    screen.run(&failing("String(path).includes('/api/jobs?')")).await?;
    server.kill().await?;
    let old = "[data-panel=jobs]";
    screen.wait_for_attribute(old, "data-freshness", "reconnecting", DEADLINE).await?;
    wait_for_text(&screen, "[data-testid=jobs-age]", "how the jobs stood").await?;
    screen.picture("jobs-reconnecting").await?;
    server.start_again_after_kill().await?;
    // Whoever sees that the list did not come can ask for it.
    let again = "[data-testid=jobs-again]";
    let there = format!("return !!document.querySelector({again:?});");
    screen.wait_for("the list did not come", &there).await?;
    let scroll =
        format!("document.querySelector({again:?}).scrollIntoView({{ block: 'center' }});");
    screen.run(&scroll).await?;
    screen.picture("jobs-old").await?;
    let press = format!("window.fetch = window.real; document.querySelector({again:?}).click();");
    screen.run(&press).await?;
    screen.wait_for_none(again).await?;
    wait_for_job(&screen, "wait", "interrupted", LOST_WITHIN).await?;
    wait_for_text(&screen, &of("wait", "[data-testid=job-why]"), "The server ended").await?;
    screen.close().await
}

//! Alert rules in Chromium: seen, made, changed and removed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, http, until};
use serde_json::{Value, json};

/// Samples come fast, so that rules are judged soon.
const CONFIG: &str = "[server]\nhost_name = \"workshop\"\n[collectors]\ninterval_ms = 200\n";

/// A figure must be missing for thirty seconds before it is called so, and the page looks every five.
const MISSING_WITHIN: Duration = Duration::from_secs(50);

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

async fn started(alerts: &str) -> Result<Server> {
    Server::start_with(ServerOptions::with_config(format!("{CONFIG}{alerts}"))).await
}

/// Makes a rule by a request, and returns its id.
async fn made(server: &Server, rule: Value) -> Result<String> {
    let request = http()?.post(server.url("/api/alerts")).bearer_auth(server.token()?);
    let alert: Value = request.json(&rule).send().await?.error_for_status()?.json().await?;
    Ok(alert["id"].as_str().context("an id")?.to_owned())
}

/// The row of the rule of this name.
fn row(name: &str) -> String {
    format!("[data-testid=alert][data-name='{name}']")
}

async fn wait_for_rule(screen: &Screen, name: &str, state: &str, within: Duration) -> Result<()> {
    screen.wait_for_attribute(&row(name), "data-state", state, within).await
}

async fn text_of(screen: &Screen, css: &str) -> Result<String> {
    let script = format!("return document.querySelector({css:?})?.innerText ?? '';");
    Ok(screen.run(&script).await?.as_str().unwrap_or_default().to_owned())
}

/// Types in the place of what stands in a field. Cleared by the driver it would be filled again by the next sample: the page hears of
/// keys and not of the driver.
async fn write(screen: &Screen, css: &str, text: &str) -> Result<()> {
    let script =
        format!("const field = document.querySelector({css:?}); field.focus(); field.select();");
    screen.run(&script).await?;
    screen.key_here(text).await
}

async fn wait_for_focus(screen: &Screen, id: &str) -> Result<()> {
    let script = format!("return document.activeElement.id === {id:?};");
    screen.wait_for(&format!("{id} has the focus"), &script).await
}

#[tokio::test]
async fn an_admin_makes_a_rule_sees_it_fire_and_recover_and_removes_it() -> Result<()> {
    let server = started("").await?;
    let screen = Screen::signed_in(&server).await?;
    let blank = "[data-testid=alerts-blank]";
    screen.wait_for_attribute(blank, "data-blank", "empty", DEADLINE).await?;
    screen.click("alert-new").await?;
    screen.press("[data-testid=alert-save]").await?;
    // What is wrong stands at its field, and the first has the focus.
    wait_for_focus(&screen, "alert-name").await?;
    for field in ["name", "metric", "threshold"] {
        let described = screen.attribute(&format!("#alert-{field}"), "aria-describedby").await?;
        ensure!(described.ends_with(&format!("alert-{field}-error")), "{described}");
    }
    write(&screen, "#alert-name", "Memory in use").await?;
    write(&screen, "#alert-metric", "memory.usedpercent").await?;
    let error = "#alert-metric-error";
    until("the metric is no name", DEADLINE, || async {
        let error = text_of(&screen, error).await?;
        Ok(error.ends_with("Did you mean memory.used_percent?").then_some(()))
    })
    .await?;
    write(&screen, "#alert-metric", "memory.used_percent").await?;
    write(&screen, "#alert-threshold", "0").await?;
    write(&screen, "#alert-hold", "0").await?;
    screen.picture("alerts-form").await?;
    screen.click("alert-save").await?;
    wait_for_rule(&screen, "Memory in use", "firing", DEADLINE).await?;
    screen.wait_for_none("dialog[open]").await?;
    screen.wait_for_figure("alert-figure", "").await?;

    screen.press(".alert-name").await?;
    screen.picture("alerts-firing").await?;
    screen.click("alert-edit").await?;
    write(&screen, "#alert-threshold", "100").await?;
    screen.click("alert-save").await?;
    wait_for_rule(&screen, "Memory in use", "ok", DEADLINE).await?;

    screen.click("alert-switch").await?;
    wait_for_rule(&screen, "Memory in use", "disabled", DEADLINE).await?;
    screen.click("alert-remove").await?;
    screen.click("alert-keep").await?;
    screen.wait_for_none("dialog[open]").await?;
    screen.click("alert-remove").await?;
    screen.click("alert-remove-really").await?;
    screen.wait_for_attribute(blank, "data-blank", "empty", DEADLINE).await?;
    wait_for_focus(&screen, "alerts").await?;
    screen.close().await
}

#[tokio::test]
async fn a_rule_of_the_configuration_is_read_only_and_one_without_a_figure_says_so() -> Result<()> {
    let server =
        started("[[alerts]]\nname = \"Core\"\nmetric = \"cpu.core.9999\"\nabove = 90\n").await?;
    let screen = Screen::signed_in(&server).await?;
    wait_for_rule(&screen, "Core", "missing", MISSING_WITHIN).await?;
    let why = screen.text("alert-why").await?;
    ensure!(why.contains("no such figure") && why.contains("cpu.core."), "{why}");
    assert_eq!(screen.text("alert-file").await?, "Configuration");
    screen.press(".alert-name").await?;
    let may =
        "return [...document.querySelectorAll('.alert button')].map(b => b.innerText.trim());";
    assert_eq!(screen.run(may).await?, json!(["Core", "Duplicate"]));
    let said = text_of(&screen, ".alert-more").await?;
    ensure!(said.contains("configuration of the server"), "{said}");
    screen.picture("alerts-missing").await?;
    screen.close().await
}

#[tokio::test]
async fn a_viewer_sees_the_rules_and_no_controls() -> Result<()> {
    let server = started("").await?;
    made(&server, json!({ "name": "Memory", "metric": "memory.used_percent", "above": 0 })).await?;
    let screen = Screen::signed_in_as_viewer(&server, "Vera").await?;
    wait_for_rule(&screen, "Memory", "firing", DEADLINE).await?;
    let note = "[data-testid=alerts-read-only]";
    until("it is said who may change them", DEADLINE, || async {
        Ok(text_of(&screen, note).await?.contains("Admins").then_some(()))
    })
    .await?;
    screen.press(".alert-name").await?;
    let may = "return [...document.querySelectorAll('[data-panel=alerts] button')].map(b => b.innerText.trim());";
    assert_eq!(screen.run(may).await?, json!(["Memory"]));
    screen.close().await
}

#[tokio::test]
async fn a_link_leads_to_its_rule_and_keys_alone_are_enough() -> Result<()> {
    let server = started("").await?;
    let rule = |name: &str| json!({ "name": name, "metric": "memory.used_percent", "above": 100 });
    let (first, second) = (made(&server, rule("A")).await?, made(&server, rule("B")).await?);
    let screen = Screen::signed_in(&server).await?;
    wait_for_rule(&screen, "B", "ok", DEADLINE).await?;
    screen.open(&server.url(&format!("/#alerts/{second}"))).await?;
    wait_for_focus(&screen, &format!("alert-{second}")).await?;
    let open = format!("#alert-{second}");
    screen.wait_for_attribute(&open, "aria-expanded", "true", DEADLINE).await?;
    screen.key_here("a").await?;
    wait_for_focus(&screen, &format!("alert-{first}")).await?;
    screen.key_here(ENTER).await?;
    screen.run("document.querySelector('[data-testid=alert-edit]').focus();").await?;
    screen.key_here(ENTER).await?;
    wait_for_focus(&screen, "alert-name").await?;
    screen.key_here("B").await?;
    // What was written is not thrown away unasked.
    screen.key_here(ESCAPE).await?;
    let asked = "return !!document.querySelector('[data-testid=alert-leaving]');";
    screen.wait_for("it asks before it closes", asked).await?;
    write(&screen, "#alert-name", "B").await?;
    screen.key_here(ENTER).await?;
    until("the name is taken", DEADLINE, || async {
        let error = text_of(&screen, "#alert-name-error").await?;
        Ok(error.contains("another rule of this name").then_some(()))
    })
    .await?;
    wait_for_focus(&screen, "alert-name").await?;
    screen.close().await
}

#[tokio::test]
async fn a_notification_of_a_rule_leads_to_it_on_the_same_page_as_often_as_one_likes() -> Result<()>
{
    let server = started("").await?;
    let screen = Screen::signed_in(&server).await?;
    let rule = json!({ "name": "Memory", "metric": "memory.used_percent", "above": 0 });
    let id = made(&server, rule).await?;
    wait_for_rule(&screen, "Memory", "firing", DEADLINE).await?;
    screen.mark().await?;
    let row = format!("alert-{id}");
    for _ in 0..2 {
        screen.click("bell").await?;
        let there = "return !!document.querySelector('#inbox:popover-open .note .note-link');";
        screen.wait_for("the inbox tells of it", there).await?;
        screen.press(".note .note-link").await?;
        wait_for_focus(&screen, &row).await?;
        screen.wait_for_attribute(&format!("#{row}"), "aria-expanded", "true", DEADLINE).await?;
        screen.wait_for_none("#inbox:popover-open").await?;
        ensure!(screen.address().await?.ends_with(&format!("/#alerts/{id}")));
        // Folded, it is to be seen whether the next one unfolds it.
        screen.press(&format!("#{row}")).await?;
        screen.wait_for_attribute(&format!("#{row}"), "aria-expanded", "false", DEADLINE).await?;
    }
    ensure!(screen.is_marked().await?, "another page was loaded");
    screen.close().await
}

//! Panels are moved, pinned and hidden in Chromium, and events are filtered.

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, until};
use serde_json::{Value, json};

const ESCAPE: &str = "\u{e00c}";
const ENTER: &str = "\u{e007}";

/// The panels as they stand on the page.
const ORDER: &str = "return [...document.querySelectorAll('[data-cell]')].map(cell => cell.dataset.cell).join(' ');";

const AT_FIRST: &str = "cpu memory disks network jobs alerts processes temperatures topics events";

async fn signed_in(server: &Server) -> Result<Screen> {
    let screen = Screen::signed_in(server).await?;
    wait_for_order(&screen, AT_FIRST).await?;
    Ok(screen)
}

async fn wait_for_order(screen: &Screen, order: &str) -> Result<()> {
    let script = format!("{} === {order:?};", ORDER.trim_end_matches(';'));
    screen.wait_for(&format!("the order is {order}"), &script).await
}

async fn open_settings(screen: &Screen) -> Result<()> {
    screen.key("s").await?;
    screen
        .wait_for(
            "the settings are open",
            "return !!document.querySelector('[data-testid=settings-dialog][open]');",
        )
        .await
}

async fn said(screen: &Screen, text: &str) -> Result<()> {
    let script = format!(
        "return document.querySelector('[data-testid=arrange-said]').innerText === {text:?};"
    );
    screen.wait_for(&format!("it says {text:?}"), &script).await
}

/// Focuses a button and presses it, as somebody without a pointer does; the focus must stay on it.
async fn press_by_key(screen: &Screen, testid: &str) -> Result<()> {
    let focus = format!("document.querySelector('[data-testid={testid}]').focus();");
    screen.run(&focus).await?;
    screen.key_here(ENTER).await?;
    screen
        .wait_for(
            "the focus stays where it was",
            &format!("return document.activeElement.dataset.testid === {testid:?};"),
        )
        .await
}

#[tokio::test]
async fn panels_are_moved_pinned_and_hidden_by_keys_alone_and_stay_so_after_a_reload() -> Result<()>
{
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    open_settings(&screen).await?;
    press_by_key(&screen, "panel-up-memory").await?;
    said(&screen, "Memory stands at place 1 of 10.").await?;
    press_by_key(&screen, "panel-up-memory").await?;
    said(&screen, "Memory goes no further.").await?;
    press_by_key(&screen, "panel-down-memory").await?;
    press_by_key(&screen, "panel-down-memory").await?;
    said(&screen, "Memory stands at place 3 of 10.").await?;
    press_by_key(&screen, "panel-pin-events").await?;
    said(&screen, "Events is pinned, and stands at place 1 of 10.").await?;
    press_by_key(&screen, "panel-show-network").await?;
    said(&screen, "Network is hidden.").await?;
    screen.picture("settings-arranged").await?;
    let order = "events cpu disks memory jobs alerts processes temperatures topics";
    wait_for_order(&screen, order).await?;
    screen.key_here(ESCAPE).await?;
    screen.picture("panels-arranged").await?;
    // Charts that were moved go on.
    screen
        .wait_for(
            "the chart goes on",
            "return document.querySelector('#chart-cpu').dataset.points > 1;",
        )
        .await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    wait_for_order(&screen, order).await?;
    open_settings(&screen).await?;
    screen.click("arrange-reset").await?;
    wait_for_order(&screen, AT_FIRST).await?;
    screen.close().await
}

#[tokio::test]
async fn what_another_release_remembered_leaves_no_panel_out() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen
        .run("localStorage.setItem('tidings.settings', 'charts 1h\\npanels +events gone cpu memory disks -network -jobs -\\nlater 1\\n');")
        .await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    wait_for_order(&screen, "events cpu memory disks alerts processes temperatures topics").await?;
    screen.close().await
}

#[tokio::test]
async fn a_link_or_a_key_that_leads_into_a_hidden_panel_shows_it() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    let answer = server.post("/api/jobs")?.json(&json!({"name": "far away"})).send().await?;
    let job: Value = answer.error_for_status()?.json().await?;
    let id = job["id"].as_str().context("an id")?;
    open_settings(&screen).await?;
    for panel in ["jobs", "alerts"] {
        screen.click(&format!("panel-show-{panel}")).await?;
    }
    screen.key_here(ESCAPE).await?;
    let without = AT_FIRST.replace(" jobs alerts", "");
    wait_for_order(&screen, &without).await?;
    screen.run(&format!("location.hash = 'jobs/{id}';")).await?;
    wait_for_order(&screen, &AT_FIRST.replace(" alerts", "")).await?;
    screen
        .wait_for(
            "the job of the link is open and has the focus",
            "return document.activeElement.closest('[data-testid=job]')?.innerText.includes('far away') === true;",
        )
        .await?;
    screen.key("a").await?;
    wait_for_order(&screen, AT_FIRST).await?;
    screen
        .wait_for(
            "the alerts have the focus",
            "return !!document.activeElement.closest('[data-panel=alerts]');",
        )
        .await?;

    // What is hidden by hand stays so when the page is loaded anew, though the key has led there by the address; a link shows it again.
    open_settings(&screen).await?;
    for panel in ["jobs", "alerts"] {
        screen.click(&format!("panel-show-{panel}")).await?;
    }
    screen.mark().await?;
    screen.run("location.reload(); return null;").await?;
    until("it is loaded anew", DEADLINE, || async {
        Ok((!screen.is_marked().await?).then_some(()))
    })
    .await?;
    screen.wait_for_state("live", DEADLINE).await?;
    wait_for_order(&screen, &without).await?;
    screen.open("about:blank").await?;
    screen.open(&server.url(&format!("/#jobs/{id}"))).await?;
    wait_for_order(&screen, &AT_FIRST.replace(" alerts", "")).await?;
    screen.close().await
}

#[tokio::test]
async fn a_page_without_panels_says_how_to_have_them_back() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    open_settings(&screen).await?;
    for panel in AT_FIRST.split(' ') {
        screen.click(&format!("panel-show-{panel}")).await?;
    }
    screen.key_here(ESCAPE).await?;
    screen
        .wait_for("it says so", "return !!document.querySelector('[data-testid=panels-none]');")
        .await?;
    screen.close().await
}

#[tokio::test]
async fn the_settings_have_theme_range_and_toasts_and_lead_to_the_keys() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen.click("settings").await?;
    let chosen = |name: &str, value: &str| {
        format!("return document.querySelector('[name={name}]:checked')?.value === {value:?};")
    };
    screen.wait_for("the range is the page's", &chosen("settings-range", "5m")).await?;
    for (width, theme) in [(1280, "light"), (360, "dark")] {
        screen.resize(width, 800).await?;
        screen.press(&format!("[name=theme][value={theme}]")).await?;
        screen
            .wait_for(
                "the theme is chosen",
                &format!("return document.documentElement.dataset.theme === {theme:?};"),
            )
            .await?;
        screen.picture(&format!("settings-{width}-{theme}")).await?;
        let over = "const dialog = document.querySelector('dialog[open]');\
             return dialog.scrollWidth - dialog.clientWidth;";
        ensure!(screen.run(over).await? == 0, "the settings are too wide at {width}");
    }
    screen.resize(1280, 800).await?;
    screen.press("[name=settings-range][value='1h']").await?;
    screen.wait_for("the page's range follows", &chosen("range", "1h")).await?;
    screen.press("[data-testid=settings-dialog] [name=info]").await?;
    screen
        .wait_for(
            "it is remembered",
            "return localStorage.getItem('tidings.settings').startsWith('toasts success warning error\\n');",
        )
        .await?;
    screen.click("settings-keys").await?;
    screen
        .wait_for(
            "the keys are there, and the settings not",
            "return document.querySelector('dialog[open]').innerText.includes('Go to the jobs')\
             && !document.querySelector('[data-testid=settings-dialog]');",
        )
        .await?;
    screen.close().await
}

#[tokio::test]
async fn events_are_filtered_by_words_and_the_newest_of_those_is_followed() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    let publish = async |topic: &str, body: Value| -> Result<()> {
        server.publish(topic)?.json(&body).send().await?.error_for_status()?;
        Ok(())
    };
    publish("app/builds", json!({"branch": "main", "n": 1})).await?;
    publish("app/queue", json!({"depth": 3})).await?;
    let field = "return !!document.querySelector('[data-testid=events-filter]');";
    screen.wait_for("there is something to filter", field).await?;
    screen.fill("[data-testid=events-filter]", "BUILDS main").await?;
    let lines = |count: usize| {
        format!(
            "const lines = [...document.querySelectorAll('.event-line')];\
             return lines.length === {count} && lines.every(line => line.innerText.includes('app/builds'));"
        )
    };
    screen.wait_for("one line is left", &lines(1)).await?;
    publish("app/builds", json!({"branch": "main", "n": 2})).await?;
    screen.wait_for("the next joins it", &lines(2)).await?;
    screen
        .wait_for(
            "the newest that has the words is shown",
            "return document.querySelector('[data-testid=event-json]').innerText.includes('\"n\": 2');",
        )
        .await?;
    screen.picture("events-filtered").await?;
    screen.fill("[data-testid=events-filter]", "no such words").await?;
    screen
        .wait_for("it says that there is none", "return document.querySelector('[data-panel=events]').innerText.includes('None of the events');")
        .await?;
    screen.close().await
}

//! Charts in Chromium: what was, what comes, and how somebody looks at it.

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, until};
use serde_json::Value;

/// Five samples a second, so that there is a past soon.
const QUICK: &str = "[collectors]\ninterval_ms = 200\n";

const HISTORY: &str = "/api/metrics/history?metric=cpu.total&range=5m";

/// Has the page note each request for the past, and what became of it.
const WATCH: &str = "const fetch = window.fetch; window.asked = [];
    window.fetch = (address, init) => {
        if (!String(address).includes('/history')) return fetch(address, init);
        const one = { address: String(address), aborted: false };
        window.asked.push(one);
        init.signal.addEventListener('abort', () => one.aborted = true);
        return (window.hinder ?? fetch)(address, init);
    };";

/// How many samples the server has of the last minutes.
async fn samples(server: &Server) -> Result<usize> {
    let answer: Value = server.get(HISTORY)?.send().await?.error_for_status()?.json().await?;
    let values = answer["series"][0]["values"].as_array().context("values")?;
    Ok(values.iter().filter(|value| !value.is_null()).count())
}

/// A server that has some past.
async fn with_past(least: usize) -> Result<Server> {
    let server = Server::start_with(ServerOptions::with_config(QUICK)).await?;
    until("there is a past", DEADLINE, || async {
        let found = samples(&server).await?;
        ensure!(found >= least, "{found} samples");
        Ok(Some(()))
    })
    .await?;
    Ok(server)
}

async fn points(screen: &Screen) -> Result<usize> {
    Ok(screen.attribute("#chart-cpu", "data-points").await?.parse()?)
}

async fn wait_for_checked(screen: &Screen, range: &str) -> Result<()> {
    let script =
        format!("return document.querySelector('[name=range]:checked')?.value === {range:?};");
    screen.wait_for(&format!("{range} is chosen"), &script).await
}

/// Moves the pointer over the chart, as somebody does, from one part of its width to another.
fn dragged(from: f64, to: f64) -> String {
    format!(
        "const over = document.querySelector('#chart-cpu .u-over'), box = over.getBoundingClientRect();
        const at = (type, part, target) => target.dispatchEvent(new MouseEvent(type, {{
            bubbles: true, view: window, button: 0, detail: 1, buttons: 1, movementX: 9,
            clientX: box.left + box.width * part, clientY: box.top + 20,
        }}));
        at('mouseenter', {from}, over); at('mousemove', {from}, over); at('mousedown', {from}, over);
        at('mousemove', {to}, over); at('mouseup', {to}, document);"
    )
}

const HOVER: &str =
    "const over = document.querySelector('#chart-cpu .u-over'), box = over.getBoundingClientRect();
    for (const type of ['mouseenter', 'mousemove']) over.dispatchEvent(new MouseEvent(type, {
        bubbles: true, view: window, movementX: 9, clientX: box.right - 3, clientY: box.top + 20 }));";

#[tokio::test]
async fn what_was_is_there_at_once_and_what_comes_follows_without_a_sample_twice_or_missing()
-> Result<()> {
    let server = with_past(40).await?;
    let screen = Screen::signed_in(&server).await?;
    until("the past is drawn", DEADLINE, || async {
        let drawn = points(&screen).await?;
        ensure!(drawn >= 40, "{drawn} points");
        Ok(Some(()))
    })
    .await?;
    let before = points(&screen).await?;
    until("as many points as the server has samples", DEADLINE, || async {
        let (least, drawn, most) =
            (samples(&server).await?, points(&screen).await?, samples(&server).await?);
        ensure!(drawn > before + 10, "{drawn} points");
        // A chart may be a pixel behind.
        ensure!((least.saturating_sub(3)..=most).contains(&drawn), "{least} {drawn} {most}");
        Ok(Some(()))
    })
    .await?;
    let summary = "return document.querySelector('#chart-cpu-summary').textContent;";
    let summary = screen.run(summary).await?.as_str().unwrap_or_default().to_owned();
    ensure!(summary.starts_with("CPU: now ") && summary.contains(", mean "), "{summary:?}");
    let is_quiet = "return !document.querySelector('#chart-cpu-summary').closest('[aria-live],[role=status]');";
    ensure!(screen.run(is_quiet).await? == true, "it is not read out by itself");
    screen.close().await
}

#[tokio::test]
async fn a_range_is_chosen_by_pointer_and_keys_and_remembered() -> Result<()> {
    let server = with_past(5).await?;
    let screen = Screen::signed_in(&server).await?;
    wait_for_checked(&screen, "5m").await?;
    screen.run(WATCH).await?;
    // Each is answered late, and given up for the next.
    screen.run("window.hinder = () => new Promise(() => {});").await?;
    screen.key("3").await?;
    wait_for_checked(&screen, "1h").await?;
    screen.run("window.hinder = null;").await?;
    screen.press(".range:last-child").await?;
    wait_for_checked(&screen, "7d").await?;
    let asked = screen.run("return window.asked;").await?;
    let asked = asked.as_array().context("requests")?;
    // A line that broke on a busy machine is a reason to ask as well.
    let (last, before) = asked.split_last().context("requests")?;
    ensure!(last["address"].as_str().is_some_and(|it| it.contains("range=7d&")), "{last}");
    ensure!(last["aborted"] == false, "{last}");
    let is_hour =
        |asked: &&Value| asked["address"].as_str().is_some_and(|it| it.contains("range=1h&"));
    let mut hours = before.iter().filter(is_hour).peekable();
    ensure!(hours.peek().is_some(), "{before:?}");
    ensure!(hours.all(|asked| asked["aborted"] == true), "{before:?}");
    screen
        .wait_for_attribute("#chart-cpu", "aria-label", "CPU use, the last 7 days", DEADLINE)
        .await?;
    // What a radio button has no use for is for the page.
    screen.key_here("4").await?;
    wait_for_checked(&screen, "24h").await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    wait_for_checked(&screen, "24h").await?;

    // Before the first sample it is not known of which machine.
    let is_there = "return document.querySelector('[data-testid=sheet]').hasAttribute('href');";
    screen.wait_for("the link leads somewhere", is_there).await?;
    let sheet = screen.attribute("[data-testid=sheet]", "href").await?;
    let sheet = sheet.strip_prefix(&server.url("")).unwrap_or(&sheet);
    let answer = server.get(sheet)?.send().await?.error_for_status()?;
    let saved = answer.headers().get("content-disposition").context("a name")?.to_str()?.to_owned();
    ensure!(saved.starts_with("attachment; filename=\"metrics-"), "{saved}");
    let text = answer.text().await?;
    ensure!(
        text.starts_with("time,cpu.total,cpu.total min,cpu.total max,memory.used_percent,"),
        "{text}"
    );
    screen.close().await
}

#[tokio::test]
async fn a_past_that_cannot_be_read_is_said_at_the_charts_and_what_they_show_stays() -> Result<()> {
    let server = with_past(20).await?;
    let screen = Screen::signed_in(&server).await?;
    until("the past is drawn", DEADLINE, || async {
        Ok((points(&screen).await? >= 20).then_some(()))
    })
    .await?;
    screen.run(WATCH).await?;
    let refused = "window.hinder = async () => new Response(
        JSON.stringify({ error: { code: 'forbidden', message: 'you may not read this machine' } }), { status: 403 });";
    screen.run(refused).await?;
    screen.key("3").await?;
    let told = "return document.querySelectorAll('.chart-trouble').length === 4
        && document.querySelector('.chart-trouble').textContent.includes('You may not read this machine.');";
    screen.wait_for("it is said at each chart", told).await?;
    ensure!(points(&screen).await? >= 20, "what was shown stays");
    screen.picture("charts-trouble").await?;
    screen.run("window.hinder = null;").await?;
    screen.click("past-again").await?;
    screen.wait_for_none(".chart-trouble").await?;
    screen.wait_for_none("[data-testid=past-again]").await?;
    screen.close().await
}

#[tokio::test]
async fn a_part_of_the_time_is_zoomed_to_in_all_charts_by_dragging_and_by_keys() -> Result<()> {
    let server = with_past(20).await?;
    let screen = Screen::signed_in(&server).await?;
    screen.key("1").await?;
    until("the past is drawn", DEADLINE, || async {
        Ok((points(&screen).await? >= 20).then_some(()))
    })
    .await?;
    screen.run(HOVER).await?;
    let read =
        "const words = id => document.querySelector(`#chart-${id} .chart-readout`).textContent;
        return words('cpu').includes('%') && words('network').includes('Received');";
    screen.wait_for("all charts tell the same moment", read).await?;

    let reset = "[data-testid=zoom-reset]";
    let is_zoomed = format!("return !!document.querySelector({reset:?});");
    screen.run(&dragged(0.5, 0.9)).await?;
    screen.wait_for("a part is shown", &is_zoomed).await?;
    screen.picture("charts-zoomed").await?;
    let double = "document.querySelector('#chart-memory .u-over').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));";
    screen.run(double).await?;
    screen.wait_for_none(reset).await?;

    screen.run("document.querySelector('#chart-cpu').focus();").await?;
    for (key, zoomed) in
        [("ArrowLeft", false), ("+", true), ("-", false), ("+", true), ("Escape", false)]
    {
        let press = format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: {key:?}, bubbles: true }}));"
        );
        screen.run(&press).await?;
        let expected = if zoomed { is_zoomed.clone() } else { is_zoomed.replace("!!", "!") };
        screen.wait_for(&format!("{key} has been heard"), &expected).await?;
    }
    screen.close().await
}

#[tokio::test]
async fn a_line_breaks_where_no_server_ran_and_minutes_stand_before_it() -> Result<()> {
    let mut server = with_past(20).await?;
    let screen = Screen::signed_in(&server).await?;
    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    server.start_again().await?;
    screen.wait_for_state("live", DEADLINE).await?;
    // The samples of the run before are one minute now, and those of this one follow.
    until("the past is that of the server", DEADLINE, || async {
        let (least, drawn, most) =
            (samples(&server).await?, points(&screen).await?, samples(&server).await?);
        ensure!((least.saturating_sub(3)..=most).contains(&drawn), "{least} {drawn} {most}");
        Ok(Some(()))
    })
    .await?;
    screen.picture("charts-gap").await?;
    screen.close().await
}

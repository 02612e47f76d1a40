//! What programs publish, in Chromium: numbers become lines, the rest a tree.

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, http, until};
use serde_json::{Value, json};

async fn signed_in(server: &Server) -> Result<Screen> {
    let screen = Screen::signed_in(server).await?;
    wait_for(&screen, "[data-testid=topics-blank]").await?;
    Ok(screen)
}

async fn publish(server: &Server, topic: &str, body: Value) -> Result<()> {
    server.publish(topic)?.json(&body).send().await?.error_for_status()?;
    Ok(())
}

async fn wait_for(screen: &Screen, css: &str) -> Result<()> {
    let script = format!("return document.querySelector({css:?}) !== null;");
    screen.wait_for(&format!("there is {css}"), &script).await
}

fn number(topic: &str, path: &str) -> String {
    format!("[data-topic='{topic}'] [data-path='{path}']")
}

/// Waits until a number shows a value, and returns its small line.
async fn line_at(screen: &Screen, css: &str, value: &str) -> Result<String> {
    let script =
        format!("return document.querySelector(`{css} .number-value`)?.textContent === {value:?};");
    screen.wait_for(&format!("{css} is {value}"), &script).await?;
    screen.attribute(&format!("{css} path"), "d").await
}

#[tokio::test]
async fn numbers_become_lines_and_the_rest_a_tree_that_folds_and_is_copied() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen
        .run("navigator.clipboard.writeText = text => { window.__copied = text; return Promise.resolve(); };")
        .await?;
    let body = |depth: u32| json!({"queue": {"depth": depth, "state": "busy"}, "ratio": 1.5, "tags": ["a", "b"], "looks": "42"});
    for depth in [3, 9, 5] {
        publish(&server, "app/queue", body(depth)).await?;
    }
    let depth = number("app/queue", "queue.depth");
    let line = line_at(&screen, &depth, "5").await?;
    ensure!(line.starts_with('M') && line.matches('L').count() == 2, "{line}");
    let tree = "[data-topic='app/queue'] [data-testid=topic-json]";
    let text = screen.run(&format!("return document.querySelector(`{tree}`).innerText;")).await?;
    let text = text.as_str().unwrap_or_default();
    ensure!(
        text.contains("\"busy\"") && text.contains("\"42\"") && !text.contains("ratio"),
        "{text}"
    );
    screen.press(&format!("{tree} .json-fold[aria-label^='queue']")).await?;
    publish(&server, "app/queue", body(6)).await?;
    line_at(&screen, &depth, "6").await?;
    let folded = format!("return !document.querySelector(`{tree}`).innerText.includes('busy');");
    ensure!(screen.run(&folded).await? == true, "it is unfolded by the next event");
    ensure!(screen.text("topic-seen").await? == "×4");

    screen.click("topic-copy").await?;
    screen.wait_for("it is copied", "return !!window.__copied;").await?;
    ensure!(screen.run("return JSON.parse(window.__copied);").await? == body(6));
    screen.picture("topics").await?;
    screen.close().await
}

#[tokio::test]
async fn a_number_opens_into_a_chart_that_goes_on_and_gives_its_values_away() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen
        .run("navigator.clipboard.writeText = text => { window.__copied = text; return Promise.resolve(); };")
        .await?;
    for value in [1, 2, 4] {
        publish(&server, "app/x", json!({"v": value})).await?;
    }
    let css = number("app/x", "v");
    line_at(&screen, &css, "4").await?;
    screen.press(&css).await?;
    screen.wait_for_attribute("#chart-topic", "data-points", "3", DEADLINE).await?;
    publish(&server, "app/x", json!({"v": 0.5})).await?;
    screen.wait_for_attribute("#chart-topic", "data-points", "4", DEADLINE).await?;
    screen
        .wait_for(
            "it is told in words",
            "return document.getElementById('chart-topic-summary').textContent\
             === 'Now 0.5, least 0.5, greatest 4, mean 1.875.';",
        )
        .await?;
    screen.run("document.getElementById('chart-topic').focus(); return null;").await?;
    screen.key_here("\u{e012}").await?;
    screen
        .wait_for("a point is read", "return document.querySelector('#chart-topic .chart-readout').innerText.endsWith('· 0.5');")
        .await?;
    screen.picture("topics-chart").await?;
    screen.click("topic-sheet").await?;
    screen.wait_for("it is copied", "return !!window.__copied;").await?;
    let sheet = screen.run("return window.__copied;").await?;
    let sheet = sheet.as_str().unwrap_or_default();
    ensure!(sheet.starts_with("time_ms,value\n") && sheet.ends_with(",0.5\n"), "{sheet}");
    ensure!(sheet.lines().count() == 5, "{sheet}");
    screen.press(&css).await?;
    screen.wait_for("it is closed", "return !document.getElementById('chart-topic');").await?;
    screen.close().await
}

#[tokio::test]
async fn what_a_topic_told_grows_old_and_is_not_wiped_out() -> Result<()> {
    let mut server = Server::start().await?;
    let screen = signed_in(&server).await?;
    publish(&server, "app/x", json!(7)).await?;
    line_at(&screen, &number("app/x", ""), "7").await?;
    until("it is as old as it is", DEADLINE, || async {
        let age = screen.text("topic-age").await?;
        let seconds = age.strip_suffix(" s ago").and_then(|n| n.parse::<u32>().ok());
        ensure!(seconds.is_some_and(|seconds| seconds >= 3), "{age}");
        Ok(Some(()))
    })
    .await?;
    server.stop().await?;
    let panel = "[data-panel=topics]";
    screen.wait_for_attribute(panel, "data-freshness", "reconnecting", DEADLINE).await?;
    line_at(&screen, &number("app/x", ""), "7").await?;
    screen.picture("topics-reconnecting").await?;
    server.start_again().await?;
    screen.wait_for_attribute(panel, "data-freshness", "live", DEADLINE * 2).await?;
    publish(&server, "app/x", json!(8)).await?;
    line_at(&screen, &number("app/x", ""), "8").await?;
    screen.close().await
}

#[tokio::test]
async fn a_pause_holds_topics_still_and_what_came_is_there_after_it() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    publish(&server, "app/x", json!({"v": 1})).await?;
    let css = number("app/x", "v");
    line_at(&screen, &css, "1").await?;
    screen.key(" ").await?;
    publish(&server, "app/x", json!({"v": 2})).await?;
    publish(&server, "app/x", json!({"v": null})).await?;
    publish(&server, "app/x", json!({"v": 3})).await?;
    screen
        .wait_for(
            "it counts what waits",
            "return /\\+([3-9]|\\d\\d)/.test(document.querySelector('[data-testid=pause]').innerText);",
        )
        .await?;
    line_at(&screen, &css, "1").await?;
    screen.wait_for_attribute("[data-panel=topics]", "data-freshness", "paused", DEADLINE).await?;
    screen.key(" ").await?;
    let line = line_at(&screen, &css, "3").await?;
    ensure!(line.matches('M').count() == 2, "null breaks the line: {line}");
    screen.close().await
}

#[tokio::test]
async fn who_may_not_read_what_programs_publish_is_told_so() -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in_as_viewer(&server, "Ada").await?;
    publish(&server, "app/x", json!({"secret": 1})).await?;
    wait_for(&screen, "[data-testid=topics-blank][data-blank=refused]").await?;
    let body = screen.run("return document.body.innerText.includes('secret');").await?;
    ensure!(body == false, "she reads what she may not");
    screen.close().await
}

#[tokio::test]
async fn large_and_many_topics_stay_bounded_and_nothing_runs_over_the_edge() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    let client = http()?;
    let name = "a-name-that-is-far-too-long-for-any-line-of-a-panel".repeat(3);
    let many: Vec<_> = (0..40).map(|n| json!({ &name: n, "t": name })).collect();
    publish(&server, &format!("app/{name}"), json!({"list": many, &name: 1})).await?;
    for topic in 0..60 {
        let request = client.post(server.url(&format!("/api/publish/load/{topic}")));
        let request = request.bearer_auth(server.token()?).json(&json!({"v": topic}));
        request.send().await?.error_for_status()?;
    }
    screen
        .wait_for(
            "it says what it leaves out",
            "return document.querySelector('[data-testid=topics-count]').innerText\
             === '50 topics, 11 older ones left out';",
        )
        .await?;
    screen.click("topics-more").await?;
    screen
        .wait_for(
            "all are there",
            "return document.querySelectorAll('[data-testid=topic]').length === 50;",
        )
        .await?;
    publish(&server, &format!("app/{name}"), json!({"list": many, &name: 1})).await?;
    wait_for(&screen, "[data-testid=topic-left-out]").await?;
    for (width, theme) in [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")] {
        screen.resize(width, 800).await?;
        screen.run(&format!("document.documentElement.dataset.theme = {theme:?};")).await?;
        screen.run("document.querySelector('[data-panel=topics]').scrollIntoView();").await?;
        screen.picture(&format!("topics-many-{width}-{theme}")).await?;
        let over =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
        let over = screen.run(over).await?;
        ensure!(over == 0, "the page is {over} pixels wider than its window of {width}");
    }
    screen.close().await
}

#[tokio::test]
async fn what_was_published_before_the_page_was_opened_is_there_and_as_old_as_it_is() -> Result<()>
{
    let server = Server::start().await?;
    for depth in [3, 9, 5] {
        publish(&server, "app/queue", json!({"depth": depth})).await?;
    }
    let screen = Screen::signed_in(&server).await?;
    let line = line_at(&screen, &number("app/queue", "depth"), "5").await?;
    ensure!(line.matches('L').count() == 2, "{line}");
    ensure!(screen.text("topic-seen").await? == "×3");
    publish(&server, "app/queue", json!({"depth": 6})).await?;
    line_at(&screen, &number("app/queue", "depth"), "6").await?;
    ensure!(screen.text("topic-seen").await? == "×4", "it begins anew");
    screen.close().await
}

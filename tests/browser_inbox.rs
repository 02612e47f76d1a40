//! Notifications in Chromium: toasts, the bell and the inbox.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{DEADLINE, Screen, Server, until};
use serde_json::{Value, json};

const ESCAPE: &str = "\u{e00c}";
const DELETE: &str = "\u{e017}";
const DOWN: &str = "\u{e015}";

/// What is older on arrival came while the connection was away, to the page.
const AWAY: Duration = Duration::from_secs(3);

async fn signed_in(server: &Server) -> Result<Screen> {
    let screen = Screen::browser().await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("unauthorized", DEADLINE).await?;
    let body = json!({ "token": server.token()? }).to_string();
    let script = format!(
        "const init = {{method: 'POST', headers: {{'content-type': 'application/json'}}, body: {body:?}}};
         window.__status = 0; fetch('/api/session', init).then(answer => window.__status = answer.status);"
    );
    screen.run(&script).await?;
    screen.wait_for("there is a session", "return window.__status === 200;").await?;
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    Ok(screen)
}

async fn notify(server: &Server, body: Value) -> Result<()> {
    let answer = server.post("/api/notifications")?.json(&body).send().await?;
    ensure!(answer.status() == 201, "{}", answer.text().await?);
    Ok(())
}

/// Notifications of these titles, of a level whose toasts go by themselves after a while.
async fn notify_all(server: &Server, titles: &[&str]) -> Result<()> {
    for title in titles {
        notify(server, json!({ "title": title, "level": "warning" })).await?;
    }
    Ok(())
}

async fn wait_for_unread(screen: &Screen, count: u64) -> Result<()> {
    let script = format!(
        "const bell = document.querySelector('[data-testid=bell]');
         const label = {count} ? 'Notifications, {count} unread' : 'Notifications';
         const title = document.title.startsWith('(') ? document.title.match(/\\d+/)[0] : '0';
         const icon = document.querySelector('link[rel=icon]').href.startsWith('data:');
         return bell.ariaLabel === label && title === '{count}' && icon === {};",
        count > 0
    );
    screen.wait_for(&format!("bell, title and icon tell of {count}"), &script).await
}

async fn wait_for_titles(screen: &Screen, titles: &[&str]) -> Result<()> {
    until(&format!("the inbox shows {titles:?}"), DEADLINE, || async {
        let shown = screen
            .run("return [...document.querySelectorAll('.note')].map(n => n.querySelector('.note-title').lastChild.data);")
            .await?;
        ensure!(shown == json!(titles), "it shows {shown}");
        Ok(Some(()))
    })
    .await
}

async fn toasts(screen: &Screen) -> Result<Vec<String>> {
    let texts = "return [...document.querySelectorAll('.toast-title')].map(t => t.innerText);";
    Ok(serde_json::from_value(screen.run(texts).await?)?)
}

#[tokio::test]
async fn a_notification_comes_up_as_a_toast_and_counts_on_bell_title_and_icon() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    wait_for_unread(&screen, 0).await?;
    let failed = json!({ "title": "Build 481 failed", "message": "3 tests", "level": "error",
        "source": "ci", "link": "https://ci.test/481" });
    notify(&server, failed).await?;
    until("there is a toast", DEADLINE, || async {
        Ok((toasts(&screen).await? == ["Build 481 failed"]).then_some(()))
    })
    .await?;
    wait_for_unread(&screen, 1).await?;
    let said = "return document.querySelector('.unseen[role=alert]').innerText;";
    assert_eq!(screen.run(said).await?, "Error: Build 481 failed. 3 tests");
    assert_eq!(screen.attribute(".toast a", "rel").await?, "noopener noreferrer");
    screen.picture("browser-toast").await?;
    screen.click("toast-dismiss").await?;
    until("the toast is gone", DEADLINE, || async {
        Ok(toasts(&screen).await?.is_empty().then_some(()))
    })
    .await?;
    wait_for_unread(&screen, 1).await?;
    screen.close().await
}

#[tokio::test]
async fn what_is_read_or_deleted_in_one_browser_is_so_in_the_other() -> Result<()> {
    let server = Server::start().await?;
    let (here, there) = (signed_in(&server).await?, signed_in(&server).await?);
    notify_all(&server, &["one", "two", "three"]).await?;
    wait_for_unread(&here, 3).await?;
    wait_for_unread(&there, 3).await?;
    there.click("bell").await?;
    wait_for_titles(&there, &["three", "two", "one"]).await?;

    here.click("bell").await?;
    wait_for_titles(&here, &["three", "two", "one"]).await?;
    here.run("document.querySelector('[data-testid=note-read]').click();").await?;
    wait_for_unread(&here, 2).await?;
    wait_for_unread(&there, 2).await?;
    here.run("document.querySelector('[data-testid=note-remove]').click();").await?;
    wait_for_titles(&there, &["two", "one"]).await?;
    here.click("read-all").await?;
    wait_for_unread(&here, 0).await?;
    wait_for_unread(&there, 0).await?;
    let unread = "return document.querySelectorAll('.note[data-unread]').length;";
    assert_eq!(there.run(unread).await?, 0);
    here.close().await?;
    there.close().await
}

#[tokio::test]
async fn the_inbox_can_be_used_by_keys_alone() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    notify_all(&server, &["one", "two", "three"]).await?;
    wait_for_unread(&screen, 3).await?;
    screen.key("n").await?;
    wait_for_titles(&screen, &["three", "two", "one"]).await?;
    for key in ["j", DOWN, "e"] {
        screen.key_here(key).await?;
    }
    wait_for_unread(&screen, 2).await?;
    let current = "return document.activeElement.querySelector('.note-title').lastChild.data;";
    assert_eq!(screen.run(current).await?, "two");
    screen.key_here(DELETE).await?;
    wait_for_titles(&screen, &["three", "one"]).await?;
    assert_eq!(screen.run(current).await?, "one", "keys go on from the next");
    screen.key_here("k").await?;
    assert_eq!(screen.run(current).await?, "three");
    screen.picture("browser-inbox").await?;
    screen.key_here(ESCAPE).await?;
    let closed = "return !document.querySelector('#inbox').matches(':popover-open');";
    screen.wait_for("the inbox is closed", closed).await?;
    wait_for_unread(&screen, 2).await?;
    screen.close().await
}

#[tokio::test]
async fn filters_and_words_choose_what_the_inbox_shows() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    notify_all(&server, &["Disk is full", "Disk is fine"]).await?;
    notify(&server, json!({ "title": "Build failed", "level": "error" })).await?;
    wait_for_unread(&screen, 3).await?;
    screen.click("bell").await?;
    wait_for_titles(&screen, &["Build failed", "Disk is fine", "Disk is full"]).await?;
    screen.press("[data-filter=error]").await?;
    wait_for_titles(&screen, &["Build failed"]).await?;
    screen.press("[data-filter=error]").await?;
    screen.submit("[data-testid=inbox-search]", "disk FULL").await?;
    wait_for_titles(&screen, &["Disk is full"]).await?;
    screen.press("[data-filter=error]").await?;
    let blank = "#inbox [data-blank]";
    screen.wait_for_attribute(blank, "data-blank", "no-match", DEADLINE).await?;
    screen.click("inbox-show-all").await?;
    wait_for_titles(&screen, &["Build failed", "Disk is fine", "Disk is full"]).await?;
    screen.click("read-all").await?;
    screen.press("[data-filter=unread]").await?;
    screen.wait_for_attribute(blank, "data-blank", "read", DEADLINE).await?;
    screen.close().await
}

#[tokio::test]
async fn what_came_while_the_connection_was_away_is_told_once_and_not_after_a_reload() -> Result<()>
{
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    wait_for_unread(&screen, 0).await?;
    screen.click("disconnect").await?;
    screen.wait_for_state("offline", DEADLINE).await?;
    notify_all(&server, &["one", "two", "three"]).await?;
    // They are to be that old when they arrive.
    tokio::time::sleep(AWAY).await;
    screen.click("reconnect").await?;
    until("one toast tells of all", DEADLINE, || async {
        let shown = toasts(&screen).await?;
        ensure!(shown == ["3 notifications came while the connection was away"], "{shown:?}");
        Ok(Some(()))
    })
    .await?;
    wait_for_unread(&screen, 3).await?;
    screen.picture("browser-toast-away").await?;

    screen.open(&server.url("/")).await?;
    wait_for_unread(&screen, 3).await?;
    notify_all(&server, &["four"]).await?;
    until("a toast tells of what is new", DEADLINE, || async {
        let shown = toasts(&screen).await?;
        ensure!(shown == ["four"], "{shown:?}");
        Ok(Some(()))
    })
    .await?;
    screen.close().await
}

#[tokio::test]
async fn a_level_that_is_switched_off_counts_and_makes_no_toast() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    screen.click("bell").await?;
    let open = "return document.querySelector('[data-testid=choose-toasts]') !== null;";
    screen.wait_for("the inbox is open", open).await?;
    screen.click("choose-toasts").await?;
    screen.press("[data-testid=toast-choice] input[name=warning]").await?;
    screen.click("inbox-close").await?;
    // The choice outlasts the page.
    screen.open(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    notify_all(&server, &["one"]).await?;
    notify(&server, json!({ "title": "two", "level": "error" })).await?;
    wait_for_unread(&screen, 2).await?;
    assert_eq!(toasts(&screen).await?, ["two"]);
    screen.close().await
}

#[tokio::test]
async fn a_mark_that_the_server_refuses_is_taken_back_and_explained() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    notify_all(&server, &["one"]).await?;
    wait_for_unread(&screen, 1).await?;
    screen
        .run(
            "const real = window.fetch;
             window.fetch = (path, init) => init?.method === 'POST'
                 ? new Promise(done => { window.__refuse = () => done(new Response('', {status: 503})); })
                 : real(path, init);",
        )
        .await?;
    screen.key("n").await?;
    wait_for_titles(&screen, &["one"]).await?;
    screen.key_here("j").await?;
    screen.key_here("e").await?;
    wait_for_unread(&screen, 0).await?;
    screen.run("window.__refuse();").await?;
    wait_for_unread(&screen, 1).await?;
    let why = "return document.querySelector('.inbox-error').innerText;";
    let why = screen.run(why).await?;
    let why = why.as_str().unwrap_or_default();
    assert!(why.starts_with("It could not be marked as read."), "{why}");
    screen.close().await
}

#[tokio::test]
async fn a_link_to_an_alert_is_followed_on_the_same_page() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    notify(&server, json!({ "title": "Disk full", "link": "/#alerts/7" })).await?;
    wait_for_unread(&screen, 1).await?;
    screen.run("window.__same = true;").await?;
    screen.click("bell").await?;
    wait_for_titles(&screen, &["Disk full"]).await?;
    screen.key_here("j").await?;
    screen.run("document.querySelector('.note-link').click();").await?;
    let there = "return window.__same && location.hash === '#alerts/7'
         && !document.querySelector('#inbox').matches(':popover-open');";
    screen.wait_for("the page leads to the alert, and the inbox is closed", there).await?;
    wait_for_unread(&screen, 0).await?;
    screen.close().await
}

#[tokio::test]
async fn no_key_acts_behind_a_dialog() -> Result<()> {
    let server = Server::start().await?;
    let screen = signed_in(&server).await?;
    // With the focus on the body, as after a click on a blank place of the dialog.
    let press = async |key: &str| {
        let event = format!("new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}})");
        screen.run(&format!("document.body.dispatchEvent({event});")).await
    };
    screen
        .run("document.body.append(document.createElement('dialog')); document.body.lastChild.showModal();")
        .await?;
    for key in ["n", "?", " "] {
        press(key).await?;
    }
    let still = "return document.querySelectorAll('dialog[open]').length === 1
         && !document.querySelector('#inbox').matches(':popover-open');";
    assert_eq!(screen.run(still).await?, true, "nothing moved");
    screen.run("document.body.lastChild.remove();").await?;
    for (key, open) in [("?", true), ("n", true), ("?", false)] {
        press(key).await?;
        let help = format!("return !!document.querySelector('dialog[open]') === {open};");
        screen.wait_for(&format!("the help is open: {open}"), &help).await?;
    }
    let closed = "return !document.querySelector('#inbox').matches(':popover-open');";
    assert_eq!(screen.run(closed).await?, true);
    screen.close().await
}

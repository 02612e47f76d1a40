//! What every panel of the dashboard says when something is wrong, and when: in Chromium, against a real server.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{Due, Events, Fault, HEARTBEAT_SECONDS, QUIET, Scene, Verdicts, epoch_ms};
use rustix::process::Signal;
use serde_json::Value;

/// How late a state may be on a machine that has other things to do. The proof is strict: see [`prove_freshness`].
const LATE: Duration = Duration::from_secs(20);

/// A first attempt to connect anew waits no longer.
const FIRST_WAIT_MS: f64 = 500.0;

/// Another release than this one, which is written as long.
fn other_release(digit: char) -> String {
    let other = |c: char| if c.is_ascii_digit() { digit } else { c };
    env!("CARGO_PKG_VERSION").chars().map(other).collect()
}

/// What makes a server one of another release.
fn of_release(digit: char) -> (String, String) {
    let says = |release: &str| format!(r#""serverVersion":"{release}""#);
    (says(env!("CARGO_PKG_VERSION")), says(&other_release(digit)))
}

fn told_of_release(digit: char) -> String {
    let (other, own) = (other_release(digit), env!("CARGO_PKG_VERSION"));
    format!("This server is of release {other}, this page of {own}")
}

/// Of what comes from the server the first of each pair is replaced by the second.
fn rewrite(pairs: Vec<(String, String)>) -> Fault {
    let keep = |text: String| -> &'static str { text.leak() };
    Fault::Rewrite(
        pairs.into_iter().map(|(from, to)| (keep(from), keep(to))).collect::<Vec<_>>().leak(),
    )
}

/// The server is silent, but its connections stay: by `begin`, until `end`.
async fn falls_silent(
    scene: &mut Scene,
    [silent, back]: [&'static str; 2],
    begin: impl AsyncFnOnce(&Scene) -> Result<()>,
    end: impl AsyncFnOnce(&Scene) -> Result<()>,
) -> Result<()> {
    let since = epoch_ms()?;
    begin(scene).await?;
    scene.says(silent, since, Due::Deadline, &|_| "stale").await?;
    scene.is_told(".notice", "nothing arrives").await?;
    scene.keeps_what_it_showed().await?;
    scene
        .screen
        .picture(&format!("freshness-{}", silent.split_whitespace().next().unwrap_or_default()))
        .await?;
    let given_up = f64::from(3 * HEARTBEAT_SECONDS) * 1_000.0;
    scene.says(silent, since, Due::Silence(given_up), &|_| "reconnecting").await?;
    scene.is_told(".notice", "Nothing was heard from the server in time").await?;
    end(scene).await?;
    scene.retried(back).await
}

/// Whatever goes with a session is gone without one.
fn without_session(panel: &str) -> &'static str {
    if panel == "notifications" { "gone" } else { "unauthorized" }
}

/// Faults of the server.
async fn of_the_server(late: Duration) -> Result<Verdicts> {
    let mut scene = Scene::start(late).await?;
    falls_silent(
        &mut scene,
        ["SIGSTOP of the server", "SIGCONT, and “Retry now”"],
        async |scene| scene.server.signal(Signal::STOP),
        async |scene| scene.server.signal(Signal::CONT),
    )
    .await?;

    for (fault, ahead) in [
        ("server’s clock an hour ahead", 3_600),
        ("server’s clock back by two", -3_600),
        ("server’s clock right again", 0),
    ] {
        let since = epoch_ms()?;
        scene.clock.set(ahead)?;
        scene.stays_live(fault, since).await?;
    }

    let since = epoch_ms()?;
    scene.server.kill().await?;
    scene.says("kill -9 of the server", since, Due::At(since), &|_| "reconnecting").await?;
    scene.is_told("[data-testid=status]", "Reconnecting in ").await?;
    scene.is_told(".notice", "The server could not be reached").await?;
    scene.keeps_what_it_showed().await?;
    scene.screen.picture("freshness-killed").await?;
    scene.server.start_again_after_kill().await?;
    scene.retried("started again, and “Retry now”").await?;

    let since = epoch_ms()?;
    scene.screen.run("fetch('/api/session', { method: 'DELETE' }); return null;").await?;
    scene.says("session revoked (401)", since, Due::At(since), &without_session).await?;
    scene.is_told("[data-testid=sign-in-why]", "Your session has ended").await?;
    scene.keeps_what_it_showed().await?;
    scene.screen.picture("freshness-revoked").await?;
    scene.end().await
}

/// Faults of what lies between server and page.
async fn of_the_network(late: Duration) -> Result<Verdicts> {
    let mut scene = Scene::start(late).await?;
    falls_silent(
        &mut scene,
        ["half-open connection", "whole again, and “Retry now”"],
        async |scene| {
            scene.proxy.hold(true);
            Ok(())
        },
        async |scene| {
            scene.proxy.cut();
            scene.proxy.hold(false);
            Ok(())
        },
    )
    .await?;

    let since = epoch_ms()?;
    scene.proxy.set(Fault::Answer(403));
    scene.proxy.cut();
    scene.says("proxy refuses (403)", since, Due::At(since), &without_session).await?;
    scene.is_told("[data-testid=sign-in-why]", "refuses this user").await?;
    scene.screen.picture("freshness-refused").await?;
    scene.proxy.set(Fault::None);
    scene.retried("let in again, and “Try again”").await?;

    let since = epoch_ms()?;
    scene.proxy.set(rewrite(vec![of_release('9')]));
    scene.proxy.cut();
    scene.is_told(".notice", &told_of_release('9')).await?;
    scene.is_live_again("server of another release", since + FIRST_WAIT_MS).await?;

    let since = epoch_ms()?;
    let protocol = (r#""protocol":1"#.to_owned(), r#""protocol":0"#.to_owned());
    scene.proxy.set(rewrite(vec![of_release('8'), protocol]));
    scene.proxy.cut();
    let due = Due::At(since + FIRST_WAIT_MS);
    scene.says("old server (another protocol)", since, due, &|_| "incompatible").await?;
    scene.is_told(".notice", &told_of_release('8')).await?;
    scene.is_told(".notice", "protocol 0 instead of 1").await?;
    scene.keeps_what_it_showed().await?;
    scene.screen.picture("freshness-old").await?;
    scene.proxy.set(Fault::None);
    // Browsers keep connections for the next request.
    scene.proxy.cut();
    scene.screen.mark().await?;
    scene
        .screen
        .run("document.querySelector('[data-testid=reload]').click(); return null;")
        .await?;
    scene.all_live().await?;
    ensure!(!scene.screen.is_marked().await?, "the page is the old one");
    scene.end().await
}

/// One of two machines tells nothing any more, and somebody looks at that one.
async fn of_a_machine(late: Duration) -> Result<Verdicts> {
    let mut scene = Scene::start(late).await?;
    let mut events = Events::open(scene.server.get("/api/events?topic=metrics/*")?).await?;
    let mut sample = events.next_event().await?.json()?["data"].take();
    // Those are as old as they say themselves.
    sample["processes"] = Value::Null;
    let choose = "const choice = document.querySelector('.machine-choice'); if (!choice) return false;\
                  choice.value = 'quiet'; choice.dispatchEvent(new Event('change', { bubbles: true })); return true;";
    let mut since = 0.0;
    for _ in 0..2 {
        since = epoch_ms()?;
        let request = scene.server.publish("metrics/quiet")?.json(&sample);
        request.send().await?.error_for_status()?;
        scene.screen.wait_for("the machine can be chosen", choose).await?;
    }
    let wanted = |panel: &str| match panel {
        "topics" | "events" | "jobs" | "alerts" | "notifications" => "live",
        _ => "stale",
    };
    scene.says("one machine of two is silent", since, Due::Topic("metrics/quiet"), &wanted).await?;
    scene.is_told(".notice", "See whether Tidings runs on this one").await?;
    scene.keeps_what_it_showed().await?;
    scene.end().await
}

/// What is no fault of the server's: the page's own clock is set, or it stands still.
async fn of_the_page(late: Duration) -> Result<Verdicts> {
    let mut scene = Scene::start(late).await?;
    for (fault, hours) in [("page’s Date an hour ahead", 1), ("page’s Date back by two", -1)] {
        let since = epoch_ms()?;
        let jump = format!(
            "const Real = window.__Date ??= Date, ahead = {hours} * 3600e3;\
             window.Date = class extends Real {{\
             constructor(...all) {{ all.length ? super(...all) : super(Real.now() + ahead); }}\
             static now() {{ return Real.now() + ahead; }} }}; return null;"
        );
        scene.screen.run(&jump).await?;
        scene.stays_live(fault, since).await?;
    }

    scene.screen.freeze(true).await?;
    tokio::time::sleep(QUIET).await;
    let since = epoch_ms()?;
    scene.screen.freeze(false).await?;
    scene.is_live_again("frozen tab goes on", since).await?;

    scene.screen.signal_browser(Signal::STOP)?;
    tokio::time::sleep(QUIET).await;
    let since = epoch_ms()?;
    scene.screen.signal_browser(Signal::CONT)?;
    scene.is_live_again("browser wakes from sleep", since).await?;
    scene.end().await
}

#[tokio::test]
async fn every_panel_says_what_is_wrong_with_the_server_at_its_deadline() -> Result<()> {
    of_the_server(LATE).await.map(drop)
}

#[tokio::test]
async fn every_panel_says_what_is_wrong_on_the_way_at_its_deadline() -> Result<()> {
    of_the_network(LATE).await.map(drop)
}

#[tokio::test]
async fn a_machine_that_falls_silent_is_stale_and_what_comes_of_others_is_not() -> Result<()> {
    of_a_machine(LATE).await.map(drop)
}

#[tokio::test]
async fn no_panel_says_stale_of_a_clock_that_is_set_or_a_page_that_stood_still() -> Result<()> {
    of_the_page(LATE).await.map(drop)
}

/// How late a state may be in the proof.
const STRICTLY: Duration = Duration::from_secs(2);

/// Where the proof writes its table.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/freshness.md");

#[tokio::test]
#[ignore = "long proof: cargo xtask prove freshness"]
async fn prove_freshness() -> Result<()> {
    let mut verdicts = of_the_server(STRICTLY).await?;
    verdicts.add(of_the_network(STRICTLY).await?);
    verdicts.add(of_a_machine(STRICTLY).await?);
    verdicts.add(of_the_page(STRICTLY).await?);
    verdicts.write_into(Path::new(DOCUMENT))
}

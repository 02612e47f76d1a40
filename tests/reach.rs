//! How soon a notification that one server took is seen in a browser on another.
#![cfg(target_os = "linux")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Fleet, Screen, http, until};
use serde_json::json;
use tokio::time::sleep;

/// Notes, for each count that the bell shows, when that was, by the clock of the machine.
const WATCH: &str = "window.__seen = [];
    const bell = document.querySelector('[data-testid=bell]');
    const note = () => {
        const count = Number((bell.getAttribute('aria-label').match(/\\d[\\d,]*/) ?? ['0'])[0].replaceAll(',', ''));
        window.__seen.push([count, performance.timeOrigin + performance.now()]);
    };
    new MutationObserver(note).observe(bell, { attributes: true, attributeFilter: ['aria-label'] });
    return null;";

fn now_ms() -> Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3)
}

/// Posts so many to one server, one after the other; how long each took until the bell of a page of the other server counted
/// it, in ms, the shortest first.
async fn reach(count: usize) -> Result<Vec<f64>> {
    let fleet = Fleet::start(2, "", &[]).await?;
    let (a, b) = (&fleet.servers[0], &fleet.servers[1]);
    let screen = Screen::browser().await?;
    screen.open(&b.sign_in_link()).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.run(WATCH).await?;

    let (http, token) = (http()?, a.token()?);
    let mut posted = Vec::new();
    for number in 1..=count {
        // So that no two come at once; not in step with the page's own seconds.
        sleep(Duration::from_millis(30 + (number as u64 * 7) % 40)).await;
        let body = json!({ "title": format!("Number {number}"), "level": "info" });
        let request = http.post(a.url("/api/notifications")).bearer_auth(&token).json(&body);
        posted.push(now_ms()?);
        let answer = request.send().await?;
        ensure!(answer.status() == 201, "{}", answer.text().await?);
    }
    let seen = until("the bell counts them all", DEADLINE, || async {
        let seen: Vec<(usize, f64)> =
            serde_json::from_value(screen.run("return window.__seen;").await?)?;
        let last = seen.last().context("something seen")?.0;
        ensure!(last == count, "{last} of {count}");
        Ok(Some(seen))
    })
    .await?;
    screen.close().await?;
    let mut took = Vec::new();
    for (posted, number) in posted.iter().zip(1..) {
        // Two that came at once are seen at once.
        let seen = seen.iter().find(|(count, _)| *count >= number).context("all are seen")?;
        took.push(seen.1 - posted);
    }
    took.sort_by(f64::total_cmp);
    Ok(took)
}

#[tokio::test]
async fn a_notification_that_one_server_took_is_counted_in_a_browser_on_another() -> Result<()> {
    reach(5).await.map(drop)
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove reach"]
async fn prove_reach() -> Result<()> {
    let took = reach(1000).await?;
    let at = |share: usize| took[took.len() * share / 1000];
    let (median, p99, most) = (at(500), at(990), at(999));
    println!(
        "post to the bell of a browser on the other server: {median:.1} ms in the median, {p99:.1} ms for 99 of 100, {most:.1} ms at most"
    );
    ensure!(p99 <= 50.0, "{p99:.1} ms");
    Ok(())
}

//! Several tabs of one Chromium on one server.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use harness::{DEADLINE, Events, Screen, Server, ServerOptions, Tab, until};
use serde_json::{Value, json};

/// More than a browser opens connections to one server by HTTP/1.1.
const TABS: usize = 10;

/// Streams the user of the page may have open.
const SLOTS: usize = 4;

/// Within which another tab takes over from one that is closed.
const HANDOVER: Duration = Duration::from_secs(2);

/// Within which one takes over from a tab that stands still, and time for a slow machine. By the stream's own deadline it were 45 s.
const LEFT_WITHIN: Duration = Duration::from_secs(8);

const MUTE: &str = "
    window.__post = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = () => {};
    return null;";
const UNMUTE: &str = "BroadcastChannel.prototype.postMessage = window.__post; return null;";

const ASK_SESSION: &str = "
    window.__status = 0;
    fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(BODY) })
        .then(answer => window.__status = answer.status);
    return null;";

struct Browser {
    screen: Screen,
    tabs: Vec<Tab>,
}

fn now_ms() -> Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

async fn sign_in(screen: &Screen, body: &Value) -> Result<()> {
    screen.run(&ASK_SESSION.replace("BODY", &body.to_string())).await?;
    screen.wait_for("there is a session", "return window.__status === 200;").await
}

/// A server that counts the streams of its owner.
struct Counting {
    server: Server,
    /// Of the owner, and of limited scope: it counts like the owner's browsers.
    token: String,
}

impl Counting {
    async fn start() -> Result<Self> {
        let config = format!("[limits]\nstreams_per_user = {SLOTS}");
        let server = Server::start_with(ServerOptions::with_config(config)).await?;
        let token = server.scoped_token(&["read:metrics/*"]).await?;
        Ok(Self { server, token })
    }

    /// Tells the owner something that must not be lost, of this type.
    async fn tell(&self, kind: &str) -> Result<()> {
        let request = self.server.publish(&format!("users/owner?type={kind}"))?;
        request.json(&json!({ "kind": kind })).send().await?.error_for_status()?;
        Ok(())
    }

    /// How many streams the server counts for the owner's browsers: as many as it takes, less those that were free.
    async fn streams(&self) -> Result<usize> {
        let mut free = Vec::new();
        while free.len() < SLOTS {
            let url = self.server.url("/api/events?topic=metrics/*");
            match Events::open(harness::http()?.get(url).bearer_auth(&self.token)).await {
                Ok(stream) => free.push(stream),
                Err(_) => break,
            }
        }
        Ok(SLOTS - free.len())
    }

    async fn wait_for_one_stream(&self) -> Result<()> {
        until("the server has one stream", DEADLINE, || async {
            let streams = self.streams().await?;
            ensure!(streams == 1, "it has {streams}");
            Ok(Some(()))
        })
        .await
    }
}

impl Browser {
    /// So many tabs that are all live, signed in as the user.
    async fn open(server: &Counting, count: usize) -> Result<Self> {
        let screen = Screen::browser().await?;
        let url = server.server.url("/");
        screen.open(&url).await?;
        sign_in(&screen, &json!({ "token": server.server.token()? })).await?;
        screen.open("about:blank").await?;
        let mut tabs = Vec::new();
        for _ in 0..count {
            tabs.push(screen.open_tab(&url).await?);
        }
        let browser = Self { screen, tabs };
        browser.all_live(DEADLINE).await?;
        Ok(browser)
    }

    async fn all_live(&self, deadline: Duration) -> Result<()> {
        for tab in &self.tabs {
            self.screen.switch_to(tab).await?;
            self.screen.wait_for_state("live", deadline).await?;
        }
        Ok(())
    }

    /// The tab whose stream is the only one.
    async fn leader(&self) -> Result<usize> {
        until("one tab alone has a stream", DEADLINE, || async {
            let mut streams = Vec::new();
            for tab in &self.tabs {
                self.screen.switch_to(tab).await?;
                streams.push(self.screen.streams().await?);
            }
            ensure!(streams.iter().sum::<u64>() == 1, "{streams:?}");
            Ok(streams.iter().position(|open| *open == 1))
        })
        .await
    }

    /// Waits until every tab shows these events in their order, once each and the newest first.
    async fn all_show(&self, kinds: &[String]) -> Result<()> {
        let newest: Vec<_> = kinds.iter().rev().collect();
        for tab in &self.tabs {
            self.screen.switch_to(tab).await?;
            let script = "return [...document.querySelectorAll('.event-line .event-kind')].map(e => e.innerText)\
                          .filter(kind => kind.startsWith('n'));";
            until("the tab shows every event", DEADLINE, || async {
                let shown = self.screen.run(script).await?;
                ensure!(shown == json!(newest), "{shown}");
                Ok(Some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Watches the badge of every tab: what it said since, apart from *live*, is in `window.__said`.
    async fn watch_badges(&self) -> Result<()> {
        for tab in &self.tabs {
            self.screen.switch_to(tab).await?;
            self.screen
                .run(
                    "const badge = document.querySelector('[data-testid=status]'); window.__said = [];\
                     new MutationObserver(() => window.__said.push(badge.dataset.state))\
                     .observe(badge, { attributes: true, attributeFilter: ['data-state'] }); return null;",
                )
                .await?;
        }
        Ok(())
    }

    async fn nothing_else_was_said(&self) -> Result<()> {
        for tab in &self.tabs {
            self.screen.switch_to(tab).await?;
            let said = self.screen.run("return window.__said;").await?;
            ensure!(said == json!([]), "{said}");
        }
        Ok(())
    }
}

#[tokio::test]
async fn ten_tabs_share_one_stream_which_the_next_takes_over_when_its_tab_closes() -> Result<()> {
    let server = Counting::start().await?;
    let mut browser = Browser::open(&server, TABS).await?;
    server.wait_for_one_stream().await?;
    let mut kinds = Vec::new();
    for n in 0..5 {
        kinds.push(format!("n{n}"));
        server.tell(&kinds[n]).await?;
    }
    browser.all_show(&kinds).await?;
    browser.watch_badges().await?;

    for _ in 0..3 {
        let leader = browser.leader().await?;
        let tab = browser.tabs.remove(leader);
        browser.screen.switch_to(&tab).await?;
        let closed = now_ms()?;
        browser.screen.close_tab().await?;
        // Some while nobody leads.
        for _ in 0..5 {
            kinds.push(format!("n{}", kinds.len()));
            server.tell(&kinds[kinds.len() - 1]).await?;
        }
        let next = browser.leader().await?;
        browser.screen.switch_to(&browser.tabs[next]).await?;
        let took = Duration::from_millis(browser.screen.streams_since().await? - closed);
        println!("the next tab had a stream within {took:?}");
        ensure!(took <= HANDOVER, "{took:?} until another tab had a stream");
        browser.all_show(&kinds).await?;
    }
    browser.nothing_else_was_said().await?;
    server.wait_for_one_stream().await?;
    browser.screen.close().await
}

/// How a tab comes to stand still, and goes on.
#[derive(Clone, Copy, Debug)]
enum Standstill {
    /// The browser freezes it, and tells it before.
    Frozen,
    /// Nothing comes from it any more, though it holds the lock: to the others that is a tab that hangs. One that did would keep
    /// others of its process from running.
    Mute,
}

/// The leader stands still: the others go on without it, nobody misses anything, and one stream is left.
async fn stands_still(how: Standstill) -> Result<()> {
    let server = Counting::start().await?;
    let all = Browser::open(&server, 3).await?;
    let mut kinds = vec!["n0".to_owned()];
    server.tell(&kinds[0]).await?;
    all.all_show(&kinds).await?;
    let leader = all.leader().await?;
    let mut others = all.tabs.clone();
    let stands = others.remove(leader);
    all.screen.switch_to(&stands).await?;
    let began = now_ms()?;
    match how {
        Standstill::Frozen => all.screen.freeze(true).await?,
        Standstill::Mute => drop(all.screen.run(MUTE).await?),
    }
    let tabs = all.tabs.clone();
    let others = Browser { tabs: others, ..all };
    // A person looks at one of those that are left.
    others.screen.bring_to_front(&others.tabs[0]).await?;
    let next = others.leader().await?;
    others.screen.switch_to(&others.tabs[next]).await?;
    let took = Duration::from_millis(others.screen.streams_since().await? - began);
    ensure!(took <= LEFT_WITHIN, "{took:?} until another tab took over");
    for n in 1..4 {
        kinds.push(format!("n{n}"));
        server.tell(&kinds[n]).await?;
    }
    others.all_show(&kinds).await?;
    others.all_live(DEADLINE).await?;

    let all = Browser { tabs, ..others };
    all.screen.switch_to(&stands).await?;
    match how {
        Standstill::Frozen => all.screen.freeze(false).await?,
        Standstill::Mute => {
            ensure!(all.screen.streams().await? == 0, "the lock is gone, and the stream is not");
            all.screen.run(UNMUTE).await?;
        }
    }
    all.all_show(&kinds).await?;
    all.all_live(DEADLINE).await?;
    all.leader().await?;
    server.wait_for_one_stream().await?;
    all.screen.close().await
}

#[tokio::test]
async fn a_frozen_leader_is_left_behind_and_misses_nothing_once_it_goes_on() -> Result<()> {
    stands_still(Standstill::Frozen).await
}

#[tokio::test]
async fn a_leader_that_hangs_is_left_behind_and_steps_down_once_it_goes_on() -> Result<()> {
    stands_still(Standstill::Mute).await
}

#[tokio::test]
async fn a_sign_out_in_one_tab_is_one_in_all_of_them() -> Result<()> {
    let server = Counting::start().await?;
    for of_leader in [true, false] {
        let browser = Browser::open(&server, 3).await?;
        let leader = browser.leader().await?;
        let chosen = if of_leader { leader } else { (leader + 1) % 3 };
        browser.screen.bring_to_front(&browser.tabs[chosen]).await?;
        browser.screen.click("account").await?;
        browser
            .screen
            .wait_for(
                "the menu is open",
                "return !!document.querySelector('[data-testid=sign-out]').offsetParent;",
            )
            .await?;
        browser.screen.click("sign-out").await?;
        for tab in &browser.tabs {
            browser.screen.switch_to(tab).await?;
            browser.screen.wait_for_state("unauthorized", DEADLINE).await?;
        }
        until("the server has no stream", DEADLINE, || async {
            let streams = server.streams().await?;
            ensure!(streams == 0, "it has {streams}");
            Ok(Some(()))
        })
        .await?;
        browser.screen.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_returns_is_live_in_all_tabs_by_one_stream() -> Result<()> {
    let mut server = Counting::start().await?;
    let browser = Browser::open(&server, 3).await?;
    server.server.stop().await?;
    for tab in &browser.tabs {
        browser.screen.switch_to(tab).await?;
        browser.screen.wait_for_state("reconnecting", DEADLINE).await?;
    }
    server.server.start_again().await?;
    browser.all_live(Duration::from_secs(40)).await?;
    browser.leader().await?;
    server.wait_for_one_stream().await?;
    browser.screen.close().await
}

#[tokio::test]
async fn whoever_signs_in_as_another_user_shares_nothing_with_the_one_before() -> Result<()> {
    let server = Counting::start().await?;
    let add = ["user", "add", "Ada", "--password-stdin"];
    ensure!(harness::run(&server.server, &add, b"correct horse").await?.status.success());
    let browser = Browser::open(&server, 2).await?;
    server.tell("n0").await?;
    browser.all_show(&["n0".to_owned()]).await?;
    browser.screen.switch_to(&browser.tabs[1]).await?;
    // The browser has one session, and the one before ends with its streams.
    let body = json!({ "username": "Ada", "password": "correct horse" });
    sign_in(&browser.screen, &body).await?;
    for tab in &browser.tabs {
        browser.screen.switch_to(tab).await?;
        let script = "return document.querySelector('[data-testid=account]')?.innerText === 'Ada';";
        browser.screen.wait_for("it is Ada's page", script).await?;
        browser.screen.wait_for_state("live", DEADLINE).await?;
    }
    server.tell("n1").await?;
    browser.leader().await?;
    browser.all_show(&[]).await?;
    ensure!(server.streams().await? == 0, "a stream of the owner's is left");
    browser.screen.close().await
}

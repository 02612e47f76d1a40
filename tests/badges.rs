//! The count of unread notifications, wherever it is shown.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use harness::{Chance, DEADLINE, Screen, Server, http, until};
use reqwest::Method;
use serde_json::{Value, json};

/// Operations of a client between two rounds.
const OF_EACH: usize = 34;

/// Ids that are chosen from: those that came last.
const LATEST: usize = 300;

/// What a client does to an inbox.
#[derive(Clone, Debug)]
enum Operation {
    Post(String),
    Read(String),
    Remove(String),
    /// Up to that version.
    ReadAll(u64),
}

impl Operation {
    /// By HTTP.
    fn request(&self) -> (Method, String, Value) {
        let path = "/api/notifications";
        match self {
            Self::Post(title) => (Method::POST, path.to_owned(), json!({ "title": title })),
            Self::Read(id) => (Method::POST, format!("{path}/{id}/read"), Value::Null),
            Self::Remove(id) => (Method::DELETE, format!("{path}/{id}"), Value::Null),
            Self::ReadAll(version) => {
                let body = json!({ "upToVersion": version });
                (Method::POST, format!("{path}/read-all"), body)
            }
        }
    }

    /// By a command of the desktop app, which posts nothing.
    fn command(&self) -> Option<(&'static str, Value)> {
        match self {
            Self::Post(_) => None,
            Self::Read(id) => Some(("read_notification", json!({ "id": id }))),
            Self::Remove(id) => Some(("remove_notification", json!({ "id": id }))),
            Self::ReadAll(version) => {
                Some(("read_all_notifications", json!({ "upToVersion": version })))
            }
        }
    }
}

struct Story {
    server: Server,
    browser: Screen,
    desktop: Screen,
    http: reqwest::Client,
    chance: Chance,
    ids: Vec<String>,
    /// Newest version that was seen.
    version: u64,
    done: usize,
    /// How many were of something that was gone.
    late: usize,
}

impl Story {
    async fn begin(seed: u64) -> Result<Self> {
        let server = Server::start().await?;
        let browser = Screen::browser().await?;
        browser.open(&server.sign_in_link()).await?;
        let desktop = Screen::desktop_watching(&server).await?;
        for screen in [&browser, &desktop] {
            screen.wait_for_state("live", DEADLINE).await?;
        }
        let (http, chance) = (http()?, Chance(seed));
        let (ids, version, done, late) = (Vec::new(), 0, 0, 0);
        Ok(Self { server, browser, desktop, http, chance, ids, version, done, late })
    }

    /// What a client does next; one of three things is a post if it can.
    fn next(&mut self, posts: bool) -> Operation {
        let least = self.ids.len().saturating_sub(LATEST);
        let known = (self.ids.len() - least) as u64;
        if known == 0 || posts && self.chance.below(3) > 0 {
            self.done += 1;
            return Operation::Post(format!("Number {}", self.done));
        }
        self.done += 1;
        let id = self.ids[least + self.chance.below(known) as usize].clone();
        match self.chance.below(40) {
            0 => Operation::ReadAll(self.version.saturating_sub(self.chance.below(20))),
            1..25 => Operation::Read(id),
            _ => Operation::Remove(id),
        }
    }

    /// Each client does its share, all three at once.
    async fn round(&mut self) -> Result<()> {
        if self.ids.is_empty() {
            self.ids.push(self.send(&Operation::Post("The first".to_owned())).await?.1);
        }
        let [by_http, in_browser] =
            [(); 2].map(|()| (0..OF_EACH).map(|_| self.next(true)).collect::<Vec<_>>());
        let in_window: Vec<_> = (0..OF_EACH).map(|_| self.next(false)).collect();
        let sent = async {
            let mut answers = Vec::new();
            for operation in &by_http {
                answers.push(self.send(operation).await?);
            }
            Ok(answers)
        };
        let (by_http, in_browser, errors) = tokio::try_join!(
            sent,
            in_browser_page(&self.browser, &in_browser),
            in_desktop_window(&self.desktop, &in_window)
        )?;
        for (status, id) in by_http.into_iter().chain(in_browser) {
            match status {
                201 => self.ids.push(id),
                404 => self.late += 1,
                _ => ensure!(matches!(status, 200 | 204), "{status}"),
            }
        }
        for error in errors {
            ensure!(error["status"] == 404, "{error}");
            self.late += 1;
        }
        Ok(())
    }

    async fn send(&self, operation: &Operation) -> Result<(u16, String)> {
        let (method, path, body) = operation.request();
        let request = self.http.request(method, self.server.url(&path));
        let request = request.bearer_auth(self.server.token()?);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let id = if status == 201 {
            let row: Value = answer.json().await?;
            row["id"].as_str().context("an id")?.to_owned()
        } else {
            String::new()
        };
        Ok((status, id))
    }

    /// Waits until all say what the server counts; that count.
    async fn agree(&mut self) -> Result<u64> {
        let list: Value =
            self.server.get("/api/notifications?limit=1")?.send().await?.json().await?;
        let count = list["unreadCount"].as_u64().context("a count")?;
        self.version = list["version"].as_u64().context("a version")?;
        for (screen, name) in [(&self.browser, "browser"), (&self.desktop, "desktop window")] {
            until(&format!("the {name} shows {count}"), DEADLINE, || async {
                let label = screen.attribute("[data-testid=bell]", "aria-label").await?;
                let shown: String = label.chars().filter(char::is_ascii_digit).collect();
                ensure!(shown.parse().unwrap_or(0) == count, "{label:?}");
                Ok(Some(()))
            })
            .await?;
        }
        Ok(count)
    }
}

/// Waits for what a batch that runs in the page leaves behind.
async fn batch(screen: &Screen, script: &str) -> Result<Value> {
    screen.run(script).await?;
    until("the batch is done", DEADLINE, || async {
        let answers = screen.run("return window.__batch;").await?;
        Ok((!answers.is_null()).then_some(answers))
    })
    .await
}

/// By the session of the page. Statuses, and ids of what came to be.
async fn in_browser_page(screen: &Screen, operations: &[Operation]) -> Result<Vec<(u16, String)>> {
    let requests: Vec<_> = operations
        .iter()
        .map(|operation| {
            let (method, path, body) = operation.request();
            json!([method.as_str(), path, body])
        })
        .collect();
    let script = format!(
        "window.__batch = null;
         (async () => {{
             const answers = [];
             for (const [method, path, body] of {}) {{
                 const headers = body ? {{ 'content-type': 'application/json' }} : {{}};
                 const init = {{ method, headers, body: body ? JSON.stringify(body) : undefined }};
                 const answer = await fetch(path, init);
                 answers.push([answer.status, answer.status === 201 ? (await answer.json()).id : '']);
             }}
             return answers;
         }})().catch(error => [[0, String(error)]]).then(answers => window.__batch = answers);
         return null;",
        json!(requests)
    );
    Ok(serde_json::from_value(batch(screen, &script).await?)?)
}

/// By the app's commands. Their errors.
async fn in_desktop_window(screen: &Screen, operations: &[Operation]) -> Result<Vec<Value>> {
    let commands: Vec<_> = operations.iter().filter_map(Operation::command).collect();
    let script = format!(
        "window.__batch = null;
         (async () => {{
             const errors = [];
             for (const [command, given] of {}) {{
                 await window.__TAURI_INTERNALS__.invoke(command, given).catch(error => errors.push(error));
             }}
             return errors;
         }})().catch(error => [String(error)]).then(errors => window.__batch = errors);
         return null;",
        json!(commands)
    );
    Ok(serde_json::from_value(batch(screen, &script).await?)?)
}

/// Whatever three clients do to an inbox, in browser, window and server the count is the same.
async fn operations(count: usize, seed: u64) -> Result<()> {
    let mut story = Story::begin(seed).await?;
    let begun = Instant::now();
    let mut looks = 0;
    while story.done < count {
        let done = story.done;
        story.round().await.with_context(|| format!("behind {done} operations"))?;
        let unread = story.agree().await.with_context(|| format!("behind {done} operations"))?;
        looks += 1;
        if looks % 10 == 0 {
            println!("{} operations, {unread} unread, {:?}", story.done, begun.elapsed());
        }
    }
    let unread = story.agree().await?;
    println!(
        "{} operations ({} of what was gone already), {looks} looks, {unread} unread in browser, window and server",
        story.done, story.late
    );
    story.browser.picture("badges-browser").await?;
    story.desktop.picture("badges-desktop").await?;
    story.browser.close().await?;
    story.desktop.close().await
}

#[tokio::test]
async fn browser_window_and_server_agree_on_what_is_unread() -> Result<()> {
    operations(200, 1).await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove badges"]
async fn prove_badges() -> Result<()> {
    operations(10_000, 2).await
}

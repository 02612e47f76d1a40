//! One inbox, and many who write and read it at once: the count is right everywhere, at every moment and at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use harness::{Events, Server, ServerOptions, http, until};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Who post, read, mark and remove.
const WRITERS: usize = 64;

/// Of one inbox, so that a page holds it.
const MOST: usize = 150;

/// What a client knows by its stream alone.
#[derive(Debug, Default)]
struct Known {
    unread: u64,
    version: u64,
    /// What was told, by version: those of one server come in this order, those of several in any.
    told: BTreeMap<u64, Value>,
    /// Versions whose event has come.
    heard: u64,
}

impl Known {
    /// Takes how things stand when a stream begins, whatever is known.
    fn begin(&mut self, told: &Value) -> Result<()> {
        self.version = told["version"].as_u64().context("a version")?;
        self.unread = told["unreadCount"].as_u64().context("a count")?;
        Ok(())
    }

    /// Takes what a stream says of an inbox, as any client should: a count only with a greater version.
    fn hear(&mut self, told: &Value, in_order: bool) -> Result<()> {
        let version = told["version"].as_u64().context("a version")?;
        ensure!(!in_order || version > self.version, "told behind {}", self.version);
        if version > self.version {
            self.version = version;
            self.unread = told["unreadCount"].as_u64().context("a count")?;
        }
        self.heard += 1;
        ensure!(self.told.insert(version, told.clone()).is_none(), "told twice");
        Ok(())
    }

    /// What is there by all that was told: by id the version, and whether it was read.
    fn rows(&self) -> Result<BTreeMap<String, (u64, bool)>> {
        let mut rows = BTreeMap::new();
        for (&version, told) in &self.told {
            let ids = |key: &str| {
                let ids = told[key].as_array().into_iter().flatten();
                ids.filter_map(|id| id.as_str().map(str::to_owned)).collect::<Vec<_>>()
            };
            if let Some(id) = told["id"].as_str() {
                rows.insert(id.to_owned(), (version, !told["readAt"].is_null()));
            }
            for id in ids("read") {
                rows.get_mut(&id).context("read before it came")?.1 = true;
            }
            if let Some(upto) = told["readUpTo"].as_u64() {
                rows.values_mut().filter(|row| row.0 <= upto).for_each(|row| row.1 = true);
            }
            for id in ids("removed") {
                rows.remove(&id).context("removed before it came")?;
            }
        }
        Ok(rows)
    }
}

/// Somebody's inbox, on one of the servers that have it.
#[derive(Clone)]
struct Inbox {
    http: Client,
    url: String,
    token: String,
    random: Arc<AtomicU64>,
}

impl Inbox {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Option<Value>> {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await?;
        // Somebody else may have removed it.
        if answer.status() == 404 {
            return Ok(None);
        }
        let text = answer.error_for_status()?.text().await?;
        Ok(Some(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? }))
    }

    async fn page(&self) -> Result<Value> {
        self.ask(Method::GET, "?limit=200", None).await?.context("a page")
    }

    /// Below `bound`; the same for each run that does the same.
    fn random(&self, bound: u64) -> u64 {
        let n = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (n ^ (n >> 27)) % bound
    }

    /// One thing that a client may do, or two.
    async fn act(&self) -> Result<()> {
        let page = self.page().await?;
        let rows = page["notifications"].as_array().context("rows")?;
        let unread = rows.iter().filter(|row| row["readAt"].is_null()).count();
        ensure!(page["next"].is_null() && page["unreadCount"] == unread, "{page}");
        let none = json!({ "id": "none", "version": 0 });
        let some = match rows.len() as u64 {
            0 => &none,
            count => &rows[self.random(count) as usize],
        };
        let (some, version) = (some["id"].as_str().context("an id")?, &some["version"]);
        match self.random(10) {
            0..5 => {
                let n = self.random(20);
                let mut new = json!({ "title": format!("{n}"), "message": "x" });
                if n < 8 {
                    new["dedupeKey"] = (n % 4).to_string().into();
                }
                self.ask(Method::POST, "", Some(new)).await?.context("a row")?;
            }
            5..8 => drop(self.ask(Method::POST, &format!("/{some}/read"), None).await?),
            8 => drop(self.ask(Method::DELETE, &format!("/{some}"), None).await?),
            _ => {
                let body = (self.random(2) == 0).then(|| json!({ "upToVersion": version }));
                self.ask(Method::POST, "/read-all", body).await?.context("a count")?;
            }
        }
        Ok(())
    }
}

/// Reads a stream for ever; payloads stand alone, or in envelopes.
async fn listen(mut events: Events, known: Arc<Mutex<Known>>, in_order: bool) -> Result<()> {
    loop {
        let frame = events.next().await?;
        let Some(kind) = frame.event.clone().or_else(|| kind_of(&frame.json().ok()?)) else {
            continue;
        };
        let told = frame.json()?;
        let told = if told["data"].is_object() { &told["data"] } else { &told };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match kind.as_str() {
            "notification" | "unread" => {
                known.hear(told, in_order).with_context(|| format!("{frame:?}"))?;
            }
            "initial" => known.begin(told)?,
            "connected" | "heartbeat" => {}
            other => anyhow::bail!("{other}: {frame:?}"),
        }
    }
}

fn kind_of(told: &Value) -> Option<String> {
    told["type"].as_str().map(str::to_owned)
}

/// Has writers do `each` things on servers that are one to their users, and compares what everybody knows in the end.
async fn agree(servers: &[Server], each: usize) -> Result<()> {
    let server = servers.first().context("a server")?;
    let by_owner = |path: &str, body: Value| {
        let request = http()?.post(server.url(path)).bearer_auth(server.token()?);
        anyhow::Ok(request.json(&body))
    };
    let password = "correct horse";
    let new = json!({ "name": "ada", "role": "viewer", "password": password });
    let ada = by_owner("/api/users", new)?;
    let ada: Value = ada.send().await?.error_for_status()?.json().await?;
    let id = ada["id"].as_str().context("an id")?;
    let scopes = ["notify", "inbox", &format!("read:notifications/{id}")];
    // Nobody but Ada gives out what is hers.
    let sign_in = json!({ "username": "ada", "password": password });
    let signed_in = http()?.post(server.url("/api/session")).json(&sign_in).send().await?;
    let signed_in = signed_in.error_for_status()?;
    let cookie = signed_in.headers().get("set-cookie").context("a cookie")?.to_str()?;
    let token =
        http()?.post(server.url("/api/tokens")).json(&json!({ "name": "x", "scopes": scopes }));
    let token = token.header("Cookie", cookie.split(';').next().unwrap_or_default());
    let token = token.header("Sec-Fetch-Site", "same-origin").send().await?;
    let token: Value = token.error_for_status()?.json().await?;
    let token = token["token"].as_str().context("a token")?.to_owned();
    let (http, random) = (http()?, Arc::new(AtomicU64::new(7)));
    let on = |server: &Server| {
        let (http, token, random) = (http.clone(), token.clone(), Arc::clone(&random));
        Inbox { http, url: server.url("/api/notifications"), token, random }
    };
    let inboxes: Vec<_> = servers.iter().map(on).collect();

    let in_order = servers.len() == 1;
    let mut listeners = JoinSet::new();
    let mut clients = Vec::new();
    for (path, server) in [
        "/api/notifications/stream".to_owned(),
        "/api/notifications/stream?unnamed=1".to_owned(),
        format!("/api/events?topic=notifications/{id}"),
    ]
    .iter()
    .zip(servers.iter().rev().cycle())
    {
        let request = http.get(server.url(path)).bearer_auth(&token);
        let known = Arc::new(Mutex::new(Known::default()));
        listeners.spawn(listen(Events::open(request).await?, Arc::clone(&known), in_order));
        clients.push(known);
    }

    let mut writers = JoinSet::new();
    for inbox in inboxes.iter().cycle().take(WRITERS) {
        let inbox = inbox.clone();
        writers.spawn(async move {
            for _ in 0..each {
                inbox.act().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }

    let page = inboxes[0].page().await?;
    let rows = page["notifications"].as_array().context("rows")?;
    let row = |row: &Value| {
        let version = row["version"].as_u64().context("a version")?;
        let id = row["id"].as_str().context("an id")?.to_owned();
        anyhow::Ok((id, (version, !row["readAt"].is_null())))
    };
    let rows = rows.iter().map(row).collect::<Result<BTreeMap<_, _>>>()?;
    let (unread, version) = (page["unreadCount"].as_u64(), page["version"].as_u64());
    for known in clients {
        let all = until("the stream has told everything", harness::DEADLINE, || async {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            Ok((Some(known.heard) >= version).then_some(()))
        })
        .await;
        // Why a stream ended says more than that it told too little.
        if let Some(ended) = listeners.try_join_next() {
            ended??;
        }
        all?;
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((Some(known.unread), Some(known.version)), (unread, version));
        assert_eq!(Some(known.heard), version, "each change was told once");
        assert_eq!(known.rows()?, rows);
    }
    ensure!(listeners.try_join_next().is_none(), "a stream ended");
    Ok(())
}

fn options(database: Option<&str>) -> ServerOptions {
    let database = database.map(|url| format!("[server]\ndatabase = \"{url}\"\n"));
    let bounds = format!(
        "[notifications]\nmax_per_user = {MOST}\n\
         [limits]\nevents_per_second = 100000\nuser_events_per_second = 100000\n"
    );
    ServerOptions::with_config(format!("{}{bounds}", database.unwrap_or_default()))
}

#[tokio::test]
async fn many_who_write_and_read_an_inbox_agree_on_what_is_unread() -> Result<()> {
    let server = Server::start_with(options(None)).await?;
    agree(&[server], 8).await
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn many_agree_on_a_postgres_as_well() -> Result<()> {
    let database = test_postgres::Database::new().await?;
    let server = Server::start_with(options(Some(&database.url()))).await?;
    agree(&[server], 8).await
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn many_agree_on_two_servers_as_well() -> Result<()> {
    let bounds = options(None).config;
    let fleet = harness::Fleet::start(2, &bounds, &[]).await?;
    agree(&fleet.servers, 8).await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove inbox"]
async fn prove_inbox() -> Result<()> {
    let server = Server::start_with(options(None)).await?;
    agree(&[server], 10_000_usize.div_ceil(WRITERS)).await
}

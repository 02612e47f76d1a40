//! The table of `docs/access.md`, cell by cell.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Server, http, until};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tidings_protocol::api::path;

const TABLE: &str = include_str!("../docs/access.md");

const PASSWORD: &str = "correct horse";

/// An id that nobody has.
const NOBODY: &str = "000000000000";

/// A row of the table.
struct Row {
    method: Method,
    target: String,
    body: String,
    /// What is answered, column by column.
    cells: Vec<u16>,
}

/// What somebody proves themselves with.
enum Proof {
    None,
    Token(String),
    Cookie(String),
}

/// One column of the table.
struct Caller {
    proof: Proof,
    /// The user, or another one's id where there is none.
    id: String,
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

fn columns() -> Result<Vec<&'static str>> {
    let head = TABLE.lines().find(|line| line.starts_with("| request |")).context("a table")?;
    Ok(cells(head)[2..].to_vec())
}

fn rows() -> Result<Vec<Row>> {
    let code = |cell: &str| cell.trim_matches('`').to_owned();
    TABLE
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells = cells(line);
            let request = code(cells[0]);
            let (method, target) = request.split_once(' ').context("a method")?;
            let statuses: Result<_, _> = cells[2..].iter().map(|cell| cell.parse()).collect();
            let (method, target) = (method.parse()?, target.to_owned());
            Ok(Row { method, target, body: code(cells[1]), cells: statuses.context(request)? })
        })
        .collect()
}

/// A server and those who ask it.
struct Stage {
    server: Server,
    http: Client,
    made: std::cell::Cell<u32>,
    /// Whose jobs are those of others.
    reporter: Caller,
    /// Who stood for `{other}` last.
    other: std::cell::RefCell<Option<String>>,
}

impl Stage {
    async fn by_owner(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let request = self.http.request(method, self.server.url(path));
        let answer = request.bearer_auth(self.server.token()?).json(&body).send().await?;
        let answer = answer.error_for_status()?;
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        Ok(answer.json().await?)
    }

    fn new_name(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("user {}", self.made.get())
    }

    async fn user(&self, role: &str, password: Option<&str>) -> Result<(String, String)> {
        let name = self.new_name();
        let mut body = json!({ "name": name, "role": role });
        if let Some(password) = password {
            body["password"] = password.into();
        }
        let user = self.by_owner(Method::POST, "/api/users", body).await?;
        Ok((user["id"].as_str().context("an id")?.to_owned(), name))
    }

    /// A token of that user, and its id.
    async fn token(&self, user: &str, scopes: &[&str], seconds: u64) -> Result<(String, String)> {
        let body = json!({
            "name": "x", "scopes": scopes, "userId": user, "expiresInSeconds": seconds,
        });
        let made = self.by_owner(Method::POST, "/api/tokens", body).await?;
        let text = |key: &str| made[key].as_str().map(str::to_owned).context("a token");
        Ok((text("token")?, text("id")?))
    }

    /// A notification of that user's.
    async fn notification(&self, user: &str) -> Result<String> {
        let body = json!({ "title": "x", "userId": user });
        let posted = self.by_owner(Method::POST, "/api/notifications", body).await?;
        posted["id"].as_str().map(str::to_owned).context("an id")
    }

    /// A rule of an alert.
    async fn alert(&self) -> Result<String> {
        let body = json!({ "name": self.new_name(), "metric": "cpu.total", "above": 90 });
        let made = self.by_owner(Method::POST, "/api/alerts", body).await?;
        made["id"].as_str().map(str::to_owned).context("an id")
    }

    /// A job that the caller reports, or the owner where the caller may not.
    async fn job(&self, caller: &Caller, is_done: bool) -> Result<String> {
        let ask = async |caller: &Caller, method, path: &str, body: Value| -> Result<_> {
            let request = self.http.request(method, self.server.url(path)).json(&body);
            Ok(caller.prove(request, &self.server).send().await?)
        };
        let owner = Caller { proof: Proof::Token(self.server.token()?), id: "owner".to_owned() };
        let new = json!({ "name": "x" });
        let mut by = caller;
        let mut made = ask(by, Method::POST, "/api/jobs", new.clone()).await?;
        if made.status() != StatusCode::CREATED {
            by = &owner;
            made = ask(by, Method::POST, "/api/jobs", new).await?.error_for_status()?;
        }
        let job: Value = made.json().await?;
        let id = job["id"].as_str().context("an id")?.to_owned();
        if is_done {
            let end = json!({ "state": "succeeded", "result": 1 });
            ask(by, Method::PATCH, &format!("/api/jobs/{id}"), end).await?.error_for_status()?;
        }
        Ok(id)
    }

    /// Signs in, each from an address of its own: attempts are counted.
    async fn session(&self, role: &str) -> Result<Caller> {
        let (id, name) = self.user(role, Some(PASSWORD)).await?;
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(self.made.get())?));
        let client = Client::builder().no_proxy().local_address(address).build()?;
        let body = json!({ "username": name, "password": PASSWORD });
        let answer = client.post(self.server.url("/api/session")).json(&body).send().await?;
        let answer = answer.error_for_status()?;
        let cookie = answer.headers().get("set-cookie").context("a cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Caller { proof: Proof::Cookie(cookie), id })
    }

    async fn by_token(&self, role: &str, scopes: &[&str]) -> Result<Caller> {
        let (id, _) = self.user(role, None).await?;
        let (token, _) = self.token(&id, scopes, 3_600).await?;
        Ok(Caller { proof: Proof::Token(token), id })
    }

    async fn caller(&self, column: &str) -> Result<Caller> {
        const ALL: [&str; 7] =
            ["read:*", "publish:*", "notify", "processes", "inbox", "jobs", "process"];
        // The rest is for users themselves to give.
        const BY_OTHERS: &[&str] = ALL.split_at(4).0;
        Ok(match column {
            "none" => Caller { proof: Proof::None, id: "owner".to_owned() },
            "expired token" => {
                let (token, _) = self.token("owner", &ALL, 1).await?;
                let caller = Caller { proof: Proof::Token(token), id: "owner".to_owned() };
                until("the token expires", DEADLINE, || async {
                    let request = self.http.get(self.server.url("/api/session"));
                    let answer = caller.prove(request, &self.server).send().await?;
                    Ok((answer.status() == StatusCode::UNAUTHORIZED).then_some(()))
                })
                .await?;
                caller
            }
            "revoked token" => {
                let (token, id) = self.token("owner", &ALL, 3_600).await?;
                self.by_owner(Method::DELETE, &format!("/api/tokens/{id}"), Value::Null).await?;
                Caller { proof: Proof::Token(token), id: "owner".to_owned() }
            }
            "session of a removed user" => {
                let caller = self.session("admin").await?;
                let path = format!("/api/users/{}", caller.id);
                self.by_owner(Method::DELETE, &path, Value::Null).await?;
                Caller { id: "owner".to_owned(), ..caller }
            }
            "viewer" | "publisher" | "admin" => self.session(column).await?,
            "owner's token" => {
                Caller { proof: Proof::Token(self.server.token()?), id: "owner".to_owned() }
            }
            "token `read:app/*`" => self.by_token("publisher", &["read:app/*"]).await?,
            "token `publish:app/*`" => self.by_token("publisher", &["publish:app/*"]).await?,
            "viewer's token for all" => self.by_token("viewer", BY_OTHERS).await?,
            "admin's token for all" => {
                let admin = self.session("admin").await?;
                let request = self.http.post(self.server.url("/api/tokens"));
                let body = json!({ "name": "x", "scopes": ALL });
                let answer = admin.prove(request, &self.server).json(&body).send().await?;
                let made: Value = answer.error_for_status()?.json().await?;
                let token = made["token"].as_str().context("a token")?.to_owned();
                Caller { proof: Proof::Token(token), id: admin.id }
            }
            unknown => anyhow::bail!("nobody plays the part of {unknown:?}"),
        })
    }

    /// Puts what a row names in the place of its names.
    async fn fill(&self, text: &str, caller: &Caller) -> Result<String> {
        let token = match &caller.proof {
            Proof::Token(token) => token.as_str(),
            Proof::None | Proof::Cookie(_) => "none",
        };
        let mut text = text
            .replace("{own}", &caller.id)
            .replace("{nobody}", NOBODY)
            .replace("{token}", token)
            .replace("{new}", &self.new_name());
        if text.contains("{own-token}") {
            let (_, id) = self.token(&caller.id, &["read:metrics/*"], 3_600).await?;
            text = text.replace("{own-token}", &id);
        }
        if text.contains("{own-notification}") {
            let id = self.notification(&caller.id).await?;
            text = text.replace("{own-notification}", &id);
        }
        if text.contains("{other-notification}") {
            let (other, _) = self.user("viewer", None).await?;
            let id = self.notification(&other).await?;
            text = text.replace("{other-notification}", &id);
        }
        for (name, by, is_done) in [
            ("{own-job}", caller, false),
            ("{own-done}", caller, true),
            ("{other-job}", &self.reporter, false),
            ("{other-done}", &self.reporter, true),
        ] {
            if text.contains(name) {
                text = text.replace(name, &self.job(by, is_done).await?);
            }
        }
        if text.contains("{alert}") {
            text = text.replace("{alert}", &self.alert().await?);
        }
        if text.contains("{other}") || text.contains("{other-token}") {
            // A new one each time: what one caller removes the next one finds.
            let (other, _) = self.user("viewer", None).await?;
            let (_, token) = self.token(&other, &["read:metrics/*"], 3_600).await?;
            text = text.replace("{other}", &other).replace("{other-token}", &token);
            self.other.replace(Some(other));
        }
        Ok(text)
    }
}

impl Caller {
    fn prove(&self, request: RequestBuilder, server: &Server) -> RequestBuilder {
        match &self.proof {
            Proof::None => request,
            Proof::Token(token) => request.bearer_auth(token),
            // As the page of the server has it sent.
            Proof::Cookie(cookie) => {
                request.header("Cookie", cookie).header("Origin", server.url(""))
            }
        }
    }
}

#[tokio::test]
async fn every_cell_of_the_table_is_what_a_server_answers() -> Result<()> {
    let server = Server::start().await?;
    let (made, other) = (std::cell::Cell::new(0), std::cell::RefCell::new(None));
    let nobody = Caller { proof: Proof::None, id: String::new() };
    let mut stage = Stage { server, http: http()?, made, reporter: nobody, other };
    stage.reporter = stage.session("viewer").await?;
    let (columns, rows) = (columns()?, rows()?);
    ensure!(columns.len() == 12 && rows.len() > 40, "the table was not read");
    let mut callers = Vec::new();
    for column in &columns {
        callers.push(stage.caller(column).await.with_context(|| format!("as {column}"))?);
    }
    let mut wrong = Vec::new();
    for row in &rows {
        ensure!(row.cells.len() == columns.len(), "{} {}", row.method, row.target);
        for ((caller, column), expected) in callers.iter().zip(&columns).zip(&row.cells) {
            let both = stage.fill(&format!("{}\n{}", row.target, row.body), caller).await?;
            let (target, body) = both.split_once('\n').context("two lines")?;
            let request = stage.http.request(row.method.clone(), stage.server.url(target));
            let mut request = caller.prove(request, &stage.server);
            if !body.is_empty() {
                request = request.header("Content-Type", "application/json").body(body.to_owned());
            }
            // A page of another origin cannot have a cookie change anything.
            if let (Proof::Cookie(cookie), false) = (&caller.proof, row.method == Method::GET) {
                let foreign = stage.http.request(row.method.clone(), stage.server.url(target));
                let foreign = foreign.header("Cookie", cookie).body(body.to_owned());
                let foreign = foreign.header("Content-Type", "application/json").send().await?;
                if foreign.status() != StatusCode::FORBIDDEN {
                    let (method, status) = (&row.method, foreign.status());
                    wrong.push(format!("{method} {target} as {column} without a page: {status}"));
                }
            }
            let status = request.send().await?.status().as_u16();
            if let Some(other) = stage.other.take()
                && status >= 400
            {
                // As they were made: what is refused changes nothing.
                let path = format!("/api/users/{other}");
                let user = stage.by_owner(Method::GET, &path, Value::Null);
                let user = user.await.with_context(|| format!("{} as {column}", row.target))?;
                let tokens = format!("/api/tokens?user={other}");
                let tokens = stage.by_owner(Method::GET, &tokens, Value::Null).await?;
                let (role, name) = (user["role"].as_str(), user["name"].as_str());
                ensure!(
                    role == Some("viewer") && name.is_some_and(|name| name.starts_with("user "))
                );
                ensure!(tokens.as_array().is_some_and(|tokens| tokens.len() == 1), "{tokens}");
            }
            if status != *expected {
                let Row { method, target, body, .. } = row;
                wrong.push(format!(
                    "{method} {target} {body} as {column}: {status}, not {expected}"
                ));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Whether a target of the table goes to the route of this path.
fn is_of(target: &str, path: &str) -> bool {
    let target = target.split('?').next().unwrap_or_default();
    // A route of its own comes before one that takes anything there.
    if path != target && path::ALL.contains(&target) {
        return false;
    }
    let (mut asked, mut of_route) = (target.split('/'), path.split('/'));
    loop {
        match (asked.next(), of_route.next()) {
            (None, None) => return true,
            (Some(_), Some(rest)) if rest.starts_with("{*") => return true,
            (Some(_), Some(parameter)) if parameter.starts_with('{') => {}
            (Some(asked), Some(segment)) if asked == segment => {}
            _ => return false,
        }
    }
}

#[tokio::test]
async fn every_route_and_every_method_it_takes_is_in_the_table() -> Result<()> {
    let server = Server::start().await?;
    let rows = rows()?;
    let mut missing = BTreeSet::new();
    for path in path::ALL {
        let target = path.replace("{id}", NOBODY).replace("{*topic}", "app/x");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            // By nobody, so that nothing happens.
            let answer = http()?.request(method.clone(), server.url(&target)).send().await?;
            let is_taken = answer.status() != StatusCode::METHOD_NOT_ALLOWED;
            let is_told = rows.iter().any(|row| row.method == method && is_of(&row.target, path));
            if is_taken != is_told {
                missing.insert(format!("{method} {path}: {}", answer.status()));
            }
        }
    }
    ensure!(missing.is_empty(), "told and not taken, or taken and not told: {missing:#?}");
    let unknown: Vec<_> = rows
        .iter()
        .filter(|row| !path::ALL.iter().any(|path| is_of(&row.target, path)))
        .map(|row| &row.target)
        .collect();
    ensure!(unknown.is_empty(), "no routes: {unknown:?}");
    Ok(())
}

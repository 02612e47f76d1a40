//! The routes without a socket: requests in, answers out.

mod alerts;
mod cors;
mod health;
mod history;
mod jobs;
mod notifications;
mod processes;
mod publish;

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, request};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::BodyExt;
use serde_json::Value;
use tidings_protocol::api::OWNER_TOKEN_FILE;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::auth::secret;
use crate::config::Config;
use crate::state::AppState;
use crate::{Past, Server};

pub(crate) const TOKEN: &str = "token";

/// The routes of a server that does not run.
pub(crate) struct App {
    pub(crate) state: AppState,
    routes: super::Routes,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) fn routes(&self) -> super::Routes {
        self.routes.clone()
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::bundled(TOKEN.to_owned());
        change(&mut config);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let Server { state, past, .. } = Server::open(listener, config, 10).await.unwrap();
        if let Past::Journal(writer, _) = past {
            tokio::spawn(writer.run());
        }
        Self { routes: super::routes(state.clone()), state }
    }

    /// With a database in `folder`, and the same token.
    async fn in_folder(folder: &Path, change: impl FnOnce(&mut Config)) -> Self {
        secret::write_private(&folder.join(OWNER_TOKEN_FILE), TOKEN.as_bytes()).unwrap();
        Self::with(|config| {
            config.in_memory_token.0 = None;
            config.server.data_dir = folder.to_owned();
            change(config);
        })
        .await
    }

    async fn send(&self, request: request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.header("host", "localhost").body(body.into()).unwrap();
        Answer::of(self.routes.clone().oneshot(request).await.unwrap()).await
    }
}

/// A request with the owner's token.
fn by_owner(method: &str, uri: &str) -> request::Builder {
    Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {TOKEN}"))
}

/// An answer that has come to its end.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Status and code of an error, which has a message too.
    fn error(&self) -> (u16, String) {
        let error = &self.json()["error"];
        assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{self:?}");
        (self.status.as_u16(), error["code"].as_str().unwrap_or_default().to_owned())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A body of one byte each so many seconds.
fn drip(seconds: u64) -> Body {
    let bytes = futures_util::stream::repeat(()).then(move |()| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok::<_, std::convert::Infallible>(Bytes::from_static(b" "))
    });
    Body::from_stream(bytes)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_byte_by_byte_is_given_up_after_half_a_minute() {
    let app = App::new().await;
    let sign_in = || {
        let request = Request::builder().method("POST").uri("/api/session");
        request.header("content-type", "application/json")
    };
    for (seconds, takes) in [(10, 30), (14, 30), (20, 15), (100, 15)] {
        for request in [sign_in(), by_owner("POST", "/api/publish/app/x")] {
            let begun = tokio::time::Instant::now();
            let answer = app.send(request, drip(seconds)).await;
            assert_eq!(answer.error(), (400, "bad_request".to_owned()));
            assert_eq!(begun.elapsed().as_secs(), takes, "a byte each {seconds} s");
        }
    }
}

#[tokio::test]
async fn the_longest_name_and_password_fit_into_a_sign_in_and_little_more_does() {
    let app = App::new().await;
    let sign_in = async |password: String| {
        let request = Request::builder().method("POST").uri("/api/session");
        let request = request.header("content-type", "application/json");
        let name = "\\ud835\\udd52".repeat(64);
        let body = format!(r#"{{"username":"{name}","password":"{password}"}}"#);
        // In pieces, so that nothing says its length beforehand.
        let pieces = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(body)]);
        app.send(request, Body::from_stream(pieces)).await.error()
    };
    let longest = sign_in("\\u0041".repeat(1_000)).await;
    assert_eq!(longest, (401, "invalid_credentials".to_owned()));
    assert_eq!(sign_in("x".repeat(8 << 10)).await, (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn a_server_is_ready_until_it_is_on_its_way_to_end() {
    let app = App::new().await;
    let ask = || app.send(Request::builder().uri("/readyz"), "");
    let ready = ask().await;
    assert_eq!((ready.status.as_u16(), &*ready.body), (200, &b"{\"ready\":true}"[..]));
    app.state.draining.cancel();
    let draining = ask().await;
    assert_eq!(draining.error(), (503, "shutting_down".to_owned()));
    assert!(draining.header("retry-after").is_some());
    assert_eq!(app.send(Request::builder().uri("/healthz"), "").await.status, 200);
}

#[tokio::test]
async fn a_server_whose_store_does_not_answer_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::in_folder(folder.path(), |_| {}).await;
    let ask = || app.send(Request::builder().uri("/readyz"), "");
    assert_eq!(ask().await.status, 200);
    app.state.store.as_ref().unwrap().close().await;
    assert_eq!(ask().await.error(), (503, "unavailable".to_owned()));
}

/// What the table of who may do what knows is the list of the contract.
#[test]
fn every_route_has_a_path_of_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let mut routes = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if !file.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for call in text.split(".route(").skip(1) {
            let argument = call.split(',').next().unwrap().trim();
            // One that answers 404, and one that names what is missing.
            let is_other = matches!(argument, "\"/api/{*rest}\"" | "&format!(\"{}/\"");
            assert!(argument.starts_with("path::") || is_other, "{argument} in {}", file.display());
            routes += 1;
        }
    }
    assert!(routes > 10, "only {routes} were found");
}

#[test]
fn every_route_is_of_the_list_that_the_table_of_access_is_held_to() {
    // What answers 404 to everything, and 400 for want of a topic.
    const OTHERS: [&str; 2] = ["\"/api/{*rest}\"", "&format!(\"{}/\", path::PUBLISH)"];
    let mut count = 0;
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let mut left = vec![routes.clone()];
    while let Some(file) = left.pop() {
        if file == routes.join("tests") {
            continue;
        }
        if file.is_dir() {
            left.extend(std::fs::read_dir(file).unwrap().map(|file| file.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for other in [".nest(", ".nest_service(", ".route_service("] {
            assert!(!text.contains(other), "{}: {other}", file.display());
        }
        for route in text.split(".route(").skip(1).map(str::trim_start) {
            let is_listed = route.starts_with("path::");
            let line = route.lines().next();
            assert!(is_listed || OTHERS.iter().any(|other| route.starts_with(other)), "{line:?}");
            count += usize::from(is_listed);
        }
    }
    assert_eq!(count, tidings_protocol::api::path::ALL.len(), "each once");
}

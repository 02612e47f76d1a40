//! What the web view gets when it asks, over Tauri's own path and past its permissions.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../crates/client/tests/script/mod.rs"]
mod script;

use std::sync::Arc;
use std::time::{Duration, Instant};

use script::{DEGRADED, Peer, Script, WELL, event};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager, WebviewWindow, WebviewWindowBuilder};
use tidings_client::Token;
use tidings_desktop::{Bridge, Servers, context, create_app};
use tidings_feed::{Batch, Item, State};

/// The app, watching a scripted server.
struct Desk {
    app: App<MockRuntime>,
    page: WebviewWindow<MockRuntime>,
    script: Script,
    peer: Peer,
    since: u64,
}

impl Desk {
    async fn new() -> Self {
        let script = Script::new().await;
        let bridge = Bridge::new(script.subscribe());
        let servers = Servers::only(script.client(), bridge, Token::new("t"));
        let (builder, servers) = (mock_builder(), Arc::new(servers));
        let app = create_app(builder, context(), servers, Arc::default(), Arc::default())
            .expect("an app");
        let page = window(&app, "main");
        let peer = script.open().await;
        Self { app, page, script, peer, since: 0 }
    }

    async fn poll(&mut self) -> Batch {
        let answer = invoke(&self.page, "poll_feed", json!({ "since": self.since })).await;
        let text = answer.expect("an answer");
        let batch: Batch = serde_json::from_str(text.as_str().expect("text")).expect("a batch");
        self.since = batch.seq;
        batch
    }

    /// Polls as a page that was reloaded, which is answered at once.
    async fn poll_again(&mut self) -> Batch {
        self.since = 0;
        self.poll().await
    }

    /// Polls until `count` events arrived.
    async fn events(&mut self, count: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        while seqs.len() < count {
            for delivery in self.poll().await.deliveries {
                let Item::Event(event) = delivery.item else { panic!("an event") };
                seqs.push(event.id.seq);
            }
        }
        seqs
    }

    async fn until(&mut self, state: State) {
        while self.poll().await.status.state != state {}
    }
}

fn window(app: &App<MockRuntime>, label: &str) -> WebviewWindow<MockRuntime> {
    WebviewWindowBuilder::new(app, label, tauri::WebviewUrl::default()).build().expect("a window")
}

async fn invoke(
    page: &WebviewWindow<MockRuntime>,
    command: &str,
    arguments: Value,
) -> Result<Value, Value> {
    let page = page.clone();
    let request = InvokeRequest {
        cmd: command.to_owned(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: page.url().expect("a URL"),
        body: InvokeBody::Json(arguments),
        headers: tauri::http::HeaderMap::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    let answer = tokio::task::spawn_blocking(move || get_ipc_response(&page, request)).await;
    answer.expect("no panic").map(|body| body.deserialize().expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_gets_status_and_events_in_batches() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    for seq in 6..=8 {
        desk.peer.send(&event(seq, "work/1")).await;
    }
    assert_eq!(desk.events(3).await, [6, 7, 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_degraded_server_reaches_the_page_and_so_does_its_recovery() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    desk.peer.send(DEGRADED).await;
    desk.until(State::Degraded).await;
    assert!(desk.poll_again().await.status.for_ms >= 2_000, "as long as the server says");
    desk.peer.send(WELL).await;
    desk.until(State::Live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_events_makes_at_most_ten_answers_a_second() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    let start = Instant::now();
    for seq in 6..=10 {
        desk.peer.send(&event(seq, "work/1")).await;
        desk.events(1).await;
    }
    assert!(start.elapsed() >= Duration::from_millis(450), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reloaded_page_does_not_wait_for_the_poll_it_left_behind() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    desk.peer.send(&event(6, "metrics/a")).await;
    assert_eq!(desk.events(1).await, [6]);
    let (page, since) = (desk.page.clone(), desk.since);
    let left_behind = async { invoke(&page, "poll_feed", json!({ "since": since })).await };
    desk.since = 0;
    let (left_behind, snapshot) = tokio::join!(left_behind, async {
        // The order of the two is not fixed; asked twice, the second is surely behind.
        desk.events(1).await;
        desk.since = 0;
        desk.events(1).await
    });
    assert_eq!(snapshot, [6], "the newest metrics again");
    assert!(left_behind.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_has_batches_of_another_server_gets_none() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    let of_another = (1_u64 << 32) + desk.since;
    let refused = invoke(&desk.page, "poll_feed", json!({ "since": of_another })).await;
    let why = refused.expect_err("an error");
    assert!(why["message"].as_str().expect("text").contains("loaded anew"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_disconnect_and_connect_again() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    invoke(&desk.page, "disconnect_feed", json!({})).await.expect("done");
    desk.until(State::Offline).await;
    desk.peer.closed().await;
    invoke(&desk.page, "retry_feed", json!({})).await.expect("done");
    desk.peer = desk.script.open().await;
    desk.until(State::Live).await;
}

/// What the application asks of the server when the page says `command`, and what the page gets for `answer`.
async fn asked(
    desk: &Desk,
    command: &'static str,
    arguments: Value,
    (status, body): (&str, Value),
) -> (String, Result<Value, Value>) {
    let page = desk.page.clone();
    let answer = tokio::spawn(async move { invoke(&page, command, arguments).await });
    let mut peer = desk.script.accept().await;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n");
    peer.send(&format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}")).await;
    let line = peer.request.lines().next().expect("a line").to_owned();
    (line, answer.await.expect("no panic"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_reads_the_inbox_by_the_application() {
    let desk = Desk::new().await;
    let inbox = json!({ "notifications": [], "unreadCount": 3, "version": 9, "next": null });
    let arguments = json!({ "before": "a b", "limit": 7 });
    let (line, answer) =
        asked(&desk, "list_notifications", arguments, ("200 OK", inbox.clone())).await;
    assert_eq!(line, "GET /api/notifications?before=a+b&limit=7 HTTP/1.1");
    let text = answer.expect("an answer");
    let got: Value = serde_json::from_str(text.as_str().expect("text")).expect("JSON");
    assert_eq!(got, inbox);

    let unread = json!({ "unreadCount": 0, "version": 10 });
    let (line, answer) =
        asked(&desk, "read_all_notifications", json!({ "upToVersion": 9 }), ("200 OK", unread))
            .await;
    assert_eq!(line, "POST /api/notifications/read-all HTTP/1.1");
    assert!(answer.is_ok(), "{answer:?}");

    let (line, answer) = asked(
        &desk,
        "remove_notification",
        json!({ "id": "a/b" }),
        ("204 No Content", Value::Null),
    )
    .await;
    assert_eq!(line, "DELETE /api/notifications/a%2Fb HTTP/1.1");
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_starts_a_job_by_the_application_and_lets_go_of_its_stream() {
    let desk = Desk::new().await;
    let request = json!({ "kind": "scan", "args": { "path": "/srv" } });
    let (page, arguments) = (desk.page.clone(), json!({ "request": request.to_string() }));
    let answer = tokio::spawn(async move { invoke(&page, "start_job", arguments).await });
    let mut peer = desk.script.accept().await;
    assert!(peer.request.starts_with("POST /api/process HTTP/1.1"), "{}", peer.request);
    let asked: Value = serde_json::from_str(&peer.body().await).expect("JSON");
    assert_eq!(asked, request);
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nlocation: /api/jobs/u~1\r\n\r\n";
    peer.send(head).await;
    peer.send("data: {\"id\":\"u~1\",\"progress\":null,\"message\":\"\"}\n\n").await;
    let answer = answer.await.expect("no panic");
    assert_eq!(answer, Ok(json!("u~1")));
    peer.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_follows_and_ends_jobs_and_processes_by_the_application() {
    let desk = Desk::new().await;
    let none = || ("404 Not Found", Value::Null);
    for (command, arguments, expected) in [
        (
            "list_jobs",
            json!({ "state": "ended", "before": "u~1", "limit": 7 }),
            "GET /api/jobs?state=ended&before=u%7E1&limit=7 HTTP/1.1",
        ),
        ("job_kinds", json!({}), "GET /api/process HTTP/1.1"),
        ("show_job", json!({ "id": "u~1" }), "GET /api/jobs/u~1 HTTP/1.1"),
        ("cancel_job", json!({ "id": "a/b" }), "DELETE /api/jobs/a%2Fb HTTP/1.1"),
        ("remove_job", json!({ "id": "u~1" }), "DELETE /api/jobs/u~1?remove=true HTTP/1.1"),
        ("job_log", json!({ "id": "u~1", "after": 3 }), "GET /api/jobs/u~1/log?after=3 HTTP/1.1"),
        ("save_job_result", json!({ "id": "u~1" }), "GET /api/jobs/u~1 HTTP/1.1"),
        (
            "metrics_history",
            json!({ "host": "den", "range": "1h", "metrics": ["cpu.total", "disks.read"], "digits": 4 }),
            "GET /api/metrics/history?metric=cpu.total&metric=disks.read&range=1h&host=den&digits=4 HTTP/1.1",
        ),
        (
            "save_metrics_history",
            json!({ "host": "den", "range": "24h", "metrics": ["cpu.total"] }),
            "GET /api/metrics/history?metric=cpu.total&range=24h&host=den&format=csv HTTP/1.1",
        ),
        ("list_processes", json!({}), "GET /api/processes HTTP/1.1"),
        (
            "end_process",
            json!({ "pid": 42, "start": 7, "force": false }),
            "DELETE /api/processes/42?start=7 HTTP/1.1",
        ),
        (
            "end_process",
            json!({ "pid": 42, "start": 7, "force": true }),
            "DELETE /api/processes/42?start=7&force=true HTTP/1.1",
        ),
    ] {
        let (line, answer) = asked(&desk, command, arguments, none()).await;
        assert_eq!(line, expected);
        let refused = answer.expect_err("the server has no such thing");
        assert_eq!(refused["status"], 404, "{refused}");
    }

    let log = json!({ "lines": [{ "n": 3, "at": 1, "text": "a" }], "next": 4 });
    let arguments = json!({ "id": "u~1", "after": 3 });
    let (_, answer) = asked(&desk, "job_log", arguments, ("200 OK", log.clone())).await;
    let text = answer.expect("an answer");
    let got: Value = serde_json::from_str(text.as_str().expect("text")).expect("JSON");
    assert_eq!(got, log);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_gets_a_result_that_is_json_and_no_other() {
    let desk = Desk::new().await;
    let result = json!({ "files": 12 });
    let arguments = json!({ "id": "u~1" });
    let (line, answer) =
        asked(&desk, "job_result", arguments.clone(), ("200 OK", result.clone())).await;
    assert_eq!(line, "GET /api/jobs/u~1/result HTTP/1.1");
    assert_eq!(answer, Ok(json!(result.to_string())));

    let page = desk.page.clone();
    let answer = tokio::spawn(async move { invoke(&page, "job_result", arguments).await });
    let mut peer = desk.script.accept().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\nconnection: close\r\n";
    peer.send(&format!("{head}content-length: 4\r\n\r\na,b\n")).await;
    let refused = answer.await.expect("no panic").expect_err("a file is none for the page");
    assert_eq!(refused["code"], "internal", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_told_why_the_server_refused() {
    let desk = Desk::new().await;
    let body = json!({ "error": { "code": "not_found", "message": "there is no such thing" } });
    let arguments = json!({ "id": "a" });
    let (line, answer) =
        asked(&desk, "read_notification", arguments, ("404 Not Found", body)).await;
    assert_eq!(line, "POST /api/notifications/a/read HTTP/1.1");
    let told = json!({
        "code": "server", "message": "there is no such thing", "status": 404, "reason": "not_found"
    });
    assert_eq!(answer, Err(told));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_trusted_by_a_fingerprint_and_by_nothing_else() {
    let mut desk = Desk::new().await;
    desk.until(State::Live).await;
    let refused = invoke(&desk.page, "trust_server", json!({ "fingerprint": "any" })).await;
    let refused = refused.expect_err("refused");
    assert_eq!(refused["code"], "untrusted", "{refused}");
    let fingerprint = format!("SHA256:{}", "A".repeat(43));
    let trusted = invoke(&desk.page, "trust_server", json!({ "fingerprint": fingerprint })).await;
    trusted.expect("done");
    desk.peer.closed().await;
    desk.peer = desk.script.open().await;
    desk.until(State::Live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_window_may_ask_anything() {
    let desk = Desk::new().await;
    let other = window(&desk.app, "other");
    for command in [
        "poll_feed",
        "retry_feed",
        "disconnect_feed",
        "trust_server",
        "list_notifications",
        "read_notification",
        "read_all_notifications",
        "remove_notification",
        "list_jobs",
        "job_kinds",
        "start_job",
        "show_job",
        "cancel_job",
        "remove_job",
        "job_log",
        "job_result",
        "save_job_result",
        "metrics_history",
        "save_metrics_history",
        "list_processes",
        "end_process",
        "next_chosen",
        "notice_settings",
    ] {
        let refused = invoke(&other, command, json!({ "since": 0 })).await.expect_err("refused");
        assert!(refused.to_string().contains("not allowed"), "{refused}");
    }
    assert!(desk.app.get_webview_window("main").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_may_ask_nothing_of_tauri_itself() {
    let desk = Desk::new().await;
    for command in ["plugin:window|close", "plugin:event|listen", "plugin:webview|print"] {
        assert!(invoke(&desk.page, command, json!({})).await.is_err(), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_environment_names_the_server_no_others_are_offered() {
    let desk = Desk::new().await;
    assert_eq!(invoke(&desk.page, "list_servers", json!({ "since": 0 })).await, Ok(json!("")));
    let chosen =
        invoke(&desk.page, "choose_server", json!({ "id": "another", "prepare": false })).await;
    assert_eq!(chosen.expect_err("an error")["message"], "this server is not in the list");
    let draft = json!({ "url": "http://127.0.0.1:1", "token": "t" }).to_string();
    let tried = invoke(&desk.page, "try_server", json!({ "draft": draft, "keep": true })).await;
    assert!(tried.expect("a verdict").as_str().expect("text").contains("notKept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_sends_of_a_server_is_not_repeated_where_it_cannot_be_read() {
    let desk = Desk::new().await;
    let draft = r#"{"token":"s3cr3t","url":5}"#;
    let tried = invoke(&desk.page, "try_server", json!({ "draft": draft, "keep": true })).await;
    let error = tried.expect_err("an error").to_string();
    assert!(!error.contains("s3cr3t") && error.contains("another release"), "{error}");
}

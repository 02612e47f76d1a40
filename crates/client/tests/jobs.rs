//! Requests about jobs.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod script;

use bytes::Bytes;
use script::{Peer, Script, patiently};
use serde_json::{Value, json};
use tidings_client::{Client, ClientError, JobsQuery, ResultError};
use tidings_protocol::api::ErrorCode;
use tidings_protocol::job::{JobPatch, JobState, NewJob, Percent};

const ID: &str = "owner~0199c0de";

fn job() -> Value {
    json!({
        "id": ID, "userId": "owner", "kind": "reported", "name": "nightly", "host": "den",
        "state": "running", "version": 3, "progress": 12.5, "message": "", "lines": 2,
        "createdAt": 1, "startedAt": 1, "updatedAt": 2, "endedAt": null, "cancelRequested": true
    })
}

/// Asks, and answers what is asked for.
async fn asked<T: Send + 'static>(
    ask: impl AsyncFnOnce(Client) -> T,
    line: &str,
    status: &str,
    body: &str,
) -> (T, Peer) {
    let script = Script::new().await;
    let client = script.client();
    let serve = async {
        let mut peer = script.accept().await;
        assert_eq!(peer.request.lines().next(), Some(&*format!("{line} HTTP/1.1")));
        assert_eq!(peer.header("authorization"), Some("Bearer secret"));
        if !body.is_empty() || status != "204 No Content" {
            let length = body.len();
            peer.send(&format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}"))
                .await;
        } else {
            peer.send(&format!("HTTP/1.1 {status}\r\n\r\n")).await;
        }
        peer
    };
    let (found, peer) = tokio::join!(ask(client), serve);
    (found, peer)
}

#[tokio::test]
async fn a_page_of_jobs_is_asked_for_by_what_it_should_hold() {
    let page = json!({ "jobs": [job()], "next": ID }).to_string();
    for (query, line) in [
        (JobsQuery::default(), "GET /api/jobs"),
        (JobsQuery { active: Some(true), ..JobsQuery::default() }, "GET /api/jobs?state=active"),
        (
            JobsQuery { active: Some(false), before: Some(ID.to_owned()), limit: Some(7) },
            "GET /api/jobs?state=ended&before=owner%7E0199c0de&limit=7",
        ),
    ] {
        let (found, _) =
            asked(async |client| client.jobs(&query).await, line, "200 OK", &page).await;
        let page = found.unwrap();
        assert_eq!((page.jobs.len(), page.next.as_deref()), (1, Some(ID)));
        assert_eq!(page.jobs[0].progress, Some(Percent::of_tenths(125)));
    }
}

#[tokio::test]
async fn a_job_is_asked_for_by_its_id_whatever_that_holds() {
    for (id, segment) in
        [(ID, "owner~0199c0de"), ("../tokens", "..%2Ftokens"), ("a b?c#d", "a%20b%3Fc%23d")]
    {
        let line = format!("GET /api/jobs/{segment}");
        let body = job().to_string();
        let (found, _) = asked(async |client| client.job(id).await, &line, "200 OK", &body).await;
        assert!(found.unwrap().cancel_requested);
    }
}

#[tokio::test]
async fn the_kinds_are_listed() {
    let body = r#"{"kinds":[{"kind":"scan","title":"Disk use","description":"","args":[]}]}"#;
    let (found, _) =
        asked(async |client| client.kinds().await, "GET /api/process", "200 OK", body).await;
    assert_eq!(found.unwrap().kinds[0].kind, "scan");
}

#[tokio::test]
async fn a_report_says_what_is_new_and_nothing_else() {
    let new = NewJob { name: "nightly".to_owned(), lease_seconds: Some(30), ..NewJob::default() };
    let body = job().to_string();
    let (found, mut peer) =
        asked(async |client| client.report_job(&new).await, "POST /api/jobs", "201 Created", &body)
            .await;
    assert_eq!(found.unwrap().id, ID);
    let sent: Value = serde_json::from_str(&peer.body().await).unwrap();
    assert_eq!(sent, json!({ "name": "nightly", "leaseSeconds": 30 }));

    for (patch, json) in [
        (JobPatch::default(), json!({})),
        (JobPatch { progress: Some(None), ..JobPatch::default() }, json!({ "progress": null })),
        (
            JobPatch {
                state: Some(JobState::Cancelled),
                exit_code: Some(20),
                ..JobPatch::default()
            },
            json!({ "state": "cancelled", "exitCode": 20 }),
        ),
    ] {
        let (found, mut peer) = asked(
            async |client| client.patch_job(ID, &patch).await,
            "PATCH /api/jobs/owner~0199c0de",
            "200 OK",
            &body,
        )
        .await;
        assert!(found.unwrap().cancel_requested);
        let sent: Value = serde_json::from_str(&peer.body().await).unwrap();
        assert_eq!(sent, json);
    }
}

#[tokio::test]
async fn an_end_is_asked_for_and_what_has_ended_is_removed() {
    let body = job().to_string();
    let line = "DELETE /api/jobs/owner~0199c0de";
    let (found, _) =
        asked(async |client| client.cancel_job(ID).await, line, "202 Accepted", &body).await;
    assert_eq!(found.unwrap().id, ID);
    let line = "DELETE /api/jobs/owner~0199c0de?remove=true";
    let (found, _) =
        asked(async |client| client.remove_job(ID).await, line, "204 No Content", "").await;
    found.unwrap();

    let refusal = r#"{"error":{"code":"job_ended","message":"it has ended"}}"#;
    let line = "DELETE /api/jobs/owner~0199c0de";
    let (found, _) =
        asked(async |client| client.cancel_job(ID).await, line, "409 Conflict", refusal).await;
    let ClientError::Status { status: 409, detail: Some(detail), .. } = found.unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(detail.code, ErrorCode::JobEnded);
}

#[tokio::test]
async fn lines_are_asked_for_from_a_number_on() {
    let body = r#"{"lines":[{"n":7,"at":1,"text":"a","cut":true}],"next":8}"#;
    let line = "GET /api/jobs/owner~0199c0de/log?after=7";
    let (found, _) = asked(async |client| client.job_log(ID, 7).await, line, "200 OK", body).await;
    let page = found.unwrap();
    assert_eq!((page.next, &*page.lines[0].text, page.lines[0].cut), (8, "a", true));
}

#[tokio::test]
async fn a_result_is_taken_up_to_a_size() {
    let line = "GET /api/jobs/owner~0199c0de/result";
    let (found, _) =
        asked(async |client| client.job_result(ID, 4).await, line, "200 OK", "1234").await;
    assert_eq!(found.unwrap(), Bytes::from_static(b"1234"));
    let (found, _) =
        asked(async |client| client.job_result(ID, 3).await, line, "200 OK", "1234").await;
    assert!(matches!(found, Err(ClientError::TooLarge(3))), "{found:?}");
}

#[tokio::test]
async fn a_result_of_any_size_is_written_as_it_comes() {
    let script = Script::new().await;
    let client = script.client();
    let (mut ours, theirs) = tokio::io::duplex(1 << 10);
    let fetching = tokio::spawn(async move {
        let mut theirs = theirs;
        client.job_result_to(ID, &mut theirs).await
    });
    let mut peer = script.accept().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n").await;
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut ours, &mut all).await.map(|_| all)
    });
    for _ in 0..3 {
        peer.send(&"x".repeat(1_000_000)).await;
    }
    assert_eq!(patiently(fetching).await.unwrap().unwrap(), 3_000_000);
    assert_eq!(patiently(reading).await.unwrap().unwrap().len(), 3_000_000);
}

#[tokio::test]
async fn half_a_result_is_none() {
    let script = Script::new().await;
    let client = script.client();
    let fetching = tokio::spawn(async move {
        let mut kept = Vec::new();
        client.job_result_to(ID, &mut kept).await
    });
    let mut peer = script.accept().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    drop(peer);
    let error = patiently(fetching).await.unwrap().unwrap_err();
    assert!(matches!(error, ResultError::Client(ClientError::Network(_))), "{error}");
}

#[tokio::test]
async fn a_result_that_cannot_be_written_says_so() {
    let script = Script::new().await;
    let client = script.client();
    let fetching = tokio::spawn(async move {
        let (mut gone, reader) = tokio::io::duplex(1);
        drop(reader);
        client.job_result_to(ID, &mut gone).await
    });
    let mut peer = script.accept().await;
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalf").await;
    let error = patiently(fetching).await.unwrap().unwrap_err();
    assert!(matches!(error, ResultError::Write(_)), "{error}");
}

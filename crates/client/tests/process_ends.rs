//! A job that a request starts: refusals, streams that break, and more than is taken.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod following;
mod script;
mod tape;

use std::time::Duration;

use bytes::Bytes;
use following::{
    COMPLETE, FIRST, HEAD, LATER, all, answer, first, run, run_by, run_with, start, whole,
    whole_bytes,
};
use script::{Script, patiently};
use serde_json::json;
use tape::{Answer, Tape};
use tidings_client::{ClientError, ProcessError, ProcessEvent, ProcessLimits, ProcessOptions};
use tidings_protocol::api::ErrorCode;

#[tokio::test]
async fn a_stream_that_ends_before_the_job_is_never_a_success() {
    let tape = Tape::default();
    let client = tape.client();
    let text = [FIRST, LATER, COMPLETE].concat();
    for length in 0..text.len() {
        let answer = whole_bytes(&text.as_bytes()[..length]);
        let (told, error) = run_by(&tape, &client, answer, ProcessOptions::default()).await;
        assert!(matches!(error, Some(ProcessError::Interrupted(None))), "{length}: {error:?}");
        assert!(told.iter().all(|event| matches!(event, ProcessEvent::Progress(_))), "{length}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_says_why() {
    let script = Script::new().await;
    let client = script.client();
    let starting = tokio::spawn(async move { start(&client, ProcessOptions::default()).await });
    let mut peer = script.accept().await;
    // Promises more than it sends.
    peer.send(&HEAD.replace("\r\n\r\n", "\r\ncontent-length: 9999\r\n\r\n")).await;
    peer.send(FIRST).await;
    drop(peer);
    let mut process = patiently(starting).await.unwrap().unwrap();
    let (told, error) = all(&mut process).await;
    assert_eq!(told, [first()]);
    assert!(matches!(error, Some(ProcessError::Interrupted(Some(_)))), "{error:?}");
}

#[tokio::test]
async fn too_long_a_line_event_or_result_is_refused_and_one_at_the_limit_is_not() {
    let defaults = ProcessLimits::default();
    let line = format!("data: {{\"progress\":1,\"message\":\"{}\"}}", "x".repeat(500));
    let event = "data: {\ndata: \"progress\":1,\ndata: \"message\":\"\"}\n\n";
    let result = format!("{{\"success\":true,\"result\":\"{}\"}}", "x".repeat(500));
    for (text, limits, least) in [
        (format!("{line}\n\n{COMPLETE}"), ProcessLimits { line: line.len(), ..defaults }, true),
        (
            format!("{line}\n\n{COMPLETE}"),
            ProcessLimits { line: line.len() - 1, ..defaults },
            false,
        ),
        (format!("{event}{COMPLETE}"), ProcessLimits { event: 40, ..defaults }, true),
        (format!("{event}{COMPLETE}"), ProcessLimits { event: 20, ..defaults }, false),
        (
            format!("event: complete\ndata: {result}\n\n"),
            ProcessLimits { result: result.len(), ..defaults },
            true,
        ),
        (
            format!("event: complete\ndata: {result}\n\n"),
            ProcessLimits { result: result.len() - 1, ..defaults },
            false,
        ),
    ] {
        let options = ProcessOptions { limits, ..ProcessOptions::default() };
        let (told, error) = run_with(whole(&text), options).await;
        if least {
            assert!(error.is_none(), "{limits:?}: {error:?}");
            assert!(matches!(told.last(), Some(ProcessEvent::Complete(_))), "{limits:?}");
        } else {
            assert!(matches!(error, Some(ProcessError::TooLarge)), "{limits:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_line_without_end_is_not_kept() {
    let script = Script::new().await;
    let client = script.client();
    let limits = ProcessLimits { line: 1 << 20, ..ProcessLimits::default() };
    let options = ProcessOptions { limits, ..ProcessOptions::default() };
    let starting = tokio::spawn(async move { start(&client, options).await });
    let mut peer = script.accept().await;
    peer.send(HEAD).await;
    peer.send("data: ").await;
    let mut process = patiently(starting).await.unwrap().unwrap();
    let (sent, (told, error)) =
        tokio::join!(async { peer.send_for_ever(&"x".repeat(64 << 10)).await }, all(&mut process));
    assert!(sent < 32 << 20, "{sent} bytes were taken");
    assert!(told.is_empty());
    assert!(matches!(error, Some(ProcessError::TooLarge)), "{error:?}");
}

#[tokio::test]
async fn a_refusal_keeps_its_status_its_code_and_its_wait() {
    for (status, code, name) in [
        (400, ErrorCode::UnknownKind, "unknown_kind"),
        (400, ErrorCode::MissingArgument, "missing_argument"),
        (400, ErrorCode::InvalidArgument, "invalid_argument"),
        (403, ErrorCode::OutsideRoots, "outside_roots"),
        (401, ErrorCode::Unauthorized, "unauthorized"),
        (503, ErrorCode::QueueFull, "queue_full"),
        (500, ErrorCode::Unknown, "of_a_newer_server"),
    ] {
        let body = json!({ "error": { "code": name, "message": "why" } }).to_string();
        let refusal = Answer {
            headers: vec![("retry-after", "7".to_owned())],
            chunks: vec![Bytes::from(body)],
            ..Answer::status(status)
        };
        let error = run(refusal).await.1.expect("an error");
        let ProcessError::Client(ClientError::Status { status: found, detail, retry_after }) =
            error
        else {
            panic!("{error}")
        };
        let detail = detail.expect("a detail");
        assert_eq!((found, detail.code, &*detail.message), (status, code, "why"));
        assert_eq!(retry_after, Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn an_answer_that_is_no_stream_of_a_job_is_an_error() {
    let page = Answer {
        headers: vec![("content-type", "text/html".to_owned())],
        chunks: vec![Bytes::from_static(b"<html>")],
        ..Answer::status(200)
    };
    let squeezed = {
        let mut answer = whole(FIRST);
        answer.headers.push(("content-encoding", "gzip".to_owned()));
        answer
    };
    for answer in [page, squeezed] {
        let error = run(answer).await.1;
        let unexpected = ProcessError::Client(ClientError::Unexpected(String::new()));
        let found = error.expect("an error");
        assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&unexpected), "{found}");
    }
    let error = run(Answer::redirect(307, "http://elsewhere.test/api/process")).await.1;
    assert!(
        matches!(error, Some(ProcessError::Client(ClientError::Redirect { status: 307, .. }))),
        "{error:?}"
    );
}

#[tokio::test]
async fn messages_of_no_protocol_are_an_error_and_not_an_end() {
    for text in [
        "data: soon\n\n",
        "data: {}\n\n",
        "data: {\"progress\":101,\"message\":\"\"}\n\n",
        "event: complete\ndata: {}\n\n",
        "event: complete\ndata: {\"success\":false,\"result\":1}\n\n",
        "event: error\ndata: oh\n\n",
    ] {
        let (told, error) = run(whole(&[FIRST, text, COMPLETE].concat())).await;
        assert_eq!(told, [first()], "{text}");
        assert!(matches!(error, Some(ProcessError::Unexpected(_))), "{text}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn three_heartbeats_of_silence_are_an_end_and_any_byte_is_a_sign_of_life() {
    let options = ProcessOptions { heartbeat: Duration::from_secs(5), ..ProcessOptions::default() };
    let beats = [FIRST, ": heartbeat\n\n", ":", " heart", "beat\n", "\n", "da"];
    let answer = Answer {
        pause: Duration::from_secs(14),
        stays_open: true,
        ..answer(beats.map(|beat| Bytes::from_static(beat.as_bytes())))
    };
    let begun = tokio::time::Instant::now();
    let (told, error) = run_with(answer, options).await;
    assert_eq!(told, [first()]);
    let Some(ProcessError::Silent(silence)) = error else { panic!("{error:?}") };
    assert_eq!(silence, Duration::from_secs(15));
    let waited = begun.elapsed().as_secs();
    assert_eq!(waited, beats.len() as u64 * 14 + 15);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    let client = Tape::default().client();
    let error = start(&client, ProcessOptions::default()).await.unwrap_err();
    assert!(matches!(error, ProcessError::Client(ClientError::Network(_))), "{error}");
}

//! A job that a request starts: what its stream says, however it is cut. How it may end badly is in `process_ends.rs`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod following;
mod script;
mod tape;

use bytes::Bytes;
use following::{
    COMPLETE, FAILED, FIRST, HEAD, ID, LATER, all, answer, first, later, run, run_by, start, whole,
    whole_bytes,
};
use script::{Script, patiently};
use serde_json::{Value, json};
use tape::{Answer, Tape, cuts};
use tidings_client::{ProcessError, ProcessEvent, ProcessOptions};
use tidings_protocol::job::{Failed, FailedBecause};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_request_says_what_is_to_be_done_and_the_answer_names_the_job() {
    for (cancel_on_disconnect, line) in [
        (false, "POST /api/process HTTP/1.1"),
        (true, "POST /api/process?cancelOnDisconnect=true HTTP/1.1"),
    ] {
        let script = Script::new().await;
        let client = script.client();
        let options = ProcessOptions { cancel_on_disconnect, ..ProcessOptions::default() };
        let starting = tokio::spawn(async move { start(&client, options).await });
        let mut peer = script.accept().await;
        assert_eq!(peer.request.lines().next(), Some(line));
        assert_eq!(peer.header("authorization"), Some("Bearer secret"));
        assert_eq!(peer.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_str(&peer.body().await).unwrap();
        assert_eq!(body, json!({ "kind": "scan", "args": { "path": "/usr" } }));
        peer.send(HEAD).await;
        let mut process = patiently(starting).await.unwrap().unwrap();
        assert_eq!(process.id(), ID);

        peer.send(FIRST).await;
        assert_eq!(patiently(process.next()).await.unwrap().unwrap(), first());
        peer.send(": heartbeat\n\n").await;
        peer.send(COMPLETE).await;
        let complete = ProcessEvent::Complete(json!({ "bytes": 7 }));
        assert_eq!(patiently(process.next()).await.unwrap().unwrap(), complete);
        assert!(process.next().await.is_none());
        // Nobody waits for the server to close.
        peer.closed().await;
    }
}

#[tokio::test]
async fn what_is_told_is_the_same_however_it_is_cut() {
    let tape = Tape::default();
    let client = tape.client();
    for (last, event) in [
        (COMPLETE, ProcessEvent::Complete(json!({ "bytes": 7 }))),
        (
            FAILED,
            ProcessEvent::Failed(Failed {
                error: "no".to_owned(),
                code: FailedBecause::TimedOut,
                exit_code: Some(3),
            }),
        ),
    ] {
        let text = [FIRST, ": heartbeat\n\n", "event: other\ndata: 1\n\n", LATER, last].concat();
        for chunks in cuts(&Bytes::from(text)) {
            let answer = answer(chunks.clone());
            let (told, error) = run_by(&tape, &client, answer, ProcessOptions::default()).await;
            assert!(error.is_none(), "{error:?} of {chunks:?}");
            assert_eq!(told, [first(), later(), event.clone()], "{chunks:?}");
        }
    }
}

#[tokio::test]
async fn what_is_behind_the_end_is_not_heard() {
    let (told, error) = run(whole(&[FIRST, COMPLETE, FAILED, LATER].concat())).await;
    assert_eq!(told, [first(), ProcessEvent::Complete(json!({ "bytes": 7 }))]);
    assert!(error.is_none());
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_end_nothing() {
    let text =
        [b"data: {\"progress\":1,\"message\":\"caf\xe9\"}\n\n", COMPLETE.as_bytes()].concat();
    let (told, error) = run(whole_bytes(&text)).await;
    assert!(error.is_none(), "{error:?}");
    let ProcessEvent::Progress(update) = &told[0] else { panic!("{told:?}") };
    assert_eq!(update.message, "caf\u{fffd}");
}

#[tokio::test]
async fn a_result_may_be_null() {
    let (told, error) =
        run(whole("event: complete\ndata: {\"success\":true,\"result\":null}\n\n")).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(told, [ProcessEvent::Complete(Value::Null)]);
}

#[tokio::test]
async fn without_a_location_the_first_message_names_the_job() {
    for location in [None, Some("/api/jobs/"), Some("/api/jobs/a%20b"), Some("elsewhere")] {
        let mut answer = Answer::stream([Bytes::from([FIRST, COMPLETE].concat())]);
        answer.headers.extend(location.map(|location| ("location", location.to_owned())));
        let client = Tape::of([answer]).client();
        let mut process = start(&client, ProcessOptions::default()).await.unwrap();
        assert_eq!(process.id(), ID);
        assert_eq!(patiently(process.next()).await.unwrap().unwrap(), first(), "it is told too");
    }
    let nameless = Answer::stream([Bytes::from([LATER, COMPLETE].concat())]);
    let error = run(nameless).await.1;
    assert!(matches!(error, Some(ProcessError::Unexpected(_))), "{error:?}");
}

#[tokio::test]
async fn dropping_a_process_ends_the_request() {
    let script = Script::new().await;
    let client = script.client();
    let starting = tokio::spawn(async move { start(&client, ProcessOptions::default()).await });
    let mut peer = script.accept().await;
    peer.send(HEAD).await;
    peer.send(FIRST).await;
    let process = patiently(starting).await.unwrap().unwrap();
    drop(process);
    peer.closed().await;
}

#[tokio::test]
async fn whoever_waits_may_stop_at_any_time() {
    // Before the answer.
    let script = Script::new().await;
    let client = script.client();
    let stop = CancellationToken::new();
    let options = ProcessOptions { stop: stop.clone(), ..ProcessOptions::default() };
    let starting = tokio::spawn(async move { start(&client, options).await });
    let mut peer = script.accept().await;
    stop.cancel();
    let error = patiently(starting).await.unwrap().unwrap_err();
    assert!(matches!(error, ProcessError::Stopped), "{error}");
    peer.closed().await;

    // Behind it.
    let client = script.client();
    let stop = CancellationToken::new();
    let options = ProcessOptions { stop: stop.clone(), ..ProcessOptions::default() };
    let starting = tokio::spawn(async move { start(&client, options).await });
    let mut peer = script.accept().await;
    peer.send(HEAD).await;
    peer.send(FIRST).await;
    let mut process = patiently(starting).await.unwrap().unwrap();
    assert_eq!(patiently(process.next()).await.unwrap().unwrap(), first());
    let waiting = tokio::spawn(async move { (all(&mut process).await, process) });
    stop.cancel();
    let ((told, error), _process) = patiently(waiting).await.unwrap();
    assert!(told.is_empty());
    assert!(matches!(error, Some(ProcessError::Stopped)), "{error:?}");
    peer.closed().await;
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let text = Bytes::from([FIRST, LATER, COMPLETE].concat());
    let bytewise: Vec<_> = (0..text.len()).map(|at| text.slice(at..=at)).collect();
    let client = Tape::of([answer(bytewise)]).client();
    let mut process = start(&client, ProcessOptions::default()).await.unwrap();
    let mut told = Vec::new();
    loop {
        let event = tokio::select! {
            biased;
            event = process.next() => event,
            () = tokio::task::yield_now() => continue,
        };
        let Some(event) = event else { break };
        told.push(event.unwrap());
    }
    assert_eq!(told, [first(), later(), ProcessEvent::Complete(json!({ "bytes": 7 }))]);
}

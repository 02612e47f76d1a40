//! What a subscription makes of an answer before it reads a byte of it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod script;
mod tape;

use std::time::Duration;

use bytes::Bytes;
use script::{CONNECTED, Script, live, patiently, reconnecting, until};
use tape::{Answer, Tape};
use tidings_client::Subscription;
use tidings_feed::{Cause, State};

/// A stream that stays open behind its first frame.
fn open(content_type: &str) -> Answer {
    let headers = vec![("content-type", content_type.to_owned())];
    Answer {
        headers,
        stays_open: true,
        ..Answer::stream([Bytes::from_static(CONNECTED.as_bytes())])
    }
}

/// The state that an answer leads to first, and its cause.
async fn state_after(subscription: &mut Subscription) -> (State, Option<Cause>) {
    loop {
        let status = patiently(subscription.next()).await.status;
        if status.state != State::Connecting {
            return (status.state, status.cause);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_other_than_200_ends_it_or_is_tried_again() {
    let stops = [201, 202, 204, 205, 206, 210, 299, 400, 404, 405, 406, 410, 414, 431];
    let refuses = [401, 403];
    let waits = [300, 304, 305, 408, 409, 425, 429, 500, 502, 503, 504];
    for code in stops.into_iter().chain(refuses).chain(waits) {
        let tape = Tape::of([Answer { status: code, ..open("text/event-stream") }]);
        let mut subscription = tape.client().subscribe(&[]);
        let (state, cause) = state_after(&mut subscription).await;
        assert_eq!(cause, Some(Cause::Status { code }));
        tokio::time::sleep(Duration::from_secs(60)).await;
        let asked_again = tape.asked() > 1;
        if waits.contains(&code) {
            assert!(reconnecting(state) && asked_again, "{code}: {state:?}");
        } else {
            let expected =
                if refuses.contains(&code) { State::Unauthorized } else { State::Incompatible };
            assert_eq!((state, asked_again), (expected, false), "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_live_and_answers_204_is_not_asked_again() {
    let first = Answer { stays_open: false, ..open("text/event-stream") };
    let tape = Tape::of([first, Answer::status(204)]);
    let mut subscription = tape.client().subscribe(&[]);
    until(&mut subscription, |state| state == State::Incompatible).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tape.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_content_type_may_have_parameters_and_any_case_and_nothing_else() {
    for (content_type, is_stream) in [
        ("text/event-stream", true),
        ("text/event-stream;", true),
        ("text/event-stream ; charset=utf-8", true),
        ("text/event-stream;charset=windows-1252", true),
        ("TEXT/Event-Stream;x=y", true),
        (" text/event-stream ", true),
        ("text/event-stream-x", false),
        ("text/event-stream,text/html", false),
        ("text/html;text/event-stream", false),
        ("text/event", false),
        ("text/x-event-stream", false),
        ("application/json", false),
        ("", false),
    ] {
        let tape = Tape::of([open(content_type)]);
        let mut subscription = tape.client().subscribe(&[]);
        let (state, cause) = state_after(&mut subscription).await;
        let expected = if is_stream { State::Live } else { State::Incompatible };
        assert_eq!(state, expected, "{content_type:?}: {cause:?}");
        assert_eq!(cause.is_some(), !is_stream);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(tape.asked(), 1, "{content_type:?} is not asked for again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_stream_is_refused_by_name() {
    for (encoding, is_stream) in [("gzip", false), ("br", false), ("identity", true)] {
        let mut answer = open("text/event-stream");
        answer.headers.push(("content-encoding", encoding.to_owned()));
        let mut subscription = Tape::of([answer]).client().subscribe(&[]);
        let (state, cause) = state_after(&mut subscription).await;
        if is_stream {
            assert_eq!(state, State::Live);
        } else {
            let Some(Cause::NotAStream { detail }) = cause else { panic!("{cause:?}") };
            assert!(state == State::Incompatible && detail.contains(encoding), "{detail}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_redirect_is_followed_and_keeps_the_cursor() {
    for status in [301, 302, 303, 307, 308] {
        let first = Answer { stays_open: false, ..open("text/event-stream") };
        let moved = Answer::redirect(status, "/elsewhere/events?unnamed=1");
        let tape = Tape::of([first, moved, open("text/event-stream")]);
        let mut subscription = tape.client().subscribe(&[]);
        until(&mut subscription, reconnecting).await;
        until(&mut subscription, live).await;
        let requests = tape.requests();
        assert_eq!(requests[2].uri(), "http://hub.test/elsewhere/events?unnamed=1");
        assert_eq!(requests[2].method(), "GET");
        for (name, value) in [
            ("authorization", "Bearer secret"),
            ("last-event-id", "0000002a-5"),
            ("accept", "text/event-stream"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(tape.header(2, name).as_deref(), Some(value), "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_followed_for_one_attempt_only() {
    let moved = || Answer::redirect(308, "/elsewhere");
    let ended = Answer { stays_open: false, ..open("text/event-stream") };
    let tape = Tape::of([moved(), ended, moved(), open("text/event-stream")]);
    let mut subscription = tape.client().subscribe(&[]);
    until(&mut subscription, reconnecting).await;
    until(&mut subscription, live).await;
    let paths: Vec<_> = tape.requests().iter().map(|r| r.uri().path().to_owned()).collect();
    assert_eq!(paths, ["/api/events", "/elsewhere", "/api/events", "/elsewhere"]);
}

#[tokio::test(start_paused = true)]
async fn the_token_goes_to_no_other_server_not_even_by_a_way_back() {
    let tape = Tape::of([
        Answer::redirect(307, "http://other.test/events"),
        Answer::redirect(307, "http://hub.test/events"),
        open("text/event-stream"),
    ]);
    let mut subscription = tape.client().subscribe(&[]);
    until(&mut subscription, live).await;
    let sent: Vec<_> = (0..3).map(|n| tape.header(n, "authorization").is_some()).collect();
    assert_eq!(sent, [true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_moved_and_wants_a_token_is_told_by_its_address() {
    for refused in [401, 403] {
        let moved = Answer::redirect(308, "https://other.test/events");
        let tape = Tape::of([moved, Answer::status(refused)]);
        let mut subscription = tape.client().subscribe(&[]);
        let (state, cause) = state_after(&mut subscription).await;
        let Some(Cause::Network { detail }) = cause else { panic!("{cause:?}") };
        assert!(reconnecting(state) && detail.contains("https://other.test"), "{detail}");
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_in_a_circle_and_to_nowhere_end_the_attempt() {
    let circle = || (0..10).map(|_| Answer::redirect(302, "/api/events"));
    let tape = Tape::of(circle());
    let mut subscription = tape.client().subscribe(&[]);
    let (state, cause) = state_after(&mut subscription).await;
    assert!(reconnecting(state), "{state:?}");
    assert_eq!(cause, Some(Cause::Status { code: 302 }));
    assert_eq!(tape.asked(), 6, "the first request and five redirects");

    for nowhere in ["file:///etc/passwd", "http://", "data:text/event-stream,data:x"] {
        let tape = Tape::of([Answer::redirect(302, nowhere)]);
        let mut subscription = tape.client().subscribe(&[]);
        let (state, cause) = state_after(&mut subscription).await;
        assert!(reconnecting(state), "{state:?}");
        assert!(matches!(cause, Some(Cause::Network { .. })), "{cause:?}");
        assert_eq!(tape.asked(), 1);
    }
}

#[tokio::test]
async fn a_redirect_over_sockets_does_not_take_the_token_elsewhere() {
    let script = Script::new().await;
    let elsewhere = Script::new().await;
    let mut subscription = script.subscribe();
    let location = format!("location: {}events\r\n", elsewhere.config().server);
    script.accept().await.answer("307 Temporary Redirect", &location).await;
    let peer = elsewhere.open().await;
    assert!(peer.request.starts_with("GET /events HTTP/1.1\r\n"), "{}", peer.request);
    assert_eq!(peer.header("authorization"), None);
    assert_eq!(peer.header("accept"), Some("text/event-stream"));
    until(&mut subscription, live).await;
}

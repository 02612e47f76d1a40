//! Every transition of the state machine, with time handed in.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use std::time::Duration;

use bench::{Bench, HEARTBEAT, connected, connected_by, event, gap, heartbeat, id};
use tidings_feed::{Cause, Command, Failure, Input, State, decode};
use tidings_protocol::event::EventId;

#[test]
fn the_first_message_makes_a_connection_live() {
    let bench = Bench::open();
    assert_eq!(bench.feed.status(bench.now).server_version.as_deref(), Some("0.1.0"));
    assert_eq!(bench.cause(), None);
}

#[test]
fn a_live_feed_turns_stale_at_two_heartbeats_of_silence() {
    let mut bench = Bench::open();
    bench.pass(Duration::from_secs(2 * HEARTBEAT) - Duration::from_millis(1));
    assert_eq!(bench.state(), State::Live);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.tick(), None, "a stale connection stays open");
    assert_eq!(bench.state(), State::Stale);
    assert_eq!(bench.feed.status(bench.now + Duration::from_secs(1)).for_ms, 1000);
}

#[test]
fn any_bytes_make_a_stale_feed_live_again() {
    let message = event(1);
    let beat = heartbeat();
    for input in [Input::Activity, Input::Message(&message), Input::Message(&beat)] {
        let mut bench = Bench::open();
        bench.seconds(2 * HEARTBEAT);
        assert_eq!(bench.input(input), None);
        assert_eq!(bench.state(), State::Live);
        bench.seconds(2 * HEARTBEAT - 1);
        assert_eq!(bench.state(), State::Live, "the deadline counts from the last bytes");
    }
}

#[test]
fn a_silent_connection_is_given_up_at_three_heartbeats() {
    let mut bench = Bench::open();
    bench.seconds(3 * HEARTBEAT - 1);
    assert_eq!(bench.tick(), None);
    bench.seconds(1);
    assert_eq!(bench.tick(), Some(Command::Close));
    assert!(matches!(bench.state(), State::Reconnecting { .. }));
    assert_eq!(bench.cause(), Some(Cause::Silence));
}

#[test]
fn an_attempt_is_given_up_at_the_connect_timeout() {
    let mut bench = Bench::connecting();
    bench.pass(Duration::from_millis(9_999));
    assert_eq!(bench.input(Input::Activity), None);
    assert_eq!(bench.tick(), None);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.tick(), Some(Command::Close), "a comment is no answer");
    assert_eq!(bench.cause(), Some(Cause::Silence));
    assert_eq!(bench.failures(), 1);
}

#[test]
fn a_failure_waits_and_then_tries_again() {
    for (failure, cause) in [
        (Failure::Network("refused".into()), Cause::Network { detail: "refused".into() }),
        (Failure::Closed, Cause::Closed),
        (Failure::Status(500), Cause::Status { code: 500 }),
        (Failure::Status(503), Cause::Status { code: 503 }),
        (Failure::Status(429), Cause::Status { code: 429 }),
        (Failure::Status(302), Cause::Status { code: 302 }),
        (Failure::TooLarge, Cause::TooLarge),
    ] {
        for start in [Bench::connecting, Bench::open] {
            let mut bench = start();
            assert_eq!(bench.fail(failure.clone()), Some(Command::Close));
            let State::Reconnecting { retry_in_ms } = bench.state() else {
                panic!("{failure:?} waits")
            };
            assert!((250..=500).contains(&retry_in_ms), "{retry_in_ms} ms after {failure:?}");
            assert_eq!(bench.cause().as_ref(), Some(&cause));
            assert_eq!(bench.tick(), None, "not before its time");
            assert_eq!(bench.reconnect(), Command::Connect { cursor: None });
            assert_eq!(bench.state(), State::Connecting);
            assert_eq!(bench.cause().as_ref(), Some(&cause), "the cause stays while it tries");
        }
    }
}

#[test]
fn the_countdown_runs_down() {
    let mut bench = Bench::waiting();
    let State::Reconnecting { retry_in_ms: before } = bench.state() else { panic!("waiting") };
    bench.pass(Duration::from_millis(100));
    assert_eq!(bench.state(), State::Reconnecting { retry_in_ms: before - 100 });
    bench.seconds(60);
    assert_eq!(bench.state(), State::Reconnecting { retry_in_ms: 0 });
}

#[test]
fn a_refused_sign_in_stops_until_asked() {
    for code in [401, 403] {
        let bench = Bench::refused(code);
        assert_eq!(bench.state(), State::Unauthorized);
        assert_eq!(bench.cause(), Some(Cause::Status { code }));
        assert_stopped(bench);
    }
}

#[test]
fn what_is_no_tidings_server_stops_until_asked() {
    let html = Failure::NotAStream("text/html".into());
    let refused = [400, 404, 405, 406, 414, 431].map(Failure::Status);
    for failure in refused.into_iter().chain([html]) {
        let mut bench = Bench::connecting();
        assert_eq!(bench.fail(failure), Some(Command::Close));
        assert_eq!(bench.state(), State::Incompatible);
        assert_stopped(bench);
    }
    for first in [event(1), gap(1), heartbeat()] {
        let mut bench = Bench::connecting();
        assert_eq!(bench.message(&first), Some(Command::Close), "{first:?} cannot come first");
        assert_eq!(bench.feed.cursor(), None);
        assert_stopped(bench);
    }
    let mut bench = Bench::connecting();
    assert_eq!(bench.message(&connected_by(2, HEARTBEAT)), Some(Command::Close));
    assert!(matches!(bench.cause(), Some(Cause::NotAStream { .. })));
    assert_stopped(bench);
}

#[test]
fn a_server_heard_before_that_answers_nonsense_is_tried_again() {
    let html = || Failure::NotAStream("text/html".into());
    let resumed = || {
        let mut bench = Bench::open();
        bench.fail(Failure::Closed);
        bench.reconnect();
        bench
    };
    for start in [Bench::open, resumed] {
        for (failure, cause) in [
            (Failure::Status(400), Cause::Status { code: 400 }),
            (Failure::Status(404), Cause::Status { code: 404 }),
            (html(), Cause::NotAStream { detail: "text/html".into() }),
        ] {
            let mut bench = start();
            let before = bench.failures();
            assert_eq!(bench.fail(failure), Some(Command::Close));
            assert!(matches!(bench.state(), State::Reconnecting { .. }), "{cause:?}");
            assert_eq!(bench.cause(), Some(cause));
            assert_eq!(bench.failures(), before + 1, "it backs off");
            assert_eq!(bench.reconnect(), Command::Connect { cursor: None });
        }
    }
    for first in [event(1), gap(1), heartbeat()] {
        let mut bench = resumed();
        assert_eq!(bench.message(&first), Some(Command::Close));
        assert!(matches!(bench.state(), State::Reconnecting { .. }), "{first:?} came first");
    }
}

#[test]
fn a_server_that_says_there_is_no_stream_stops_it_until_asked() {
    for code in [201, 204, 205, 210, 299, 410] {
        for start in [Bench::connecting, Bench::open] {
            let mut bench = start();
            assert_eq!(bench.fail(Failure::Status(code)), Some(Command::Close));
            assert_eq!(bench.state(), State::Incompatible);
            assert_eq!(bench.cause(), Some(Cause::Status { code }));
            assert_stopped(bench);
        }
    }
}

#[test]
fn a_wait_the_server_asks_for_is_kept_within_bounds() {
    for (asked, waits) in [
        (Duration::ZERO, 250..=500),
        (Duration::from_millis(2_000), 2_000..=2_500),
        (Duration::MAX, 30_000..=37_500),
    ] {
        for start in [Bench::connecting, Bench::open] {
            let mut bench = start();
            assert_eq!(bench.input(Input::RetryAfter(asked)), None);
            bench.fail(Failure::Closed);
            let State::Reconnecting { retry_in_ms } = bench.state() else { panic!("waiting") };
            assert!(waits.contains(&retry_in_ms), "{retry_in_ms} ms of {asked:?}");
            assert_eq!(bench.input(Input::Retry), Some(Command::Connect { cursor: None }));
        }
    }
}

#[test]
fn a_server_heard_before_that_speaks_another_protocol_stops_until_asked() {
    for reconnects in [false, true] {
        let mut bench = Bench::open();
        if reconnects {
            bench.fail(Failure::Status(404));
            bench.reconnect();
        }
        assert_eq!(bench.message(&connected_by(2, HEARTBEAT)), Some(Command::Close));
        assert_eq!(bench.state(), State::Incompatible);
        assert_stopped(bench);
    }
}

#[test]
fn a_disconnected_feed_stays_so_until_asked() {
    for start in [Bench::connecting, Bench::open, Bench::waiting, || Bench::refused(401)] {
        let mut bench = start();
        assert_eq!(bench.input(Input::Disconnect), Some(Command::Close));
        assert_eq!(bench.state(), State::Offline);
        assert_eq!(bench.cause(), None);
        assert_stopped(bench);
    }
}

/// Nothing but a person moves a stopped feed.
fn assert_stopped(mut bench: Bench) {
    let state = bench.state();
    assert_eq!(bench.feed.next_deadline(bench.now), None);
    bench.seconds(3600);
    let late = [Input::Tick, Input::Activity, Input::Failed(Failure::Closed)];
    for input in late {
        assert_eq!(bench.input(input), None);
        assert_eq!(bench.state(), state);
    }
    assert_eq!(bench.message(&connected()), None);
    assert_eq!(bench.message(&event(9)), None);
    assert_eq!(bench.input(Input::FrameId(EventId { epoch: 1, seq: 1 })), None);
    assert_eq!(bench.state(), state);
    assert_eq!(bench.feed.cursor(), None);
    assert_eq!(bench.input(Input::Retry), Some(Command::Connect { cursor: None }));
    assert_eq!(bench.state(), State::Connecting);
}

#[test]
fn retry_connects_now_from_every_state_and_forgets_the_failures() {
    let states = [Bench::connecting, Bench::open, Bench::waiting, Bench::offline];
    for start in states.into_iter().chain([|| Bench::refused(401), || Bench::refused(404)]) {
        let mut bench = start();
        assert_eq!(bench.input(Input::Retry), Some(Command::Connect { cursor: None }));
        assert_eq!(bench.state(), State::Connecting);
        assert_eq!(bench.failures(), 0);
    }
}

#[test]
fn waits_grow_until_a_connection_settles() {
    let mut bench = Bench::connecting();
    let mut waits = Vec::new();
    for _ in 0..9 {
        bench.fail(Failure::Closed);
        let State::Reconnecting { retry_in_ms } = bench.state() else { panic!("waiting") };
        waits.push(retry_in_ms);
        bench.reconnect();
    }
    for (n, wait) in waits.iter().enumerate() {
        let full = (500 << n).min(30_000);
        assert!((full / 2..=full).contains(wait), "wait {n} is {wait} ms");
    }
    assert_eq!(bench.failures(), 9);

    bench.message(&connected());
    bench.pass(Duration::from_millis(4_999));
    assert_eq!(bench.failures(), 9, "too young to count");
    bench.fail(Failure::Closed);
    assert_eq!(bench.failures(), 10, "a server that drops every client at once is not hammered");

    bench.reconnect();
    bench.message(&connected());
    bench.seconds(5);
    assert_eq!(bench.failures(), 0);
    bench.fail(Failure::Closed);
    assert_eq!(bench.failures(), 1);
}

#[test]
fn a_connection_that_settled_and_fell_silent_begins_with_the_shortest_wait() {
    let mut bench = Bench::waiting();
    for _ in 0..5 {
        bench.reconnect();
        bench.fail(Failure::Closed);
    }
    bench.reconnect();
    bench.message(&connected());
    bench.seconds(3 * HEARTBEAT);
    assert_eq!(bench.tick(), Some(Command::Close));
    assert_eq!(bench.failures(), 1);
}

#[test]
fn late_messages_of_a_connection_given_up_change_nothing() {
    let mut bench = Bench::open();
    bench.message(&event(1));
    bench.seconds(3 * HEARTBEAT);
    bench.tick();
    for late in [event(2), gap(2), connected(), heartbeat()] {
        assert_eq!(bench.message(&late), None);
    }
    assert_eq!(bench.fail(Failure::Closed), None, "its end is no second failure");
    assert!(matches!(bench.state(), State::Reconnecting { .. }));
    assert_eq!(bench.feed.cursor(), id(42, 1));
    assert_eq!(bench.failures(), 1);
}

#[test]
fn a_server_that_promises_an_absurd_heartbeat_is_watched_all_the_same() {
    for (promised, believed) in [(0, 1), (u64::MAX, 3600)] {
        let mut bench = Bench::connecting();
        bench.message(&connected_by(1, promised));
        bench.seconds(2 * believed);
        assert_eq!(bench.state(), State::Stale);
        bench.seconds(believed);
        assert_eq!(bench.tick(), Some(Command::Close));
    }
}

#[test]
fn only_what_was_replayed_has_an_age() {
    let mut bench = Bench::open();
    assert_eq!(bench.feed.age_on_arrival(400), Duration::from_millis(600));
    assert_eq!(bench.feed.age_on_arrival(1000), Duration::ZERO);
    assert_eq!(bench.feed.age_on_arrival(5000), Duration::ZERO);
}

#[test]
fn a_server_whose_clock_is_set_back_tells_nothing_old() {
    const HOUR: u64 = 3_600_000;
    let mut bench = Bench::connecting();
    let connected = |at: u64| {
        let data = r#"{"type":"connected","protocol":1,"serverVersion":"0.1.0","heartbeatSeconds":15,"topics":[],"at":AT}"#;
        decode(&data.replace("AT", &at.to_string())).unwrap()
    };
    bench.message(&connected(2 * HOUR));
    let mut age = |at| bench.feed.age_on_arrival(at);
    assert_eq!(age(2 * HOUR - 400), Duration::from_millis(400), "it was replayed");
    assert_eq!(age(2 * HOUR + 600), Duration::ZERO);
    assert_eq!(age(HOUR + 1_600), Duration::ZERO, "the clock was set back by an hour");
    assert_eq!(age(HOUR + 2_600), Duration::ZERO);
    assert_eq!(age(3 * HOUR), Duration::ZERO, "and forward");
    assert_eq!(age(HOUR / 2), Duration::ZERO, "and back again");
    bench.message(&connected(HOUR));
    assert_eq!(bench.feed.age_on_arrival(HOUR - 60_000), Duration::from_secs(60));
}

#[test]
fn servers_whose_clocks_are_a_little_apart_set_none_back() {
    let mut bench = Bench::open();
    for at in [900, 100, 900] {
        let age = bench.feed.age_on_arrival(at);
        assert_eq!(age, Duration::from_millis(1_000 - at));
    }
}

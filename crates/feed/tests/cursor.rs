//! Where the next connection resumes.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use bench::{Bench, connected, event, gap, gap_without_id, heartbeat, id};
use tidings_feed::{Command, Failure, Input};
use tidings_protocol::event::EventId;

#[test]
fn the_cursor_is_kept_through_reconnects() {
    let mut bench = Bench::open();
    bench.message(&event(7));
    assert_eq!(bench.feed.cursor(), id(42, 7));
    bench.fail(Failure::Closed);
    assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 7) });
    bench.fail(Failure::Status(503));
    assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 7) });
    bench.message(&connected());
    bench.message(&heartbeat());
    assert_eq!(bench.feed.cursor(), id(42, 7), "a heartbeat moves no cursor");
    bench.message(&gap(3));
    assert_eq!(bench.feed.cursor(), id(43, 3), "a gap moves it, into a new epoch too");
    bench.input(Input::Disconnect);
    assert_eq!(bench.input(Input::Retry), Some(Command::Connect { cursor: id(43, 3) }));
}

#[test]
fn a_connection_that_breaks_right_behind_its_first_frame_resumes_from_there() {
    let mut bench = Bench::open();
    bench.input(Input::FrameId(EventId { epoch: 42, seq: 5 }));
    bench.fail(Failure::Closed);
    assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 5) });
}

#[test]
fn a_cursor_the_server_could_not_use_is_kept_until_the_gap_is_told() {
    // A new history, and the old one cut short.
    for offered in [EventId { epoch: 43, seq: 2 }, EventId { epoch: 42, seq: 3 }] {
        let mut bench = Bench::open();
        bench.message(&event(7));
        for _ in 0..2 {
            bench.fail(Failure::Closed);
            assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 7) });
            bench.message(&connected());
            bench.input(Input::FrameId(offered));
            bench.input(Input::Activity);
            bench.tick();
            assert_eq!(bench.feed.cursor(), id(42, 7), "{offered}: nothing was told yet");
        }
        for message in [event(9), gap(9), gap_without_id(), heartbeat()] {
            let mut bench = Bench::open();
            bench.message(&event(7));
            bench.message(&connected());
            bench.input(Input::FrameId(offered));
            bench.message(&message);
            let adopted = message.id().or(Some(offered));
            assert_eq!(bench.feed.cursor(), adopted, "after {message:?}");
            bench.message(&heartbeat());
            assert_eq!(bench.feed.cursor(), adopted, "and only once");
        }
    }
}

#[test]
fn what_one_connection_offered_is_nothing_to_the_next() {
    let mut bench = Bench::open();
    bench.message(&event(7));
    bench.message(&connected());
    bench.input(Input::FrameId(EventId { epoch: 43, seq: 2 }));
    bench.fail(Failure::Closed);
    bench.reconnect();
    bench.message(&connected());
    bench.message(&heartbeat());
    assert_eq!(bench.feed.cursor(), id(42, 7));
}

#[test]
fn a_frame_id_that_repeats_the_cursor_changes_nothing() {
    let mut bench = Bench::open();
    bench.message(&event(7));
    bench.input(Input::FrameId(EventId { epoch: 42, seq: 7 }));
    bench.message(&heartbeat());
    bench.input(Input::FrameId(EventId { epoch: 42, seq: 7 }));
    assert_eq!(bench.feed.cursor(), id(42, 7));
    bench.message(&event(8));
    assert_eq!(bench.feed.cursor(), id(42, 8));
}

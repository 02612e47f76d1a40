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
    assert_eq!(bench.feed.cursor(), id(42, 7), "a heartbeat without an id moves no cursor");
    bench.message(&gap(3));
    assert_eq!(bench.feed.cursor(), id(43, 3), "a gap moves it, into a new epoch too");
    bench.input(Input::Disconnect);
    assert_eq!(bench.input(Input::Retry), Some(Command::Connect { cursor: id(43, 3) }));
}

/// What is sent where the newest figures of a machine that fell silent long ago are followed by events of a topic
/// nobody publishes to now: nothing but the heartbeat says that they were never asked for.
#[test]
fn a_heartbeat_moves_the_cursor_behind_what_there_was_nothing_to_read_of() {
    let mut bench = Bench::connecting();
    let connected = r#"{"type":"connected","protocol":1,"serverVersion":"0.1.0","heartbeatSeconds":15,"topics":["metrics/gone","app/x"],"at":1000}"#;
    let figures = r#"{"type":"update","id":"0000002a-5","topic":"metrics/gone","at":1,"data":{}}"#;
    let beat = r#"{"type":"heartbeat","at":1000}"#;
    for (data, own) in [(connected, id(42, 4)), (figures, id(42, 5)), (beat, id(42, 90))] {
        let taken = bench.feed.take_frame(bench.now, data, own);
        assert_eq!(taken.command, None);
        assert_eq!(bench.feed.cursor(), own);
    }
    bench.fail(Failure::Closed);
    assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 90) });
}

#[test]
fn a_heartbeat_never_moves_the_cursor_back() {
    let beat = r#"{"type":"heartbeat","at":1000}"#;
    let mut bench = Bench::open();
    bench.message(&event(7));
    for own in [None, id(42, 3), id(42, 7)] {
        bench.feed.take_frame(bench.now, beat, own);
        assert_eq!(bench.feed.cursor(), id(42, 7), "after {own:?}");
    }
    bench.feed.take_frame(bench.now, beat, id(42, 8));
    assert_eq!(bench.feed.cursor(), id(42, 8));
    bench.fail(Failure::Closed);
    bench.feed.take_frame(bench.now, beat, id(42, 9));
    assert_eq!(bench.feed.cursor(), id(42, 8), "nothing counts of a connection that is over");
}

#[test]
fn a_heartbeat_goes_by_what_its_connection_began_with() {
    let beat = r#"{"type":"heartbeat","at":1000}"#;
    // A new history, and the old one cut short.
    for (epoch, offered) in [(43, 2), (42, 3)] {
        for seq in [offered, offered + 1] {
            let mut bench = Bench::open();
            bench.message(&event(7));
            bench.message(&connected());
            bench.input(Input::FrameId(EventId { epoch, seq: offered }));
            bench.feed.take_frame(bench.now, beat, id(epoch, seq));
            assert_eq!(bench.feed.cursor(), id(epoch, seq));
        }
    }
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

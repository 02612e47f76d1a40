//! A frame that cannot be read: told as a loss, and never met again.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use std::time::Duration;

use bench::{Bench, connected, event, id};
use tidings_feed::{Cause, Command, Item, State, Taken};
use tidings_protocol::event::{EventId, Gap, GapReason};

const CONNECTED: &str = r#"{"type":"connected","protocol":1,"serverVersion":"0.1.0","heartbeatSeconds":15,"topics":["work/*"],"at":1000}"#;
const NO_MESSAGE: &str = r#"{"type":"update","id":7,"topic":"work/1"}"#;

/// Open, granted `work/*`, and with this cursor.
fn open_at(seq: u64) -> Bench {
    let mut bench = Bench::connecting();
    frame(&mut bench, CONNECTED, id(42, seq));
    assert_eq!((bench.state(), bench.feed.cursor()), (State::Live, id(42, seq)));
    bench
}

fn frame(bench: &mut Bench, data: &str, id: Option<EventId>) -> Taken {
    bench.feed.take_frame(bench.now, data, id)
}

fn gap_of(taken: Taken) -> Gap {
    let Some((age, Item::Gap(gap))) = taken.delivery else { panic!("no gap: {taken:?}") };
    assert_eq!(age, Duration::ZERO);
    assert_eq!(gap.id, gap.gap.to);
    gap.gap
}

#[test]
fn a_frame_that_is_no_message_is_told_as_a_gap_and_the_stream_goes_on() {
    for data in [NO_MESSAGE, "", "hello", "[1]", r#"{"type":"gap","topics":7}"#, CONNECTED_BROKEN] {
        let mut bench = open_at(5);
        bench.seconds(20);
        let taken = frame(&mut bench, data, id(42, 7));
        assert_eq!(taken.command, None);
        let expected = Gap {
            topics: vec!["work/*".to_owned()],
            from: id(42, 5),
            to: id(42, 7),
            reason: GapReason::Unreadable,
        };
        assert_eq!(gap_of(taken), expected, "{data}");
        bench.seconds(29);
        assert_eq!(bench.state(), State::Live, "it was heard");
    }
}

/// The first message of a stream, again and without its figures.
const CONNECTED_BROKEN: &str = r#"{"type":"connected"}"#;

#[test]
fn the_next_connection_resumes_behind_what_could_not_be_read() {
    let mut bench = open_at(5);
    frame(&mut bench, NO_MESSAGE, id(42, 7));
    bench.fail(tidings_feed::Failure::Closed);
    assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 7) });
}

#[test]
fn a_frame_without_an_id_of_its_own_is_no_event_and_passed_over() {
    let mut bench = open_at(5);
    for own in [None, id(42, 5)] {
        let taken = frame(&mut bench, "hello", own);
        assert!(taken.command.is_none() && taken.delivery.is_none(), "{taken:?}");
        assert_eq!((bench.state(), bench.feed.cursor()), (State::Live, id(42, 5)));
    }
}

#[test]
fn a_gap_that_cannot_be_read_is_told_as_one_since_nobody_knows_when() {
    let mut bench = Bench::open();
    bench.message(&event(7));
    bench.message(&connected());
    bench.input(tidings_feed::Input::FrameId(EventId { epoch: 43, seq: 2 }));
    let gap = gap_of(frame(&mut bench, r#"{"type":"gap"}"#, id(43, 2)));
    assert_eq!((gap.from, gap.to), (None, id(43, 2)));
    assert_eq!(bench.feed.cursor(), id(43, 2));
}

#[test]
fn a_stream_that_begins_with_what_is_no_message_is_none_of_this_protocol() {
    let mut bench = Bench::connecting();
    let taken = frame(&mut bench, NO_MESSAGE, id(42, 7));
    assert_eq!(taken.command, Some(Command::Close));
    assert!(taken.delivery.is_none());
    assert_eq!((bench.state(), bench.feed.cursor()), (State::Incompatible, None));
    assert!(matches!(bench.cause(), Some(Cause::NotAStream { .. })));
}

#[test]
fn nothing_is_delivered_of_a_connection_that_was_given_up() {
    let mut bench = open_at(5);
    bench.fail(tidings_feed::Failure::Closed);
    let late = r#"{"type":"update","id":"0000002a-8","topic":"work/1","at":1,"data":1}"#;
    for data in [late, NO_MESSAGE] {
        let taken = frame(&mut bench, data, id(42, 8));
        assert!(taken.command.is_none() && taken.delivery.is_none(), "{taken:?}");
    }
    assert_eq!(bench.feed.cursor(), id(42, 5));
}

#[test]
fn an_event_over_the_limit_is_lost_once() {
    let mut bench = open_at(5);
    let taken = bench.feed.take_oversized(bench.now, id(42, 7));
    assert_eq!(taken.command, Some(Command::Close));
    let gap = gap_of(taken);
    assert_eq!((gap.from, gap.to, gap.reason), (id(42, 5), id(42, 7), GapReason::Unreadable));
    assert_eq!(bench.cause(), Some(Cause::TooLarge));
    assert_eq!(bench.reconnect(), Command::Connect { cursor: id(42, 7) });
}

#[test]
fn a_line_over_the_limit_in_no_known_event_moves_no_cursor() {
    for (mut bench, own, cursor) in
        [(open_at(5), None, id(42, 5)), (Bench::connecting(), id(42, 7), None)]
    {
        let taken = bench.feed.take_oversized(bench.now, own);
        assert_eq!(taken.command, Some(Command::Close));
        assert!(taken.delivery.is_none(), "{taken:?}");
        assert_eq!((bench.cause(), bench.feed.cursor()), (Some(Cause::TooLarge), cursor));
    }
}

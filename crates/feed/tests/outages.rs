//! What a feed makes of a server that says it is degraded.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;

use std::time::Duration;

use bench::{Bench, HEARTBEAT, connected, degraded, event, gap, heartbeat};
use tidings_feed::{Failure, Input, State};

/// A feed that was told at 2,500 of the server's clock that it has been degraded for 2 s.
fn told() -> Bench {
    let mut bench = Bench::open();
    bench.seconds(10);
    assert_eq!(bench.message(&degraded(2_500)), None, "the stream stays open");
    assert_eq!(bench.state(), State::Degraded);
    bench
}

fn for_ms(bench: &Bench) -> u64 {
    bench.feed.status(bench.now).for_ms
}

#[test]
fn an_outage_is_as_old_as_the_server_says_and_grows_by_the_own_clock() {
    let mut bench = told();
    assert_eq!(for_ms(&bench), 2_000);
    bench.seconds(10);
    assert_eq!(for_ms(&bench), 12_000);
    // By now the server's clock goes otherwise.
    bench.message(&degraded(99_000));
    assert_eq!(for_ms(&bench), 12_000, "it is the same one");
    assert_eq!(bench.cause(), None);
}

#[test]
fn a_server_whose_clock_was_set_back_is_degraded_since_now() {
    let mut bench = Bench::open();
    bench.message(&degraded(1));
    assert_eq!((bench.state(), for_ms(&bench)), (State::Degraded, 0));
}

#[test]
fn a_heartbeat_that_says_nothing_of_an_outage_ends_it() {
    let mut bench = told();
    bench.seconds(10).message(&heartbeat());
    assert_eq!((bench.state(), for_ms(&bench)), (State::Live, 0), "live since then");
    bench.seconds(1);
    bench.message(&heartbeat());
    assert_eq!(for_ms(&bench), 1_000);
    bench.message(&degraded(2_500));
    assert_eq!((bench.state(), for_ms(&bench)), (State::Degraded, 2_000), "and once more");
}

#[test]
fn nothing_but_a_heartbeat_ends_an_outage() {
    let mut bench = told();
    for other in [event(1), gap(2), event(3)] {
        bench.seconds(1).message(&other);
        assert_eq!(bench.state(), State::Degraded, "{other:?} says nothing of the bus");
    }
    bench.input(Input::Activity);
    assert_eq!((bench.state(), for_ms(&bench)), (State::Degraded, 5_000));
    bench.message(&heartbeat());
    assert_eq!(bench.state(), State::Live);
}

#[test]
fn a_degraded_server_that_falls_silent_is_stale_and_then_given_up() {
    let mut bench = told();
    bench.seconds(2 * HEARTBEAT);
    assert_eq!((bench.state(), for_ms(&bench)), (State::Stale, 0));
    bench.input(Input::Activity);
    assert_eq!(bench.state(), State::Degraded, "nothing said that it is over");
    bench.seconds(3 * HEARTBEAT);
    bench.tick();
    assert!(matches!(bench.state(), State::Reconnecting { .. }));
}

#[test]
fn the_next_connection_speaks_for_itself() {
    let mut bench = told();
    bench.fail(Failure::Closed);
    bench.reconnect();
    bench.message(&connected());
    assert_eq!((bench.state(), for_ms(&bench)), (State::Live, 0));
    bench.pass(Duration::from_millis(1));
    bench.message(&degraded(2_500));
    assert_eq!((bench.state(), for_ms(&bench)), (State::Degraded, 2_000));
}

#[test]
fn an_outage_neither_settles_a_connection_nor_unsettles_it() {
    let mut bench = Bench::waiting();
    bench.reconnect();
    bench.message(&connected());
    bench.message(&degraded(2_500));
    bench.pass(Duration::from_millis(4_999));
    assert_eq!(bench.failures(), 1);
    bench.pass(Duration::from_millis(1));
    bench.message(&heartbeat());
    assert_eq!(bench.failures(), 0, "it has held for as long as it has been open");
}

#[test]
fn what_comes_late_of_a_connection_that_was_given_up_degrades_nothing() {
    let mut bench = Bench::waiting();
    bench.message(&degraded(2_500));
    assert!(matches!(bench.state(), State::Reconnecting { .. }));
    bench.reconnect();
    bench.message(&connected());
    assert_eq!(bench.state(), State::Live);
}

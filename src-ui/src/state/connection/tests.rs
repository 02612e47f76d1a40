//! What is said of a connection.

use super::*;

const AWAKE: Duration = Duration::from_secs(3_600);

#[test]
fn a_server_that_is_not_trusted_is_not_called_incompatible() {
    let mut connection = with(State::Incompatible, 1);
    assert_eq!(connection.badge(None, AWAKE, at(0)), Badge::Incompatible);
    let detail = "its key is SHA256:x".to_owned();
    connection.status.cause = Some(Cause::Untrusted { detail, key: None });
    assert_eq!(connection.badge(None, AWAKE, at(0)), Badge::Untrusted);
    assert_eq!(explain(&connection.status.cause.unwrap()), "Its key is SHA256:x.");
}

fn with(state: State, failures: u32) -> Connection {
    let mut connection = Connection::new(Duration::from_secs(100));
    connection.status.state = state;
    connection.status.failures = failures;
    connection
}

fn at(ms: u64) -> Duration {
    Duration::from_secs(100) + Duration::from_millis(ms)
}

fn arrived(at: Duration) -> Option<Reading> {
    let interval = Duration::from_secs(1);
    Some(Reading { arrived: at, age_on_arrival: Duration::ZERO, interval })
}

#[test]
fn the_countdown_goes_on_without_news_from_the_feed() {
    let connection = with(State::Reconnecting { retry_in_ms: 4_000 }, 1);
    let label = |ms| connection.badge(None, AWAKE, at(ms)).label();
    assert_eq!(label(0), "Reconnecting in 4 s");
    assert_eq!(label(2_500), "Reconnecting in 2 s");
    assert_eq!(label(9_000), "Reconnecting…");
}

#[test]
fn an_attempt_after_a_failure_is_no_first_connection() {
    assert_eq!(with(State::Connecting, 0).badge(None, AWAKE, at(0)), Badge::Connecting);
    assert_eq!(with(State::Connecting, 2).badge(None, AWAKE, at(0)).name(), "reconnecting");
}

#[test]
fn an_open_feed_with_overdue_metrics_is_stale() {
    let mut connection = with(State::Live, 0);
    connection.status.for_ms = 60_000;
    assert_eq!(connection.badge(arrived(at(0)), AWAKE, at(2_999)), Badge::Live);
    assert_eq!(connection.badge(arrived(at(0)), AWAKE, at(3_000)), Badge::Stale);
}

#[test]
fn a_page_that_stood_still_says_nothing_of_samples_before_they_had_their_time() {
    let mut connection = with(State::Live, 0);
    connection.status.for_ms = 60_000;
    let badge = |awake| connection.badge(arrived(at(0)), Duration::from_millis(awake), at(60_000));
    assert_eq!(badge(2_999), Badge::Live);
    assert_eq!(badge(3_000), Badge::Stale);
}

#[test]
fn an_open_feed_that_never_brought_metrics_is_stale() {
    let connection = with(State::Live, 0);
    assert_eq!(connection.badge(None, AWAKE, at(2_999)), Badge::Live);
    assert_eq!(connection.badge(None, AWAKE, at(3_000)), Badge::Stale);
}

#[test]
fn a_degraded_server_is_told_as_that_however_old_the_samples_are() {
    let connection = with(State::Degraded, 0);
    assert_eq!(connection.badge(arrived(at(0)), AWAKE, at(1)), Badge::Degraded);
    assert_eq!(connection.badge(arrived(at(0)), AWAKE, at(60_000)), Badge::Degraded);
    assert_eq!(connection.badge(None, AWAKE, at(60_000)).freshness(), Freshness::Degraded);
}

#[test]
fn what_is_said_of_a_degraded_server_does_not_change_while_it_lasts() {
    let connection = with(State::Degraded, 0);
    let heartbeat = |for_ms, ms| {
        let status = Status { for_ms, ..connection.status.clone() };
        connection.told(status, at(ms))
    };
    assert!(connection.agrees(&heartbeat(15_000, 15_000)));
    assert!(!connection.agrees(&heartbeat(1_000, 15_000)), "another outage");
    let said = |ms| connection.badge(None, AWAKE, at(ms)).announcement();
    assert_eq!(said(0), said(3_600_000));
}

#[test]
fn the_first_sample_behind_an_outage_has_its_time_to_arrive() {
    let degraded = with(State::Degraded, 0);
    let status = Status { state: State::Live, for_ms: 0, ..degraded.status.clone() };
    let well = degraded.told(status, at(60_000));
    let before = arrived(at(0));
    assert_eq!(well.badge(before, AWAKE, at(62_000)), Badge::Live);
    assert_eq!(well.badge(before, AWAKE, at(63_000)), Badge::Stale);
}

#[test]
fn what_a_feed_repeats_is_no_news_until_a_moment_moves() {
    let connection = with(State::Reconnecting { retry_in_ms: 4_000 }, 1);
    let told = |retry_in_ms, for_ms| {
        let mut status = connection.status.clone();
        status.state = State::Reconnecting { retry_in_ms };
        status.for_ms = for_ms;
        connection.told(status, at(1_000))
    };
    assert!(connection.agrees(&told(3_000, 1_000)));
    assert!(connection.agrees(&told(2_960, 1_040)), "timers are not exact");
    assert!(!connection.agrees(&told(4_000, 1_000)), "another attempt");
    assert!(!connection.agrees(&told(3_000, 0)), "lost anew");
    assert!(!connection.agrees(&with(State::Live, 1)));
    assert!(!connection.agrees(&with(State::Reconnecting { retry_in_ms: 4_000 }, 2)));
}

#[test]
fn the_first_sample_after_a_reconnection_has_its_time_to_arrive() {
    let connection = with(State::Live, 0);
    let long_ago = arrived(Duration::ZERO);
    assert_eq!(connection.badge(long_ago, AWAKE, at(2_000)), Badge::Live);
    assert_eq!(connection.badge(long_ago, AWAKE, at(3_000)), Badge::Stale);
}

#[test]
fn who_is_refused_learns_whether_signing_in_helps() {
    let because = |code, had_data| explain_sign_in(Some(&Cause::Status { code }), had_data);
    assert!(because(403, true).contains("refuses this user"));
    assert!(because(401, true).contains("session has ended"));
    assert!(because(401, false).contains("only to those it knows"));
}

#[test]
fn a_sign_in_error_is_gone_once_connected() {
    let mut connection = with(State::Unauthorized, 0);
    connection.sign_in_error = Some(RequestError::unreadable());
    let mut status = connection.status.clone();
    status.state = State::Connecting;
    let trying = connection.told(status.clone(), at(0));
    assert!(trying.sign_in_error.is_some());
    status.state = State::Live;
    assert!(trying.told(status, at(1)).sign_in_error.is_none());
}

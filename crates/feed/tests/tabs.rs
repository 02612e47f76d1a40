//! Several tabs on one stream, whatever becomes of them and of what they say to each other.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod browser;

use std::time::Duration;

use browser::{Browser, SECOND};
use proptest::prelude::*;
use tidings_feed::State;

#[derive(Clone, Debug)]
enum Step {
    /// An event that must not be lost, or one of which the newest matters.
    Publish(bool),
    Join,
    Leave(usize),
    /// A tab stands still, and knows of it before or not.
    Freeze(usize, bool),
    Thaw(usize),
    Hide(usize),
    Show(usize),
    /// A word never reaches this tab.
    Lose(usize),
    /// This tab reads one thing of those that wait for it.
    Read(usize, usize),
    /// The network between this tab and the server fails.
    Cut(usize),
    /// The server is away for a while; it comes back as it was, or with another history.
    Restart(bool),
    Pass(Duration),
    Disconnect(usize),
    Retry(usize),
    /// Everybody reads all there is.
    Quiet,
}

fn step() -> impl Strategy<Value = Step> {
    let tab = 0..6_usize;
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Publish),
        4 => Just(Step::Join),
        1 => tab.clone().prop_map(Step::Leave),
        2 => (tab.clone(), any::<bool>()).prop_map(|(tab, is_told)| Step::Freeze(tab, is_told)),
        1 => tab.clone().prop_map(Step::Thaw),
        1 => tab.clone().prop_map(Step::Hide),
        1 => tab.clone().prop_map(Step::Show),
        2 => tab.clone().prop_map(Step::Lose),
        12 => (tab.clone(), 0..4_usize).prop_map(|(tab, of)| Step::Read(tab, of)),
        1 => tab.clone().prop_map(Step::Cut),
        1 => any::<bool>().prop_map(Step::Restart),
        4 => (0..20_000_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
        4 => (0..1_500_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
        1 => tab.clone().prop_map(Step::Disconnect),
        1 => tab.prop_map(Step::Retry),
        4 => Just(Step::Quiet),
    ]
}

fn take(browser: &mut Browser, step: &Step) {
    match *step {
        Step::Publish(is_lasting) => browser.publish(is_lasting),
        Step::Join => {
            if browser.tabs() < 6 {
                browser.join();
            }
        }
        Step::Leave(tab) => browser.leave(tab),
        Step::Freeze(tab, is_told) => browser.freeze(tab, is_told),
        Step::Thaw(tab) => browser.thaw(tab),
        Step::Hide(tab) => browser.show(tab, false),
        Step::Show(tab) => browser.show(tab, true),
        Step::Lose(tab) => browser.lose_word(tab),
        Step::Read(tab, of) => browser.read(tab, of),
        Step::Cut(tab) => browser.cut(tab),
        Step::Restart(is_other) => browser.restart(is_other),
        Step::Pass(time) => browser.pass(time),
        Step::Disconnect(tab) => browser.disconnect(tab),
        Step::Retry(tab) => browser.retry(tab),
        Step::Quiet => browser.read_all(),
    }
}

proptest! {
    #[test]
    fn whatever_happens_one_stream_is_left_and_everybody_has_everything(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut browser = Browser::default();
        browser.join();
        for step in &steps {
            take(&mut browser, step);
            browser.check_freshness();
            browser.check_order();
        }
        browser.settle(Duration::from_secs(150));
        browser.check_everything_came();
        let awake = browser.awake();
        prop_assert!(browser.streams() == usize::from(awake > 0), "{} streams of {awake} tabs", browser.streams());
        for state in browser.states() {
            prop_assert_eq!(state, State::Live);
        }
    }
}

fn of_three() -> Browser {
    let mut browser = Browser::default();
    for _ in 0..3 {
        browser.join();
    }
    browser.settle(SECOND * 3);
    assert_eq!(browser.streams(), 1);
    browser
}

#[test]
fn who_joins_is_live_at_once_and_leaves_the_one_stream_to_the_leader() {
    let mut browser = Browser::default();
    browser.join();
    browser.publish(false);
    browser.publish(true);
    browser.read_all();
    for _ in 0..9 {
        browser.join();
        browser.read_all();
    }
    assert!(browser.states().into_iter().all(|state| state == State::Live));
    assert_eq!(browser.streams(), 1);
}

#[test]
fn a_tab_by_itself_asks_once_whether_it_is() {
    let mut browser = Browser::default();
    browser.join();
    browser.settle(SECOND * 60);
    assert_eq!(browser.said, 1);
}

#[test]
fn the_next_tab_takes_over_at_once_when_the_leader_goes() {
    let mut browser = of_three();
    let leader = browser.leader().expect("a leader");
    browser.leave(leader);
    browser.publish(true);
    browser.read_all();
    assert_eq!((browser.streams(), browser.awake()), (1, 2));
    assert!(browser.states().into_iter().all(|state| state == State::Live));
    browser.check_everything_came();
}

#[test]
fn a_frozen_leader_loses_its_place_within_three_seconds_and_steps_down_when_it_thaws() {
    let mut browser = of_three();
    let leader = browser.leader().expect("a leader");
    browser.freeze(leader, false);
    browser.settle(SECOND * 3);
    assert_ne!(browser.leader(), Some(leader));
    assert!(browser.states().into_iter().all(|state| state == State::Live));
    browser.publish(true);
    browser.thaw(leader);
    browser.settle(SECOND);
    assert_eq!(browser.streams(), 1);
    browser.check_everything_came();
}

#[test]
fn a_leader_that_knows_that_it_will_stand_still_leaves_at_once_and_comes_back() {
    let mut browser = of_three();
    let leader = browser.leader().expect("a leader");
    browser.freeze(leader, true);
    browser.publish(true);
    browser.read_all();
    assert_eq!((browser.streams(), browser.awake()), (1, 2));
    browser.check_everything_came();
    browser.settle(SECOND * 100);
    browser.thaw(leader);
    browser.settle(SECOND);
    assert_eq!((browser.streams(), browser.awake()), (1, 3));
    assert!(browser.states().into_iter().all(|state| state == State::Live));
    browser.check_everything_came();
}

#[test]
fn tabs_that_nobody_sees_ask_for_nothing_and_notice_a_frozen_leader_by_the_streams_own_deadline() {
    let mut browser = of_three();
    let leader = browser.leader().expect("a leader");
    (0..3).for_each(|tab| browser.show(tab, false));
    browser.read_all();
    browser.freeze(leader, false);
    let said = browser.said;
    browser.settle(SECOND * 44);
    assert_eq!(browser.said, said);
    browser.settle(SECOND * 6);
    assert_ne!(browser.leader(), Some(leader));
    assert!(browser.states().into_iter().all(|state| state == State::Live));
    browser.check_everything_came();
}

#[test]
fn who_missed_a_word_gets_what_it_missed() {
    let mut browser = of_three();
    for tab in 0..3 {
        if browser.leader() != Some(tab) {
            browser.publish(true);
            let leader = browser.leader().expect("a leader");
            browser.read(leader, 0);
            browser.lose_word(tab);
        }
    }
    browser.settle(SECOND * 2);
    browser.check_everything_came();
    assert_eq!(browser.streams(), 1);
}

#[test]
fn a_refusal_reaches_all_at_once() {
    let mut browser = of_three();
    browser.refuse();
    browser.read_all();
    assert!(browser.states().into_iter().all(|state| state == State::Unauthorized));
    assert_eq!(browser.streams(), 0);
}

//! What holds whatever happens, in whatever order.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use proptest::prelude::*;
use tidings_feed::{Command, Config, Failure, Feed, Input, Message, State, decode};
use tidings_protocol::event::EventId;

#[derive(Clone, Debug)]
enum Step {
    Connected {
        heartbeat: u64,
        protocol: u32,
    },
    FrameId(EventId),
    CaughtUp(EventId),
    Event(EventId),
    Gap(Option<EventId>),
    /// Degraded since, if it is.
    Heartbeat(Option<u64>),
    Unreadable(Option<EventId>),
    RetryAfter(Duration),
    Activity,
    Failed(Failure),
    Retry,
    Disconnect,
    Tick,
    Pass(Duration),
    /// Sleeps until the feed's own deadline and ticks, as an owner does.
    Deadline,
}

fn step() -> impl Strategy<Value = Step> {
    let failure = prop_oneof![
        Just(Failure::Closed),
        Just(Failure::TooLarge),
        Just(Failure::Network("refused".into())),
        Just(Failure::NotAStream("html".into())),
        prop::sample::select(vec![204, 302, 401, 403, 404, 429, 500, 503])
            .prop_map(Failure::Status),
    ];
    prop_oneof![
        4 => (prop_oneof![Just(15), any::<u64>()], prop_oneof![9 => Just(1), 1 => Just(2)])
            .prop_map(|(heartbeat, protocol)| Step::Connected { heartbeat, protocol }),
        4 => id().prop_map(Step::FrameId),
        2 => id().prop_map(Step::CaughtUp),
        4 => id().prop_map(Step::Event),
        1 => prop::option::of(id()).prop_map(Step::Gap),
        2 => prop::option::of(0..3_u64).prop_map(Step::Heartbeat),
        2 => prop::option::of(id()).prop_map(Step::Unreadable),
        1 => prop_oneof![Just(Duration::MAX), Just(Duration::from_secs(2))]
            .prop_map(Step::RetryAfter),
        1 => Just(Step::Activity),
        2 => failure.prop_map(Step::Failed),
        1 => Just(Step::Retry),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Tick),
        4 => (0..60_000_u64).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
        4 => Just(Step::Deadline),
    ]
}

/// Of few histories and positions, so that they meet.
fn id() -> impl Strategy<Value = EventId> {
    (1..3_u32, 1..4_u64).prop_map(|(epoch, seq)| EventId { epoch, seq })
}

fn message(step: &Step) -> Option<Message> {
    let data = match step {
        Step::Connected { heartbeat, protocol } => format!(
            r#"{{"type":"connected","protocol":{protocol},"serverVersion":"0","heartbeatSeconds":{heartbeat},"topics":[],"at":1}}"#
        ),
        Step::Event(id) => {
            format!(r#"{{"type":"t","id":"{id}","topic":"a","at":1,"data":1}}"#)
        }
        Step::Gap(id) => {
            let id = id.map_or("null".to_owned(), |id| format!(r#""{id}""#));
            format!(
                r#"{{"type":"gap","id":{id},"topics":[],"from":null,"to":{id},"reason":"evicted"}}"#
            )
        }
        Step::Heartbeat(None) => r#"{"type":"heartbeat","at":1}"#.to_owned(),
        Step::Heartbeat(Some(since)) => {
            format!(r#"{{"type":"heartbeat","at":9,"degradedSince":{since}}}"#)
        }
        _ => return None,
    };
    Some(decode(&data).expect("a message"))
}

proptest! {
    #[test]
    fn commands_and_states_always_agree(steps in prop::collection::vec(step(), 0..60), seed: u64) {
        let (mut feed, first) = Feed::new(Config::default(), Duration::ZERO, seed);
        prop_assert_eq!(first, Command::Connect { cursor: None });
        let mut now = Duration::ZERO;
        // What the owner holds open.
        let mut open = true;
        let mut was_live = false;
        // The id this connection began with and that nothing followed yet.
        let mut offered = None;
        // What the server of the open connection last said of itself.
        let mut degraded = None;

        for step in steps {
            let before = feed.status(now).state;
            let deadline = feed.next_deadline(now);
            let message = message(&step);
            let input = match (&step, &message) {
                (_, Some(message)) => Input::Message(message),
                (Step::FrameId(id), _) => Input::FrameId(*id),
                (Step::CaughtUp(id), _) => Input::CaughtUp(*id),
                (Step::Unreadable(id), _) => Input::Unreadable { id: *id, detail: "x".into() },
                (Step::RetryAfter(wait), _) => Input::RetryAfter(*wait),
                (Step::Activity, _) => Input::Activity,
                (Step::Failed(failure), _) => Input::Failed(failure.clone()),
                (Step::Retry, _) => Input::Retry,
                (Step::Disconnect, _) => Input::Disconnect,
                (Step::Pass(time), _) => {
                    now += *time;
                    continue;
                }
                (Step::Deadline, _) => {
                    let Some(deadline) = deadline else { continue };
                    now = now.max(deadline);
                    Input::Tick
                }
                _ => Input::Tick,
            };
            let asked = matches!(step, Step::Retry);
            let slept = matches!(step, Step::Deadline);
            let cursor = feed.cursor();

            let command = feed.handle(now, input);
            let after = feed.status(now).state;

            match command {
                Some(Command::Connect { cursor }) => {
                    prop_assert_eq!(cursor, feed.cursor());
                    prop_assert_eq!(after, State::Connecting);
                    open = true;
                }
                Some(Command::Close) => open = false,
                None => {}
            }
            let wants_open = matches!(
                after,
                State::Connecting | State::Live | State::Degraded | State::Stale
            );
            prop_assert_eq!(open, wants_open, "the owner holds open what the state says");

            let held = matches!(before, State::Live | State::Degraded | State::Stale);
            degraded = match step {
                Step::Heartbeat(since) if held => since,
                Step::Connected { .. } if held || before == State::Connecting => None,
                _ if !wants_open || command.is_some() => None,
                _ => degraded,
            };
            if after != State::Stale {
                prop_assert_eq!(after == State::Degraded, degraded.is_some(), "it says what is so");
            }
            let expected = match step {
                Step::FrameId(id) if held => {
                    offered = cursor.and(Some(id));
                    cursor.or(Some(id))
                }
                Step::CaughtUp(id) if held => match offered.or(cursor) {
                    Some(before) if before.epoch == id.epoch => Some(before.max(id)),
                    _ => Some(id),
                },
                Step::Event(id) | Step::Gap(Some(id)) | Step::Unreadable(Some(id)) if held => Some(id),
                Step::Gap(None) | Step::Unreadable(None) | Step::Heartbeat(_) if held => offered.or(cursor),
                _ => cursor,
            };
            prop_assert_eq!(feed.cursor(), expected, "a cursor moves only behind what was told");
            let is_frame =
                message.is_some() || matches!(step, Step::Unreadable(_) | Step::CaughtUp(_));
            if is_frame || !wants_open || command.is_some() {
                offered = None;
            }
            if slept {
                prop_assert!(before != after || command.is_some(), "a deadline leads to a change");
            }
            was_live |= after == State::Live;
            if was_live && after == State::Incompatible && before != after {
                let told = matches!(
                    step,
                    Step::Connected { protocol: 2, .. } | Step::Failed(Failure::Status(204))
                );
                prop_assert!(told, "once live, only the server's own word is incompatible");
            }
            if let State::Reconnecting { retry_in_ms } = after {
                prop_assert!(retry_in_ms <= 37_500, "no wait is longer than the longest and a quarter");
            }
            if matches!(step, Step::Unreadable(_)) && held {
                prop_assert_eq!(command, None, "nothing that was live ends by one frame");
            }
            let stopped = matches!(before, State::Offline | State::Unauthorized | State::Incompatible);
            if stopped && !asked {
                prop_assert!(!matches!(command, Some(Command::Connect { .. })), "stopped means stopped");
            }
            let waits = !matches!(after, State::Offline | State::Unauthorized | State::Incompatible);
            prop_assert_eq!(feed.next_deadline(now).is_some(), waits, "nothing hangs, nothing spins");
        }
    }
}

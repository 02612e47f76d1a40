//! What a subscription delivers of a stream's bytes, where it resumes, and what it takes for life.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod script;
mod tape;

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use script::{CONNECTED, event, patiently, reconnecting, until};
use tape::{Answer, Tape, cut, cuts};
use tidings_client::{Subscription, Update};
use tidings_feed::{Cause, Item, State};
use tidings_protocol::event::EventId;
use tokio::time::Instant;

/// One stream behind its first frame, from its first byte to its end.
struct Case {
    name: &'static str,
    bytes: &'static str,
    /// Payloads as they are, and gaps as `from>to`.
    delivered: &'static [&'static str],
    /// Where the next attempt resumes.
    cursor: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "an event is delivered with its payload as it is",
        bytes: "id: 0000002a-6\ndata: {\"type\":\"a\",\"id\":\"0000002a-6\",\"topic\":\"work/1\",\"at\":1,\"data\":{\"x\":\"é🚀\\u0000\\n\"}}\n\n",
        delivered: &["{\"x\":\"é🚀\\u0000\\n\"}"],
        cursor: "0000002a-6",
    },
    Case {
        name: "line ends of every kind within JSON are one LF",
        bytes: "id: 0000002a-6\r\ndata: {\"type\":\"a\",\"id\":\"0000002a-6\",\rdata:\"topic\":\"work/1\",\"at\":1,\ndata: \"data\":[1,\r\ndata: \t2]}\r\n\r\n",
        delivered: &["[1,\n\t2]"],
        cursor: "0000002a-6",
    },
    Case {
        name: "comments, unknown fields and waits between the lines change nothing",
        bytes: ": x\nretry: 7x\nfoo: 1\nid: 0000002a-6\n:\ndata: {\"type\":\"a\",\"id\":\"0000002a-6\",\nfoo\n: y\ndata: \"topic\":\"work/1\",\"at\":1,\"data\":1}\ncomment: 1\n\n",
        delivered: &["1"],
        cursor: "0000002a-6",
    },
    Case {
        name: "an event of a name is delivered as well",
        bytes: "event: update\ndata: {\"type\":\"a\",\"id\":\"0000002a-6\",\"topic\":\"work/1\",\"at\":1,\"data\":1}\n\n",
        delivered: &["1"],
        cursor: "0000002a-6",
    },
    Case {
        name: "an event that its stream does not end is not delivered, and no cursor",
        bytes: "id: 0000002a-6\ndata: {\"type\":\"a\",\"id\":\"0000002a-6\",\"topic\":\"work/1\",\"at\":1,\"data\":1}\n",
        delivered: &[],
        cursor: "0000002a-5",
    },
    Case {
        name: "an id alone moves no cursor: nothing came with it",
        bytes: "id: 0000002a-9\n\n: heartbeat\n\n",
        delivered: &[],
        cursor: "0000002a-5",
    },
    Case {
        name: "a frame that is no message is a gap, and what follows is delivered",
        bytes: "id: 0000002a-6\ndata: {\"type\":\"a\",\"topic\":7}\n\nid: 0000002a-8\ndata: {\"type\":\"a\",\"id\":\"0000002a-8\",\"topic\":\"work/1\",\"at\":1,\"data\":1}\n\n",
        delivered: &["0000002a-5>0000002a-6", "1"],
        cursor: "0000002a-8",
    },
    Case {
        name: "the last frame of a stream that is no message is not met again",
        bytes: "id: 0000002a-6\ndata: hello\n\n",
        delivered: &["0000002a-5>0000002a-6"],
        cursor: "0000002a-6",
    },
    Case {
        name: "a frame that is no message and has no id is passed over",
        bytes: "data: hello\n\nevent: x\ndata:\n\nid: other\ndata: {}\n\n",
        delivered: &[],
        cursor: "0000002a-5",
    },
];

#[tokio::test(start_paused = true)]
async fn every_case_is_delivered_and_resumed_however_it_is_cut() {
    let tape = Tape::default();
    let client = tape.client();
    for case in CASES {
        for chunks in cuts(&Bytes::from_static(case.bytes.as_bytes())) {
            let before = tape.asked();
            let first = Bytes::from_static(CONNECTED.as_bytes());
            tape.add(Answer::stream([first].into_iter().chain(chunks.clone())));
            let mut subscription = client.subscribe(&[]);
            let seen = until_asked_again(&mut subscription, &tape, before + 2).await;
            let cursor = tape.header(before + 1, "last-event-id");
            let found = (seen.iter().map(String::as_str).collect::<Vec<_>>(), cursor.as_deref());
            assert_eq!(
                found,
                (case.delivered.to_vec(), Some(case.cursor)),
                "{}\ncut as {chunks:?}",
                case.name
            );
        }
    }
}

/// What some updates held: payloads as they are, and gaps as `from>to`.
#[derive(Default)]
struct Seen {
    items: Vec<String>,
    cause: Option<Cause>,
    dropped: u64,
}

impl Seen {
    fn add(&mut self, update: Update) {
        self.cause = update.status.cause;
        self.dropped += update.dropped;
        self.items.extend(update.deliveries.into_iter().map(|delivery| match delivery.item {
            Item::Event(event) => event.data.get().to_owned(),
            Item::Gap(gap) => {
                let end = |id: Option<_>| id.map_or("?".to_owned(), |id: EventId| id.to_string());
                format!("{}>{}", end(gap.gap.from), end(gap.gap.to))
            }
        }));
    }
}

/// What is delivered until that many requests were made.
async fn until_asked_again(
    subscription: &mut Subscription,
    tape: &Tape,
    requests: usize,
) -> Vec<String> {
    let mut seen = Seen::default();
    while tape.asked() < requests {
        seen.add(patiently(subscription.next()).await);
    }
    seen.items
}

/// Frames that a server, a newer server or a broken one may send, whole and in shreds.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let gap = r#"{"type":"gap","id":"0000002b-2","topics":[],"from":null,"to":"0000002b-2","reason":"unknown_epoch"}"#;
    let pieces = vec![
        CONNECTED.to_owned(),
        CONNECTED.replace("0000002a-5", "0000002b-2").replace('\n', "\r\n"),
        event(6, "work/1"),
        event(7, "metrics/a").replace('\n', "\r"),
        event(8, "work/1").replace("\"data\"", "\ndata:\"data\""),
        event(8, "work/1").replace('}', ""),
        format!("id: 0000002b-2\ndata: {gap}\n\n"),
        "id: 0000002b-2\ndata: {\"type\":\"heartbeat\",\"at\":1}\n\n".to_owned(),
        "id: 0000002a-9\ndata: hello\n\n".to_owned(),
        format!("id: 0000002a-10\ndata: {}\n\n", "x".repeat(600)),
        format!(": {}\n", "x".repeat(600)),
        "data: no id\n\n".to_owned(),
        "retry: 20\n".to_owned(),
        "\u{feff}".to_owned(),
        "id: 0000002a-11\ndata: ü".to_owned(),
        "\n".to_owned(),
        "\r\n\r\n".to_owned(),
    ];
    let pieces: Vec<_> =
        pieces.into_iter().map(String::into_bytes).chain([b"\xff".to_vec()]).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..12)
        .prop_map(|pieces| [CONNECTED.as_bytes(), &pieces.concat()].concat())
}

#[test]
fn any_stream_is_delivered_and_resumed_alike_however_it_is_cut() {
    let tape = Tape::default();
    let mut config = Tape::config();
    (config.max_line, config.max_event) = (500, 500);
    let client = tape.client_with(config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let outcome = |chunks: Vec<Bytes>| {
        runtime.block_on(async {
            let before = tape.asked();
            tape.add(Answer::stream(chunks));
            let mut subscription = client.subscribe(&[]);
            let mut seen = Seen::default();
            while tape.asked() < before + 2 {
                seen.add(patiently(subscription.next()).await);
            }
            (seen.items, seen.cause, seen.dropped, tape.header(before + 1, "last-event-id"))
        })
    };
    let sizes = prop::collection::vec(1_usize..60, 1..20);
    proptest!(ProptestConfig::with_cases(1_000), |(bytes in any_stream(), sizes in sizes)| {
        let bytes = Bytes::from(bytes);
        let bytewise = cut(bytes.clone(), &[1]);
        let whole = outcome(vec![bytes.clone()]);
        prop_assert_eq!(&outcome(cut(bytes, &sizes)), &whole);
        prop_assert_eq!(&outcome(bytewise), &whole);
    });
}

#[tokio::test(start_paused = true)]
async fn an_event_over_the_limit_is_lost_once_and_the_stream_goes_on_behind_it() {
    let over = format!("id: 0000002a-6\ndata: {}\n\n", "x".repeat(2_000));
    let first = Bytes::from_static(CONNECTED.as_bytes());
    let resumed = CONNECTED.replace("0000002a-5", "0000002a-6");
    let tape = Tape::of([
        Answer::stream([first, over.into()]),
        Answer::stream([Bytes::from(resumed + &event(7, "work/1"))]),
    ]);
    let mut config = Tape::config();
    config.max_event = 1_000;
    let mut subscription = tape.client_with(config).subscribe(&[]);
    let seen = until_asked_again(&mut subscription, &tape, 3).await;
    assert_eq!(seen, ["0000002a-5>0000002a-6", "7"]);
    assert_eq!(tape.header(1, "last-event-id").as_deref(), Some("0000002a-6"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_the_server_asks_for_is_kept_and_bounded() {
    for (asked, least, most) in [
        ("retry: 3000", 3_000, 3_750),
        ("retry: 99999999999999999999", 30_000, 37_500),
        ("retry: x", 250, 500),
    ] {
        let tape = Tape::of([Answer::stream([Bytes::from(format!("{asked}\n{CONNECTED}"))])]);
        let mut subscription = tape.client().subscribe(&[]);
        let start = Instant::now();
        until(&mut subscription, reconnecting).await;
        until_asked_again(&mut subscription, &tape, 2).await;
        let waited = start.elapsed().as_millis();
        assert!((least..=most + 5).contains(&waited), "{waited} ms of {asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_says_when_to_come_back_is_kept_to() {
    for (status, retry_after, least, most) in [
        (503, "4", 4_000, 5_000),
        (429, "3600", 30_000, 37_500),
        (503, "Wed, 21 Oct 2099 07:28:00 GMT", 250, 500),
    ] {
        let headers = vec![("retry-after", retry_after.to_owned())];
        let tape = Tape::of([Answer { headers, ..Answer::status(status) }]);
        let mut subscription = tape.client().subscribe(&[]);
        let start = Instant::now();
        let seen = until(&mut subscription, reconnecting).await;
        assert_eq!(seen.cause, Some(Cause::Status { code: status }));
        until_asked_again(&mut subscription, &tape, 2).await;
        let waited = start.elapsed().as_millis();
        assert!((least..=most + 5).contains(&waited), "{waited} ms of {retry_after}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_stale_at_two_heartbeats_and_the_end_at_three() {
    let first = Bytes::from_static(CONNECTED.as_bytes());
    let tape = Tape::of([Answer { stays_open: true, ..Answer::stream([first]) }]);
    let mut subscription = tape.client().subscribe(&[]);
    let start = Instant::now();
    until(&mut subscription, |state| state == State::Stale).await;
    assert_eq!(start.elapsed().as_secs(), 30);
    let seen = until(&mut subscription, reconnecting).await;
    assert_eq!((start.elapsed().as_secs(), seen.cause), (45, Some(Cause::Silence)));
}

#[tokio::test(start_paused = true)]
async fn whatever_arrives_is_a_sign_of_life() {
    let half = "data: {\"type\":\"a\",\n".to_owned();
    for drops in
        [": \n", ":heartbeat\n\n", "\n", "foo: 1\n", "retry: 5\n", "event: x\n\n", "x", &half]
    {
        let chunks = std::iter::once(CONNECTED).chain(std::iter::repeat_n(drops, 20));
        let pause = Duration::from_secs(9);
        let answer = Answer {
            pause,
            stays_open: true,
            ..Answer::stream(chunks.map(|c| c.to_owned().into()))
        };
        let tape = Tape::of([answer]);
        let mut subscription = tape.client().subscribe(&[]);
        let start = Instant::now();
        until(&mut subscription, |state| state == State::Stale).await;
        let silent_since = Duration::from_secs(21 * 9 + 30);
        assert_eq!(start.elapsed().as_secs(), silent_since.as_secs(), "{drops:?} is no silence");
        assert_eq!(tape.asked(), 1);
    }
}

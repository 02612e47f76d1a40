//! What a `Link` makes of a stream's bytes, however they are cut: over the real transport and parser, and over
//! real sockets. What feed and subscription make of it is in `delivery.rs`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cases;
mod reference;
mod script;
mod tape;

use bytes::Bytes;
use proptest::prelude::*;
use script::{STREAM, Script};
use tape::{Answer, Tape, cut, cuts, heard};
use tidings_client::{Heard, Link};
use tidings_feed::Failure;

#[tokio::test]
async fn every_case_reads_as_the_specification_says_however_it_is_cut() {
    let tape = Tape::default();
    let client = tape.client();
    for case in cases::all() {
        for chunks in cuts(&Bytes::from_static(case.bytes)) {
            let found = heard(&tape, &client, chunks.clone()).await;
            assert_eq!(found, case.heard, "{}\ncut as {chunks:?}", case.name);
        }
    }
}

#[test]
fn the_reference_agrees_with_every_case() {
    for case in cases::all() {
        assert_eq!(reference::heard(case.bytes), case.heard, "{}", case.name);
    }
}

#[tokio::test]
async fn every_case_reads_alike_over_a_socket() {
    for case in cases::all() {
        let script = Script::new().await;
        let mut link = script.client().link("/api/events", None).expect("a link");
        let serve = async {
            let mut peer = script.accept().await;
            peer.send(STREAM).await;
            let (head, tail) = case.bytes.split_at(case.bytes.len() / 2);
            for part in [head, tail] {
                peer.send_bytes(part).await;
                tokio::task::yield_now().await;
            }
        };
        let ((), found) = tokio::join!(serve, until_end(&mut link));
        assert_eq!(found, case.heard, "{}", case.name);
    }
}

async fn until_end(link: &mut Link) -> Vec<Heard> {
    let mut found = Vec::new();
    loop {
        match script::patiently(link.hear()).await {
            Heard::Activity => {}
            Heard::Failed(Failure::Closed) => return found,
            other => found.push(other),
        }
    }
}

#[tokio::test]
async fn a_comment_may_be_of_any_length() {
    let tape = Tape::default();
    let client = tape.client();
    for (start, end) in [(&b": "[..], &b"\n"[..]), (b":", b"\r"), (b"\xef\xbb\xbf:", b"\r\n")] {
        let comment = [start, &vec![b'x'; 3 << 20], end, b"data: 1\n\n"].concat();
        for size in [1 << 10, 1 << 14, comment.len()] {
            let chunks = comment.chunks(size).map(Bytes::copy_from_slice).collect();
            let found = heard(&tape, &client, chunks).await;
            assert!(matches!(&found[..], [Heard::Frame(frame)] if frame.data == "1"), "{found:?}");
        }
    }
}

#[tokio::test]
async fn what_comes_before_a_line_or_event_over_the_limit_is_heard_however_it_is_cut() {
    let tape = Tape::default();
    let mut config = Tape::config();
    (config.max_line, config.max_event) = (24, 32);
    let client = tape.client_with(config);
    let id = "0000002a-7".parse().ok();
    for (bytes, id) in [
        (&b"data: 1\n\nid: 0000002a-7\ndata: xxxxxxxxxxxxxxxxxxx\n\n"[..], id),
        (
            b"data: 1\n\nid: 0000002a-7\ndata: xxxxxxxxxxxxxxx\ndata: xxxxxxxxxxxxxxx\ndata: 1\n\n",
            id,
        ),
        (b"data: 1\n\ndata: xxxxxxxxxxxxxxxxxxx\nid: 0000002a-7\n\n", None),
        (b"data: 1\n\nid: x\ndata: xxxxxxxxxxxxxxxxxxxxxxxx\n\n", None),
        (b"data: 1\nid: 0000002a-7\n\nunknown: xxxxxxxxxxxxxxxxxxx", None),
    ] {
        for chunks in cuts(&Bytes::from_static(bytes)) {
            let found = heard(&tape, &client, chunks.clone()).await;
            let [Heard::Frame(first), end] = &found[..] else { panic!("{found:?} of {chunks:?}") };
            assert_eq!((first.data.as_str(), end), ("1", &Heard::Oversized { id }), "{chunks:?}");
        }
    }
}

fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"data",
        b"id",
        b"event",
        b"retry",
        b"comment",
        b":",
        b": ",
        b":",
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\r\r",
        b"\r\n\r\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb",
        b"\xbf",
        "ü".as_bytes(),
        "🚀".as_bytes(),
        b"\xff",
        b"\xe2\x82",
        b"\0",
        b"x",
        b"12",
        b"+5",
        b"retry=5",
        b"data: 1\n",
        b"id: 0000002a-9\n",
        b"data:\n",
        b"event: e\n",
        b"retry: 7\n",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_stream_reads_as_the_reference_reads_it_however_it_is_cut() {
    let tape = Tape::default();
    let client = tape.client();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let sizes = prop::collection::vec(1_usize..9, 1..40);
    proptest!(ProptestConfig::with_cases(4_000), |(bytes in any_stream(), sizes in sizes)| {
        let bytes = Bytes::from(bytes);
        let expected = reference::heard(&bytes);
        for chunks in [vec![bytes.clone()], cut(bytes, &sizes)] {
            let found = runtime.block_on(heard(&tape, &client, chunks.clone()));
            prop_assert_eq!(&found, &expected, "cut as {:?}", chunks);
        }
    });
}

#[tokio::test]
async fn a_link_asks_for_an_uncached_event_stream_and_names_its_cursor() {
    let tape = Tape::of([Answer::stream([])]);
    let cursor = "0000002a-7".parse().ok();
    let mut link = tape.client().link("/api/events", cursor).expect("a link");
    while link.hear().await != Heard::Failed(Failure::Closed) {}
    for (name, value) in [
        ("accept", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("last-event-id", "0000002a-7"),
        ("authorization", "Bearer secret"),
    ] {
        assert_eq!(tape.header(0, name).as_deref(), Some(value), "{name}");
    }
}

//! What a subscription does with a server that behaves, and with one that does not.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod script;

use std::time::Duration;

use script::{CONNECTED, STREAM, Script, event, live, patiently, reconnecting, until, until_items};
use tidings_client::{Bounds, Client, ClientConfig, Overflow, Token};
use tidings_feed::{Cause, State};

#[tokio::test]
async fn a_request_says_who_asks_and_what_for() {
    let script = Script::new().await;
    let topics = ["metrics/*".parse().unwrap(), "work/1".parse().unwrap()];
    let _subscription = script.client().subscribe(&topics);
    let peer = script.accept().await;
    let line = peer.request.lines().next().unwrap();
    assert_eq!(line, "GET /api/events?unnamed=1&topic=metrics%2F*&topic=work%2F1 HTTP/1.1");
    assert_eq!(peer.header("authorization"), Some("Bearer secret"));
    assert_eq!(peer.header("accept"), Some("text/event-stream"));
    assert_eq!(peer.header("cache-control"), Some("no-cache"));
    assert_eq!(peer.header("last-event-id"), None);
}

/// Answers a request for the session as that of a user of this role.
async fn tell_role(script: &Script, role: &str) {
    let mut peer = script.accept().await;
    assert!(peer.request.starts_with("GET /api/session HTTP/1.1\r\n"), "{}", peer.request);
    let body =
        format!(r#"{{"user":{{"id":"u1","name":"a","role":"{role}"}},"serverVersion":"1"}}"#);
    let head =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    peer.send(&(head + &body)).await;
}

const ALL: &str = "/api/events?unnamed=1&topic=*&topic=jobs%2F*&topic=users%2Fu1&topic=notifications%2Fu1&recent=200";
const OWN: &str = "/api/events?unnamed=1&recent=200";

#[tokio::test]
async fn a_dashboard_asks_for_as_much_as_its_user_may_read_anew_at_each_connection() {
    let script = Script::new().await;
    let mut subscription = script.client().subscribe_as_dashboard();
    for (role, may, expected) in [
        ("admin", Some("200 OK"), ALL),
        ("admin", Some("403 Forbidden"), OWN),
        ("viewer", None, OWN),
    ] {
        tell_role(&script, role).await;
        if let Some(status) = may {
            let peer = script.accept().await;
            assert!(peer.request.starts_with(&format!("HEAD {ALL} ")), "{}", peer.request);
            peer.answer(status, "connection: close\r\n").await;
        }
        let peer = script.open().await;
        assert!(peer.request.starts_with(&format!("GET {expected} ")), "{}", peer.request);
        until(&mut subscription, live).await;
        drop(peer);
        until(&mut subscription, reconnecting).await;
        subscription.handle().retry();
    }
    script.accept().await.answer("500 Internal Server Error", "connection: close\r\n").await;
    let peer = script.open().await;
    assert!(peer.request.starts_with(&format!("GET {OWN} ")), "{}", peer.request);
    until(&mut subscription, live).await;
}

#[tokio::test]
async fn events_arrive_in_order_however_the_bytes_are_cut() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.accept().await;
    peer.send(STREAM).await;
    let text = [CONNECTED, &event(6, "work/1"), ": heartbeat\n\n", &event(7, "work/1")].concat();
    for byte in text.chars() {
        peer.send(byte.encode_utf8(&mut [0; 4])).await;
    }
    let seen = until_items(&mut subscription, 2).await;
    assert_eq!(seen.seqs, [6, 7]);
    assert_eq!(subscription.status().state, State::Live);
}

#[tokio::test]
async fn a_refused_token_stops_it_until_asked() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let script = Script::new().await;
        let mut subscription = script.subscribe();
        script.accept().await.answer(status, "").await;
        until(&mut subscription, |state| state == State::Unauthorized).await;
        subscription.handle().retry();
        let _peer = script.open().await;
        until(&mut subscription, live).await;
    }
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again_and_the_cause_is_told() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    for failures in 1..=2 {
        script.accept().await.answer("503 Service Unavailable", "").await;
        let seen = until(&mut subscription, reconnecting).await;
        assert_eq!(seen.cause, Some(Cause::Status { code: 503 }));
        assert_eq!(seen.failures, failures);
    }
    let _peer = script.open().await;
    until(&mut subscription, live).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_its_cause() {
    // Bound and not listening: nobody else can be given the port meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let server = format!("http://{}", socket.local_addr().expect("an address"));
    let config = ClientConfig::new(server.parse().expect("a URL"), Token::new("secret"));
    let mut subscription = Client::new(config).expect("a client").subscribe(&[]);
    let seen = until(&mut subscription, reconnecting).await;
    let Some(Cause::Network { detail }) = seen.cause else { panic!("{:?}", seen.cause) };
    assert!(detail.to_lowercase().contains("refused"), "{detail}");
}

#[tokio::test]
async fn a_stream_that_breaks_is_resumed_behind_the_last_event() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    peer.send(&event(6, "work/1")).await;
    // Cut in the middle of the next one.
    peer.send("id: 0000002a-7\ndata: {\"type\"").await;
    assert_eq!(until_items(&mut subscription, 1).await.seqs, [6]);
    drop(peer);

    let mut peer = script.accept().await;
    assert_eq!(peer.header("last-event-id"), Some("0000002a-6"));
    peer.send(&[STREAM, CONNECTED, &event(7, "work/1")].concat()).await;
    assert_eq!(until_items(&mut subscription, 1).await.seqs, [7]);
}

#[tokio::test]
async fn a_stream_that_breaks_behind_its_first_frame_is_resumed_from_there() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let peer = script.open().await;
    until(&mut subscription, live).await;
    drop(peer);
    assert_eq!(script.accept().await.header("last-event-id"), Some("0000002a-5"));
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_gap_is_told_is_asked_for_it_again() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    peer.send(&event(6, "work/1")).await;
    until_items(&mut subscription, 1).await;
    drop(peer);

    let restarted = CONNECTED.replace("0000002a-5", "0000002b-0");
    let mut peer = script.accept().await;
    peer.send(&[STREAM, &restarted].concat()).await;
    until(&mut subscription, live).await;
    drop(peer);

    let mut peer = script.accept().await;
    assert_eq!(peer.header("last-event-id"), Some("0000002a-6"));
    let gap = "id: 0000002b-0\ndata: {\"type\":\"gap\",\"id\":\"0000002b-0\",\"topics\":[],\"from\":null,\"to\":\"0000002b-0\",\"reason\":\"unknown_epoch\"}\n\n";
    peer.send(&[STREAM, &restarted, gap].concat()).await;
    assert_eq!(until_items(&mut subscription, 1).await.seqs, [0], "the gap");
    drop(peer);
    assert_eq!(script.accept().await.header("last-event-id"), Some("0000002b-0"));
}

#[tokio::test]
async fn a_heartbeat_that_repeats_the_id_of_the_last_event_is_a_sign_of_life_alone() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    let heartbeat =
        |seq| format!("id: 0000002a-{seq}\ndata: {{\"type\":\"heartbeat\",\"at\":1}}\n\n");
    let text = [heartbeat(5), event(6, "work/1"), heartbeat(6), heartbeat(6), event(7, "work/1")];
    peer.send(&text.concat()).await;
    assert_eq!(until_items(&mut subscription, 2).await.seqs, [6, 7]);
    peer.send(&heartbeat(7)).await;
    drop(peer);
    let seen = until(&mut subscription, reconnecting).await;
    assert_eq!((seen.seqs.len(), seen.cause), (0, Some(Cause::Closed)));
    assert_eq!(script.accept().await.header("last-event-id"), Some("0000002a-7"));
}

#[tokio::test]
async fn an_endless_line_is_cut() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    until(&mut subscription, live).await;
    peer.send("data: ").await;
    let sent = peer.send_for_ever(&"x".repeat(64 << 10)).await;
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    assert_eq!(until(&mut subscription, reconnecting).await.cause, Some(Cause::TooLarge));
}

#[tokio::test]
async fn an_endless_event_is_cut() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    let sent = peer.send_for_ever(&format!("data: {}\n", "x".repeat(64 << 10))).await;
    assert!(sent < 160 << 20, "{sent} bytes were taken");
    assert_eq!(until(&mut subscription, reconnecting).await.cause, Some(Cause::TooLarge));
}

#[tokio::test]
async fn what_is_no_event_stream_stops_it() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>",
        "HTTP/1.1 200 OK\r\n\r\ndata: x\n\n",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: hello\n\n",
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n",
    ] {
        let script = Script::new().await;
        let mut subscription = script.subscribe();
        let mut peer = script.accept().await;
        peer.send(head).await;
        until(&mut subscription, |state| state == State::Incompatible).await;
        peer.closed().await;
    }
}

#[tokio::test]
async fn a_proxy_that_answers_for_a_server_on_restart_does_not_stop_it() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    drop(script.open().await);
    until(&mut subscription, reconnecting).await;
    script.accept().await.answer("404 Not Found", "").await;
    until(&mut subscription, reconnecting).await;
    script.accept().await.answer("200 OK", "content-type: text/html\r\n").await;
    until(&mut subscription, reconnecting).await;
    let _peer = script.open().await;
    until(&mut subscription, live).await;
}

#[tokio::test]
async fn a_half_open_connection_turns_stale_and_is_given_up() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    until(&mut subscription, live).await;
    tokio::time::pause();
    let update = subscription.next().await;
    assert_eq!(update.status.state, State::Stale);
    let update = subscription.next().await;
    assert!(reconnecting(update.status.state), "{:?}", update.status);
    assert_eq!(update.status.cause, Some(Cause::Silence));
    tokio::time::resume();
    peer.closed().await;
    let again = script.open().await;
    assert_eq!(again.header("last-event-id"), Some("0000002a-5"));
    until(&mut subscription, live).await;
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let _silent = script.accept().await;
    tokio::time::pause();
    assert_eq!(until(&mut subscription, reconnecting).await.cause, Some(Cause::Silence));
}

#[tokio::test]
async fn retry_does_not_wait_for_the_back_off() {
    let script = Script::new().await;
    let mut config = script.config();
    config.feed.backoff_min = Duration::from_secs(3600);
    config.feed.backoff_max = Duration::from_secs(3600);
    let mut subscription = Client::new(config).unwrap().subscribe(&[]);
    script.accept().await.answer("503 Service Unavailable", "").await;
    until(&mut subscription, reconnecting).await;
    subscription.handle().retry();
    let _peer = script.open().await;
    until(&mut subscription, live).await;
}

#[tokio::test]
async fn disconnect_closes_and_retry_resumes() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let mut peer = script.open().await;
    peer.send(&event(9, "work/1")).await;
    until_items(&mut subscription, 1).await;
    subscription.handle().disconnect();
    until(&mut subscription, |state| state == State::Offline).await;
    peer.closed().await;
    subscription.handle().retry();
    assert_eq!(script.accept().await.header("last-event-id"), Some("0000002a-9"));
}

#[tokio::test]
async fn dropping_a_subscription_ends_its_task_and_connection() {
    let script = Script::new().await;
    let mut subscription = script.subscribe();
    let handle = subscription.handle();
    let mut peer = script.open().await;
    until(&mut subscription, live).await;
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    drop(subscription);
    peer.closed().await;
    handle.retry();
    let metrics = tokio::runtime::Handle::current().metrics();
    patiently(async {
        while metrics.num_alive_tasks() >= before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_reader_gets_the_newest_metrics_and_every_other_event_or_its_number() {
    let script = Script::new().await;
    let mut config = script.config();
    config.outbox = Bounds { items: 100, ..Bounds::default() };
    let mut subscription = Client::new(config).unwrap().subscribe(&[]);
    let mut peer = script.open().await;
    until(&mut subscription, live).await;
    for seq in 6..=205 {
        peer.send(&event(seq, if seq % 2 == 0 { "metrics/a" } else { "work/1" })).await;
    }
    for seq in 206..=210 {
        peer.send(&event(seq, "work/1")).await;
    }
    // All of it was read from the socket once the server's close is noticed.
    drop(peer);
    patiently(async {
        while !reconnecting(subscription.status().state) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let seen = until(&mut subscription, |_| true).await;
    assert_eq!(seen.seqs.len(), 100);
    assert_eq!(seen.seqs.iter().filter(|&&seq| seq < 206 && seq % 2 == 0).count(), 1);
    assert!(seen.seqs.contains(&204), "the newest metrics");
    assert_eq!(seen.dropped, 6, "100 + 5 of work and one metric do not fit");
}

#[tokio::test]
async fn a_subscription_may_begin_behind_an_event() {
    let script = Script::new().await;
    let cursor = "0000002a-3".parse().unwrap();
    let _subscription = script.client().subscribe_from(&[], Some(cursor));
    assert_eq!(script.accept().await.header("last-event-id"), Some("0000002a-3"));
}

#[tokio::test]
async fn a_reader_that_keeps_everything_holds_the_server_back_and_is_not_called_stale() {
    let script = Script::new().await;
    let bounds = Bounds { items: 10, overflow: Overflow::Wait, ..Bounds::default() };
    let mut subscription = script.client().with_outbox(bounds).subscribe(&[]);
    let mut peer = script.open().await;
    until(&mut subscription, live).await;
    // More than the sockets between the two hold.
    let filler = format!(": {}\n\n", "x".repeat(64 << 10));
    let last = 505;
    let sender = tokio::spawn(async move {
        for seq in 6..=last {
            let topic = if seq % 2 == 0 { "metrics/a" } else { "work/1" };
            peer.send(&[event(seq, topic), filler.clone()].concat()).await;
        }
        peer
    });
    let first = until_items(&mut subscription, 1).await.seqs;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(120)).await;
    tokio::time::resume();
    assert!(!sender.is_finished(), "the server waits");
    let mut seqs = first;
    while seqs.len() < 500 {
        let update = patiently(subscription.next()).await;
        assert_eq!(update.status.state, State::Live);
        assert_eq!(update.dropped, 0);
        seqs.extend(update.deliveries.iter().map(|delivery| match &delivery.item {
            tidings_feed::Item::Event(event) => event.id.seq,
            tidings_feed::Item::Gap(gap) => panic!("{gap:?}"),
        }));
    }
    assert_eq!(seqs, (6..=last).collect::<Vec<_>>());
    patiently(sender).await.unwrap();
}

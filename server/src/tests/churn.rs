//! Clients that come and go, counted to the last one.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use tidings_protocol::event::EventId;

use super::*;

/// Connections the server carries; a sixteenth of them are no streams.
const PLACES: usize = 64;

/// Clients of each kind.
const ROUNDS: u32 = 40;

/// How far a client gets before it goes.
#[derive(Clone, Copy, Debug)]
enum Reach {
    Connected,
    HalfAHead,
    Asked,
    FirstFrame,
    Replay,
    OneEvent,
}

async fn come(server: &Running, reach: Reach) -> TcpStream {
    let before_all = EventId { seq: 0, ..server.state.hub.head() };
    let replay = format!("/api/events?topic=app/x&last_event_id={before_all}");
    match reach {
        Reach::Connected => TcpStream::connect(server.address).await.unwrap(),
        Reach::HalfAHead => {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(b"GET /api/events HTTP/1.1\r\nHo").await.unwrap();
            stream
        }
        Reach::Asked => request(server.address, &replay).await,
        Reach::FirstFrame => open(server.address, "connected").await,
        Reach::Replay => {
            let mut stream = request(server.address, &replay).await;
            read_until(&mut stream, "filler").await;
            stream
        }
        Reach::OneEvent => {
            let mut stream = request(server.address, "/api/events?topic=app/x").await;
            read_until(&mut stream, "connected").await;
            publish(server).await;
            read_until(&mut stream, "filler").await;
            stream
        }
    }
}

async fn publish(server: &Running) {
    let data = format!("{{\"filler\":\"{}\"}}", "x".repeat(8 << 10));
    let topic = "app/x".parse().unwrap();
    server.state.hub.publish(&topic, Default::default(), data.into()).await.unwrap();
}

#[tokio::test]
async fn however_clients_go_no_task_no_subscription_and_no_slot_stays_behind() {
    let server = start(PLACES).await;
    // More than the sockets in between hold.
    for _ in 0..600 {
        publish(&server).await;
    }
    // Once it is open, all that the server does by itself has begun.
    let _stays = open(server.address, "connected").await;
    let tasks =
        || server.workers.iter().map(|worker| worker.metrics().num_alive_tasks()).sum::<usize>();
    let before = tasks();
    let all = [
        Reach::Connected,
        Reach::HalfAHead,
        Reach::Asked,
        Reach::FirstFrame,
        Reach::Replay,
        Reach::OneEvent,
    ];
    for round in 0..ROUNDS {
        for reach in all {
            let stream = come(&server, reach).await;
            if round % 2 == 0 {
                stream.set_zero_linger().unwrap();
            }
        }
    }
    eventually("every subscription is gone", || server.state.hub.subscribers() == 1).await;
    eventually("every task has ended", || tasks() == before).await;
    let slots: Vec<_> = std::iter::from_fn(|| server.state.streams.take()).collect();
    assert_eq!(slots.len(), PLACES - PLACES / 16 - 1);
}

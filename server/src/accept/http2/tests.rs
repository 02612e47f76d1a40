//! Clients that ask, and do not take what they asked for.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use rustls::server::ResolvesServerCertUsingSni;
use tidings_protocol::event::EventType;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::routes::tests::{App, TOKEN};

/// One connection to a server that has `requests` places for all to share, by a client whose streams have room for
/// `window` bytes. Time stands still but for what is waited for.
struct Connected {
    client: SendRequest<Bytes>,
    requests: Arc<Semaphore>,
    app: Arc<App>,
}

async fn connect(requests: usize, window: u32) -> Connected {
    connect_by(None, requests, window).await
}

async fn connect_by(proxy: Option<IpAddr>, requests: usize, window: u32) -> Connected {
    let app = Arc::new(App::new().await);
    connect_to(app, Arc::new(Semaphore::new(requests)), proxy, window).await
}

async fn connect_to(
    app: Arc<App>,
    requests: Arc<Semaphore>,
    proxy: Option<IpAddr>,
    window: u32,
) -> Connected {
    let crypto = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    let secure = Secure {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        requests: Arc::clone(&requests),
        draining: CancellationToken::new(),
        connections: Connections::default(),
    };
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let routes = app.routes();
    let (near, far) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        serve(near, peer, Arrival::new(peer, proxy, true), routes, &secure).await;
    });
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    let (client, connection) = builder.handshake(far).await.unwrap();
    tokio::spawn(connection);
    Connected { client, requests, app }
}

impl Connected {
    /// What answers a GET request of the owner, once its head is there.
    async fn get(&mut self, path: &str) -> Response<RecvStream> {
        let request = Request::get(format!("https://localhost{path}"))
            .header("authorization", format!("Bearer {TOKEN}"));
        let (answer, _) = self.client.send_request(request.body(()).unwrap(), true).unwrap();
        answer.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_which_its_client_makes_no_room_is_taken_back_and_takes_no_place() {
    let mut connected = connect(0, 0).await;
    let begun = Instant::now();
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let answer = connected.get("/healthz").await;
        assert_eq!(answer.status(), 200, "the places are those of others");
        waiting.push(answer.into_body());
    }
    for mut body in waiting {
        let ended = body.data().await.unwrap().unwrap_err();
        assert_eq!(ended.reason(), Some(Reason::CANCEL));
    }
    let took = begun.elapsed();
    assert!(took >= TAKEN_WITHIN && took < TAKEN_WITHIN + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_taken_back_at_once_end_a_clients_connection_and_not_the_proxys() {
    for (proxy, goes_on) in [(None, false), (Some(Ipv4Addr::LOCALHOST.into()), true)] {
        let mut connected = connect_by(proxy, 1_000, 1_000).await;
        for _ in 0..2 * MAX_QUICK_ENDS {
            let request = Request::get("https://localhost/api/events?topic=a")
                .header("authorization", format!("Bearer {TOKEN}"));
            let Ok(ready) = connected.client.clone().ready().await else { break };
            connected.client = ready;
            let request = request.body(()).unwrap();
            let Ok((answer, _)) = connected.client.send_request(request, true) else { break };
            // The server sees the request before it is taken back.
            tokio::time::sleep(Duration::from_millis(1)).await;
            drop(answer);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(connected.client.clone().ready().await.is_ok(), goes_on, "{proxy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_client_has_taken_nothing_for_half_a_minute() {
    // Room for nothing, and room for `connected` and part of what follows.
    for window in [0, 1_000] {
        let mut connected = connect(0, window).await;
        let mut body = connected.get("/api/events?topic=a").await.into_body();
        if window > 0 {
            assert!(body.data().await.unwrap().unwrap().starts_with(b"retry"));
        }
        let begun = Instant::now();
        let large = Bytes::from(format!("\"{}\"", "x".repeat(2_000)));
        let hub = &connected.app.state.hub;
        hub.publish(&"a".parse().unwrap(), EventType::update(), large).await.unwrap();
        let ended = loop {
            match body.data().await.unwrap() {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(ended.reason(), Some(Reason::CANCEL));
        // What is in the way may show by the next heartbeat only.
        let (took, heartbeat) = (begun.elapsed(), Duration::from_secs(15));
        assert!(took >= TAKEN_WITHIN && took <= TAKEN_WITHIN + heartbeat, "{window}: {took:?}");
        let mut again = Vec::new();
        for _ in 0..places::OWN {
            let answer = connected.get("/api/events?topic=a").await;
            assert_eq!(answer.status(), 200, "the stream that ended keeps its place");
            again.push(answer);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_stream_slowly_keeps_it() {
    let mut connected = connect(1, 1_000).await;
    let mut body = connected.get("/api/events?topic=a").await.into_body();
    let large = Bytes::from(format!("\"{}\"", "x".repeat(2_000)));
    for _ in 0..10 {
        let hub = &connected.app.state.hub;
        hub.publish(&"a".parse().unwrap(), EventType::update(), large.clone()).await.unwrap();
        let mut taken = 0;
        while taken < large.len() {
            tokio::time::sleep(TAKEN_WITHIN / 10).await;
            let data = body.data().await.unwrap().unwrap();
            taken += data.len();
            body.flow_control().release_capacity(data.len()).unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_whose_bodies_do_not_come_leave_places_to_others() {
    let connected = connect(10, 1_000).await;
    // Of ten that are shared it takes five, and the one that makes it too many.
    let most = places::OWN as usize + 6;
    let mut waiting = Vec::new();
    for number in 0..most + 10 {
        let request = Request::post("https://localhost/api/session")
            .header("content-type", "application/json")
            .header("origin", "https://localhost");
        let mut client = connected.client.clone().ready().await.unwrap();
        let (answer, body) = client.send_request(request.body(()).unwrap(), false).unwrap();
        if number < most {
            waiting.push((answer, body));
        } else {
            assert_eq!(answer.await.unwrap().status(), 503, "{number}");
        }
    }
    assert_eq!(connected.requests.available_permits(), 4);
    // By another connection one is served though none is left at all.
    let none = connected.requests.try_acquire_many(4).unwrap();
    let (app, requests) = (Arc::clone(&connected.app), Arc::clone(&connected.requests));
    let mut other = connect_to(app, requests, None, 1_000).await;
    assert_eq!(other.get("/healthz").await.status(), 200);
    drop(none);
    for (answer, _body) in waiting {
        assert_ne!(answer.await.unwrap().status(), 503, "it had a place");
    }
}

impl Connected {
    /// The stream of a job that goes on until it is asked to end.
    async fn start_job(&mut self) -> RecvStream {
        let request = Request::post("https://localhost/api/process?cancelOnDisconnect=true")
            .header("authorization", format!("Bearer {TOKEN}"));
        let (answer, mut body) =
            self.client.send_request(request.body(()).unwrap(), false).unwrap();
        let job = r#"{"kind":"steps","args":{"steps":0,"end":"never"}}"#;
        body.send_data(Bytes::from_static(job.as_bytes()), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key(header::CONNECTION));
        answer.into_body()
    }

    /// Waits until every job has ended.
    async fn no_job_goes_on(&self) {
        let asked = || crate::jobs::Asked { is_active: Some(true), ..Default::default() };
        while !self.app.state.jobs.list(asked()).await.unwrap().jobs.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_followed_for_as_long_as_its_client_reads_and_no_longer() {
    let mut connected = connect(1, 1_000).await;
    tokio::spawn(connected.app.state.jobs.clone().run(CancellationToken::new()));
    let mut body = connected.start_job().await;
    assert!(body.data().await.unwrap().unwrap().starts_with(b"data: {\"id\""));
    for _ in 0..20 {
        let heartbeat = body.data().await.unwrap().unwrap();
        assert_eq!(heartbeat, &b": heartbeat\n\n"[..]);
        body.flow_control().release_capacity(heartbeat.len()).unwrap();
    }
    // Its task is gone at once when the client takes the request back.
    let begun = Instant::now();
    drop(body);
    tokio::time::timeout(Duration::from_secs(12), connected.no_job_goes_on()).await.unwrap();
    // And after a while where the client makes no room.
    let mut none = connect(1, 0).await;
    tokio::spawn(none.app.state.jobs.clone().run(CancellationToken::new()));
    let mut body = none.start_job().await;
    assert_eq!(body.data().await.unwrap().unwrap_err().reason(), Some(Reason::CANCEL));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    tokio::time::timeout(Duration::from_secs(12), none.no_job_goes_on()).await.unwrap();
}

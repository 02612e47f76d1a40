//! Clients that ask, and do not take what they asked for.

use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use rustls::server::ResolvesServerCertUsingSni;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::routes::tests::{App, TOKEN};

/// One connection to a server that takes `requests` at once, by a client whose streams have room for `window` bytes. Time
/// stands still but for what is waited for.
struct Connected {
    client: SendRequest<bytes::Bytes>,
    requests: Arc<Semaphore>,
    _app: App,
}

async fn connect(requests: usize, window: u32) -> Connected {
    let app = App::new().await;
    let crypto = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    let requests = Arc::new(Semaphore::new(requests));
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
        serve(near, peer, Arrival::new(peer, None, true), routes, &secure).await;
    });
    tokio::time::pause();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    let (client, connection) = builder.handshake(far).await.unwrap();
    tokio::spawn(connection);
    Connected { client, requests, _app: app }
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

#[tokio::test]
async fn an_answer_for_which_its_client_makes_no_room_is_taken_back_and_takes_no_place() {
    let mut connected = connect(1, 0).await;
    let begun = Instant::now();
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let answer = connected.get("/healthz").await;
        assert_eq!(answer.status(), 200, "the one place is another's");
        waiting.push(answer.into_body());
    }
    assert_eq!(connected.requests.available_permits(), 1);
    for mut body in waiting {
        let ended = body.data().await.unwrap().unwrap_err();
        assert_eq!(ended.reason(), Some(Reason::CANCEL));
    }
    let took = begun.elapsed();
    assert!(took >= TAKEN_WITHIN && took < TAKEN_WITHIN + Duration::from_secs(1), "{took:?}");
}

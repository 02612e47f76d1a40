//! A network in front of Postgres that can swallow its answers.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Ends with all its connections when it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    swallows: watch::Sender<bool>,
    _connections: JoinSet<()>,
}

impl Proxy {
    /// In front of `server`.
    pub(super) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (swallows, swallowing) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass(client, server, swallowing.clone()));
            }
        });
        Self { address, swallows, _connections: tasks }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether answers are swallowed from now on. A connection that lost one stays open, and silent for good.
    pub(super) fn swallow(&self, swallows: bool) {
        self.swallows.send_replace(swallows);
    }
}

async fn pass(client: TcpStream, server: SocketAddr, swallowing: watch::Receiver<bool>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        // As where a network is gone: the server does not hear that its client has given up.
        std::future::pending::<()>().await;
    };
    let answering = async {
        let (mut buffer, mut is_silent) = (vec![0; 16 << 10], false);
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            is_silent |= *swallowing.borrow();
            if !is_silent && to_client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
        if is_silent {
            std::future::pending::<()>().await;
        }
    };
    tokio::join!(asking, answering);
}

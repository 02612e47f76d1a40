//! Whether a server says that it is ready where its journal cannot be written.

use std::path::Path;

use tidings_protocol::event::EventType;
use tokio::task::JoinHandle;

use super::*;
use crate::store::{FILE_NAME, SqliteStore};

/// With a database in `folder`, and somebody who writes to it.
async fn durable(folder: &Path) -> (App, JoinHandle<()>) {
    let mut config = Config::bundled(TOKEN.to_owned());
    config.in_memory_token.0 = None;
    config.server.data_dir = folder.to_owned();
    config.hub.durable = true;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let Server { state, past, .. } = Server::open(listener, config, 10).await.unwrap();
    let Past::Journal(writer, _) = past else { panic!("a journal") };
    (App { routes: crate::routes::routes(state.clone()), state }, tokio::spawn(writer.run()))
}

#[tokio::test]
async fn a_server_that_cannot_keep_events_is_not_ready_until_it_can_again() {
    let folder = tempfile::tempdir().unwrap();
    let (app, writer) = durable(folder.path()).await;
    let ask = || app.send(Request::builder().uri("/readyz"), "");
    let publish = async || {
        let topic = "app/x".parse().unwrap();
        app.state.hub.publish(&topic, EventType::update(), Bytes::from_static(b"1")).await
    };

    let other = SqliteStore::open(&folder.path().join(FILE_NAME), true).await.unwrap();
    let lock = other.lock().await.unwrap();
    assert_eq!(ask().await.status, 200, "nothing has failed yet");
    assert!(publish().await.is_err());
    assert_eq!(ask().await.error(), (503, "unavailable".to_owned()));

    // Nobody publishes, as nobody does where a balancer goes by this answer.
    drop(lock);
    let ready = async { while ask().await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(10), ready).await.expect("it recovers");
    assert!(publish().await.is_ok());

    app.state.hub.close();
    writer.await.unwrap();
}

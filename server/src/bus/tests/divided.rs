//! An address that leads to one Redis now, and to another the next moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};

use super::redis::{Redis, bus};
use crate::hub::{Bus, BusError, HubLimits};

/// Leads each connection to the place that `next` names then.
async fn lead(listener: TcpListener, places: [PathBuf; 2], next: Arc<AtomicUsize>) {
    loop {
        let (mut from, _) = listener.accept().await.unwrap();
        let at = next.fetch_add(1, Ordering::Relaxed) % places.len();
        let mut to = UnixStream::connect(&places[at]).await.unwrap();
        tokio::spawn(async move { copy_bidirectional(&mut from, &mut to).await });
    }
}

#[tokio::test]
async fn connections_that_lead_to_different_servers_are_not_used_as_one() {
    let (one, other) = (Redis::start().await, Redis::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let next = Arc::new(AtomicUsize::new(0));
    let leading = tokio::spawn(lead(listener, [one.socket(), other.socket()], Arc::clone(&next)));
    let found = bus(url, HubLimits::default(), 1 << 10).await.unwrap();
    let opened = Arc::clone(&found).open(None).await;
    assert_eq!(opened.map(|_| ()).unwrap_err(), BusError);
    assert_eq!(next.load(Ordering::Relaxed), 4, "one to ask what it is, and three of a session");
    leading.abort();
}

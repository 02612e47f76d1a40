//! A real Redis of a test's own, by a socket in a folder of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue};
use tempfile::TempDir;

use crate::bus::{RedisBus, RedisError, RedisSettings};
use crate::config::RedisUrl;
use tidings_protocol::event::EventId;

use crate::hub::{Bus, HubLimits, Opened, Outgoing, Refusal, Session};

/// How long a Redis may take to come up.
const DEADLINE: Duration = Duration::from_secs(20);

pub(super) struct Redis {
    child: Child,
    folder: TempDir,
}

impl Redis {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(folder.path().join("socket"))
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server; `cargo xtask setup` installs it");
        let redis = Self { child, folder };
        let began = Instant::now();
        while redis.client().get_multiplexed_async_connection().await.is_err() {
            assert!(began.elapsed() < DEADLINE, "Redis does not come up");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        redis
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn client(&self) -> Client {
        Client::open(self.url()).unwrap()
    }

    pub(super) async fn connect(&self) -> MultiplexedConnection {
        self.client().get_multiplexed_async_connection().await.unwrap()
    }

    /// Runs one command.
    pub(super) async fn run<T: FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().unwrap());
        for word in words {
            asked.arg(word);
        }
        asked.query_async(&mut self.connect().await).await.unwrap()
    }

    pub(super) async fn bus(&self, limits: HubLimits, most_bytes: usize) -> Arc<RedisBus> {
        bus(self.url(), limits, most_bytes).await.unwrap()
    }
}

/// A bus over whatever is there.
pub(super) async fn bus(
    url: String,
    limits: HubLimits,
    most_bytes: usize,
) -> Result<Arc<RedisBus>, RedisError> {
    let url = RedisUrl::from(url);
    RedisBus::find(RedisSettings { url, prefix: "t:".to_owned(), limits, most_bytes }).await
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

pub(super) async fn open(bus: &Arc<RedisBus>, seen: Option<EventId>) -> Opened {
    Arc::clone(bus).open(seen).await.unwrap()
}

pub(super) async fn publish(
    session: &Arc<dyn Session>,
    topic: &str,
    bytes: usize,
) -> Result<EventId, Refusal> {
    let data = Bytes::from(vec![b'1'; bytes]);
    let (topic, kind) = (topic.parse().unwrap(), "update".parse().unwrap());
    let event = Outgoing { topic, kind, data, nonce: 0, is_reserved: false };
    Arc::clone(session).publish(event).await
}

//! Connections to Redis, and what Redis it must be.

use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, cmd};
use tokio::time::timeout;

use crate::config::RedisUrl;

/// How long a connection may take to come to be.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long a script may take to answer.
pub(super) const ANSWERING: Duration = Duration::from_secs(1);

/// How long a read waits for something to come, in ms; kept short, so that a Redis that is gone without a word is noticed.
pub(super) const BLOCK_MS: u64 = 1_000;

/// How long an answer to such a read may take.
const READING: Duration = Duration::from_millis(BLOCK_MS + 700);

/// The oldest Redis that has what we need.
const OLDEST: (u32, u32) = (6, 2);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// It cannot be reached, does not let us in, or fails.
    #[error("Redis cannot be used")]
    Redis(#[from] redis::RedisError),
    /// It does not answer.
    #[error("Redis does not answer")]
    Silent,
    /// It is one of many that share their keys.
    #[error(
        "this Redis is part of a Redis Cluster, which is not supported: name one Redis that stands alone"
    )]
    Cluster,
    /// It knows where Redis is, and is none.
    #[error(
        "this is a Redis Sentinel, which is not supported: name the Redis itself, or an address that leads to it"
    )]
    Sentinel,
    /// An address that leads elsewhere now: what one connection writes, another would never read.
    #[error("connections to Redis lead to different servers")]
    Divided,
    /// It is too old.
    #[error("this Redis is version {0}; 6.2 or newer is needed")]
    TooOld(String),
    /// It has lost the log, or has another one by now.
    #[error("the log in Redis is another one")]
    AnotherLog,
    /// Its keys hold what this server did not put there.
    #[error(
        "keys of this Redis hold what no Tidings server put there; choose another redis_prefix"
    )]
    Strange,
}

impl From<redis::ParsingError> for RedisError {
    fn from(_: redis::ParsingError) -> Self {
        Self::Strange
    }
}

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector(Client);

impl Connector {
    pub(super) fn new(url: &RedisUrl) -> Result<Self, RedisError> {
        if url.is_tls() {
            // Whoever was first decides; it is the only one there is.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Ok(Self(Client::open(url.expose())?))
    }

    /// One for commands that are answered at once.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        self.connect_with(ANSWERING).await
    }

    /// One for commands that are answered at once, one for reads that wait, and one for pages.
    pub(super) async fn connect_all(&self) -> Result<[MultiplexedConnection; 3], RedisError> {
        let all = tokio::try_join!(
            self.connect_with(ANSWERING),
            self.connect_with(READING),
            self.connect_with(READING)
        );
        all.map(<[_; 3]>::from)
    }

    async fn connect_with(&self, answering: Duration) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(answering));
        Ok(self.0.get_multiplexed_async_connection_with_config(&config).await?)
    }

    /// One for what is published to channels.
    pub(super) async fn listen(&self) -> Result<PubSub, RedisError> {
        let connecting = timeout(CONNECTING, self.0.get_async_pubsub());
        Ok(connecting.await.map_err(|_| RedisError::Silent)??)
    }

    /// Whether this Redis can be used at all.
    pub(super) async fn check(&self) -> Result<(), RedisError> {
        let mut connection = self.connect().await?;
        let info: String = cmd("INFO").query_async(&mut connection).await?;
        match field(&info, "redis_mode") {
            Some("cluster") => return Err(RedisError::Cluster),
            Some("sentinel") => return Err(RedisError::Sentinel),
            _ => {}
        }
        let version = field(&info, "redis_version").unwrap_or_default();
        let mut numbers = version.split('.').map_while(|number| number.parse().ok());
        if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
            return Err(RedisError::TooOld(version.to_owned()));
        }
        if field(&info, "aof_enabled") == Some("0") {
            tracing::warn!(
                "Redis keeps no append-only file: what was published since it last saved is lost when it ends"
            );
        }
        let policy = field(&info, "maxmemory_policy").unwrap_or("noeviction");
        if policy != "noeviction" {
            tracing::warn!(
                policy,
                "Redis drops keys when its memory is full, and history with them; noeviction does not"
            );
        }
        Ok(())
    }
}

/// Names the run of Redis that all these connections are with.
pub(super) async fn run_of(
    [commands, reads, pages]: &mut [MultiplexedConnection; 3],
) -> Result<String, RedisError> {
    let (run, read, paged) = tokio::try_join!(ask_run(commands), ask_run(reads), ask_run(pages))?;
    if read == run && paged == run { Ok(run) } else { Err(RedisError::Divided) }
}

async fn ask_run(connection: &mut MultiplexedConnection) -> Result<String, RedisError> {
    let info: String = cmd("INFO").arg("server").query_async(connection).await?;
    field(&info, "run_id").map(str::to_owned).ok_or(RedisError::Strange)
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

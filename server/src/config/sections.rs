//! The tables of a configuration: one struct each, its defaults beside it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DEFAULT_PORT, DatabaseUrl, RedisUrl};
use crate::auth::tokens::TokenLimits;
use crate::collectors;
use crate::hub::{Durability, HubLimits, Retention};
use crate::sse::Pace;

/// Most threads for connections where nobody says how many: beyond, a dashboard has no use for them.
const MOST_BY_ITSELF: usize = 8;

/// Where and to whom the server listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port. Default `127.0.0.1:4180`.
    pub listen: SocketAddr,
    /// Folder of the owner's token and of what is kept. Default: the user's data folder.
    pub data_dir: PathBuf,
    /// The database that everything is kept in. Default: a file in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseUrl>,
    /// The Redis that events are shared by with other instances. Default: none, and this one stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisUrl>,
    /// What the names of its keys begin with. Default: `tidings:`.
    pub redis_prefix: String,
    /// Name of this machine in its topic. Default: the system's host name.
    pub host_name: String,
    /// Names the server answers to besides `localhost` and its own address. Default: none.
    pub allowed_hosts: Vec<String>,
    /// Origins of pages elsewhere that may use the API with a token, such as `https://a.example`. Default: none.
    pub allowed_origins: Vec<String>,
    /// Address of the reverse proxy; the only other machine that may connect. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_proxy: Option<IpAddr>,
    /// File of the certificate for TLS, PEM, with the chain behind it. Default: none, and no TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// File of its key, PEM. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Whether to speak TLS by a certificate of the server's own. Default false.
    pub tls_self_signed: bool,
    /// Longest silence on a stream, in seconds. Default 15.
    pub heartbeat_seconds: u64,
    /// Longest life of a stream, in seconds; each lives between half of it and all of it. Default 0: for ever.
    pub max_stream_seconds: u64,
    /// Time over which streams end when the server does, in seconds. Default 0: at once.
    pub drain_seconds: u64,
    /// Threads that serve connections. Default 0: one for each processor, up to 8.
    pub workers: usize,
}

/// Bounds of the history the hub holds for replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Most events of a topic. Default 10,000.
    pub history_events: usize,
    /// Most bytes of a topic. Default 16 MiB.
    pub history_bytes: usize,
    /// Greatest age of an event, in seconds. Default 24 h.
    pub history_seconds: u64,
    /// Most bytes of all topics in memory. Default 256 MiB.
    pub memory_bytes: usize,
    /// Most topics. Default 10,000.
    pub max_topics: usize,
    /// Whether a publish is answered only once its event is on the disk. Default false.
    pub durable: bool,
}

/// What one request, token or user may ask of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Largest body of a published event, in bytes. Default 256 KiB.
    pub body_bytes: usize,
    /// Events a second of a token of limited scope; as many at once. Default 1,000.
    pub events_per_second: u32,
    /// Streams of a token of limited scope at once. Default 100.
    pub streams_per_token: usize,
    /// Events a second of a user, by sessions and tokens together; as many at once. Default 10,000.
    pub user_events_per_second: u32,
    /// Streams of a user at once, by sessions and tokens together. Default 1,000.
    pub streams_per_user: usize,
}

/// How often the machine is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CollectorsConfig {
    /// Time between two samples, in ms. Default 1,000.
    pub interval_ms: u64,
    /// Least time between two looks at the processes, in ms: they cost most. Default 2,000.
    pub processes_interval_ms: u64,
}

/// What may be done with the processes of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessesConfig {
    /// Who may end one. Default `local`.
    pub end: EndProcesses,
}

/// Who may end a process of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndProcesses {
    /// Admins, by requests from the machine itself.
    #[default]
    Local,
    /// Nobody.
    Never,
}

/// How much of each user's inbox is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationsConfig {
    /// Most notifications of a user; the oldest go. Default 1,000.
    pub max_per_user: u64,
    /// Greatest age of a notification, in days. Default 90.
    pub max_age_days: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT),
            data_dir: default_data_dir(),
            database: None,
            redis: None,
            redis_prefix: "tidings:".to_owned(),
            host_name: collectors::machine_name(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            behind_proxy: None,
            tls_cert: None,
            tls_key: None,
            tls_self_signed: false,
            heartbeat_seconds: 15,
            max_stream_seconds: 0,
            drain_seconds: 0,
            workers: 0,
        }
    }
}

impl Default for HubConfig {
    fn default() -> Self {
        let limits = HubLimits::default();
        Self {
            history_events: limits.retention.events,
            history_bytes: limits.retention.bytes,
            history_seconds: limits.retention.age.as_secs(),
            memory_bytes: limits.memory_bytes,
            max_topics: limits.topics,
            durable: false,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 10,
            events_per_second: 1_000,
            streams_per_token: 100,
            user_events_per_second: 10_000,
            streams_per_user: 1_000,
        }
    }
}

impl LimitsConfig {
    /// What each token is limited to.
    #[must_use]
    pub fn of_token(&self) -> TokenLimits {
        TokenLimits {
            events_per_second: NonZeroU32::new(self.events_per_second).unwrap_or(NonZeroU32::MIN),
            streams: self.streams_per_token,
        }
    }

    /// What each user is limited to.
    #[must_use]
    pub fn of_user(&self) -> TokenLimits {
        let events = NonZeroU32::new(self.user_events_per_second).unwrap_or(NonZeroU32::MIN);
        TokenLimits { events_per_second: events, streams: self.streams_per_user }
    }
}

impl Default for CollectorsConfig {
    fn default() -> Self {
        Self { interval_ms: 1_000, processes_interval_ms: 2_000 }
    }
}

impl Default for NotificationsConfig {
    fn default() -> Self {
        Self { max_per_user: 1_000, max_age_days: 90 }
    }
}

impl ServerConfig {
    /// How many threads serve connections.
    #[must_use]
    pub(crate) fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism()
                .map_or(1, NonZeroUsize::get)
                .min(MOST_BY_ITSELF),
            workers => workers,
        }
    }

    /// Whether the server speaks TLS.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.tls_self_signed || self.tls_cert.is_some()
    }

    /// Names that reach this server by TLS, besides addresses of this machine.
    pub(crate) fn tls_names(&self) -> Vec<String> {
        self.allowed_hosts.iter().cloned().chain([self.host_name.clone()]).collect()
    }

    /// What each stream keeps to.
    #[must_use]
    pub(crate) fn pace(&self) -> Pace {
        let life = self.max_stream_seconds;
        Pace {
            heartbeat: Duration::from_secs(self.heartbeat_seconds),
            max_life: (life > 0).then(|| Duration::from_secs(life)),
        }
    }
}

impl HubConfig {
    /// When an event counts as published.
    #[must_use]
    pub fn durability(&self) -> Durability {
        if self.durable { Durability::Durable } else { Durability::Relaxed }
    }

    /// The hub's bounds.
    #[must_use]
    pub fn limits(&self) -> HubLimits {
        let retention = Retention {
            events: self.history_events,
            bytes: self.history_bytes,
            age: Duration::from_secs(self.history_seconds),
        };
        let Self { memory_bytes, max_topics, .. } = *self;
        HubLimits { retention, memory_bytes, topics: max_topics, ..HubLimits::default() }
    }
}

impl CollectorsConfig {
    /// What the collectors are told on the machine called `host_name`.
    #[must_use]
    pub fn sampling(&self, host_name: &str) -> collectors::CollectorsConfig {
        collectors::CollectorsConfig {
            interval: Duration::from_millis(self.interval_ms),
            processes_interval: Duration::from_millis(self.processes_interval_ms),
            host_name: host_name.to_owned(),
        }
    }
}

/// `tidings` in the user's folder for data, where clients look for the token too.
#[must_use]
pub fn default_data_dir() -> PathBuf {
    dirs::data_local_dir().unwrap_or_else(|| PathBuf::from(".")).join("tidings")
}

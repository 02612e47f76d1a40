//! What the server is told: defaults, then the configuration file, then environment and flags.
//!
//! Every key is described in `docs/configuration.md`; a test holds that file to this one.

pub(crate) mod alerts;
mod database;
mod error;
mod jobs;
mod redis_url;
mod sections;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::auth::Secret;
use crate::origins::AllowedOrigins;

pub use alerts::{AlertConfig, AlertingConfig, Span};
pub use database::{DatabaseUrl, InvalidDatabaseUrl};
pub use error::ConfigError;
pub use jobs::{CommandConfig, JobsConfig};
pub use redis_url::{InvalidRedisUrl, RedisUrl};
pub use sections::{
    CollectorsConfig, EndProcesses, HubConfig, LimitsConfig, NotificationsConfig, ProcessesConfig,
    ServerConfig, default_data_dir,
};

/// Port the server listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 4180;

/// Longest beginning of the names of keys in Redis.
const MAX_PREFIX_BYTES: usize = 100;

/// Everything the server is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[hub]`
    pub hub: HubConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[collectors]`
    pub collectors: CollectorsConfig,
    /// `[processes]`
    pub processes: ProcessesConfig,
    /// `[notifications]`
    pub notifications: NotificationsConfig,
    /// `[alerting]`
    pub alerting: AlertingConfig,
    /// `[[alerts]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertConfig>,
    /// `[jobs]`
    pub jobs: JobsConfig,
    /// Token of the owner, in place of one in a file; set by the desktop app for the server it bundles.
    #[serde(skip)]
    pub in_memory_token: InMemoryToken,
    /// Whether a server with such a token keeps nothing on disk.
    #[serde(skip)]
    pub keeps_nothing: bool,
}

/// A token that is in no file. Equal to any other: configurations are compared without it.
#[derive(Clone, Debug, Default)]
pub struct InMemoryToken(pub Option<Secret>);

impl PartialEq for InMemoryToken {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Config {
    /// A server that keeps nothing on disk and knows one token.
    #[must_use]
    pub fn bundled(token: String) -> Self {
        let in_memory_token = InMemoryToken(Some(token.into()));
        Self { in_memory_token, keeps_nothing: true, ..Self::default() }
    }

    /// A server that knows one token, which lies in no file, and keeps everything else in a folder.
    #[must_use]
    pub fn bundled_in(folder: PathBuf, token: String) -> Self {
        let mut config = Self { keeps_nothing: false, ..Self::bundled(token) };
        config.server.data_dir = folder;
        config
    }

    /// Reads a configuration file; what it does not say keeps its default.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is no TOML, or has an unknown key.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads the text of the file at `path`.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            ConfigError::Parse { path: path.to_owned(), message: told(text, &error) }
        })?;
        let known = known_keys();
        for key in keys(&table) {
            if !known.contains(&key) {
                let nearest = nearest(&key, &known);
                return Err(ConfigError::UnknownKey { path: path.to_owned(), key, nearest });
            }
        }
        if let Some((key, nearest)) = jobs::unknown_key(&table) {
            return Err(ConfigError::UnknownKey { path: path.to_owned(), key, nearest });
        }
        toml::from_str(text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            message: told(text, &error),
        })
    }

    /// Checks what no type can.
    ///
    /// # Errors
    ///
    /// If a value is out of its range, or others could listen in.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { server, hub, limits, collectors, notifications, .. } = self;
        let range = |key, value: u64, least, most, expected| {
            let fits = (least..=most).contains(&value);
            let error = || ConfigError::OutOfRange { key, value: value.to_string(), expected };
            fits.then_some(()).ok_or_else(error)
        };
        let heartbeat = server.heartbeat_seconds;
        range("server.heartbeat_seconds", heartbeat, 1, 300, "1 to 300 seconds")?;
        let life = server.max_stream_seconds;
        range("server.max_stream_seconds", life, 0, 31_536_000, "0 (for ever) to one year")?;
        range("server.drain_seconds", server.drain_seconds, 0, 600, "0 to 600 seconds")?;
        range("server.workers", server.workers as u64, 0, 256, "0 (as many as processors) to 256")?;
        let interval = collectors.interval_ms;
        range("collectors.interval_ms", interval, 100, 3_600_000, "100 ms to one hour")?;
        let processes = collectors.processes_interval_ms;
        range("collectors.processes_interval_ms", processes, 100, 3_600_000, "100 ms to one hour")?;
        range("hub.history_events", hub.history_events as u64, 1, 10_000_000, "1 to 10,000,000")?;
        range("hub.history_bytes", hub.history_bytes as u64, 1, 1 << 40, "1 byte to 1 TiB")?;
        range("hub.history_seconds", hub.history_seconds, 1, 31_536_000, "1 second to one year")?;
        let (events, streams) = (limits.events_per_second, limits.streams_per_token as u64);
        range("limits.events_per_second", events.into(), 1, 1_000_000, "1 to 1,000,000")?;
        range("limits.streams_per_token", streams, 1, 1_000_000, "1 to 1,000,000")?;
        let (events, streams) = (limits.user_events_per_second, limits.streams_per_user as u64);
        range("limits.user_events_per_second", events.into(), 1, 1_000_000, "1 to 1,000,000")?;
        range("limits.streams_per_user", streams, 1, 1_000_000, "1 to 1,000,000")?;
        range("hub.memory_bytes", hub.memory_bytes as u64, 1 << 20, 1 << 40, "1 MiB to 1 TiB")?;
        range("hub.max_topics", hub.max_topics as u64, 1, 1_000_000, "1 to 1,000,000")?;
        let body = limits.body_bytes as u64;
        range("limits.body_bytes", body, 1 << 10, 16 << 20, "1 KiB (1024) to 16 MiB (16777216)")?;
        let (most, days) = (notifications.max_per_user, notifications.max_age_days);
        range("notifications.max_per_user", most, 1, 100_000, "1 to 100,000")?;
        range("notifications.max_age_days", days, 1, 3_650, "1 to 3,650 days")?;
        alerts::check(&self.alerting, &self.alerts)?;
        jobs::check(&self.jobs)?;
        AllowedOrigins::parse(&server.allowed_origins)?;
        let database = server.database.as_ref().map_or(Ok(()), DatabaseUrl::check);
        database.map_err(ConfigError::Database)?;
        let redis = server.redis.as_ref().map_or(Ok(()), RedisUrl::check);
        redis.map_err(ConfigError::Redis)?;
        if server.redis.is_some() && hub.durable {
            return Err(ConfigError::DurableRedis);
        }
        if server.redis_prefix.len() > MAX_PREFIX_BYTES || server.redis_prefix.contains(['{', '}'])
        {
            return Err(ConfigError::OutOfRange {
                key: "server.redis_prefix",
                value: server.redis_prefix.clone(),
                expected: "at most 100 bytes without braces",
            });
        }
        if server.tls_cert.is_some() != server.tls_key.is_some() {
            return Err(ConfigError::HalfOfTls);
        }
        if server.tls_cert.is_some() && server.tls_self_signed {
            return Err(ConfigError::TwoCertificates);
        }
        self.check_bind(server.listen)
    }

    /// Checks an address the server is to listen on.
    ///
    /// # Errors
    ///
    /// If others can reach it, and there is neither TLS nor a proxy named.
    pub fn check_bind(&self, address: SocketAddr) -> Result<(), ConfigError> {
        let server = &self.server;
        let is_private = address.ip().to_canonical().is_loopback();
        if is_private || server.has_tls() || server.behind_proxy.is_some() {
            return Ok(());
        }
        Err(ConfigError::PublicBind(address))
    }
}

/// What is wrong, with the line where it is; without that line if a URL is on it, which may hold a password.
fn told(text: &str, error: &toml::de::Error) -> String {
    let full = error.to_string();
    if !full.contains("://") {
        return full;
    }
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {} cannot be understood", before.matches('\n').count() + 1)
}

/// Every key there is, with its table; a table counts as a key of its own.
fn known_keys() -> Vec<String> {
    let example = Config {
        server: ServerConfig {
            behind_proxy: Some(Ipv4Addr::LOCALHOST.into()),
            database: Some(String::new().into()),
            redis: Some(String::new().into()),
            tls_cert: Some(PathBuf::new()),
            tls_key: Some(PathBuf::new()),
            ..ServerConfig::default()
        },
        alerts: vec![AlertConfig::full()],
        jobs: jobs::full(),
        ..Config::default()
    };
    toml::Table::try_from(example).map(|table| keys(&table)).unwrap_or_default()
}

fn keys(table: &toml::Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in table {
        keys.push(name.clone());
        let tables: Vec<_> = match value {
            toml::Value::Table(inner) => vec![inner],
            toml::Value::Array(values) => values.iter().filter_map(toml::Value::as_table).collect(),
            _ => Vec::new(),
        };
        for inner in tables {
            keys.extend(inner.keys().map(|key| format!("{name}.{key}")));
        }
    }
    keys
}

/// Likeness that favours a common beginning, with the table or without it.
pub(crate) fn nearest(key: &str, known: &[String]) -> String {
    let bare = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |candidate: &String| {
        strsim::jaro_winkler(key, candidate).max(strsim::jaro_winkler(&bare(key), &bare(candidate)))
    };
    let by_likeness = |a: &&String, b: &&String| likeness(a).total_cmp(&likeness(b));
    known.iter().max_by(by_likeness).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! What the server is told: defaults, then the configuration file, then environment and flags.
//!
//! Every key is described in `docs/configuration.md`; a test holds that file to this one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::auth::Secret;
use crate::collectors;
use crate::hub::{HubLimits, Retention};

/// Port the server listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 4180;

/// Everything the server is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[hub]`
    pub hub: HubConfig,
    /// `[collectors]`
    pub collectors: CollectorsConfig,
    /// Token of a server that keeps nothing on disk; set by the desktop app for the one it bundles.
    #[serde(skip)]
    pub in_memory_token: InMemoryToken,
}

/// A token that is in no file. Equal to any other: configurations are compared without it.
#[derive(Clone, Debug, Default)]
pub struct InMemoryToken(pub Option<Secret>);

impl PartialEq for InMemoryToken {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Where and to whom the server listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port. Default `127.0.0.1:4180`.
    pub listen: SocketAddr,
    /// Folder of the owner's token and of what is kept. Default: the user's data folder.
    pub data_dir: PathBuf,
    /// Name of this machine in its topic. Default: the system's host name.
    pub host_name: String,
    /// Names the server answers to besides `localhost` and its own address. Default: none.
    pub allowed_hosts: Vec<String>,
    /// Address of the reverse proxy; the only other machine that may connect. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_proxy: Option<IpAddr>,
    /// Longest silence on a stream, in seconds. Default 15.
    pub heartbeat_seconds: u64,
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
    /// Most topics. Default 10,000.
    pub max_topics: usize,
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

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT),
            data_dir: default_data_dir(),
            host_name: collectors::machine_name(),
            allowed_hosts: Vec::new(),
            behind_proxy: None,
            heartbeat_seconds: 15,
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
            max_topics: limits.topics,
        }
    }
}

impl Default for CollectorsConfig {
    fn default() -> Self {
        Self { interval_ms: 1_000, processes_interval_ms: 2_000 }
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

/// What is wrong with a configuration, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no TOML, or a value has the wrong type.
    #[error("in the configuration {path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A key nobody knows.
    #[error("in the configuration {path}: there is no key `{key}`; did you mean `{nearest}`?")]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key, with its table.
        key: String,
        /// The known key most like it.
        nearest: String,
    },
    /// A value out of its range.
    #[error("{key} is {value}; it must be {expected}")]
    OutOfRange {
        /// The key, with its table.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// An address others can reach, and nothing that keeps the traffic secret.
    #[error(
        "refusing to listen on {0}, which other machines can reach without encryption: listen on \
         127.0.0.1, or put a TLS proxy in front and name its address with --behind-proxy"
    )]
    PublicBind(SocketAddr),
}

impl Config {
    /// A server that keeps nothing on disk and knows one token.
    #[must_use]
    pub fn bundled(token: String) -> Self {
        Self { in_memory_token: InMemoryToken(Some(token.into())), ..Self::default() }
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

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            ConfigError::Parse { path: path.to_owned(), message: error.to_string() }
        })?;
        let known = known_keys();
        for key in keys(&table) {
            if !known.contains(&key) {
                let nearest = nearest(&key, &known);
                return Err(ConfigError::UnknownKey { path: path.to_owned(), key, nearest });
            }
        }
        toml::from_str(text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            message: error.to_string(),
        })
    }

    /// Checks what no type can.
    ///
    /// # Errors
    ///
    /// If a value is out of its range, or others could listen in.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { server, hub, collectors, .. } = self;
        let range = |key, value: u64, least, most, expected| {
            let fits = (least..=most).contains(&value);
            let error = || ConfigError::OutOfRange { key, value: value.to_string(), expected };
            fits.then_some(()).ok_or_else(error)
        };
        let heartbeat = server.heartbeat_seconds;
        range("server.heartbeat_seconds", heartbeat, 1, 300, "1 to 300 seconds")?;
        let interval = collectors.interval_ms;
        range("collectors.interval_ms", interval, 100, 3_600_000, "100 ms to one hour")?;
        let processes = collectors.processes_interval_ms;
        range("collectors.processes_interval_ms", processes, 100, 3_600_000, "100 ms to one hour")?;
        range("hub.history_events", hub.history_events as u64, 1, 10_000_000, "1 to 10,000,000")?;
        range("hub.history_bytes", hub.history_bytes as u64, 1, 1 << 40, "1 byte to 1 TiB")?;
        range("hub.history_seconds", hub.history_seconds, 1, 31_536_000, "1 second to one year")?;
        range("hub.max_topics", hub.max_topics as u64, 1, 1_000_000, "1 to 1,000,000")?;
        self.check_bind(server.listen)
    }

    /// Checks an address the server is to listen on.
    ///
    /// # Errors
    ///
    /// If others can reach it and no proxy is named.
    pub fn check_bind(&self, address: SocketAddr) -> Result<(), ConfigError> {
        if address.ip().to_canonical().is_loopback() || self.server.behind_proxy.is_some() {
            return Ok(());
        }
        Err(ConfigError::PublicBind(address))
    }

    /// The hub's bounds.
    #[must_use]
    pub fn hub_limits(&self) -> HubLimits {
        let retention = Retention {
            events: self.hub.history_events,
            bytes: self.hub.history_bytes,
            age: Duration::from_secs(self.hub.history_seconds),
        };
        HubLimits { retention, topics: self.hub.max_topics }
    }
}

/// Every key there is, with its table; a table counts as a key of its own.
fn known_keys() -> Vec<String> {
    let example = Config {
        server: ServerConfig {
            behind_proxy: Some(Ipv4Addr::LOCALHOST.into()),
            ..ServerConfig::default()
        },
        ..Config::default()
    };
    toml::Table::try_from(example).map(|table| keys(&table)).unwrap_or_default()
}

fn keys(table: &toml::Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in table {
        keys.push(name.clone());
        if let toml::Value::Table(inner) = value {
            keys.extend(inner.keys().map(|key| format!("{name}.{key}")));
        }
    }
    keys
}

/// Likeness that favours a common beginning, with the table or without it.
fn nearest(key: &str, known: &[String]) -> String {
    let bare = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |candidate: &String| {
        strsim::jaro_winkler(key, candidate).max(strsim::jaro_winkler(&bare(key), &bare(candidate)))
    };
    let by_likeness = |a: &&String, b: &&String| likeness(a).total_cmp(&likeness(b));
    known.iter().max_by(by_likeness).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("tidings.toml"))
    }

    #[test]
    fn what_a_file_does_not_say_keeps_its_default() {
        let config = parse("[server]\nheartbeat_seconds = 30\n").unwrap();
        assert_eq!(config.server.heartbeat_seconds, 30);
        assert_eq!(config.server.listen, ServerConfig::default().listen);
        assert_eq!(config.hub, HubConfig::default());
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        for (text, key, expected) in [
            (
                "[server]\nheartbeat_second = 3",
                "server.heartbeat_second",
                "server.heartbeat_seconds",
            ),
            ("[sever]\nlisten = 3", "sever", "server"),
            ("[collectors]\ninterval = 3", "collectors.interval", "collectors.interval_ms"),
            ("[server]\nheartbeat = 3", "server.heartbeat", "server.heartbeat_seconds"),
            ("listen = 3", "listen", "server.listen"),
        ] {
            match parse(text) {
                Err(ConfigError::UnknownKey { key: found, nearest, .. }) => {
                    assert_eq!((&*found, &*nearest), (key, expected));
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_wrong_type_says_where() {
        let error = parse("[server]\nheartbeat_seconds = \"x\"").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn an_address_others_can_reach_needs_a_proxy() {
        let mut config = Config::default();
        for (listen, public) in [
            ("127.0.0.1:1", false),
            ("127.9.9.9:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.168.1.5:1", true),
        ] {
            config.server.listen = listen.parse().unwrap();
            config.server.behind_proxy = None;
            assert_eq!(config.check().is_err(), public, "{listen}");
            config.server.behind_proxy = Some(Ipv4Addr::LOCALHOST.into());
            assert!(config.check().is_ok(), "{listen}");
        }
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (text, key) in [
            ("[server]\nheartbeat_seconds = 0", "server.heartbeat_seconds"),
            ("[collectors]\ninterval_ms = 99", "collectors.interval_ms"),
            ("[collectors]\nprocesses_interval_ms = 3600001", "collectors.processes_interval_ms"),
            ("[hub]\nhistory_events = 0", "hub.history_events"),
            ("[hub]\nmax_topics = 0", "hub.max_topics"),
        ] {
            let error = parse(text).unwrap().check().unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn every_key_is_documented() {
        let docs = include_str!("../../docs/configuration.md");
        for key in known_keys().iter().filter_map(|key| key.split_once('.').map(|(_, key)| key)) {
            assert!(
                docs.contains(&format!("`{key}`")),
                "docs/configuration.md does not tell of {key}"
            );
        }
    }
}

//! What can be wrong with a configuration.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tidings_protocol::alert::MAX_RULES;

use super::{InvalidDatabaseUrl, InvalidRedisUrl};
use crate::origins::InvalidOrigin;

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
    /// A database that cannot be used.
    #[error("the URL of the database: {0}")]
    Database(InvalidDatabaseUrl),
    /// A secret where every user of the machine can read it.
    #[error(
        "every user of this machine can read the password in --database; put the URL into \
         TIDINGS_DATABASE or the configuration file, or the password into PGPASSFILE"
    )]
    PasswordInArguments,
    /// A variable whose value is no text.
    #[error("{0} is no UTF-8")]
    NoText(&'static str),
    /// A Redis that cannot be used.
    #[error("the URL of Redis: {0}")]
    Redis(InvalidRedisUrl),
    /// A promise that only Redis could keep.
    #[error(
        "with Redis, how safe events are is set there (`appendonly yes`, `appendfsync always`): take `durable` out"
    )]
    DurableRedis,
    /// A secret where every user of the machine can read it.
    #[error(
        "every user of this machine can read the password in --redis; put the URL into TIDINGS_REDIS or the \
         configuration file"
    )]
    RedisPasswordInArguments,
    /// A rule of an alert that is none.
    #[error("alert {name:?}: {reason}")]
    Alert {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More rules than there may be.
    #[error("there are more than {MAX_RULES} alerts")]
    TooManyAlerts,
    /// A command that cannot be run.
    #[error("jobs.commands.{name}: {reason}")]
    Command {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Quiet hours that are none.
    #[error("alerting.quiet: {0}")]
    Quiet(String),
    /// An origin that no browser sends.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// A certificate without its key, or a key without its certificate.
    #[error("TLS needs both `server.tls_cert` and `server.tls_key` (--tls-cert and --tls-key)")]
    HalfOfTls,
    /// Two certificates.
    #[error(
        "TLS goes by the certificate of `server.tls_cert` or by the server's own \
         (`server.tls_self_signed`, --tls-self-signed), not by both"
    )]
    TwoCertificates,
    /// An address others can reach, and nothing that keeps the traffic secret.
    #[error(
        "refusing to listen on {0}, which other machines can reach without encryption: listen on \
         127.0.0.1, or switch TLS on by --tls-self-signed or --tls-cert and --tls-key, or put a TLS \
         proxy in front and name its address with --behind-proxy"
    )]
    PublicBind(SocketAddr),
}

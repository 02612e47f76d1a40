//! What a server fails by before it serves.

use crate::auth::directory::PeopleError;
use crate::bus::RedisError;
use crate::config::ConfigError;
use crate::hub::BusError;
use crate::store::StoreError;
use crate::tls::TlsError;

/// Why a server did not come to be.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The listener has no address, or cannot be shared by threads.
    #[error("the listener cannot be used")]
    Listener(#[source] std::io::Error),
    /// There are no threads to be had.
    #[error(
        "cannot start the threads that serve connections; fewer of them are set by `server.workers`"
    )]
    Workers(#[source] std::io::Error),
    /// The data directory cannot be used.
    #[error("cannot use the data folder {path}; choose another with --data-dir")]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no certificate for TLS, or none that can be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Users, tokens or sessions cannot be read.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// Redis cannot be used.
    #[error("cannot use the Redis that the configuration names")]
    Redis(#[from] RedisError),
    /// Redis went away while the server began.
    #[error("cannot use the Redis that the configuration names; its log says why")]
    Bus(#[from] BusError),
}
